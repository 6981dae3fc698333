/** Code of functions and layers: the packages as they came, kept once for each content in the cell. */

import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import * as s3 from "../../generated/s3.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { archiveInMemory, type ArchiveSource } from "../../planes/functions/archive-source.ts";
import {
  ArchiveError, examineArchive, unzippedBytesMax, type ArchiveFacts,
} from "../../planes/functions/archive.ts";
import type { CodeSource as PlaneCode } from "../../planes/functions/contract.ts";
import { table } from "../../store/types.ts";
import {
  codeNotReadable, codeRequired, codeStorageExceeded, emptyZip, notAZip, oneSourceOfCode, unzippedTooLarge,
  zippedTooLarge,
} from "./errors.ts";

/** @evidence Lambda quotas: deployment package size */
export const zipBytesMax = 50 * 1024 * 1024;
/**
 * @evidence answers to uploads that are too large, quoted by users: the request with its package in base64
 */
export const requestBytesMax = 70_167_211;
/** @evidence Lambda quotas: storage for uploaded functions and layers */
export const codeStorageBytesMax = 75 * 1024 ** 3;

interface StoredCode {
  /** Base64, as `CodeSha256` shows it. */
  readonly sha256: string;
  readonly blobId: string;
  readonly sizeBytes: number;
  readonly unzippedBytes: number;
  /** How many versions and layers name it. */
  readonly uses: number;
}

export const storedCode = table<StoredCode>("lambda.code", { key: (row) => row.sha256 });

export interface CodeSource {
  readonly ZipFile?: Buffer | undefined;
  readonly S3Bucket?: string | undefined;
  readonly S3Key?: string | undefined;
  readonly S3ObjectVersion?: string | undefined;
}

/**
 * A package that came with a request: read and found right; a transaction keeps it, or it goes with the
 * request.
 */
export interface Package {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly unzippedBytes: number;
  /** Undefined where the same content is kept already. */
  readonly blobId: string | undefined;
}

/** @throws AwsError for what can't be read, is no package, or is too large */
export async function receivePackage(
  ctx: BodyContext, source: CodeSource, operation: string,
): Promise<Package> {
  const zip = await zipOf(ctx, source, operation);
  const { unzippedBytes } = await examined(zip);
  const sha256 = createHash("sha256").update(zip).digest("base64");
  const facts = { sha256, sizeBytes: zip.length, unzippedBytes };
  if (isKept(ctx, sha256)) return { ...facts, blobId: undefined };
  const { id } = await ctx.blobs.write([zip]);
  return { ...facts, blobId: id };
}

async function examined(zip: Buffer): Promise<ArchiveFacts> {
  try {
    const facts = await examineArchive(archiveInMemory(zip));
    if (facts.entries === 0) throw emptyZip();
    return facts;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw error.fault === "too-large" ? unzippedTooLarge(unzippedBytesMax) : notAZip();
  }
}

async function zipOf(ctx: BodyContext, source: CodeSource, operation: string): Promise<Buffer> {
  const { ZipFile, S3Bucket, S3Key, S3ObjectVersion } = source;
  if (ZipFile !== undefined) {
    if (S3Bucket !== undefined || S3Key !== undefined || S3ObjectVersion !== undefined) {
      throw oneSourceOfCode();
    }
    if (ZipFile.length > zipBytesMax) throw zippedTooLarge(operation, requestBytesMax);
    return ZipFile;
  }
  if (S3Bucket === undefined || S3Key === undefined) throw codeRequired();
  const VersionId = S3ObjectVersion;
  try {
    const { Body } = await ctx.call(
      s3.GetObject, { Bucket: S3Bucket, Key: S3Key, ...(VersionId && { VersionId }) },
    );
    return await bytesOf(Body);
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500 || error.code.startsWith("InvalidParameter")) {
      throw error;
    }
    throw codeNotReadable(error.code, error.message);
  }
}

export async function bytesOf(body: Readable | Buffer | undefined): Promise<Buffer> {
  if (body === undefined || Buffer.isBuffer(body)) return body ?? Buffer.alloc(0);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > unzippedBytesMax) throw unzippedTooLarge(unzippedBytesMax);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

function find(ctx: ReadContext, sha256: string): StoredCode | undefined {
  return ctx.db(storedCode).get(sha256);
}

/** Of what is kept; 0 where nothing is. */
export function unzippedBytesOf(ctx: ReadContext, sha256: string): number {
  return find(ctx, sha256)?.unzippedBytes ?? 0;
}

/** What an account has, for use in this cell. @throws Error when nothing there names it */
export async function adoptPackage(ctx: BodyContext, account: string, sha256: string): Promise<Package> {
  const cell = { account, region: ctx.region };
  const code = ctx.kernel.read(cell, (transaction) => transaction.rows(storedCode).get(sha256));
  if (!code) throw new Error(`no code is kept as ${sha256}`);
  const { blobId, sizeBytes, unzippedBytes } = code;
  const facts = { sha256, sizeBytes, unzippedBytes };
  if (isKept(ctx, sha256)) return { ...facts, blobId: undefined };
  return { ...facts, blobId: await ctx.blobs.copy(blobId) };
}

/** The transaction names the package once more. */
export function keepPackage(ctx: Context, received: Package): void {
  const { sha256, blobId, sizeBytes, unzippedBytes } = received;
  if (find(ctx, sha256)) return useCode(ctx, sha256);
  // It went between the look and the transaction: the request is to be made again.
  if (blobId === undefined) throw new AwsError({ code: "ServiceException", message: "", status: 500 });
  if (storedBytes(ctx) + sizeBytes > codeStorageBytesMax) throw codeStorageExceeded();
  ctx.keepBlob(blobId);
  ctx.db(storedCode).put({ sha256, blobId, sizeBytes, unzippedBytes, uses: 1 });
}

export function useCode(ctx: Context, sha256: string): void {
  const code = find(ctx, sha256);
  if (code) ctx.db(storedCode).put({ ...code, uses: code.uses + 1 });
}

/** The transaction names it once less. What nothing names any more goes. */
export function releaseCode(ctx: Context, sha256: string): void {
  const code = find(ctx, sha256);
  if (!code) return;
  if (code.uses > 1) {
    ctx.db(storedCode).put({ ...code, uses: code.uses - 1 });
    return;
  }
  ctx.db(storedCode).delete(sha256);
  ctx.dropBlob(code.blobId);
}

/** What uploaded packages take together. */
export function storedBytes(ctx: ReadContext): number {
  let sum = 0;
  for (const { sizeBytes } of ctx.db(storedCode).list()) sum += sizeBytes;
  return sum;
}

/** The package as it came. @throws Error when nothing names it */
export async function packageBytes(ctx: BodyContext, sha256: string): Promise<Buffer> {
  const code = ctx.reading(() => find(ctx, sha256));
  if (!code) throw new Error(`no code is kept as ${sha256}`);
  return bytesOf(ctx.blobs.read(code.blobId));
}

export function isKept(ctx: BodyContext, sha256: string): boolean {
  return ctx.reading(() => find(ctx, sha256)) !== undefined;
}

/** For the plane, which unpacks each content once. */
export function archiveOf(ctx: BodyContext, sha256: string): PlaneCode {
  const open = async (): Promise<ArchiveSource> => archiveInMemory(await packageBytes(ctx, sha256));
  return { kind: "archive", sha256, open };
}
