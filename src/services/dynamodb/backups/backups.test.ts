/** Backups, and tables restored from them and to moments. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBackupCommand, DeleteBackupCommand, DeleteTableCommand, DescribeBackupCommand,
  DescribeContinuousBackupsCommand, DescribeTableCommand, ListBackupsCommand,
  RestoreTableFromBackupCommand, RestoreTableToPointInTimeCommand, UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand, type BackupDetails, type DynamoDBClient, type ListBackupsCommandInput,
  type RestoreTableFromBackupCommandInput, type RestoreTableToPointInTimeCommandInput,
} from "@aws-sdk/client-dynamodb";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";
import { Ids } from "../../../kernel/ids.ts";
import { createTable, fixtureOf, keyOf, type Plain, type TableFixture } from "../table-fixture.ts";

const invalid = "ValidationException: ";
const pk = "pk:S";

async function backup({ db, name: TableName }: TableFixture, BackupName = "backup"): Promise<BackupDetails> {
  const { BackupDetails: details } = await db.send(new CreateBackupCommand({ TableName, BackupName }));
  assert.ok(details);
  return details;
}

function restore(
  { db }: TableFixture, BackupArn: string | undefined, TargetTableName: string,
  more: Partial<RestoreTableFromBackupCommandInput> = {},
) {
  return db.send(new RestoreTableFromBackupCommand({ BackupArn, TargetTableName, ...more }));
}

function restoreTo(
  { db, name }: TableFixture, TargetTableName: string,
  more: Partial<RestoreTableToPointInTimeCommandInput>,
) {
  return db.send(new RestoreTableToPointInTimeCommand({ SourceTableName: name, TargetTableName, ...more }));
}

function recover({ db, name: TableName }: TableFixture, PointInTimeRecoveryEnabled = true, more = {}) {
  return db.send(new UpdateContinuousBackupsCommand({
    TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled, ...more },
  }));
}

/** Waits for a table that is restored. */
async function restored(region: TestRegion, db: DynamoDBClient, name: string): Promise<TableFixture> {
  const table = fixtureOf(db, name);
  for (let at = 0; (await table.description()).TableStatus !== "ACTIVE"; at += 1) {
    assert.ok(at < 200);
    await region.clock.advance({ milliseconds: 50 });
  }
  return table;
}

async function sorted(table: TableFixture): Promise<Plain[]> {
  return (await table.all()).sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

test("a backup holds the table as it was, and outlives it", async () => {
  await using region = await startRegion();
  const table = await createTable(region, "pk:S sk:N", {
    AttributeDefinitions: keyOf("pk:S sk:N color:S").AttributeDefinitions,
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
    LocalSecondaryIndexes: [{
      IndexName: "local", KeySchema: keyOf("pk:S color:S").KeySchema, Projection: {
        ProjectionType: "KEYS_ONLY",
      },
    }],
    Tags: [{ Key: "a", Value: "b" }],
  });
  await table.db.send(new UpdateTimeToLiveCommand({
    TableName: "table", TimeToLiveSpecification: { Enabled: true, AttributeName: "until" },
  }));
  await table.fill([1, 2, 3].map((sk) => ({ pk: "a", sk, color: "red" })));
  const details = await backup(table);
  assert.deepEqual([details.BackupStatus, details.BackupType], ["CREATING", "USER"]);
  assert.match(details.BackupArn ?? "", /:table\/table\/backup\/0\d{13}-[0-9a-f]{8}$/);
  await table.put({ pk: "a", sk: 4 });
  await table.delete({ pk: "a", sk: 1 });
  await table.db.send(new DeleteTableCommand({ TableName: "table" }));
  await region.clock.advance({ seconds: 10 });
  const { BackupDescription: shown } = await table.db.send(
    new DescribeBackupCommand({ BackupArn: details.BackupArn }),
  );
  assert.equal(shown?.BackupDetails?.BackupStatus, "AVAILABLE");
  assert.equal(shown.SourceTableDetails?.ItemCount, 3);
  assert.deepEqual(shown.SourceTableFeatureDetails, {
    LocalSecondaryIndexes: [{
      IndexName: "local", KeySchema: keyOf("pk:S color:S").KeySchema, Projection: {
        ProjectionType: "KEYS_ONLY",
      },
    }],
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
      ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    }],
    StreamDescription: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: "until" },
  });
  const { TableDescription: answer } = await restore(table, details.BackupArn, "restored");
  assert.equal(answer?.TableStatus, "CREATING");
  assert.equal(answer.RestoreSummary?.SourceBackupArn, details.BackupArn);
  const again = await restored(region, table.db, "restored");
  assert.deepEqual(await sorted(again), [1, 2, 3].map((sk) => ({ color: "red", pk: "a", sk })));
  const red = { IndexName: "by-color" };
  assert.equal((await again.query("color = :red", { ":red": "red" }, red)).Count, 3);
  const local = await again.query("pk = :a", { ":a": "a" }, { IndexName: "local" });
  assert.equal(local.Count, 3);
  const description = await again.description();
  assert.equal(description.ItemCount, 3);
  assert.equal(description.GlobalSecondaryIndexes?.[0]?.ItemCount, 3);
  assert.deepEqual([description.StreamSpecification, description.RestoreSummary], [undefined, undefined]);
});

