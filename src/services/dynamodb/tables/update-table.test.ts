/** How tables change and go. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTableCommand, DeleteTableCommand, DescribeTableCommand, DynamoDBClient, ListTablesCommand,
  UpdateTableCommand, waitUntilTableNotExists, type UpdateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import {
  CreateKeyCommand, DisableKeyCommand, KMSClient, ListGrantsCommand,
} from "@aws-sdk/client-kms";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion } from "../../../../test/region.ts";
import { createTable, keyOf, type TableFixture } from "../table-fixture.ts";

const invalid = "ValidationException: ";
const parameters = `${invalid}One or more parameter values were invalid: `;
const inUse = "ResourceInUseException: Attempt to change a resource which is still in use: ";

type Given = Partial<UpdateTableCommandInput>;

function update(table: TableFixture, given: Given) {
  return table.db.send(new UpdateTableCommand({ TableName: table.name, ...given }));
}

test("one call makes one change", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S");
  const units = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
  const stream = { StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" } } as const;
  const create = { Create: {
    IndexName: "index", KeySchema: keyOf("sk:S").KeySchema, Projection: { ProjectionType: "ALL" as const },
  } };
  const only = (what: string): string => `${parameters}${what} must be the only operation in the request`;
  const rows: readonly (readonly [Given, string])[] = [
    [{}, `${invalid}At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, ` +
        "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, " +
        "ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, " +
        "WarmThroughput or TableClass is required"],
    [{ ...stream, SSESpecification: { Enabled: true } }, only("Server-Side Encryption modification")],
    [{ ...stream, TableClass: "STANDARD" }, only("TableClass modification")],
    [{ ...stream, DeletionProtectionEnabled: true }, only("DeletionProtection modification")],
    [{ ...stream, BillingMode: "PROVISIONED", ProvisionedThroughput: units },
      `${parameters}You cannot modify stream status while updating table IOPS`],
    [{ ...stream, GlobalSecondaryIndexUpdates: [create] },
      `${parameters}You cannot create or delete index while changing stream status`],
    [{ GlobalSecondaryIndexUpdates: [{}] }, `${parameters}One of GlobalSecondaryIndexUpdate.Update, ` +
        "GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null"],
    [{ GlobalSecondaryIndexUpdates: [{ ...create, Delete: { IndexName: "index" } }] }, `${parameters}Only ` +
        "one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"],
    [{ GlobalSecondaryIndexUpdates: [create, { Delete: { IndexName: "index" } }] }, `${parameters}Only one ` +
        "global secondary index update per index is allowed simultaneously. Index: index"],
    [{ GlobalSecondaryIndexUpdates: [create, { Delete: { IndexName: "other" } }] },
      "LimitExceededException: Subscriber limit exceeded: " +
        "Only 1 online index can be created or deleted simultaneously per table"],
    [{ GlobalSecondaryIndexUpdates: [create] },
      `${parameters}AttributeDefinitions is not specified for index: index`],
    [{ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "none" } }] },
      "ResourceNotFoundException: Requested resource not found: Index none for table table"],
    [{
      ProvisionedThroughput: units,
    }, `${parameters}Neither ReadCapacityUnits nor WriteCapacityUnits can be ` +
        "specified when BillingMode is PAY_PER_REQUEST"],
    [{ StreamSpecification: { StreamEnabled: true } },
      `${parameters}If stream is being enabled then UpdateViewType is required`],
    [{ StreamSpecification: { StreamEnabled: false } },
      `${invalid}Table has no stream to disable: TableName: table`],
  ];
  for (const [given, text] of rows) assert.equal(await refusal(update(table, given)), text);
  assert.equal(
    await refusal(update({ ...table, name: "none" }, { TableClass: "STANDARD" })),
    "ResourceNotFoundException: Requested resource not found: Table: none not found",
  );
});

test("dynamodb-gsi-add-later: a global index comes later, is filled, and goes again", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S");
  await table.fill(
    Array.from({ length: 1_200 }, (_, at) => ({ pk: `${at}`, color: at % 2 ? "red" : "blue" })),
  );
  await table.put({ pk: "without" });
  const { TableDescription: answer } = await update(table, {
    AttributeDefinitions: keyOf("color:S").AttributeDefinitions,
    GlobalSecondaryIndexUpdates: [{ Create: {
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: {
        ProjectionType: "KEYS_ONLY",
      },
    } }],
  });
  const seen = (description: typeof answer): readonly unknown[] => {
    const { IndexStatus, Backfilling } = description?.GlobalSecondaryIndexes?.[0] ?? {};
    return [description?.TableStatus, IndexStatus, Backfilling];
  };
  assert.deepEqual(seen(answer), ["UPDATING", "CREATING", false]);
  const red = { IndexName: "by-color", Select: "COUNT" } as const;
  const ofRed = { ":red": "red" };
  assert.equal(
    await refusal(table.query("color = :red", ofRed, red)),
    `${invalid}Cannot read from backfilling global secondary index: by-color`,
  );
  const phases: string[] = [];
  for (;;) {
    await region.clock.advance({ milliseconds: 50 });
    const phase = seen(await table.description()).join(" ");
    if (phase !== phases.at(-1)) phases.push(phase);
    // What is written meanwhile is in the index once.
    if (phases.length === 2) await table.put({ pk: "1", color: "red", more: true });
    if (phase.includes("CREATING true")) await table.put({ pk: `late-${phases.length}`, color: "red" });
    if (phase.startsWith("ACTIVE ACTIVE")) break;
  }
  assert.deepEqual(phases, ["UPDATING CREATING false", "ACTIVE CREATING true", "ACTIVE ACTIVE "]);
  const late = (await table.all()).filter(({ pk }) => String(pk).startsWith("late-")).length;
  assert.equal((await table.query("color = :red", ofRed, red)).Count, 600 + late);
  const { GlobalSecondaryIndexes: [index] = [] } = await table.description();
  assert.equal(index?.ItemCount, 1_200 + late);
  await update(table, { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-color" } }] });
  assert.deepEqual(seen(await table.description()), ["UPDATING", "DELETING", undefined]);
  await region.clock.advance({ seconds: 1 });
  const left = await table.description();
  assert.equal(left.GlobalSecondaryIndexes, undefined);
  assert.deepEqual(left.AttributeDefinitions, keyOf("pk:S").AttributeDefinitions);
  assert.equal(
    await refusal(table.query("color = :red", ofRed, red)),
    `${invalid}The table does not have the specified index: by-color`,
  );
});

test("dynamodb-lsi-only-at-creation: a local index stays as it was made", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:S", {
    AttributeDefinitions: keyOf("pk:S sk:S at:N").AttributeDefinitions,
    LocalSecondaryIndexes: [{
      IndexName: "by-time", KeySchema: keyOf("pk:S at:N").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
  });
  const indexes = (await table.description()).LocalSecondaryIndexes;
  assert.equal(
    await refusal(update(table, { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "by-time" } }] })),
    `${invalid}Cannot delete an index that is not a GlobalSecondaryIndex: by-time`,
  );
  const units = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
  const change = { Update: { IndexName: "by-time", ProvisionedThroughput: units } };
  assert.equal(
    await refusal(update(table, { GlobalSecondaryIndexUpdates: [change] })),
    `${invalid}Cannot update an index that is not a GlobalSecondaryIndex: by-time`,
  );
  assert.deepEqual((await table.description()).LocalSecondaryIndexes, indexes);
});

test("a table has 20 global indexes, and one comes or goes at a time", async () => {
  await using region = await startRegion();
  const indexes = Array.from({ length: 19 }, (_, at) => ({
    IndexName: `index-${at}`, KeySchema: keyOf("pk:S").KeySchema, Projection: {
      ProjectionType: "ALL" as const,
    },
  }));
  const table = await createTable(region, "pk:S", { GlobalSecondaryIndexes: indexes });
  const create = (IndexName: string): Given => ({
    AttributeDefinitions: keyOf("pk:S").AttributeDefinitions,
    GlobalSecondaryIndexUpdates: [{ Create: {
      IndexName, KeySchema: keyOf("pk:S").KeySchema, Projection: { ProjectionType: "ALL" },
    } }],
  });
  const limit = "LimitExceededException: Subscriber limit exceeded: ";
  await update(table, create("twentieth"));
  assert.equal(await refusal(update(table, create("next"))), `${inUse}Table is being updated: table`);
  await region.clock.advance({ milliseconds: 200 });
  assert.equal(
    await refusal(update(table, create("next"))),
    `${limit}Only 1 online index can be created or deleted simultaneously per table`,
  );
  await region.clock.advance({ seconds: 1 });
  assert.equal(
    await refusal(update(table, create("next"))),
    `${limit}GlobalSecondaryIndex count exceeds the per-table limit of 20`,
  );
  assert.equal(
    await refusal(update(table, create("twentieth"))),
    `${invalid}Attempting to create an index which already exists`,
  );
});

test("a table changes its class twice in 30 days", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const classOf = async (): Promise<unknown> => (await table.description()).TableClassSummary?.TableClass;
  const { TableDescription: answer } = await update(table, { TableClass: "STANDARD_INFREQUENT_ACCESS" });
  assert.equal(answer?.TableStatus, "UPDATING");
  assert.equal(
    await refusal(update(table, { TableClass: "STANDARD" })),
    `${inUse}Can't update table class when a table class update is in progress. ` +
      "Table: table TableClassUpdateInProgress: STANDARD_INFREQUENT_ACCESS",
  );
  await region.clock.advance({ seconds: 1 });
  assert.equal(await classOf(), "STANDARD_INFREQUENT_ACCESS");
  await update(table, { TableClass: "STANDARD" });
  await region.clock.advance({ seconds: 1 });
  assert.equal(await classOf(), "STANDARD");
  const third = update(table, { TableClass: "STANDARD_INFREQUENT_ACCESS" });
  assert.match(
    await refusal(third), /^LimitExceededException: Subscriber limit exceeded: Table class can be/,
  );
  await region.clock.advance({ days: 30 });
  await update(table, { TableClass: "STANDARD_INFREQUENT_ACCESS" });
});

test("a protected table is not deleted", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S", { DeletionProtectionEnabled: true });
  const remove = () => table.db.send(new DeleteTableCommand({ TableName: "table" }));
  assert.equal(
    await refusal(remove()),
    `${invalid}Resource cannot be deleted as it is currently protected against deletion. ` +
      "Disable deletion protection first.",
  );
  const { TableDescription: answer } = await update(table, { DeletionProtectionEnabled: false });
  assert.deepEqual([answer?.TableStatus, answer?.DeletionProtectionEnabled], ["ACTIVE", false]);
  await remove();
});

test("a deleted table is DELETING for a moment, and its name is free with nothing in it after", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.fill(Array.from({ length: 30 }, (_, at) => ({ pk: `${at}` })));
  const remove = () => table.db.send(new DeleteTableCommand({ TableName: "table" }));
  const { TableDescription: answer } = await remove();
  assert.equal(answer?.TableStatus, "DELETING");
  assert.equal(answer.AttributeDefinitions, undefined);
  assert.equal((await table.description()).TableStatus, "DELETING");
  assert.equal(await refusal(remove()), `${inUse}Table is being deleted: table`);
  const notFound = "ResourceNotFoundException: Requested resource not found";
  assert.equal(await refusal(table.get({ pk: "1" })), notFound);
  await region.clock.advance({ milliseconds: 200 });
  assert.equal(await refusal(table.description()), `${notFound}: Table: table not found`);
  assert.equal(await refusal(remove()), `${notFound}: Table: table not found`);
  assert.deepEqual((await table.db.send(new ListTablesCommand({}))).TableNames, []);
  const again = await createTable(region);
  assert.equal((await again.scan()).Count, 0);
  assert.equal((await again.description()).ItemCount, 0);
});

test("who waits for the end of a table is told at once", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await region.endpoint();
  region.clock.run();
  await table.db.send(new DeleteTableCommand({ TableName: "table" }));
  const began = performance.now();
  await waitUntilTableNotExists({ client: table.db, maxWaitTime: 30 }, { TableName: "table" });
  assert.ok(performance.now() - began < 15_000);
});

test("a table is encrypted with a key that it has leave to use", async () => {
  await using region = await startRegion();
  const kms = region.client(KMSClient);
  const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}));
  const keyArn = key?.Arn ?? "";
  const SSESpecification = { Enabled: true, SSEType: "KMS", KMSMasterKeyId: keyArn } as const;
  const table = await createTable(region, "pk:S", { SSESpecification });
  assert.deepEqual((await table.description()).SSEDescription, {
    Status: "ENABLED", SSEType: "KMS", KMSMasterKeyArn: keyArn,
  });
  const grants = async (): Promise<(string | undefined)[]> =>
    ((await kms.send(new ListGrantsCommand({ KeyId: keyArn }))).Grants ?? []).map(
      ({ GranteePrincipal }) => GranteePrincipal,
    );
  assert.deepEqual(await grants(), ["dynamodb.amazonaws.com"]);
  assert.equal(
    await refusal(update(table, { SSESpecification })),
    `${parameters}Table is already encrypted with given KMSMasterKeyId. ` +
      "Use KMSMasterKeyId parameter if you want to change Master Key",
  );
  await update(table, { SSESpecification: { Enabled: false } });
  await region.clock.advance({ seconds: 1 });
  assert.equal((await table.description()).SSEDescription, undefined);
  assert.deepEqual(await grants(), []);
  assert.equal(
    await refusal(update(table, { SSESpecification: { Enabled: false } })),
    `${parameters}Table is already encrypted by default`,
  );
  await update(table, { SSESpecification: { Enabled: true } });
  await region.clock.advance({ seconds: 1 });
  const { SSEDescription: managed } = await table.description();
  assert.equal(managed?.Status, "ENABLED");
  assert.notEqual(managed.KMSMasterKeyArn, keyArn);
});

test("a key that cannot be used is no table's", async () => {
  await using region = await startRegion();
  const db = region.client(DynamoDBClient);
  const kms = region.client(KMSClient);
  const make = (SSESpecification: object) => db.send(new CreateTableCommand({
    TableName: "table", BillingMode: "PAY_PER_REQUEST", ...keyOf("pk:S"), SSESpecification,
  }));
  const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}));
  const KMSMasterKeyId = key?.Arn ?? "";
  await kms.send(new DisableKeyCommand({ KeyId: KMSMasterKeyId }));
  assert.match(
    await refusal(make({ Enabled: true, SSEType: "KMS", KMSMasterKeyId })),
    /^ValidationException: KMS key disabled error: com\.amazonaws\.services\.kms\.model\.DisabledException: /,
  );
  assert.match(
    await refusal(make({ Enabled: true, SSEType: "KMS", KMSMasterKeyId: "alias/none" })),
    /^ValidationException: KMS validation error: com\.amazonaws\.services\.kms\.model\.NotFoundException: /,
  );
  const rows: readonly (readonly [object, string])[] = [
    [{ Enabled: false, SSEType: "KMS" }, "SSEType can not be specified if Enabled is false"],
    [{ Enabled: false, KMSMasterKeyId }, "KMSMasterKeyId can not be specified if Enabled is false"],
    [{ Enabled: true, SSEType: "AES256" }, "SSEType AES256 is not supported"],
    [{ Enabled: true, KMSMasterKeyId }, "SSEType KMS is required if KMSMasterKeyId is specified"],
  ];
  for (const [given, text] of rows) assert.equal(await refusal(make(given)), `${parameters}${text}`);
  assert.equal(
    await refusal(db.send(new DescribeTableCommand({ TableName: "table" }))),
    "ResourceNotFoundException: Requested resource not found: Table: table not found",
  );
});
