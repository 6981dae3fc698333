/** Terraform's state in a bucket: written there, and locked by a file beside it and by an item of a table. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTableCommand, DynamoDBClient, ScanCommand, waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { CommandFailed, startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const Bucket = "states";
const Key = "env/prod/terraform.tfstate";

const configuration = `
  terraform {
    backend "s3" {
      bucket         = "${Bucket}"
      key            = "${Key}"
      region         = "us-east-1"
      encrypt        = true
      use_lockfile   = true
      use_path_style = true
      dynamodb_table = "locks"
    }
  }
  variable "colour" { default = "red" }
  resource "terraform_data" "paint" { input = var.colour }
`;

test("a state in a bucket is kept, and changed by nobody without its lock", {
  skip: withoutTerraform(),
}, async () => {
  await using station = await startWorkstation();
  const s3 = station.region.client(S3Client);
  const db = station.region.client(DynamoDBClient);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await db.send(new CreateTableCommand({
    TableName: "locks", BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "LockID", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "LockID", KeyType: "HASH" }],
  }));
  await waitUntilTableExists({ client: db, minDelay: 1, maxWaitTime: 60 }, { TableName: "locks" });
  const keys = async () =>
    (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key);
  const paint = await Terraform.open(station, undefined, { "main.tf": configuration });
  await paint.apply();
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  assert.match(await Body?.transformToString() ?? "", /"input": \{\s*"value": "red"/);
  assert.deepEqual(await keys(), [Key]);
  const { Items } = await db.send(new ScanCommand({ TableName: "locks" }));
  assert.deepEqual(Items?.map(({ LockID }) => LockID?.S), [`${Bucket}/${Key}-md5`]);

  const lock = { ID: "somebody", Operation: "OperationTypeApply", Who: "ana", Path: `${Bucket}/${Key}` };
  await s3.send(new PutObjectCommand({ Bucket, Key: `${Key}.tflock`, Body: JSON.stringify(lock) }));
  await assert.rejects(
    paint.apply({ colour: "blue" }),
    (error) => error instanceof CommandFailed && /PreconditionFailed[^]*Who: +ana/.test(error.message),
  );
});
