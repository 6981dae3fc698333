/**
 * What a copy is made from: in the same cell the rows and files themselves; elsewhere what GetObject answers
 * there to the same caller, as a step of the same request.
 */

import type { Readable } from "node:stream";
import * as s3 from "../../../generated/s3.ts";
import type { BodyContext, CallOptions, Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { versionedAction } from "../access/access.ts";
import { requireInReach } from "../lifecycle/archive.ts";
import { readBody, type ByteRange } from "../bodies/reading.ts";
import type { Piece } from "../bodies/table.ts";
import { expectedOwner, findBucketName, objectArn } from "../buckets/table.ts";
import { objectConditions } from "../access/conditions.ts";
import { invalidCopySource, sourceIsArchived, sourceIsDeleteMarker } from "./copy-errors.ts";
import { openEncryption, sourceDecryption, tagIsHash } from "../encryption/encryption.ts";
import { noSuchBucket } from "../errors.ts";
import { GetObject, HeadObject, openObject } from "./get-object.ts";
import { givenChecksum, storedMetadata } from "./input.ts";
import { asCopySource } from "./tag-count.ts";
import type { ObjectVersion } from "./version.ts";
import { noteAccess } from "../lifecycle/tiering-rules.ts";
import { nullVersion } from "./version-ids.ts";

export interface CopySourceInput {
  readonly CopySource: string;
  readonly ExpectedSourceBucketOwner?: string | undefined;
  readonly CopySourceSSECustomerAlgorithm?: string | undefined;
  readonly CopySourceSSECustomerKey?: string | undefined;
  readonly CopySourceSSECustomerKeyMD5?: string | undefined;
}

/** Where the source is. */
export interface SourceName {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

type SourceVersion = Pick<
  ObjectVersion,
  "etag" | "modifiedAt" | "sizeBytes" | "headers" | "metadata" | "missingMeta" | "checksum" | "restore"
>;

export interface CopySource {
  readonly name: SourceName;
  readonly version: SourceVersion;
  /** As answers name it: undefined where it has none. */
  readonly versionId: string | undefined;
  /** The tags, for who may read them. */
  tags(): Promise<Readonly<Record<string, string>> | undefined>;
  /** Its bytes in order. Called once, before `release`. */
  read(range: ByteRange | undefined): Promise<Readable | Buffer>;
  /** Where one body may rest as another does: its pieces, and the key that they are encrypted under. */
  readonly shareable?: { readonly pieces: readonly Piece[]; readonly key: Buffer };
  /** Lets go of what was not read. */
  release(): void;
}

/**
 * `bucket/key?versionId=…`, percent-encoded, with or without a slash in front.
 *
 * @throws InvalidArgument
 * @evidence S3 API Reference, CopyObject, x-amz-copy-source
 */
export function parseCopySource(header: string): SourceName {
  const mark = header.lastIndexOf("?versionId=");
  const path = mark < 0 ? header : header.slice(0, mark);
  const text = decoded(path).replace(/^\//, "");
  const slash = text.indexOf("/");
  if (slash < 0 || slash === text.length - 1) throw invalidCopySource("object key");
  if (slash === 0) throw invalidCopySource("bucket name");
  const name = { Bucket: text.slice(0, slash), Key: text.slice(slash + 1) };
  return mark < 0 ? name : { ...name, VersionId: decoded(header.slice(mark + "?versionId=".length)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalidCopySource("encoding");
  }
}

/** @throws NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, InvalidRequest for delete markers */
export async function openSource(ctx: BodyContext, input: CopySourceInput): Promise<CopySource> {
  const name = parseCopySource(input.CopySource);
  const bucket = findBucketName(ctx.kernel, name.Bucket);
  if (!bucket) throw noSuchBucket(name.Bucket);
  expectedOwner({ ExpectedBucketOwner: input.ExpectedSourceBucketOwner }, bucket);
  try {
    const isHere = bucket.account === ctx.account && bucket.region === ctx.region;
    return await (isHere ? openHere(ctx, name, input) : openElsewhere(ctx, name, input, bucket.region));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code === "MethodNotAllowed") throw sourceIsDeleteMarker();
    if (error.code === "InvalidObjectState") throw sourceIsArchived(error);
    throw error;
  }
}

async function openHere(ctx: BodyContext, name: SourceName, input: CopySourceInput): Promise<CopySource> {
  authorize(ctx, name, "GetObject");
  const { bucket, version, body, release } = openObject(name, ctx, "GET");
  try {
    requireInReach(version, ctx.clock.now());
    const encryption = await openEncryption(ctx, version, sourceDecryption(input));
    noteAccess(ctx, version);
    const whole = { first: 0, last: version.sizeBytes - 1 };
    const isShareable = version.partsCount === undefined && tagIsHash(encryption);
    return {
      name,
      version,
      versionId: bucket.versioning && version.versionId !== nullVersion ? version.versionId : undefined,
      tags() {
        if (version.tags) authorize(ctx, name, "GetObjectTagging");
        return Promise.resolve(version.tags);
      },
      read: (range) => Promise.resolve(readBody(ctx.blobs, body, encryption.key, range ?? whole, release)),
      ...(isShareable && { shareable: { pieces: body?.pieces ?? [], key: encryption.key } }),
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** @throws AccessDenied */
function authorize(ctx: BodyContext, name: SourceName, action: "GetObject" | "GetObjectTagging"): void {
  const cell = ctx as BodyContext & Context;
  ctx.reading(() => {
    cell.authorize({
      action: versionedAction(action)(name, ctx),
      resource: objectArn(name.Bucket, name.Key),
      conditions: objectConditions(name, ctx),
    });
  });
}

async function openElsewhere(
  ctx: BodyContext,
  name: SourceName,
  input: CopySourceInput,
  region: string,
): Promise<CopySource> {
  const options: CallOptions = { as: "request", region };
  const asked = { ...name, ...sourceDecryption(input) };
  const head = await ctx.call(
    HeadObject, asCopySource({ ...asked, ChecksumMode: "ENABLED" as const }), options,
  );
  const etag = head.ETag ?? "";
  return {
    name,
    version: versionOf(head),
    versionId: head.VersionId === nullVersion ? undefined : head.VersionId,
    async tags() {
      if (!head.TagCount) return undefined;
      const { TagSet } = await ctx.call(s3.GetObjectTagging, { ...name, VersionId: head.VersionId }, options);
      return Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]));
    },
    async read(range) {
      const Range = range && `bytes=${range.first}-${range.last}`;
      const version = { ...asked, VersionId: head.VersionId ?? name.VersionId, IfMatch: etag };
      const { Body } = await ctx.call(GetObject, { ...version, Range }, options);
      return Body ?? Buffer.alloc(0);
    },
    release: () => undefined,
  };
}

function versionOf(head: s3.HeadObjectOutput): SourceVersion {
  const checksum = givenChecksum(head);
  return {
    etag: (head.ETag ?? "").replace(/^"(.*)"$/, "$1"),
    modifiedAt: head.LastModified ?? 0,
    sizeBytes: head.ContentLength ?? 0,
    headers: headersOf(head),
    ...(head.Metadata && { metadata: storedMetadata(head.Metadata) ?? {} }),
    ...(head.MissingMeta !== undefined && { missingMeta: head.MissingMeta }),
    ...(checksum && { checksum: { ...checksum, type: head.ChecksumType ?? "FULL_OBJECT" } }),
  };
}

function headersOf(head: s3.HeadObjectOutput): NonNullable<SourceVersion["headers"]> {
  const { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType } = head;
  const headers = {
    CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType,
    Expires: head.Expires === undefined ? undefined : String(head.Expires),
  };
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
