/**
 * DynamoDB-Toolbox, on what its own documentation shows: a key-value store of Pokémon, scans and queries
 * with an index, batches, transactions.
 *
 * @evidence https://www.dynamodbtoolbox.com/docs/getting-started/examples/kv-store and /scans-and-queries
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { Entity } from "dynamodb-toolbox/entity";
import { BatchDeleteRequest } from "dynamodb-toolbox/entity/actions/batchDelete";
import { BatchGetRequest } from "dynamodb-toolbox/entity/actions/batchGet";
import { BatchPutRequest } from "dynamodb-toolbox/entity/actions/batchPut";
import { DeleteItemCommand } from "dynamodb-toolbox/entity/actions/delete";
import { GetItemCommand } from "dynamodb-toolbox/entity/actions/get";
import { PutItemCommand } from "dynamodb-toolbox/entity/actions/put";
import { ConditionCheck } from "dynamodb-toolbox/entity/actions/transactCheck";
import { DeleteTransaction } from "dynamodb-toolbox/entity/actions/transactDelete";
import { execute as executeGets, GetTransaction } from "dynamodb-toolbox/entity/actions/transactGet";
import { PutTransaction } from "dynamodb-toolbox/entity/actions/transactPut";
import { UpdateTransaction } from "dynamodb-toolbox/entity/actions/transactUpdate";
import { execute as executeWrites } from "dynamodb-toolbox/entity/actions/transactWrite";
import { $add, $append, $remove, UpdateItemCommand } from "dynamodb-toolbox/entity/actions/update";
import { anyOf, boolean, item, list, map, number, record, set, string } from "dynamodb-toolbox/schema";
import { Table } from "dynamodb-toolbox/table";
import { BatchGetCommand, execute as executeBatchGet } from "dynamodb-toolbox/table/actions/batchGet";
import { BatchWriteCommand, execute as executeBatchWrite } from "dynamodb-toolbox/table/actions/batchWrite";
import { DeletePartitionCommand } from "dynamodb-toolbox/table/actions/deletePartition";
import { QueryCommand } from "dynamodb-toolbox/table/actions/query";
import { ScanCommand } from "dynamodb-toolbox/table/actions/scan";
import { startWorkstation, type Workstation } from "./clients.ts";

const started = "2025-01-01T00:00:00.000Z";

/** The documentation's table and entity. */
async function pokemons({ endpoint }: Workstation) {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  const texts = ["pokemonId", "trainerId", "captureDate"];
  await client.send(new CreateTableCommand({
    TableName: "poke-table",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: texts.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: [{ AttributeName: "pokemonId", KeyType: "HASH" }],
    GlobalSecondaryIndexes: [{
      IndexName: "byTrainerId",
      KeySchema: [
        { AttributeName: "trainerId", KeyType: "HASH" }, { AttributeName: "captureDate", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "ALL" },
    }],
  }));
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName: "poke-table" });
  const table = new Table({
    name: "poke-table",
    partitionKey: { name: "pokemonId", type: "string" },
    indexes: {
      byTrainerId: {
        type: "global",
        partitionKey: { name: "trainerId", type: "string" },
        sortKey: { name: "captureDate", type: "string" },
      },
    },
    documentClient: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
  });
  const pokeType = () => string().enum("electric", "rock", "fire");
  const pokemon = new Entity({
    name: "pokemon",
    table,
    schema: item({
      pokemonId: string().key(),
      appearedAt: string().default(started),
      customName: string().optional(),
      species: string().enum("pikachu", "raichu", "charizard"),
      level: number(),
      isLegendary: boolean().optional(),
      pokeTypes: set(pokeType()),
      evolutions: list(map({ from: string(), to: string() })).default([]),
      resistances: record(pokeType(), number()).partial(),
      captureState: anyOf(
        map({ status: string().enum("captured"), capturedAt: string() }),
        map({ status: string().enum("wild") }),
      ).discriminate("status").default({ status: "wild" }),
      trainerId: string().optional(),
      captureDate: string().optional(),
    }),
    entityAttribute: false,
    timestamps: false,
  });
  return { table, pokemon };
}

const pikachu = {
  pokemonId: "pikachu-1", species: "pikachu" as const, level: 42, isLegendary: false,
  pokeTypes: new Set(["electric" as const]), resistances: { rock: 3 },
};
const charizard = {
  pokemonId: "charizard-1", species: "charizard" as const, level: 7, pokeTypes: new Set(["fire" as const]),
  resistances: {},
};

