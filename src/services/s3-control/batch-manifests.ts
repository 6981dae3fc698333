/** The objects that a job of Batch Operations is about: listed in a manifest, or found in a bucket. */

import { createGunzip } from "node:zlib";
import { pipeline, Readable } from "node:stream";
import type * as control from "../../generated/s3-control.ts";
import * as s3 from "../../generated/s3.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { asManifest } from "../s3/reports/generated-manifests.ts";
import type { BatchRequest, BatchTask } from "./batch-job-table.ts";
import { keeperFor } from "./batch-filters.ts";

export type Listed = Pick<BatchTask, "bucket" | "key" | "versionId">;

/** Why a manifest can't be used. */
export class ManifestFailure extends Error {
  readonly code: string;

  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** @throws ManifestFailure, AwsError */
export function listObjects(
  ctx: BodyContext,
  { Manifest, ManifestGenerator, Operation }: BatchRequest,
  session: CallOptions,
): AsyncIterable<Listed> {
  const generator = ManifestGenerator?.S3JobManifestGenerator;
  if (generator) return generated(ctx, generator, Operation.S3ReplicateObject !== undefined, session);
  if (!Manifest) throw new Error("a batch job has no manifest");
  if (Manifest.Spec.Format === "S3InventoryReport_CSV_20161130") return inventory(ctx, Manifest, session);
  return listed(ctx, Manifest, session);
}

interface Named {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

async function open(ctx: BodyContext, named: Named, session: CallOptions): Promise<s3.GetObjectOutput> {
  try {
    return await ctx.call(s3.GetObject, named, session);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    // @evidence S3 User Guide, "Permissions Troubleshooting", Access Denied to read the manifest
    throw new ManifestFailure("ManifestUnreadable", `Reading the manifest is forbidden: ${error.code}`);
  }
}

/** The object of `arn:aws:s3:::bucket/key`. @throws ManifestFailure */
function objectOf({ ObjectArn, ObjectVersionId: VersionId }: control.JobManifestLocation): Named {
  const path = ObjectArn.slice(ObjectArn.lastIndexOf(":::") + 3);
  const slash = path.indexOf("/");
  if (slash < 1 || slash === path.length - 1) throw malformed();
  return { Bucket: path.slice(0, slash), Key: path.slice(slash + 1), VersionId };
}

async function openManifest(
  ctx: BodyContext,
  { Location }: control.JobManifest,
  session: CallOptions,
): Promise<AsyncIterable<Buffer>> {
  const { Body, ETag } = await open(ctx, objectOf(Location), session);
  const bytes = bytesOf(Body);
  if (unquoted(ETag ?? "") === unquoted(Location.ETag)) return bytes;
  if (bytes instanceof Readable) bytes.destroy();
  throw new ManifestFailure("ManifestETagMismatch", "The ETag of the manifest is not the one of the request");
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, "");
}

/** What is in memory anyway comes in one. */
function bytesOf(body: unknown): Readable {
  return Buffer.isBuffer(body) ? Readable.from([body]) : ((body ?? Readable.from([])) as Readable);
}

async function* listed(
  ctx: BodyContext,
  manifest: control.JobManifest,
  session: CallOptions,
): AsyncGenerator<Listed> {
  yield* rowsOf(await openManifest(ctx, manifest, session), manifest.Spec.Fields ?? []);
}

interface InventoryManifest {
  readonly fileFormat?: unknown;
  readonly fileSchema?: unknown;
  readonly destinationBucket?: unknown;
  readonly files?: unknown;
}

interface InventoryFile {
  readonly key?: unknown;
}

const inventoryManifestBytesMax = 10_000_000;

/** @evidence S3 User Guide, "Locating your inventory list", Inventory manifest */
async function* inventory(
  ctx: BodyContext,
  manifest: control.JobManifest,
  session: CallOptions,
): AsyncGenerator<Listed> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of await openManifest(ctx, manifest, session)) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > inventoryManifestBytesMax) throw malformed();
  }
  const { fileFormat, fileSchema, destinationBucket, files } = parsed(Buffer.concat(chunks));
  if (fileFormat !== "CSV" || typeof fileSchema !== "string" || !Array.isArray(files)) throw malformed();
  const Bucket = String(destinationBucket).slice(String(destinationBucket).lastIndexOf(":") + 1);
  for (const file of files as (InventoryFile | null)[]) {
    const { Body } = await open(ctx, { Bucket, Key: String(file?.key) }, session);
    yield* rowsOf(unpacked(bytesOf(Body)), fileSchema.split(", "));
  }
}

