/**
 * The debt list: violations that are known, by rule and file, with their number. It exists only to shrink:
 * more than the number fails, and fewer fails too until the list says so.
 */

import type { Violation } from "./source.ts";

export type Debt = Readonly<Record<string, Readonly<Record<string, number>>>>;

export const DEBT_FILE = "tools/tidy/debt.json";

/** @throws TypeError when the list is not rules of files of positive whole numbers */
export function parseDebt(text: string): Debt {
  const debt = JSON.parse(text) as unknown;
  const rules = Object.values((debt ?? {}) as object) as object[];
  const counts = rules.flatMap((files) => Object.values(files) as unknown[]);
  if (!counts.every((count) => Number.isInteger(count) && Number(count) > 0)) {
    throw new TypeError(`${DEBT_FILE}: {"rule": {"file": count}}, with counts of 1 and more`);
  }
  return debt as Debt;
}

/** What is left to complain of: violations beyond the debt, and debt that is no longer owed. */
export function withoutDebt(violations: readonly Violation[], debt: Debt): Violation[] {
  const groups = new Map<string, Violation[]>();
  for (const violation of violations) {
    const key = `${violation.rule} ${violation.file}`;
    const group = groups.get(key);
    if (group) group.push(violation);
    else groups.set(key, [violation]);
  }

  const left: Violation[] = [];
  for (const [rule, files] of Object.entries(debt)) {
    for (const [file, owed] of Object.entries(files)) {
      const key = `${rule} ${file}`;
      const found = groups.get(key)?.length ?? 0;
      if (found <= owed) groups.delete(key);
      if (found < owed) {
        const message = `${rule} in ${file}: ${found} left of ${owed}, lower it`;
        left.push({ file: DEBT_FILE, line: 1, rule: "debt", message });
      }
    }
  }
  return [...left, ...[...groups.values()].flat()];
}
