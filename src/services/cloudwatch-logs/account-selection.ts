/**
 * Which groups an account policy is for: `LogGroupName NOT IN ["a", "b"]`, `LogGroupNamePrefix IN ["/aws"]`.
 *
 * @evidence CloudWatch Logs API Reference, PutAccountPolicy, selectionCriteria
 */

import type { AccountPolicy } from "./account-policy-table.ts";

const form = /^\s*(LogGroupName|LogGroupNamePrefix)\s+(NOT\s+IN|IN)\s*(\[[^]*\])\s*$/;

export interface Selection {
  readonly isPrefix: boolean;
  readonly isExcluding: boolean;
  readonly names: readonly string[];
}

/** Undefined when it is not written so. */
export function readSelection(text: string): Selection | undefined {
  const [, member, operator = "", list = ""] = form.exec(text) ?? [];
  if (member === undefined) return undefined;
  try {
    const names: unknown = JSON.parse(list);
    if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) return undefined;
    const isPrefix = member === "LogGroupNamePrefix";
    return { isPrefix, isExcluding: operator !== "IN", names: names as string[] };
  } catch {
    return undefined;
  }
}

export function selects(
  { selectionCriteria }: Pick<AccountPolicy, "selectionCriteria">, group: string
): boolean {
  const selection = selectionCriteria === undefined ? undefined : readSelection(selectionCriteria);
  if (!selection) return true;
  const { isPrefix, isExcluding, names } = selection;
  const isNamed = names.some((name) => (isPrefix ? group.startsWith(name) : group === name));
  return isNamed !== isExcluding;
}
