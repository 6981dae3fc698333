/**
 * Input templates, and the paths in them.
 *
 * @evidence EventBridge User Guide, "Amazon EventBridge Pipes input transformation"
 */

import { escaped, withoutQuotes } from "../../delivery/quoted-value.ts";

export interface Reserved {
  readonly [name: string]: string;
}

const depthMax = 100;

/** A name, an index, or everything. */
function stepsOf(path: string): string[] {
  return [...path.slice(1).matchAll(/\.([^.[\]]+)|\[(?:'([^']*)'|"([^"]*)"|(\d+|\*))\]/g)]
    .map(([, name, single, double, index]) => name ?? single ?? double ?? index ?? "")
    .slice(0, depthMax);
}

/** What a path names: within texts that are JSON, too, as the bodies of messages are. */
export function valueAt(path: string, event: unknown): unknown {
  let value = event;
  for (const step of stepsOf(path)) {
    const within = typeof value === "string" ? parsedText(value) : value;
    if (Array.isArray(within)) value = step === "*" ? within : (within as unknown[])[Number(step)];
    else if (typeof within === "object" && within !== null && Object.hasOwn(within, step)) {
      value = (within as Record<string, unknown>)[step];
    } else return undefined;
  }
  return value;
}

export function parsedText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The data of Kinesis records is in base64; where it is JSON, it is read.
 *
 * @evidence EventBridge User Guide, "Implicit body data parsing"
 */
export function withReadableData(event: unknown): unknown {
  if (typeof event !== "object" || event === null || !("data" in event)) return event;
  const { data } = event;
  if (typeof data !== "string") return event;
  const text = Buffer.from(data, "base64").toString();
  return parsedText(text) === undefined ? event : { ...event, data: text };
}

/** What stands for a variable: a text, or JSON, which gets no quotes. */
type Shown = { readonly text: string } | { readonly json: string };

/** Texts that hold JSON stand for it. */
const implicit = new Set(["$.body", "$.data"]);

function variable(name: string, event: unknown, reserved: Reserved): Shown {
  if (name === "aws.pipes.event") return { text: JSON.stringify(event) };
  if (name === "aws.pipes.event.json") return { json: JSON.stringify(withParsedBody(event)) };
  if (!name.startsWith("$")) return { text: Object.hasOwn(reserved, name) ? (reserved[name] ?? "") : "" };
  const value = valueAt(name, event);
  if (typeof value !== "string") return value === undefined ? { text: "" } : { json: JSON.stringify(value) };
  const isJson = implicit.has(name) && typeof (parsedText(value) ?? "") !== "string";
  return isJson ? { json: value } : { text: value };
}

function withParsedBody(event: unknown): unknown {
  if (typeof event !== "object" || event === null) return event;
  const parsed = Object.entries(event).map(([key, value]) => {
    const isEncoded = (key === "body" || key === "data") && typeof value === "string";
    return [key, isEncoded ? (parsedText(value) ?? value) : (value as unknown)];
  });
  return Object.fromEntries(parsed) as unknown;
}

const variables = /<(\$[^<>]*|aws\.pipes\.[a-z.-]+)>/y;

/** Outside of quotes in JSON a text gets its own; where there is no JSON around it, JSON loses them. */
export function render(template: string, event: unknown, reserved: Reserved): string {
  const isJson = /^\s*(?:[[{"]|<aws\.pipes\.event\.json>)/.test(template);
  let text = "";
  let isQuoted = false;
  for (let at = 0; at < template.length;) {
    variables.lastIndex = at;
    const found = template[at] === "<" ? variables.exec(template) : undefined;
    if (found) {
      text += placed(variable(found[1] ?? "", event, reserved), isJson, isQuoted);
      at += found[0].length;
      continue;
    }
    const character = template[at] ?? "";
    if (character === "\\" && isQuoted) {
      text += template.slice(at, at + 2);
      at += 2;
      continue;
    }
    if (character === '"' && isJson) isQuoted = !isQuoted;
    text += character;
    at += 1;
  }
  return text;
}

function placed(shown: Shown, isJson: boolean, isQuoted: boolean): string {
  if ("text" in shown) {
    if (isQuoted) return escaped(shown.text);
    return isJson ? JSON.stringify(shown.text) : shown.text;
  }
  return isJson && !isQuoted ? shown.json : withoutQuotes(shown.json);
}

/** A parameter that may be a path into the event: `$.body.customer`. */
export function dynamic(text: string | undefined, event: unknown): string | undefined {
  if (text === undefined || !text.startsWith("$.")) return text;
  const value = valueAt(text, event);
  return value === undefined ? undefined : typeof value === "string" ? value : JSON.stringify(value);
}
