/** The aws CLI and the rest of DynamoDB's commands: backups, exports, imports, and settings of tables. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorkstation, without, type RegionWorkstation } from "./clients.ts";

const skip = without("aws");

const account = "000000000000";
const tableArn = `arn:aws:dynamodb:us-east-1:${account}:table/Music`;

async function music(station: RegionWorkstation): Promise<void> {
  await station.aws`dynamodb create-table --table-name Music --billing-mode PAY_PER_REQUEST
    --attribute-definitions AttributeName=Artist,AttributeType=S
    --key-schema AttributeName=Artist,KeyType=HASH`;
  await station.aws`dynamodb wait table-exists --table-name Music`;
  await station.aws`dynamodb put-item --table-name Music --item ${JSON.stringify({ Artist: { S: "Acme" } })}`;
}

async function artists(station: RegionWorkstation, table: string): Promise<unknown> {
  await station.aws`dynamodb wait table-exists --table-name ${table}`;
  return station.aws`dynamodb scan --table-name ${table} --query Items[].Artist.S`;
}

test("backups, and tables restored from them and to a moment", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station);
  const arn = await station.aws<string>`dynamodb create-backup --table-name Music --backup-name monday
    --query BackupDetails.BackupArn`;
  assert.deepEqual(await station.aws`dynamodb list-backups --table-name Music
    --query BackupSummaries[].[BackupName,BackupArn,BackupStatus]`, [["monday", arn, "AVAILABLE"]]);
  assert.equal(await station.aws`dynamodb describe-backup --backup-arn ${arn}
    --query BackupDescription.SourceTableDetails.TableName`, "Music");
  await station.aws`dynamodb restore-table-from-backup --backup-arn ${arn} --target-table-name Restored`;
  assert.deepEqual(await artists(station, "Restored"), ["Acme"]);
  await station.aws`dynamodb delete-backup --backup-arn ${arn}`;
  assert.match(
    await station.refusal`dynamodb describe-backup --backup-arn ${arn}`, /BackupNotFoundException/,
  );

  await station.aws`dynamodb update-continuous-backups --table-name Music
    --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`;
  await station.aws`dynamodb restore-table-to-point-in-time --source-table-name Music
    --target-table-name Then --use-latest-restorable-time`;
  assert.deepEqual(await artists(station, "Then"), ["Acme"]);
});

/** Has a table in a bucket, and gives the export's ARN. */
async function exported(station: RegionWorkstation, format: "DYNAMODB_JSON" | "ION"): Promise<string> {
  await music(station);
  await station.aws`s3api create-bucket --bucket exports`;
  await station.aws`dynamodb update-continuous-backups --table-name Music
    --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`;
  const arn = await station.aws<string>`dynamodb export-table-to-point-in-time --table-arn ${tableArn}
    --s3-bucket exports --export-format ${format} --query ExportDescription.ExportArn`;
  await station.aws`dynamodb wait export-completed --export-arn ${arn}`;
  return arn;
}

test("a table is exported to a bucket and imported from it, waited for both times", { skip }, async () => {
  await using station = await startWorkstation();
  const arn = await exported(station, "DYNAMODB_JSON");
  assert.deepEqual(
    await station.aws`dynamodb describe-export --export-arn ${arn}
      --query ExportDescription.[ExportStatus,ItemCount]`,
    ["COMPLETED", 1],
  );
  assert.deepEqual(await station.aws`dynamodb list-exports --table-arn ${tableArn}
    --query ExportSummaries[].ExportArn`, [arn]);

  const keys = await station.aws<string[]>`s3api list-objects-v2 --bucket exports --query Contents[].Key`;
  const folder = keys.find((key) => key.includes("/data/"))?.replace(/[^/]*$/, "") ?? "";
  station.write("import.json", JSON.stringify({
    S3BucketSource: { S3Bucket: "exports", S3KeyPrefix: folder },
    InputFormat: "DYNAMODB_JSON",
    InputCompressionType: "GZIP",
    TableCreationParameters: {
      TableName: "Imported",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "Artist", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "Artist", KeyType: "HASH" }],
    },
  }));
  const importArn = await station.aws<string>`dynamodb import-table --cli-input-json file://import.json
    --query ImportTableDescription.ImportArn`;
  await station.aws`dynamodb wait import-completed --import-arn ${importArn}`;
  assert.deepEqual(await station.aws`dynamodb describe-import --import-arn ${importArn}
    --query ImportTableDescription.[ImportStatus,ImportedItemCount]`, ["COMPLETED", 1]);
  assert.deepEqual(
    await station.aws`dynamodb list-imports --query ImportSummaryList[].ImportArn`, [importArn],
  );
  assert.deepEqual(await artists(station, "Imported"), ["Acme"]);
});

function importing(TableName: string, prefix: string, more: object): string {
  return JSON.stringify({
    S3BucketSource: { S3Bucket: "exports", S3KeyPrefix: prefix },
    TableCreationParameters: {
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "Artist", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "Artist", KeyType: "HASH" }],
    },
    ...more,
  });
}

