/** What each region of a global table has of its own: keys, classes, limits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DynamoDBClient, UpdateTableCommand, type ReplicaDescription, type ReplicationGroupUpdate,
  type SSESpecification,
} from "@aws-sdk/client-dynamodb";
import {
  CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient, ListGrantsCommand,
} from "@aws-sdk/client-kms";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { createTable, fixtureOf, keyOf, type TableFixture } from "../table-fixture.ts";

const parameters = "ValidationException: One or more parameter values were invalid: ";
const RegionName = "us-west-2";

function replicate(table: TableFixture, ...ReplicaUpdates: ReplicationGroupUpdate[]) {
  return table.db.send(new UpdateTableCommand({ TableName: table.name, ReplicaUpdates }));
}

async function newKey(region: TestRegion, name: string): Promise<string> {
  const { KeyMetadata } = await region.client(KMSClient, { region: name }).send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? "";
}

function encryptedWith(KMSMasterKeyId?: string) {
  return { SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId } as const };
}

function tableIn(region: TestRegion, name: string): TableFixture {
  return fixtureOf(region.client(DynamoDBClient, { region: name }), "table");
}

async function replicaOf(table: TableFixture): Promise<ReplicaDescription> {
  return (await table.description()).Replicas?.[0] ?? {};
}

test("replicas that cannot all be made leave no leave to use a key behind", async () => {
  await using region = await startRegion();
  const [eastKey, westKey] = [await newKey(region, "us-east-1"), await newKey(region, RegionName)];
  const east = await createTable(region, "pk:S", encryptedWith(eastKey));
  const kms = region.client(KMSClient, { region: RegionName });
  const grants = async () => (await kms.send(new ListGrantsCommand({ KeyId: westKey }))).Grants?.length;
  const refused = await refusal(east.db.send(new UpdateTableCommand({
    TableName: east.name, MultiRegionConsistency: "STRONG", ReplicaUpdates: [
      { Create: { RegionName, KMSMasterKeyId: westKey } },
      { Create: { RegionName: "us-east-2", KMSMasterKeyId: westKey } },
    ],
  })));
  assert.match(refused, /^ValidationException: KMS validation error for region us-east-2: /);
  assert.equal(await grants(), 1, "the first had its leave");
  await region.clock.advance({ seconds: 1 });
  assert.equal(await grants(), 0);
});

test("regions of a table with a key of the customer's have keys of their own", async () => {
  await using region = await startRegion();
  const [eastKey, westKey] = [await newKey(region, "us-east-1"), await newKey(region, RegionName)];
  const east = await createTable(region, "pk:S", encryptedWith(eastKey));
  await east.put({ pk: "a" });
  const missing = `${parameters}KMSMasterKeyId must be specified for each replica.`;
  assert.equal(await refusal(replicate(east, { Create: { RegionName } })), missing);
  assert.equal(
    await refusal(replicate(east, { Create: { RegionName, KMSMasterKeyId: "alias/aws/dynamodb" } })),
    `${parameters}All replica keys must either be Customer Managed CMK or AWS Managed CMK.`,
  );
  assert.match(
    await refusal(replicate(east, { Create: { RegionName, KMSMasterKeyId: eastKey } })),
    /^ValidationException: KMS validation error for region us-west-2: com\.amazonaws\.services\.kms\.model\./,
  );
  const bareId = westKey.split("/").at(-1);
  await replicate(east, { Create: { RegionName, KMSMasterKeyId: bareId } });
  await region.clock.advance({ seconds: 5 });
  const west = tableIn(region, RegionName);
  assert.deepEqual((await west.description()).SSEDescription, {
    Status: "ENABLED", SSEType: "KMS", KMSMasterKeyArn: westKey,
  });
  assert.equal((await replicaOf(east)).KMSMasterKeyId, westKey);
  assert.equal((await replicaOf(west)).KMSMasterKeyId, eastKey);
  assert.deepEqual(await west.all(), [{ pk: "a" }]);
  assert.equal(await refusal(replicate(east, { Update: { RegionName, KMSMasterKeyId: westKey } })), missing);
});

test("a replica whose key is disabled is locked alone, and hears later of what it missed", async () => {
  await using region = await startRegion();
  const [eastKey, KeyId] = [await newKey(region, "us-east-1"), await newKey(region, RegionName)];
  const east = await createTable(region, "pk:S", encryptedWith(eastKey));
  await replicate(east, { Create: { RegionName, KMSMasterKeyId: KeyId } });
  await region.clock.advance({ seconds: 5 });
  const west = tableIn(region, RegionName);
  const kms = region.client(KMSClient, { region: RegionName });
  await kms.send(new DisableKeyCommand({ KeyId }));
  await region.clock.advance({ minutes: 20 });
  assert.match(await refusal(west.all()), /^ValidationException: KMS key disabled error: /);
  await east.put({ pk: "late" });
  assert.equal((await replicaOf(east)).ReplicaStatus, "INACCESSIBLE_ENCRYPTION_CREDENTIALS");
  assert.equal((await east.description()).TableStatus, "ACTIVE");
  await region.clock.advance({ minutes: 1 });
  await kms.send(new EnableKeyCommand({ KeyId }));
  await region.clock.advance({ minutes: 20 });
  assert.deepEqual(await west.all(), [{ pk: "late" }]);
  assert.equal((await replicaOf(east)).ReplicaStatus, "ACTIVE");
});

test("regions of a table with AWS's key have AWS's keys, and those without have none", async () => {
  await using region = await startRegion();
  const east = await createTable(region, "pk:S", encryptedWith());
  await replicate(east, { Create: { RegionName } });
  await region.clock.advance({ seconds: 5 });
  const { SSEDescription: shown } = await tableIn(region, RegionName).description();
  assert.match(shown?.KMSMasterKeyArn ?? "", /^arn:aws:kms:us-west-2:/);
  const plain = await createTable(region, "pk:S", { TableName: "plain" });
  assert.equal(
    await refusal(replicate(plain, { Create: { RegionName, KMSMasterKeyId: "alias/aws/dynamodb" } })),
    `${parameters}KMSMasterKeyId must be specified for each replica.`,
  );
});

test("AWS's keys come and go in all regions, a customer's in its own", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  await replicate(east, { Create: { RegionName } });
  await region.clock.advance({ seconds: 5 });
  const west = tableIn(region, RegionName);
  const encrypt = (table: TableFixture, SSESpecification: SSESpecification) =>
    table.db.send(new UpdateTableCommand({ TableName: table.name, SSESpecification }));
  const keys = async (): Promise<(string | undefined)[]> => {
    await region.clock.advance({ seconds: 5 });
    const shown = await Promise.all([east, west].map((table) => table.description()));
    assert.deepEqual(shown.map(({ TableStatus }) => TableStatus), ["ACTIVE", "ACTIVE"]);
    return shown.map(({ SSEDescription }) => SSEDescription?.KMSMasterKeyArn);
  };
  await encrypt(west, encryptedWith().SSESpecification);
  const managed = await keys();
  assert.match(managed[0] ?? "", /^arn:aws:kms:us-east-1:/);
  assert.match(managed[1] ?? "", /^arn:aws:kms:us-west-2:/);
  assert.equal((await replicaOf(east)).KMSMasterKeyId, managed[1]);
  const westKey = await newKey(region, RegionName);
  await encrypt(west, encryptedWith(westKey).SSESpecification);
  assert.deepEqual(await keys(), [managed[0], westKey]);
  await encrypt(east, { Enabled: false });
  assert.deepEqual(await keys(), [undefined, undefined]);
  const { Grants } = await region.client(KMSClient, { region: RegionName })
    .send(new ListGrantsCommand({ KeyId: westKey }));
  assert.deepEqual(Grants, []);
  await east.put({ pk: "a" });
  await region.clock.advance({ seconds: 5 });
  assert.deepEqual(await west.all(), [{ pk: "a" }]);
});

test("protection against deletion is each region's own, and takes a member a moment", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  await replicate(east, { Create: { RegionName } });
  await region.clock.advance({ seconds: 5 });
  const protect = (DeletionProtectionEnabled: boolean) =>
    east.db.send(new UpdateTableCommand({ TableName: east.name, DeletionProtectionEnabled }));
  const { TableDescription: answer } = await protect(true);
  assert.equal(answer?.TableStatus, "UPDATING");
  assert.match(await refusal(protect(false)), /^ResourceInUseException: /);
  await region.clock.advance({ seconds: 1 });
  const [own, other] = [await east.description(), await tableIn(region, RegionName).description()];
  assert.deepEqual(
    [own, other].map((shown) => [shown.TableStatus, shown.DeletionProtectionEnabled]),
    [["ACTIVE", true], ["ACTIVE", false]],
  );
  await protect(false);
  await region.clock.advance({ seconds: 1 });
  assert.equal((await east.description()).DeletionProtectionEnabled, false);
});

test("a region has a class and limits of its own, from the beginning or later", async () => {
  await using region = await startRegion();
  const KeySchema = keyOf("color:S").KeySchema;
  const east = await createTable(region, "pk:S", {
    AttributeDefinitions: keyOf("pk:S color:S").AttributeDefinitions,
    GlobalSecondaryIndexes: [{ IndexName: "by-color", KeySchema, Projection: { ProjectionType: "ALL" } }],
  });
  const limit = (MaxReadRequestUnits: number) => ({ OnDemandThroughputOverride: { MaxReadRequestUnits } });
  await replicate(east, { Create: {
    RegionName, TableClassOverride: "STANDARD_INFREQUENT_ACCESS", ...limit(100),
  } });
  await region.clock.advance({ seconds: 5 });
  const west = tableIn(region, RegionName);
  const made = await west.description();
  assert.equal(made.TableClassSummary?.TableClass, "STANDARD_INFREQUENT_ACCESS");
  assert.deepEqual(made.OnDemandThroughput, { MaxReadRequestUnits: 100 });
  const shown = await replicaOf(east);
  assert.equal(shown.ReplicaTableClassSummary?.TableClass, "STANDARD_INFREQUENT_ACCESS");
  assert.deepEqual(shown.OnDemandThroughputOverride, { MaxReadRequestUnits: 100 });
  assert.equal((await east.description()).TableClassSummary, undefined);
  assert.equal((await replicaOf(west)).ReplicaTableClassSummary, undefined);
  const { TableDescription: answer } = await replicate(east, { Update: {
    RegionName, TableClassOverride: "STANDARD", ...limit(-1),
    GlobalSecondaryIndexes: [{ IndexName: "by-color", ...limit(7) }],
  } });
  assert.equal(answer?.TableStatus, "UPDATING");
  await region.clock.advance({ seconds: 1 });
  const updated = await west.description();
  assert.equal(updated.TableClassSummary?.TableClass, "STANDARD");
  assert.equal(updated.OnDemandThroughput, undefined);
  assert.deepEqual(updated.GlobalSecondaryIndexes?.[0]?.OnDemandThroughput, { MaxReadRequestUnits: 7 });
  const after = await replicaOf(east);
  assert.deepEqual([after.ReplicaStatus, after.OnDemandThroughputOverride], ["ACTIVE", undefined]);
  assert.deepEqual(after.GlobalSecondaryIndexes?.[0]?.OnDemandThroughputOverride, { MaxReadRequestUnits: 7 });
  assert.equal(
    await refusal(replicate(east, { Update: {
      RegionName, GlobalSecondaryIndexes: [{ IndexName: "by-color" }],
    } })),
    "ValidationException: There are no actions specified in the Replica Update Action of the request.",
  );
  assert.equal(
    await refusal(replicate(east, { Update: { RegionName, ...limit(-7) } })),
    `${parameters}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range`,
  );
});
