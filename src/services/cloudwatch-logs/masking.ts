/** What of an event is shown, where a data protection policy hides some. */

import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { accountPolicies } from "./account-policy-table.ts";
import { selects } from "./account-selection.ts";
import { masked, parseDataProtection, type DataProtection } from "./data-protection.ts";
import { protectionPolicies } from "./data-protection-table.ts";
import { groupArn, type LogGroup } from "./group-table.ts";

/** @param ingestedAt what came before the policy is shown as it is */
export type Mask = (message: string, ingestedAt: number) => string;

export interface InForce extends DataProtection {
  /** Since when: epoch milliseconds. */
  readonly since: number;
}

/** The policies of the group and of the account, read once for as long as they stay the same. */
export function protectionsOf(ctx: Pick<ReadContext, "db" | "kernel">, group: LogGroup): InForce[] {
  const own = ctx.db(protectionPolicies).get(group.id);
  const ofAccount = [...ctx.db(accountPolicies).list({ prefix: ["DATA_PROTECTION_POLICY"] })];
  if (!own && ofAccount.length === 0) return [];
  const known = ctx.kernel.cacheFor<DataProtection>("logs.dataProtection");
  return [
    ...(own ? [own] : []), ...ofAccount.filter((policy) => selects(policy, group.name)),
  ].map((policy) => {
    let parsed = known.get(policy.document);
    if (!parsed) known.set(policy.document, (parsed = parseDataProtection(policy.document)));
    return { ...parsed, since: policy.updatedAt };
  });
}

/** @param unmask whoever asked may see everything, which was checked before */
export function openMask(ctx: BodyContext, group: LogGroup, unmask: boolean): Mask {
  const protections = unmask ? [] : ctx.reading(() => protectionsOf(ctx, group));
  if (protections.length === 0) return (message) => message;
  return (message, ingestedAt) => protections.reduce(
    (text, { masked: finders, since }) => (ingestedAt < since ? text : masked(text, finders)), message,
  );
}

/** @throws AccessDeniedException when unmasked events are asked for by who may not see them */
export function maskFor(ctx: BodyContext, group: LogGroup, unmask: boolean | undefined): Mask {
  if (unmask) {
    const resource = `${groupArn(ctx, group.name)}:*`;
    ctx.transaction((within) => within.authorize({ action: "logs:Unmask", resource }));
  }
  return openMask(ctx, group, unmask ?? false);
}