test("a simple key-value store: insert, get, update and delete an item", async () => {
  await using station = await startWorkstation();
  const { pokemon } = await pokemons(station);
  await pokemon.build(PutItemCommand).item(pikachu)
    .options({ condition: { attr: "pokemonId", exists: false } }).send();
  const key = { pokemonId: "pikachu-1" };
  const got = await pokemon.build(GetItemCommand).key(key).options({ consistent: true }).send();
  const whole = { ...pikachu, appearedAt: started, evolutions: [], captureState: { status: "wild" } };
  assert.deepEqual(got.Item, whole);
  const { Attributes } = await pokemon.build(UpdateItemCommand).item({
    ...key, species: "raichu", level: $add(1), evolutions: $append([{ from: "pikachu", to: "raichu" }]),
    pokeTypes: $add(new Set(["rock" as const])), resistances: { fire: 1 }, isLegendary: $remove(),
  }).options({
    returnValues: "ALL_NEW",
    condition: { and: [{ attr: "level", gte: 42 }, { attr: "pokeTypes", contains: "electric" }] },
  }).send();
  const { isLegendary: _, ...rest } = whole;
  assert.deepEqual(Attributes, {
    ...rest, species: "raichu", level: 43, evolutions: [{ from: "pikachu", to: "raichu" }],
    pokeTypes: new Set(["electric", "rock"]), resistances: { rock: 3, fire: 1 },
  });
  const again = pokemon.build(PutItemCommand).item(pikachu)
    .options({ condition: { attr: "pokemonId", exists: false } });
  await assert.rejects(again.send(), { name: "ConditionalCheckFailedException" });
  await pokemon.build(DeleteItemCommand).key(key).send();
  assert.equal((await pokemon.build(GetItemCommand).key(key).send()).Item, undefined);
});

test("scans and queries, page by page, of a table and its index", async () => {
  await using station = await startWorkstation();
  const { table, pokemon } = await pokemons(station);
  for (const day of [3, 1, 2]) {
    await pokemon.build(PutItemCommand).item({
      ...pikachu, pokemonId: `pikachu-${day}`, trainerId: "ash-ketchum", captureDate: `2025-01-0${day}`,
      level: day,
    }).send();
  }
  const all = await table.build(ScanCommand).entities(pokemon)
    .options({ limit: 2, maxPages: Infinity }).send();
  assert.deepEqual(all.Items?.map(({ level }) => level).sort(), [1, 2, 3]);
  const query = table.build(QueryCommand).entities(pokemon);
  const found = await query.query({ index: "byTrainerId", partition: "ash-ketchum" }).send();
  assert.deepEqual(found.Items?.map(({ pokemonId }) => pokemonId), ["pikachu-1", "pikachu-2", "pikachu-3"]);
  const filtered = await query
    .query({ index: "byTrainerId", partition: "ash-ketchum", range: { gte: "2025-01-02" } })
    .options({ reverse: true, filters: { pokemon: { attr: "level", lt: 3 } } }).send();
  assert.deepEqual([filtered.Items?.map(({ level }) => level), filtered.ScannedCount], [[2], 2]);
  await table.build(DeletePartitionCommand).entities(pokemon)
    .query({ index: "byTrainerId", partition: "ash-ketchum" }).send();
  assert.equal((await table.build(ScanCommand).entities(pokemon).send()).Count, 0);
});

test("batches and transactions", async () => {
  await using station = await startWorkstation();
  const { table, pokemon } = await pokemons(station);
  const [first, second] = [{ pokemonId: "pikachu-1" }, { pokemonId: "charizard-1" }];
  const puts = [pikachu, charizard].map((each) => pokemon.build(BatchPutRequest).item(each));
  await executeBatchWrite({ maxAttempts: 3 }, table.build(BatchWriteCommand).requests(...puts));
  const { Responses: [found] = [] } = await executeBatchGet(table.build(BatchGetCommand).requests(
    pokemon.build(BatchGetRequest).key(second), pokemon.build(BatchGetRequest).key(first),
  ));
  assert.deepEqual(found?.map((each) => each?.species), ["charizard", "pikachu"]);

  const check = (level: number) => pokemon.build(ConditionCheck).key(second)
    .condition({ attr: "level", eq: level });
  const write = (level: number) => executeWrites(
    check(level),
    pokemon.build(UpdateTransaction).item({ ...first, level: $add(8) }),
    pokemon.build(PutTransaction).item({ ...pikachu, pokemonId: "pikachu-2" }),
    pokemon.build(DeleteTransaction).key({ pokemonId: "none" }),
  );
  await assert.rejects(write(8), { name: "TransactionCanceledException" });
  await write(7);
  const { Responses: got } = await executeGets(
    pokemon.build(GetTransaction).key(first), pokemon.build(GetTransaction).key({ pokemonId: "pikachu-2" }),
  );
  assert.deepEqual(got?.map(({ Item }) => Item?.level), [50, 42]);
  const removals = [first, second].map((each) => pokemon.build(BatchDeleteRequest).key(each));
  await executeBatchWrite(table.build(BatchWriteCommand).requests(...removals));
  assert.equal((await table.build(ScanCommand).entities(pokemon).send()).Count, 1);
});
