/** Tables restored from another region's backups and moments. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBackupCommand, DeleteTableCommand, DynamoDBClient, RestoreTableFromBackupCommand,
  RestoreTableToPointInTimeCommand, UpdateContinuousBackupsCommand,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { createTable, fixtureOf, keyOf, type Plain } from "../table-fixture.ts";

const TargetTableName = "restored";
const missing = "ValidationException: Invalid Request: sseSpecificationOverride must be provided for " +
  "cross-region restores";
const plain = { SSESpecificationOverride: { Enabled: false } };
const managed = { SSESpecificationOverride: { Enabled: true, SSEType: "KMS" } } as const;

function west(region: TestRegion): DynamoDBClient {
  return region.client(DynamoDBClient, { region: "us-west-2" });
}

function many(count: number, n: number): Plain[] {
  return Array.from({ length: count }, (_, at) => ({ pk: `${at}`, color: "red", n }));
}

test("a backup is restored in another region, with its indexes and a key of that region", async () => {
  await using region = await startRegion();
  const east = await createTable(region, "pk:S", {
    AttributeDefinitions: keyOf("pk:S color:S").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
  });
  await east.fill(many(1_200, 1));
  const { BackupDetails: details } = await east.db.send(
    new CreateBackupCommand({ TableName: "table", BackupName: "backup" }),
  );
  await region.clock.advance({ seconds: 1 });
  await east.db.send(new DeleteTableCommand({ TableName: "table" }));
  const input = { BackupArn: details?.BackupArn, TargetTableName };
  const db = west(region);
  assert.equal(await refusal(db.send(new RestoreTableFromBackupCommand(input))), missing);
  const { TableDescription: begun } = await db.send(
    new RestoreTableFromBackupCommand({ ...input, ...managed }),
  );
  assert.equal(begun?.TableArn, "arn:aws:dynamodb:us-west-2:000000000000:table/restored");
  assert.equal(begun.RestoreSummary?.SourceBackupArn, details?.BackupArn);
  assert.equal(begun.RestoreSummary?.SourceTableArn, "arn:aws:dynamodb:us-east-1:000000000000:table/table");
  await region.clock.advance({ seconds: 5 });
  const table = fixtureOf(db, TargetTableName);
  const shown = await table.description();
  assert.deepEqual([shown.TableStatus, shown.ItemCount], ["ACTIVE", 1_200]);
  assert.match(shown.SSEDescription?.KMSMasterKeyArn ?? "", /^arn:aws:kms:us-west-2:/);
  const red = await table.query("color = :red", { ":red": "red" }, { IndexName: "by-color" });
  assert.equal(red.Count, 1_200);
  assert.match(
    await refusal(fixtureOf(east.db, TargetTableName).description()), /^ResourceNotFoundException: /,
  );
});

test("a table is restored in another region as it was at a moment, while it goes on", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  await east.db.send(new UpdateContinuousBackupsCommand({
    TableName: "table", PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  }));
  await east.fill(many(1_100, 1));
  await region.clock.advance({ minutes: 1 });
  const RestoreDateTime = new Date(region.clock.now());
  await region.clock.advance({ minutes: 1 });
  await east.fill(many(300, 2));
  await region.clock.advance({ minutes: 10 });
  const db = west(region);
  const input = { SourceTableArn: (await east.description()).TableArn, TargetTableName, RestoreDateTime };
  assert.equal(await refusal(db.send(new RestoreTableToPointInTimeCommand(input))), missing);
  assert.match(
    await refusal(db.send(new RestoreTableToPointInTimeCommand({
      SourceTableName: "table", TargetTableName, RestoreDateTime, ...plain,
    }))),
    /^TableNotFoundException: /,
  );
  await db.send(new RestoreTableToPointInTimeCommand({ ...input, ...plain }));
  await east.put({ pk: "0", n: 3 });
  await east.put({ pk: "new", n: 3 });
  await east.delete({ pk: "1099" });
  await region.clock.advance({ seconds: 5 });
  const table = fixtureOf(db, TargetTableName);
  const found = await table.all();
  assert.equal(found.length, 1_100);
  assert.ok(found.every(({ n }) => n === 1));
  assert.equal((await table.description()).SSEDescription, undefined);
});

test("a table that is restored goes when what it is restored from does", async () => {
  await using region = await startRegion();
  const east = await createTable(region);
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  const TableName = "table";
  const setting = { TableName, PointInTimeRecoverySpecification };
  await east.db.send(new UpdateContinuousBackupsCommand(setting));
  await east.fill(many(1_100, 1));
  await region.clock.advance({ minutes: 10 });
  const db = west(region);
  await db.send(new RestoreTableToPointInTimeCommand({
    SourceTableArn: (await east.description()).TableArn, TargetTableName, ...plain,
    UseLatestRestorableTime: true,
  }));
  await east.db.send(new UpdateContinuousBackupsCommand({
    TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
  }));
  await region.clock.advance({ seconds: 5 });
  assert.match(
    await refusal(fixtureOf(db, TargetTableName).description()), /^ResourceNotFoundException: /,
  );
});
