/**
 * How many units a request uses, of which table and of which of its indexes.
 *
 * @evidence Developer Guide, "Capacity unit consumption"; dynamodb-conformance, consumedCapacity and
 *   indexConsumedCapacity
 */

import type { Capacity, ConsumedCapacity, ReturnConsumedCapacity } from "../../../generated/dynamodb.ts";
import type { KeyPart } from "../../../store/types.ts";
import { placeText } from "../items/places.ts";
import { isOnDemand, type Index, type Table } from "../tables/table-rows.ts";

const readUnitBytes = 4_096;
const writeUnitBytes = 1_024;

/** Units for writing an item, or for taking one of this size away: one at least. */
export function writeUnits(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / writeUnitBytes));
}

/** Units for reading so many bytes at once: an eventually consistent read costs half. */
export function readUnits(sizeBytes: number, isConsistent: boolean): number {
  const units = Math.max(1, Math.ceil(sizeBytes / readUnitBytes));
  return isConsistent ? units : units / 2;
}

const noIndexes: ReadonlyMap<Index, number> = new Map();

/** Whether anything holds a table back: it was provisioned, or its use was limited. */
export function isHeldBack(table: Table): boolean {
  return !isOnDemand(table) || table.onDemand !== undefined
    || table.indexes.some(({ onDemand }) => onDemand !== undefined);
}

/** What is used of one partition key: those of local indexes are their table's. */
export interface PartitionUsage {
  readonly space: Table | Index;
  readonly text: string;
  units: number;
}

/** What one request uses of one table. */
export class Usage {
  readonly table: Table;
  ofTable = 0;
  /** Of tables that are held back. */
  readonly partitions: PartitionUsage[] = [];
  #ofIndexes: Map<Index, number> | undefined;

  constructor(table: Table) {
    this.table = table;
  }

  /** By index, in the order of first use. */
  get ofIndexes(): ReadonlyMap<Index, number> {
    return this.#ofIndexes ?? noIndexes;
  }

  /** @param place where it is used, if that is one partition */
  add(units: number, index?: Index, place?: readonly KeyPart[]): void {
    if (place && isHeldBack(this.table)) {
      this.#addPartition(units, index?.isGlobal ? index : this.table, place);
    }
    if (!index) {
      this.ofTable += units;
      return;
    }
    this.#ofIndexes ??= new Map();
    this.#ofIndexes.set(index, (this.#ofIndexes.get(index) ?? 0) + units);
  }

  #addPartition(units: number, space: Table | Index, [, partition]: readonly KeyPart[]): void {
    if (partition === undefined) return;
    const text = placeText([space.number, partition]);
    const same = this.partitions.find((each) => each.text === text);
    if (same) same.units += units;
    else this.partitions.push({ space, text, units });
  }

  addAll(other: Usage, factor = 1): void {
    this.ofTable += other.ofTable * factor;
    for (const [index, units] of other.ofIndexes) this.add(units * factor, index);
    for (const each of other.partitions) this.partitions.push({ ...each, units: each.units * factor });
  }

  get total(): number {
    let total = this.ofTable;
    for (const units of this.ofIndexes.values()) total += units;
    return total;
  }
}

/** With transactions AWS says apart what was read and what was written; elsewhere it does not. */
type Split = "ReadCapacityUnits" | "WriteCapacityUnits" | undefined;

function shownUnits(units: number, split: Split): Capacity {
  return split === undefined ? { CapacityUnits: units } : { CapacityUnits: units, [split]: units };
}

function shownIndexes(usage: Usage, isGlobal: boolean, split: Split): Record<string, Capacity> | undefined {
  const shown = Object.create(null) as Record<string, Capacity>;
  let isAny = false;
  for (const [index, units] of usage.ofIndexes) {
    if (index.isGlobal !== isGlobal) continue;
    shown[index.name] = shownUnits(units, split);
    isAny = true;
  }
  return isAny ? shown : undefined;
}

/** As ReturnConsumedCapacity asks for it; undefined for NONE. */
export function shownUsage(
  usage: Usage, asked: ReturnConsumedCapacity | undefined, split?: Split,
): ConsumedCapacity | undefined {
  if (asked === undefined || asked === "NONE") return undefined;
  const shown: ConsumedCapacity = { TableName: usage.table.name, ...shownUnits(usage.total, split) };
  if (asked === "TOTAL") return shown;
  return {
    ...shown,
    Table: shownUnits(usage.ofTable, split),
    LocalSecondaryIndexes: shownIndexes(usage, false, split),
    GlobalSecondaryIndexes: shownIndexes(usage, true, split),
  };
}
