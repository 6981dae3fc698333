/** Buckets that tables are made from, as tests use them. */

import assert from "node:assert/strict";
import {
  DescribeImportCommand, DynamoDBClient, ImportTableCommand, type ImportTableCommandInput,
  type ImportTableDescription, type TableCreationParameters,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { keyOf, type Plain, type TableFixture } from "../table-fixture.ts";

export const Bucket = "sources";

/** A region, as far as its clients are concerned. */
interface Region {
  client<Client>(construct: new (configuration: never) => Client): Client;
  readonly clock: {
    advance(duration: { readonly seconds?: number; readonly milliseconds?: number }): Promise<void>;
  };
}

export interface Sources {
  readonly region: Region;
  readonly db: DynamoDBClient;
  store(Key: string, Body: string | Buffer): Promise<void>;
}

export async function sources(region: Region): Promise<Sources> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const store = async (Key: string, Body: string | Buffer): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  };
  return { region, db: region.client(DynamoDBClient), store };
}

export function drafted(key: string, TableName = "imported"): TableCreationParameters {
  const { KeySchema = [], AttributeDefinitions = [] } = keyOf(key);
  return { TableName, BillingMode: "PAY_PER_REQUEST", KeySchema, AttributeDefinitions };
}

export async function begin(
  { db }: Pick<Sources, "db">, key = "pk:S", more: Partial<ImportTableCommandInput> = {},
): Promise<ImportTableDescription> {
  const { ImportTableDescription: begun } = await db.send(new ImportTableCommand({
    S3BucketSource: { S3Bucket: Bucket },
    InputFormat: "DYNAMODB_JSON",
    TableCreationParameters: drafted(key),
    ...more,
  }));
  assert.ok(begun);
  return begun;
}

export async function ended({ region, db }: Omit<Sources, "store">, { ImportArn }: ImportTableDescription) {
  for (let at = 0; at < 400; at += 1) {
    await region.clock.advance({ milliseconds: 250 });
    const { ImportTableDescription: now } = await db.send(new DescribeImportCommand({ ImportArn }));
    if (now && now.ImportStatus !== "IN_PROGRESS") {
      await region.clock.advance({ seconds: 1 });
      return now;
    }
  }
  throw new Error("the import does not end");
}

export function idOf({ ImportArn = "" }: ImportTableDescription): string {
  return ImportArn.split("/").pop() ?? "";
}

export async function sorted(table: TableFixture): Promise<Plain[]> {
  return (await table.all()).sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

export function counts(row: ImportTableDescription): unknown[] {
  return [row.ImportStatus, row.ProcessedItemCount, row.ImportedItemCount, row.ErrorCount];
}
