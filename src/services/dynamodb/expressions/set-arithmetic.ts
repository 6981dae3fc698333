/** Sets united and reduced. Sets of different types have nothing to do with each other. */

import type { AttributeValue } from "../values/attribute-values.ts";

/** The set with the other's members; undefined unless both are sets of one type. */
export function withMembers(set: AttributeValue, other: AttributeValue): AttributeValue | undefined {
  if (set.SS && other.SS) return { SS: [...new Set([...set.SS, ...other.SS])] };
  if (set.NS && other.NS) return { NS: [...new Set([...set.NS, ...other.NS])] };
  if (!set.BS || !other.BS) return undefined;
  const known = new Set(set.BS.map(textOf));
  return { BS: [...set.BS, ...other.BS.filter((member) => !known.has(textOf(member)))] };
}

/** The set without the other's members, perhaps empty; undefined unless both are sets of one type. */
export function without(set: AttributeValue, other: AttributeValue): AttributeValue | undefined {
  if (set.SS && other.SS) return { SS: difference(set.SS, new Set(other.SS)) };
  if (set.NS && other.NS) return { NS: difference(set.NS, new Set(other.NS)) };
  if (!set.BS || !other.BS) return undefined;
  const gone = new Set(other.BS.map(textOf));
  return { BS: set.BS.filter((member) => !gone.has(textOf(member))) };
}

function difference(members: readonly string[], gone: ReadonlySet<string>): string[] {
  return members.filter((member) => !gone.has(member));
}

function textOf(bytes: Buffer): string {
  return bytes.toString("latin1");
}