test("an export in Ion is imported, and what an import could not take is in its log", { skip }, async () => {
  await using station = await startWorkstation();
  await exported(station, "ION");
  const keys = await station.aws<string[]>`s3api list-objects-v2 --bucket exports --query Contents[].Key`;
  const file = keys.find((key) => key.endsWith(".ion.gz")) ?? "";
  station.write("ion.json", importing("Ion", file, { InputFormat: "ION", InputCompressionType: "GZIP" }));
  const imported = await station.aws<string>`dynamodb import-table --cli-input-json file://ion.json
    --query ImportTableDescription.ImportArn`;
  await station.aws`dynamodb wait import-completed --import-arn ${imported}`;
  assert.deepEqual(await artists(station, "Ion"), ["Acme"]);

  station.write("bad.json", importing("Bad", file, { InputFormat: "ION" }));
  const failed = await station.aws<string>`dynamodb import-table --cli-input-json file://bad.json
    --query ImportTableDescription.ImportArn`;
  assert.match(await station.refusal`dynamodb wait import-completed --import-arn ${failed}`, /FAILED/);
  const stream = `${failed.split("/").pop()}/error`;
  const [message = ""] = await station.aws<string[]>`logs get-log-events
    --log-group-name /aws-dynamodb/imports --log-stream-name ${stream} --query events[].message`;
  const { itemS3Pointer, importArn } = JSON.parse(message) as Record<string, unknown>;
  assert.deepEqual([itemS3Pointer, importArn], [{ bucket: "exports", key: file, itemIndex: 0 }, failed]);
});

test("insights, streams of Kinesis, endpoints, policies, transactions of statements", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station);
  await station.aws`dynamodb update-contributor-insights --table-name Music
    --contributor-insights-action ENABLE`;
  await station.aws`dynamodb wait contributor-insights-enabled --table-name Music`;
  assert.deepEqual(await station.aws`dynamodb list-contributor-insights
    --query ContributorInsightsSummaries[].[TableName,ContributorInsightsStatus]`, [["Music", "ENABLED"]]);

  await station.aws`kinesis create-stream --stream-name changes --shard-count 1`;
  await station.aws`kinesis wait stream-exists --stream-name changes`;
  const streamArn = `arn:aws:kinesis:us-east-1:${account}:stream/changes`;
  await station.aws`dynamodb enable-kinesis-streaming-destination --table-name Music
    --stream-arn ${streamArn}`;
  await station.aws`dynamodb wait kinesis-streaming-destination-active --table-name Music`;
  await station.aws`dynamodb update-kinesis-streaming-destination --table-name Music
    --stream-arn ${streamArn} --update-kinesis-streaming-configuration
    ApproximateCreationDateTimePrecision=MICROSECOND`;
  assert.deepEqual(
    await station.aws`dynamodb describe-kinesis-streaming-destination --table-name Music
      --query KinesisDataStreamDestinations[].[StreamArn,ApproximateCreationDateTimePrecision]`,
    [[streamArn, "MICROSECOND"]],
  );

  assert.match(
    await station.aws<string>`dynamodb describe-endpoints --query Endpoints[0].Address`, /\S+:\d+$/,
  );
  assert.match(
    await station.refusal`dynamodb delete-resource-policy --resource-arn ${tableArn}
      --expected-revision-id 1`,
    /PolicyNotFoundException/,
  );
  station.write("statements.json", JSON.stringify([
    { Statement: `INSERT INTO "Music" VALUE {'Artist': 'Nobody'}` },
    { Statement: `UPDATE "Music" SET "Awards"=1 WHERE "Artist"='Acme'` },
  ]));
  await station.aws`dynamodb execute-transaction --transact-statements file://statements.json`;
  const found = await artists(station, "Music");
  assert.deepEqual(Array.isArray(found) && found.sort(), ["Acme", "Nobody"]);
});

test("what is left of the first global tables, and their auto scaling", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station);
  assert.deepEqual(await station.aws`dynamodb list-global-tables`, { GlobalTables: [] });
  for (const command of ["describe-global-table", "describe-global-table-settings"]) {
    assert.match(
      await station.refusal`dynamodb ${command} --global-table-name Music`, /GlobalTableNotFoundException/,
    );
  }
  assert.match(
    await station.refusal`dynamodb create-global-table --global-table-name Music
      --replication-group RegionName=us-east-1 RegionName=us-west-2`,
    /version 2017\.11\.29 is not supported/,
  );
  assert.match(
    await station.refusal`dynamodb update-global-table --global-table-name Music
      --replica-updates Delete={RegionName=us-west-2}`,
    /GlobalTableNotFoundException/,
  );
  assert.match(
    await station.refusal`dynamodb describe-table-replica-auto-scaling --table-name Music`,
    /ResourceNotFoundException/,
  );
});