test("a large table is copied while it is written to, and the copy is of one moment", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.fill(Array.from({ length: 1_600 }, (_, at) => ({ pk: `${at}`, n: 0 })));
  const details = await backup(table);
  const status = async () => (await table.db.send(
    new DescribeBackupCommand({ BackupArn: details.BackupArn }),
  )).BackupDescription?.BackupDetails?.BackupStatus;
  assert.equal(await status(), "CREATING");
  const chance = new Ids("copies");
  for (let at = 0; at < 200; at += 1) {
    const key = { pk: `${chance.below(1_700)}` };
    if (chance.below(3) === 0) await table.delete(key);
    else await table.put({ ...key, n: at + 1 });
    if (at % 20 === 0) await region.clock.advance({ milliseconds: 1 });
  }
  await region.clock.advance({ seconds: 1 });
  assert.equal(await status(), "AVAILABLE");
  await restore(table, details.BackupArn, "restored");
  const copy = await restored(region, table.db, "restored");
  const all = await copy.all();
  assert.equal(all.length, 1_600);
  assert.ok(all.every(({ n }) => n === 0));
});

test("backups are listed by table, type and time", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const other = await createTable(region, pk, { TableName: "other" });
  const made: BackupDetails[] = [];
  for (const name of ["one", "two", "two"]) {
    made.push(await backup(table, name));
    await region.clock.advance({ seconds: 1 });
  }
  made.push(await backup(other, "three"));
  const list = async (more: ListBackupsCommandInput = {}) => {
    const {
      BackupSummaries = [], LastEvaluatedBackupArn,
    } = await table.db.send(new ListBackupsCommand(more));
    return { arns: BackupSummaries.map(({ BackupArn }) => BackupArn), last: LastEvaluatedBackupArn };
  };
  const arns = made.map(({ BackupArn }) => BackupArn);
  assert.deepEqual((await list()).arns, arns);
  assert.deepEqual((await list({ TableName: "table" })).arns, arns.slice(0, 3));
  assert.deepEqual((await list({ TableName: "none" })).arns, []);
  assert.deepEqual((await list({ BackupType: "SYSTEM" })).arns, []);
  const page = await list({ Limit: 2 });
  assert.deepEqual([page.arns, page.last], [arns.slice(0, 2), arns[1]]);
  assert.deepEqual((await list({ ExclusiveStartBackupArn: page.last })).arns, arns.slice(2));
  const second = made[1]?.BackupCreationDateTime;
  assert.deepEqual((await list({ TimeRangeLowerBound: second })).arns, arns.slice(1));
  assert.deepEqual((await list({ TimeRangeUpperBound: second })).arns, arns.slice(0, 1));
  await table.db.send(new DeleteBackupCommand({ BackupArn: arns[1] }));
  assert.deepEqual((await list({ TableName: "table" })).arns, [arns[0], arns[2]]);
  const gone = table.db.send(new DescribeBackupCommand({ BackupArn: arns[1] }));
  assert.equal(await refusal(gone), `BackupNotFoundException: Backup not found: ${arns[1]}`);
});

test("a table is restored to any second of the last days", async () => {
  await using region = await startRegion();
  const table = await createTable(region, pk, {
    AttributeDefinitions: keyOf("pk:S color:S").AttributeDefinitions,
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
  });
  await table.put({ pk: "before", n: 0 });
  await recover(table);
  const chance = new Ids("moments");
  const moments: { at: Date; items: Plain[] }[] = [];
  for (let at = 0; at < 8; at += 1) {
    for (let write = 0; write < 12; write += 1) {
      const key = { pk: `${chance.below(12)}` };
      if (chance.below(4) === 0) await table.delete(key);
      else await table.put({ ...key, n: at * 100 + write, color: write % 2 ? "red" : "blue" });
      await region.clock.advance({ milliseconds: 40 });
    }
    moments.push({ at: new Date(region.clock.now()), items: await sorted(table) });
    await region.clock.advance({ minutes: 10 });
  }
  for (const [at, moment] of moments.entries()) {
    await restoreTo(table, `restored-${at}`, { RestoreDateTime: moment.at });
    const copy = await restored(region, table.db, `restored-${at}`);
    assert.deepEqual(await sorted(copy), moment.items, `${at}`);
    const red = await copy.query("color = :red", { ":red": "red" }, { IndexName: "by-color" });
    assert.equal(red.Count, moment.items.filter(({ color }) => color === "red").length);
  }
  await restoreTo(table, "latest", { UseLatestRestorableTime: true });
  assert.deepEqual(await sorted(await restored(region, table.db, "latest")), moments.at(-1)?.items);
});

