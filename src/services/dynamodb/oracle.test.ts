/**
 * Random work on a table with indexes, restarts in between, step by step against a plain model; in the end
 * the stream makes of nothing what the table is.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  BatchWriteItemCommand, DynamoDBClient, TransactWriteItemsCommand, type QueryCommandInput,
  type TransactWriteItem, type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { startRegion } from "../../../test/region.ts";
import { Ids } from "../../kernel/ids.ts";
import { streamOf } from "../dynamodb-streams/stream-fixture.ts";
import { createTable, fixtureOf, keyOf, values, type Plain, type TableFixture } from "./table-fixture.ts";
import type { Item } from "./values/attribute-values.ts";
import { itemSizeBytes } from "./values/sizes.ts";

const seeds = ["one", "two"];
const rounds = 3;
const steps = 150;

interface Row extends Plain {
  readonly pk: string;
  readonly sk: number;
  readonly color?: string;
  readonly size?: number;
}

function keyText({ pk, sk }: Row): string {
  return `${pk} ${sk}`;
}

/** What the table holds, in a map. */
class Model {
  readonly rows = new Map<string, Row>();

  put(row: Row): void {
    this.rows.set(keyText(row), row);
  }

  list(keep: (row: Row) => boolean, order: (left: Row, right: Row) => number): Row[] {
    return [...this.rows.values()].filter(keep).sort(order);
  }

  sizeBytes(): number {
    return [...this.rows.values()].reduce((sum, row) => sum + itemSizeBytes(values(row) as Item), 0);
  }
}

const bySort = (left: Row, right: Row): number => left.sk - right.sk;
const bySize = (left: Row, right: Row): number =>
  (left.size ?? 0) - (right.size ?? 0) || left.sk - right.sk;

class Work {
  readonly #table: TableFixture;
  readonly #model: Model;
  readonly #chance: Ids;

  constructor(table: TableFixture, model: Model, chance: Ids) {
    this.#table = table;
    this.#model = model;
    this.#chance = chance;
  }

  #key(): { readonly pk: string; readonly sk: number } {
    return { pk: `p${this.#chance.below(4)}`, sk: this.#chance.below(12) - 4 };
  }

  #row(): Row {
    const row: Record<string, unknown> = { ...this.#key(), n: this.#chance.below(100) };
    if (this.#chance.below(3) > 0) row["color"] = ["red", "blue", "é"][this.#chance.below(3)];
    if (this.#chance.below(3) > 0) row["size"] = this.#chance.below(20) / 4;
    if (this.#chance.below(4) === 0) row["list"] = [1, { deep: ["x"] }];
    return row as Row;
  }

  async put(): Promise<void> {
    const row = this.#row();
    const { Attributes } = await this.#table.put(row, { ReturnValues: "ALL_OLD" });
    assert.deepEqual(Attributes && unmarshall(Attributes), this.#model.rows.get(keyText(row)));
    this.#model.put(row);
  }

  async insert(): Promise<void> {
    const row = this.#row();
    const isThere = this.#model.rows.has(keyText(row));
    const wasMade = await this.#table.put(row, { ConditionExpression: "attribute_not_exists(pk)" })
      .then(() => true, () => false);
    assert.equal(wasMade, !isThere);
    if (wasMade) this.#model.put(row);
  }

  async update(): Promise<void> {
    const key = this.#key();
    const { color, size } = this.#row();
    const before = this.#model.rows.get(keyText(key));
    const sets = [color && "color = :c", size !== undefined && "#s = :s"].filter(Boolean);
    const removes = [!color && "color", size === undefined && "#s"].filter(Boolean);
    const expression = `${sets.length > 0 ? `SET ${sets.join(", ")} ` : ""}` +
      `${removes.length > 0 ? `REMOVE ${removes.join(", ")} ` : ""}ADD n :one`;
    await this.#table.update(key, expression, {
      ":one": 1, ...(color && { ":c": color }), ...(size !== undefined && { ":s": size }),
    }, { ExpressionAttributeNames: { "#s": "size" } });
    const { color: _color, size: _size, ...rest } = before ?? { ...key, n: 0 };
    this.#model.put({
      ...rest, ...key, n: Number(rest["n"]) + 1, ...(color && { color }), ...(size !== undefined && { size }),
    });
  }

  async delete(): Promise<void> {
    const key = this.#key();
    const { Attributes } = await this.#table.delete(key, { ReturnValues: "ALL_OLD" });
    assert.deepEqual(Attributes && unmarshall(Attributes), this.#model.rows.get(keyText(key)));
    this.#model.rows.delete(keyText(key));
  }

  /** Rows of different keys. */
  #several(count: number): Row[] {
    const rows = new Map<string, Row>();
    for (let at = 0; at < count; at += 1) {
      const row = this.#row();
      rows.set(keyText(row), row);
    }
    return [...rows.values()];
  }

  async batch(): Promise<void> {
    const rows = this.#several(1 + this.#chance.below(8));
    const requests = rows.map((row): WriteRequest => (this.#chance.below(3) === 0
      ? {
        DeleteRequest: { Key: values({ pk: row.pk, sk: row.sk }) },
      } : { PutRequest: { Item: values(row) } }));
    await this.#table.db.send(new BatchWriteItemCommand({ RequestItems: { [this.#table.name]: requests } }));
    rows.forEach((row, at) => {
      if (requests[at]?.PutRequest) this.#model.put(row);
      else this.#model.rows.delete(keyText(row));
    });
  }

