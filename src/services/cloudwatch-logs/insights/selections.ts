/** `SOURCE`: the log groups that a query itself names, and when their events were. */

import { notImplemented } from "../../../kernel/errors.ts";
import { earlierBy, periodOf } from "./periods.ts";
import type { Scanner } from "./scanner.ts";

/** A moment, in epoch milliseconds, as seen from now. */
export type Moment = (now: number) => number;

export interface GroupSelection {
  /** Groups by name; undefined where all are meant that the rest of it describes. */
  readonly names?: readonly string[];
  readonly prefixes: readonly string[];
  readonly classes: readonly string[];
  readonly accounts: readonly string[];
  readonly from?: Moment;
  readonly before?: Moment;
}

/** @evidence CloudWatch Logs User Guide, "SOURCE": five prefixes, twenty accounts */
const prefixesMax = 5;
const accountsMax = 20;

function list(scanner: Scanner): string[] {
  scanner.require("[");
  const items: string[] = [];
  do items.push(requireString(scanner));
  while (scanner.skip(","));
  scanner.require("]");
  return items;
}

function requireString(scanner: Scanner): string {
  const text = scanner.string();
  if (text === undefined) throw scanner.unexpected();
  return text;
}

function described(scanner: Scanner): GroupSelection {
  const found: Record<string, readonly string[]> = {};
  while (!scanner.skip(")")) {
    const begin = scanner.at;
    const key = scanner.find(/[A-Za-z]+/y)?.[0].toLowerCase() ?? "";
    const most = { nameprefix: prefixesMax, class: 2, accountidentifiers: accountsMax }[key];
    if (most === undefined) {
      scanner.at = begin;
      throw scanner.unexpected();
    }
    scanner.require(":");
    const items = list(scanner);
    if (items.length > most) throw scanner.refused(`At most ${most} values may be given for ${key}`, begin);
    found[key] = items;
    if (!scanner.skip(",") && !scanner.sees(")")) throw scanner.unexpected();
  }
  return {
    prefixes: found["nameprefix"] ?? [],
    classes: found["class"] ?? ["STANDARD"],
    accounts: found["accountidentifiers"] ?? [],
  };
}

/** `now`, `-1d` or epoch seconds. */
function moment(scanner: Scanner): Moment {
  if (scanner.word("now")) return (now) => now;
  if (scanner.skip("-")) {
    const found = scanner.duration();
    if (!found) throw scanner.unexpected();
    const period = periodOf(found.count, found.unit);
    return (now) => earlierBy(now, period);
  }
  const seconds = scanner.number();
  if (seconds === undefined) throw scanner.unexpected();
  return () => seconds * 1_000;
}

/** What stands behind the word. */
export function readSelection(scanner: Scanner): GroupSelection {
  let selection: GroupSelection;
  if (scanner.find(/logGroups\s*\(/iy)) selection = described(scanner);
  else if (scanner.find(/dataSource\s*\(/iy)) throw notImplemented("SOURCE dataSource");
  else {
    const names: string[] = [];
    do names.push(scanner.string() ?? scanner.find(/[\w./#-]+/y)?.[0] ?? "");
    while (scanner.skip(","));
    if (names.includes("")) throw scanner.unexpected();
    selection = { names, prefixes: [], classes: [], accounts: [] };
  }
  for (;;) {
    const edge = scanner.find(/(start|end)\s*=/iy)?.[1]?.toLowerCase();
    if (edge === undefined) return selection;
    selection = { ...selection, [edge === "start" ? "from" : "before"]: moment(scanner) };
  }
}
