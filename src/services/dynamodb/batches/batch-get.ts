/** BatchGetItem. */

import * as dynamodb from "../../../generated/dynamodb.ts";
import type { KeysAndAttributes } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import type { KeyPart } from "../../../store/types.ts";
import { batchReadConditions } from "../access/batch-conditions.ts";
import { recordedBatchGet } from "../access/recorded.ts";
import { measureThrottling } from "../capacity/throttle-metrics.ts";
import { take, throttled } from "../capacity/throttling.ts";
import { readUnits, Usage } from "../capacity/usage.ts";
import { validation } from "../errors.ts";
import { project, type Projection } from "../expressions/projections.ts";
import { boundGet } from "../items/expressions.ts";
import { requireOneStyle } from "../legacy/parameter-styles.ts";
import { normalizeKey, requireKey, storeKeyOf } from "../items/item-keys.ts";
import { itemOf, shown, shownItem, type ItemRow } from "../items/item-rows.ts";
import { placeText } from "../items/places.ts";
import { readItem } from "../items/lagging.ts";
import { nameIn, tableArn } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { ownerOfAll, requireOneOwner, SeveralTables } from "./several-tables.ts";

const keysMax = 100;
/** @evidence API Reference, BatchGetItem: 16 MB an answer, and 1 MB of one partition is no limit any more */
const answerBytesMax = 16 * 1_048_576;

type Shown = Record<string, AttributeValue>;

interface Wanted {
  readonly text: string;
  readonly given: KeysAndAttributes;
  readonly keys: readonly Item[];
  readonly projection: Projection | undefined;
}

function wantedOf(ctx: Context, text: string, given: KeysAndAttributes): Wanted {
  requireOneStyle("GetItem", given);
  const keys = given.Keys.map((key) => normalizeKey(key, "current"));
  return { text, given, keys, projection: boundGet(ctx, given, "current") };
}

function requireCount(wanted: readonly Wanted[]): void {
  const count = wanted.reduce((sum, { keys }) => sum + keys.length, 0);
  if (count > keysMax) throw validation("Too many items requested for the BatchGetItem call");
}

class BatchReader {
  readonly #ctx: Context;
  readonly #tables: SeveralTables;
  readonly responses: Record<string, Shown[]> = Object.create(null) as Record<string, Shown[]>;
  readonly unprocessed = Object.create(null) as Record<string, KeysAndAttributes>;
  #sizeBytes = 0;
  #found = 0;
  readonly #refusals: Error[] = [];

  constructor(ctx: Context, tables: SeveralTables) {
    this.#ctx = ctx;
    this.#tables = tables;
  }

  read({ text, given, keys, projection }: Wanted): void {
    const table = this.#tables.get(text);
    const found: Shown[] = (this.responses[text] ??= []);
    const left = new Set<number>();
    keys.forEach((key, index) => {
      const isConsistent = given.ConsistentRead ?? false;
      const place = storeKeyOf(table.number, table.key, key);
      const row = readItem(this.#ctx, place, isConsistent);
      if (!this.#mayTake(table, place, row, isConsistent)) {
        left.add(index);
        return;
      }
      if (row) found.push(projection ? shown(project(projection, itemOf(row))) : shownItem(row));
    });
    if (left.size === 0) return;
    this.unprocessed[text] = { ...given, Keys: given.Keys.filter((_key, index) => left.has(index)) };
  }

  /** When nothing at all could be read, the request as a whole is refused. */
  requireSome(): void {
    if (this.#found === 0 && this.#refusals[0]) throw this.#refusals[0];
    for (const error of this.#refusals) measureThrottling(this.#ctx, error);
  }

  #mayTake(
    table: Table, place: readonly KeyPart[], row: ItemRow | undefined, isConsistent: boolean,
  ): boolean {
    if (this.#sizeBytes + (row?.sizeBytes ?? 0) > answerBytesMax) return false;
    const usage = new Usage(table);
    usage.add(readUnits(row?.sizeBytes ?? 0, isConsistent), undefined, place);
    const exceeded = take(this.#ctx, usage, "read");
    if (exceeded) {
      this.#refusals.push(throttled(this.#ctx, table, exceeded, "read"));
      return false;
    }
    this.#tables.usageOf(table).addAll(usage);
    this.#sizeBytes += row?.sizeBytes ?? 0;
    this.#found += 1;
    return true;
  }
}

function requireKeys(tables: SeveralTables, { text, keys }: Wanted, seen: Set<string>): void {
  const table = tables.get(text);
  for (const key of keys) {
    requireKey(table, key);
    const place = placeText(storeKeyOf(table.number, table.key, key));
    if (seen.has(place)) throw validation("Provided list of item keys contains duplicates");
    seen.add(place);
  }
}

export const BatchGetItem = operation(dynamodb.BatchGetItem, {
  owner: ({ RequestItems }) => ownerOfAll(Object.keys(RequestItems)),
  resource: ({ RequestItems }, ctx) => Object.keys(RequestItems).map((text) => tableArn(ctx, nameIn(text))),
  conditions: batchReadConditions,
  dataEvent: true,
  recorded: recordedBatchGet,
  run(input, ctx) {
    const texts = Object.keys(input.RequestItems);
    if (texts.length === 0) throw validation("The requestItems parameter is required for BatchGetItem");
    requireOneOwner(ctx, texts);
    const wanted = Object.entries(input.RequestItems).map(([text, given]) => wantedOf(ctx, text, given));
    requireCount(wanted);
    const tables = new SeveralTables(ctx);
    for (const { text } of wanted) tables.get(text);
    const seen = new Set<string>();
    for (const each of wanted) requireKeys(tables, each, seen);
    const reader = new BatchReader(ctx, tables);
    for (const each of wanted) reader.read(each);
    reader.requireSome();
    return {
      Responses: reader.responses,
      UnprocessedKeys: reader.unprocessed,
      ConsumedCapacity: tables.shown(input.ReturnConsumedCapacity),
    };
  },
});
