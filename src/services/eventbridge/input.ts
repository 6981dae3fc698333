/**
 * What a target gets: the event, a part of it, a constant, or a template with parts of it.
 *
 * @evidence EventBridge User Guide, "Amazon EventBridge input transformation"; results recorded
 */

import { escaped, withoutQuotes } from "../../delivery/quoted-value.ts";
import type * as events from "../../generated/eventbridge.ts";
import { eventText, timestamp, type Event } from "./event.ts";
import { valueAt } from "./json-path.ts";

export interface RuleName {
  readonly arn: string;
  readonly name: string;
}

type InputSettings = Pick<events.Target, "Input" | "InputPath" | "InputTransformer">;

export function inputFor(target: InputSettings, event: Event, rule: RuleName): string {
  if (target.Input !== undefined) return target.Input;
  const { InputPath, InputTransformer } = target;
  const text = eventText(event);
  if (InputTransformer) return transform(InputTransformer, event, text, rule);
  if (InputPath === undefined || InputPath === "$") return text;
  return JSON.stringify(valueAt(JSON.parse(text), InputPath) ?? null);
}

/** The names that a template uses. */
export function placeholdersIn(template: string): string[] {
  return [...template.matchAll(placeholderForm)].map(([, name = ""]) => name);
}

const placeholderForm = /<([A-Za-z0-9_.-]+)>/g;

/** @evidence EventBridge User Guide, "Predefined variables" */
export const predefined: ReadonlySet<string> = new Set([
  "aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event",
  "aws.events.event.json",
]);

function transform(
  { InputPathsMap = {}, InputTemplate }: events.InputTransformer,
  event: Event,
  text: string,
  rule: RuleName,
): string {
  const document: unknown = JSON.parse(text);
  const valueOf = (name: string): unknown => {
    switch (name) {
      case "aws.events.rule-arn":
        return rule.arn;
      case "aws.events.rule-name":
        return rule.name;
      case "aws.events.event.ingestion-time":
        return timestamp(event.ingestedAt);
      case "aws.events.event":
        return withoutDetail(event);
      case "aws.events.event.json":
        return document;
      default: {
        const path = Object.hasOwn(InputPathsMap, name) ? InputPathsMap[name] : undefined;
        return path === undefined ? undefined : valueAt(document, path);
      }
    }
  };
  return fill(InputTemplate, valueOf);
}

/** @evidence recorded: what `<aws.events.event>` stands for, and in which order */
function withoutDetail(event: Event): Record<string, unknown> {
  return {
    id: event.id,
    account: event.account,
    detailType: event.detailType,
    time: timestamp(event.ingestedAt),
    source: event.source,
    region: event.region,
    resources: event.resources,
    version: "0",
  };
}

/**
 * Inside of quotes a value is text, outside of them JSON; what is not in the event is an empty text. Values
 * are put in once: what looks like a placeholder in one is none.
 */
export function fill(template: string, valueOf: (name: string) => unknown): string {
  let isQuoted = false;
  return template.replace(/\\.|"|<([A-Za-z0-9_.-]+)>/g, (part, name: string | undefined) => {
    if (part === '"') isQuoted = !isQuoted;
    if (name === undefined) return part;
    const found = valueOf(name);
    const value = found === undefined ? "" : found;
    if (!isQuoted) return JSON.stringify(value);
    return typeof value === "string" ? escaped(value) : withoutQuotes(JSON.stringify(value));
  });
}