/** @throws ManifestFailure for what is not compressed */
async function* unpacked(bytes: Readable): AsyncGenerator<Buffer> {
  try {
    yield* pipeline(bytes, createGunzip(), () => undefined) as AsyncIterable<Buffer>;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith("Z_") ? malformed() : error;
  }
}

function parsed(bytes: Buffer): InventoryManifest {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw malformed();
  }
  if (typeof value !== "object" || value === null) throw malformed();
  return value;
}

function malformed(): ManifestFailure {
  return new ManifestFailure("InvalidManifest", "The manifest is not valid");
}

const lineCharactersMax = 16_384;

async function* rowsOf(bytes: AsyncIterable<Buffer>, fields: readonly string[]): AsyncGenerator<Listed> {
  const decoder = new TextDecoder("utf-8");
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > lineCharactersMax) throw malformed();
    for (const line of lines) {
      if (line.length > lineCharactersMax) throw malformed();
      if (line.trim() !== "") yield rowOf(line, fields);
    }
  }
  if (rest.trim() !== "") yield rowOf(rest, fields);
}

function rowOf(line: string, fields: readonly string[]): Listed {
  const values = valuesOf(line.replace(/\r$/, ""));
  if (values.length !== fields.length) throw malformed();
  const [bucket = "", key = "", versionId = ""] = ["Bucket", "Key", "VersionId"].map(
    (field) => values[fields.indexOf(field)] ?? "",
  );
  if (bucket === "" || key === "") throw malformed();
  return { bucket, key: decoded(key), ...(versionId !== "" && { versionId }) };
}

/** @evidence S3 User Guide, "Specifying a manifest": keys are URL-encoded */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", "%20"));
  } catch {
    throw malformed();
  }
}

/** Values between commas, each of which may be in quotation marks. */
function valuesOf(line: string): string[] {
  const values: string[] = [];
  const form = /(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/y;
  for (;;) {
    const match = form.exec(line);
    if (!match) throw malformed();
    values.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (!match[0].endsWith(",")) return values;
  }
}

/** The objects of a bucket that the filter keeps: all versions to be replicated, else the current ones. */
async function* generated(
  ctx: BodyContext,
  generator: control.S3JobManifestGenerator,
  replicates: boolean,
  session: CallOptions,
): AsyncGenerator<Listed> {
  const { SourceBucket, ExpectedBucketOwner, Filter = {} } = generator;
  const bucket = SourceBucket.slice(SourceBucket.lastIndexOf(":") + 1);
  const keep = keeperFor(Filter, replicates);
  const from = { Bucket: bucket, ...(ExpectedBucketOwner !== undefined && { ExpectedBucketOwner }) };
  let marks: Pick<s3.ListObjectVersionsRequest, "KeyMarker" | "VersionIdMarker"> | undefined = {};
  while (marks) {
    const page: s3.ListObjectVersionsOutput = await ctx.call(
      s3.ListObjectVersions,
      asManifest({ ...from, ...marks }, keep),
      session,
    );
    for (const { Key: key = "", VersionId } of page.Versions ?? []) {
      yield { bucket, key, ...(VersionId !== undefined && VersionId !== "null" && { versionId: VersionId }) };
    }
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
    marks = page.IsTruncated ? { KeyMarker, VersionIdMarker } : undefined;
  }
}
