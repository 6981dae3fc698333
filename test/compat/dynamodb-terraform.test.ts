/** Terraform and DynamoDB: tables and what hangs on them, applied, changed, imported, destroyed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DescribeContinuousBackupsCommand, DescribeTableCommand, DynamoDBClient, GetItemCommand, ListTablesCommand,
  ListTagsOfResourceCommand,
} from "@aws-sdk/client-dynamodb";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders";

test("tables of both billing modes, their indexes, items, policies and insights", { skip }, async () => {
  await using station = await startWorkstation();
  const tables = await Terraform.open(station, "dynamodb");
  await tables.apply();
  assert.equal(await tables.drift(), "");
  const bought = { L: [{ M: { sku: { S: "pen" }, gift: { BOOL: true } } }, { NULL: true }] };
  assert.deepEqual(await tables.outputs(), {
    arn,
    item: { price: { N: "10" }, bought },
    stream_is_of_the_table: true,
  });

  // A new view makes a new stream; each index is made on its own.
  const changed = {
    status_reads: "4",
    expiry_attribute: "expires",
    view: "KEYS_ONLY",
    recovery: "false",
    price: "11.5",
    second_index: "true",
  };
  await tables.apply(changed);
  assert.equal(await tables.drift(changed), "");
  const { item } = await tables.outputs();
  assert.deepEqual(item, { price: { N: "11.5" }, bought });
  const db = station.region.client(DynamoDBClient);
  const { Table } = await db.send(new DescribeTableCommand({ TableName: "orders" }));
  assert.equal(Table?.StreamSpecification?.StreamViewType, "KEYS_ONLY");
  assert.deepEqual(
    Table.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort(), ["by-status", "by-total"],
  );

  await tables.reimport("aws_dynamodb_table.orders", "orders", changed);
  await tables.reimport(
    "aws_dynamodb_contributor_insights.by_status", "name:orders/index:by-status/000000000000", changed,
  );
  assert.equal(await tables.drift(changed), "");
  // An import of the provider doesn't know whether to confirm a policy: that is no part of what is answered.
  await tables.reimport("aws_dynamodb_resource_policy.orders", arn, changed);
  await tables.apply(changed);
  assert.equal(await tables.drift(changed), "");
  await tables.destroy(changed);
  assert.deepEqual((await db.send(new ListTablesCommand({}))).TableNames, []);
});

test("dynamodb-global-table: replicas come with tags and recovery, and go", { skip }, async () => {
  await using station = await startWorkstation();
  const tables = await Terraform.open(station, "dynamodb-replicas");
  await tables.apply();
  assert.equal(await tables.drift(), "");
  const ResourceArn = "arn:aws:dynamodb:us-west-2:000000000000:table/everywhere";
  assert.deepEqual(await tables.outputs(), { arn: ResourceArn });
  const west = station.region.client(DynamoDBClient, { region: "us-west-2" });
  const TableName = "everywhere";
  const { Tags } = await west.send(new ListTagsOfResourceCommand({ ResourceArn }));
  const tags = Tags?.map(({ Key, Value }) => `${Key}=${Value}`).sort();
  assert.deepEqual(tags, ["managed-by=terraform", "team=shop"]);
  const { ContinuousBackupsDescription: backups } = await west.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  assert.equal(backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus, "ENABLED");
  const { Item } = await west.send(new GetItemCommand({ TableName, Key: { pk: { S: "greeting" } } }));
  assert.equal(Item?.["text"]?.S, "hello");
  const more = { regions: '["us-west-2", "eu-west-1"]' };
  await tables.apply(more);
  assert.equal(await tables.drift(more), "");
  await tables.destroy(more);
  assert.deepEqual((await west.send(new ListTablesCommand({}))).TableNames, []);
});
