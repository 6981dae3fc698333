/** IAM's lists: `MaxItems`, `Marker` and `IsTruncated`, a hundred at a time unless told. */

import { page, pageOf, type Page } from "../../kernel/page.ts";
import type { Key, Ordered, Range } from "../../store/types.ts";
import { invalidMarker } from "./errors.ts";

/** @evidence IAM API Reference, ListUsers, MaxItems */
const itemsDefault = 100;

export interface MarkedInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

export interface MarkedPage<Item> {
  readonly items: Item[];
  /** To be spread into the answer. */
  readonly marks: { readonly IsTruncated: boolean; readonly Marker?: string };
}

function marked<Item>({ items, next }: Page<Item>): MarkedPage<Item> {
  return { items, marks: next === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: next } };
}

export interface RowList<Row> {
  readonly rows: Ordered<Row>;
  readonly key: (row: Row) => Key;
  readonly range?: Range;
  readonly keep?: (row: Row) => boolean;
}

/** A page of a table. `scope` names the operation, and what its markers must not be mixed with. */
export function listRows<Row>(input: MarkedInput, scope: string, list: RowList<Row>): MarkedPage<Row> {
  const limit = input.MaxItems ?? itemsDefault;
  return marked(page({ ...list, limit, token: input.Marker, scope, invalid: invalidMarker }));
}

/** A page of what is in memory already. */
export function listItems<Item>(input: MarkedInput, scope: string, all: readonly Item[]): MarkedPage<Item> {
  const limit = input.MaxItems ?? itemsDefault;
  return marked(pageOf(all, { limit, token: input.Marker, scope, invalid: invalidMarker }));
}

/** By code unit, so that the order does not depend on the machine's language. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
