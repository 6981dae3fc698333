/**
 * What policies can ask about rules.
 *
 * @evidence Service Authorization Reference, EventBridge; User Guide, "Using IAM policy conditions in
 *   Amazon EventBridge"
 */

import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { busNameOf } from "./bus-table.ts";
import { ruleKeyOf, rules } from "./rule-table.ts";

type Conditions = Readonly<Record<string, string | string[] | undefined>>;

/** About a rule that is there; nothing of one that is to be made. */
function conditionsOf(ctx: ReadContext, bus: string, name: string): Conditions {
  const rule = ctx.db(rules).get([bus, name]);
  return { "events:creatoraccount": rule?.createdBy, "events:managedby": rule?.managedBy };
}

export function conditionsOfRule(
  { Name, EventBusName }: { readonly Name: string; readonly EventBusName?: string | undefined },
  ctx: ReadContext,
): Conditions {
  return conditionsOf(ctx, busNameOf(EventBusName), Name);
}

/** Of a tagged resource, which may be no rule. */
export function conditionsOfTagged(
  { ResourceARN }: { readonly ResourceARN: string }, ctx: ReadContext,
): Conditions {
  const resource = parseArn(ResourceARN)?.resource ?? "";
  return resource.startsWith("rule/") ? conditionsOf(ctx, ...ruleKeyOf(resource)) : {};
}

/** What a rule is to listen for, as far as it is said by whole values. */
export function conditionsOfPattern(text: string | undefined): Conditions {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
  const texts = (...path: string[]): string[] | undefined => {
    const value = path.reduce(memberOf, pattern);
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : undefined;
  };
  return {
    "events:source": texts("source"),
    "events:detail-type": texts("detail-type"),
    "events:detail.eventtypecode": texts("detail", "eventTypeCode"),
    "events:detail.service": texts("detail", "service"),
    "events:detail.useridentity.principalid": texts("detail", "userIdentity", "principalId"),
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name] : undefined;
}