test("how far back a table can be restored is a matter of when, and of the setting", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const window = async () => (
    await table.db.send(new DescribeContinuousBackupsCommand({ TableName: "table" }))
  )
    .ContinuousBackupsDescription;
  assert.deepEqual(await window(), {
    ContinuousBackupsStatus: "ENABLED",
    PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
  });
  const target = { RestoreDateTime: new Date(region.clock.now()) };
  assert.equal(
    await refusal(restoreTo(table, "restored", target)),
    "PointInTimeRecoveryUnavailableException: " +
      "Point in time recovery is not enabled for table 'table'",
  );
  const since = new Date(region.clock.now());
  await recover(table, true, { RecoveryPeriodInDays: 2 });
  await region.clock.advance({ minutes: 3 });
  assert.deepEqual((await window())?.PointInTimeRecoveryDescription, {
    PointInTimeRecoveryStatus: "ENABLED", RecoveryPeriodInDays: 2,
    EarliestRestorableDateTime: since, LatestRestorableDateTime: since,
  });
  await region.clock.advance({ days: 3 });
  const now = region.clock.now();
  const shown = (await window())?.PointInTimeRecoveryDescription;
  assert.equal(shown?.EarliestRestorableDateTime?.getTime(), now - 2 * 24 * 3_600_000);
  assert.equal(shown.LatestRestorableDateTime?.getTime(), now - 300_000);
  const seconds = (date: Date) => `${date.toISOString().slice(0, 19)}Z`;
  for (const RestoreDateTime of [since, new Date(now - 299_000)]) {
    assert.equal(
      await refusal(restoreTo(table, "restored", { RestoreDateTime })),
      `InvalidRestoreTimeException: RestoreDateTime '${seconds(RestoreDateTime)}' must be within ` +
        `EarliestRestorableDateTime '${seconds(new Date(now - 2 * 24 * 3_600_000))}' and ` +
        `LatestRestorableDateTime '${seconds(new Date(now - 300_000))}'`,
    );
  }
  assert.equal(
    await refusal(recover(table, false, { RecoveryPeriodInDays: 2 })),
    `${invalid}RecoveryPeriodInDays cannot be specified when PointInTimeRecoveryEnabled is false`,
  );
  await recover(table, false);
  assert.deepEqual(
    (await window())?.PointInTimeRecoveryDescription, { PointInTimeRecoveryStatus: "DISABLED" },
  );
});

test("a table that could be restored leaves a backup when it is deleted", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  await table.fill([1, 2, 3].map((at) => ({ pk: `${at}` })));
  await recover(table);
  await table.db.send(new DeleteTableCommand({ TableName: "table" }));
  await region.clock.advance({ seconds: 5 });
  const list = async () => (
    await table.db.send(new ListBackupsCommand({ BackupType: "ALL" }))
  ).BackupSummaries;
  const [left] = await list() ?? [];
  assert.deepEqual(
    [
      left?.BackupName, left?.BackupType, left?.BackupStatus,
    ], ["table$DeletedTableBackup", "SYSTEM", "AVAILABLE"],
  );
  assert.match(
    await refusal(table.db.send(new DeleteBackupCommand({ BackupArn: left?.BackupArn }))),
    /^ValidationException: User is not allowed to delete the system backup with arn .* expire on /,
  );
  const fresh = await createTable(region);
  await fresh.put({ pk: "new" });
  await restore(table, left?.BackupArn, "restored");
  const copy = await restored(region, table.db, "restored");
  assert.deepEqual((await sorted(copy)).map((item) => item["pk"]), ["1", "2", "3"]);
  assert.deepEqual(await fresh.all(), [{ pk: "new" }]);
  await region.clock.advance({ days: 35 });
  assert.deepEqual(await list(), []);
  assert.deepEqual((await sorted(copy)).length, 3);
});