  /** All or nothing: a condition on one row decides. */
  async transact(): Promise<void> {
    const [judge, ...rows] = this.#several(2 + this.#chance.below(4));
    if (!judge) return;
    const TableName = this.#table.name;
    const wants = this.#chance.below(2) === 0;
    const check: TransactWriteItem = { ConditionCheck: {
      TableName, Key: values({ pk: judge.pk, sk: judge.sk }),
      ConditionExpression: wants ? "attribute_exists(pk)" : "attribute_not_exists(pk)",
    } };
    const puts = rows.map((row): TransactWriteItem => ({ Put: { TableName, Item: values(row) } }));
    const isDone = await this.#table.db.send(
      new TransactWriteItemsCommand({ TransactItems: [check, ...puts] }),
    )
      .then(() => true, () => false);
    assert.equal(isDone, this.#model.rows.has(keyText(judge)) === wants);
    if (isDone) for (const row of rows) this.#model.put(row);
  }

  async #pages(condition: string, given: Plain, more: Partial<QueryCommandInput>): Promise<Row[]> {
    const found: Row[] = [];
    const Limit = 1 + this.#chance.below(5);
    let ExclusiveStartKey: QueryCommandInput["ExclusiveStartKey"];
    do {
      const page = await this.#table.query(condition, given, { ...more, Limit, ExclusiveStartKey });
      found.push(...(page.Items ?? []).map((item) => unmarshall(item) as Row));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return found;
  }

  async query(): Promise<void> {
    const { pk, sk } = this.#key();
    const forward = this.#chance.below(2) === 0;
    const found = await this.#pages("pk = :p AND sk >= :s", { ":p": pk, ":s": sk }, {
      ScanIndexForward: forward,
    });
    const expected = this.#model.list((row) => row.pk === pk && row.sk >= sk, bySort);
    assert.deepEqual(found, forward ? expected : expected.reverse());
  }

  async queryLocal(): Promise<void> {
    const { pk } = this.#key();
    const found = await this.#pages("pk = :p", { ":p": pk }, { IndexName: "by-size" });
    const expected = this.#model.list((row) => row.pk === pk && row.size !== undefined, bySize);
    assert.deepEqual(found, expected.map(({ pk: p, sk, size }) => ({ pk: p, sk, size })));
  }

  async queryGlobal(): Promise<void> {
    const color = ["red", "blue", "é"][this.#chance.below(3)] ?? "";
    const found = await this.#pages("color = :c", { ":c": color }, { IndexName: "by-color" });
    const expected = this.#model.list((row) => row.color === color && row.size !== undefined, bySize);
    assert.deepEqual(found.map(({ size }) => size), expected.map(({ size }) => size));
    assert.deepEqual(new Set(found.map(keyText)), new Set(expected.map(keyText)));
    for (const row of found) assert.deepEqual(row, this.#model.rows.get(keyText(row)));
  }

  async scan(): Promise<void> {
    const least = this.#chance.below(100);
    const found = await this.#table.all({
      FilterExpression: "n >= :n", ExpressionAttributeValues: values({ ":n": least }),
      Limit: 1 + this.#chance.below(20),
    }) as Row[];
    const expected = this.#model.list((row) => Number(row["n"]) >= least, () => 0);
    assert.deepEqual(new Set(found.map(keyText)), new Set(expected.map(keyText)));
    assert.equal(found.length, expected.length);
  }

  async step(): Promise<void> {
    const kinds = [
      () => this.put(), () => this.insert(), () => this.update(), () => this.update(), () => this.delete(),
      () => this.batch(), () => this.transact(), () => this.query(), () => this.queryLocal(),
      () => this.queryGlobal(), () => this.scan(),
    ];
    await kinds[this.#chance.below(kinds.length)]?.();
  }
}

async function makeTable(region: Parameters<typeof createTable>[0]): Promise<void> {
  await createTable(region, "pk:S sk:N", {
    AttributeDefinitions: keyOf("pk:S sk:N color:S size:N").AttributeDefinitions,
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    LocalSecondaryIndexes: [{
      IndexName: "by-size", KeySchema: keyOf("pk:S size:N").KeySchema, Projection: {
        ProjectionType: "KEYS_ONLY",
      },
    }],
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S size:N").KeySchema, Projection: {
        ProjectionType: "ALL",
      },
    }],
  });
}

/** What the records of a stream make of an empty table; each must fit what was there before it. */
async function replayed(table: TableFixture, client: DynamoDBStreamsClient): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (const { eventName, dynamodb } of await (await streamOf(table, client)).records()) {
    const image = (given: unknown): Row | undefined =>
      (given ? unmarshall(given as Parameters<typeof unmarshall>[0]) as Row : undefined);
    const [before, after] = [image(dynamodb?.OldImage), image(dynamodb?.NewImage)];
    const key = keyText(image(dynamodb?.Keys) as Row);
    assert.deepEqual(before, rows.get(key));
    assert.equal(eventName, before ? (after ? "MODIFY" : "REMOVE") : "INSERT");
    if (after) rows.set(key, after);
    else rows.delete(key);
  }
  return rows;
}

for (const seed of seeds) {
  test(`a table keeps its promises under random work and restarts (${seed})`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "dynamodb-oracle-"));
    const model = new Model();
    const chance = new Ids(seed);
    try {
      for (let round = 0; round < rounds; round += 1) {
        await using region = await startRegion({ dataDir });
        if (round === 0) await makeTable(region);
        const table = fixtureOf(region.client(DynamoDBClient), "table");
        const work = new Work(table, model, chance);
        for (let step = 0; step < steps; step += 1) await work.step();
        const { ItemCount, TableSizeBytes } = await table.description();
        assert.deepEqual([ItemCount, TableSizeBytes], [model.rows.size, model.sizeBytes()]);
        if (round < rounds - 1) continue;
        assert.deepEqual(await replayed(table, region.client(DynamoDBStreamsClient)), model.rows);
      }
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
}