test("a restored table may differ from its source in what AWS lets it", async () => {
  await using region = await startRegion();
  const index = {
    IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: {
      ProjectionType: "ALL" as const,
    },
  };
  const table = await createTable(region, pk, {
    AttributeDefinitions: keyOf("pk:S color:S").AttributeDefinitions, GlobalSecondaryIndexes: [index],
    OnDemandThroughput: { MaxReadRequestUnits: 100, MaxWriteRequestUnits: 50 },
  });
  await table.put({ pk: "a", color: "red" });
  const { BackupArn } = await backup(table);
  const units = { ReadCapacityUnits: 2, WriteCapacityUnits: 1 };
  const rows: readonly (readonly [Partial<RestoreTableFromBackupCommandInput>, string])[] = [
    [{ ProvisionedThroughputOverride: units },
      "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED"],
    [{ BillingModeOverride: "PROVISIONED" },
      "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED"],
    [{ GlobalSecondaryIndexOverride: [{ ...index, Projection: { ProjectionType: "KEYS_ONLY" } }] },
      "Index by-color does not match a secondary index that existed in the source table " +
        "and cannot be created during the restore operation"],
  ];
  for (const [more, text] of rows) {
    assert.equal(await refusal(restore(table, BackupArn, "restored", more)), `${invalid}${text}`);
  }
  await restore(table, BackupArn, "same");
  const same = await (await restored(region, table.db, "same")).description();
  assert.deepEqual(same.OnDemandThroughput, { MaxReadRequestUnits: 100, MaxWriteRequestUnits: 50 });
  await restore(table, BackupArn, "without", { GlobalSecondaryIndexOverride: [] });
  const without = await (await restored(region, table.db, "without")).description();
  assert.equal(without.GlobalSecondaryIndexes, undefined);
  assert.deepEqual(without.AttributeDefinitions, keyOf("pk:S").AttributeDefinitions);
  await restore(table, BackupArn, "provisioned", {
    BillingModeOverride: "PROVISIONED", ProvisionedThroughputOverride: units,
    GlobalSecondaryIndexOverride: [{ ...index, IndexName: "renamed", ProvisionedThroughput: units }],
  });
  const provisioned = await restored(region, table.db, "provisioned");
  assert.equal((await provisioned.description()).ProvisionedThroughput?.ReadCapacityUnits, 2);
  const red = await provisioned.query("color = :red", { ":red": "red" }, { IndexName: "renamed" });
  assert.equal(red.Count, 1);
});

test("names that are taken, and backups that are not there, are not restored", async () => {
  await using region = await startRegion();
  const table = await createTable(region);
  const { BackupArn = "" } = await backup(table);
  assert.equal(
    await refusal(
      restore(table, BackupArn, "table"),
    ), "TableAlreadyExistsException: Table already exists: table",
  );
  await restore(table, BackupArn, "restored");
  assert.equal(
    await refusal(restore(table, BackupArn, "restored")),
    `TableInUseException: Table: restored is already being restored from backup: ${BackupArn}`,
  );
  await region.clock.advance({ seconds: 1 });
  const none = `${BackupArn.slice(0, -8)}00000000`;
  const rows: readonly (readonly [string, string])[] = [
    [none, `BackupNotFoundException: Backup not found: ${none}`],
    [
      BackupArn.replace(/\/backup.*/, ""),
      `${invalid}Invalid Backup ARN: ${BackupArn.replace(/\/backup.*/, "")}`,
    ],
    [BackupArn.replace("000000000000", "111111111111"), "AccessDeniedException: Access is denied"],
    [BackupArn.replace("us-east-1", "us-west-2"),
      `${invalid}Invalid Request: sseSpecificationOverride must be provided for cross-region restores`],
  ];
  for (const [arn, text] of rows) assert.equal(await refusal(restore(table, arn, "next")), text);
  const gone = table.db.send(new DescribeTableCommand({ TableName: "next" }));
  assert.match(await refusal(gone), /^ResourceNotFoundException: /);
  const times: readonly (readonly [Partial<RestoreTableToPointInTimeCommandInput>, string])[] = [
    [{}, `${invalid}Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime ` +
        "must be specified, but not both"],
    [
      { UseLatestRestorableTime: true, SourceTableName: "none" },
      "TableNotFoundException: Table not found: none",
    ],
    [{ UseLatestRestorableTime: true, SourceTableArn: "x" },
      `${invalid}Must provide exactly one of: sourceTableArn, sourceTableName`],
    [{
      UseLatestRestorableTime: true, TargetTableName: "bad name",
    }, `${invalid}1 validation error detected: ` +
        "Value 'bad name' at 'targetTableName' failed to satisfy constraint: " +
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"],
  ];
  for (const [more, text] of times) assert.equal(await refusal(restoreTo(table, "next", more)), text);
});
