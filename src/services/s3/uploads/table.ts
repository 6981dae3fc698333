/** Uploads in parts: what is known of them, and of their parts, until they are completed or aborted. */

import { createHmac } from "node:crypto";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { table } from "../../../store/types.ts";
import { dropPieces, type Piece } from "../bodies/table.ts";
import type { ObjectVersion } from "../objects/version.ts";
import type { UploadChecksum } from "./checksums.ts";
import { noSuchUpload } from "./errors.ts";
import { idOfOrder, orderOf } from "../objects/version-ids.ts";

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  /** When it was initiated, among all writes of the region: where the object will stand among versions. */
  readonly order: number;
  /** Whoever initiated it, as access control lists call them. */
  readonly initiator: string;
  /** What the object will be, but for its body. */
  readonly draft: ObjectVersion;
  readonly checksum: UploadChecksum;
  /** There was an object under the key when the upload was initiated. */
  readonly hadObject: boolean;
  /** The key was deleted since, where nothing is left to tell so: the upload is older than that. */
  readonly isSuperseded?: true;
}

/** By key, and within a key in the order of their initiation. */
export const uploads = table<Upload>("s3.uploads", { key: (row) => [row.bucket, row.key, row.order] });

export interface UploadedPart {
  /** Order of its upload. */
  readonly upload: number;
  readonly number: number;
  readonly sizeBytes: number;
  /** Hexadecimal, without quotation marks. */
  readonly etag: string;
  /** Base64, by the algorithm of the upload. */
  readonly checksum: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  /** None for an empty part. */
  readonly pieces: readonly Piece[];
}

export const uploadedParts = table<UploadedPart>("s3.uploadedParts", {
  key: (row) => [row.upload, row.number],
});

interface NamesUpload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

/** Ids are not kept: whether one was given out for a key can be told from the id. */
export function uploadId(
  ctx: ReadContext,
  { bucket, key, order }: Pick<Upload, "bucket" | "key" | "order">,
): string {
  const seal = createHmac("sha256", ctx.kernel.secret).update(JSON.stringify([bucket, key, order])).digest();
  return idOfOrder(seal, order);
}

/** The order of the upload that this is the id of; undefined when it was never given out for this key. */
export function orderOfUpload(
  ctx: ReadContext,
  { Bucket: bucket, Key: key, UploadId }: NamesUpload,
): number | undefined {
  const order = orderOf(UploadId);
  return order !== undefined && uploadId(ctx, { bucket, key, order }) === UploadId ? order : undefined;
}

/** @throws NoSuchUpload */
export function requireUpload(ctx: ReadContext, input: NamesUpload): Upload {
  const upload = findUpload(ctx, input);
  if (!upload) throw noSuchUpload(input.UploadId);
  return upload;
}

export function findUpload(ctx: ReadContext, input: NamesUpload): Upload | undefined {
  const order = orderOfUpload(ctx, input);
  return order === undefined ? undefined : ctx.db(uploads).get([input.Bucket, input.Key, order]);
}

export function partsOf(ctx: ReadContext, upload: Upload): Iterable<UploadedPart> {
  return ctx.db(uploadedParts).list({ prefix: [upload.order] });
}

/** What came before it under the same number goes. */
export function putPart(ctx: Context, part: UploadedPart): void {
  const replaced = ctx.db(uploadedParts).get([part.upload, part.number]);
  if (replaced) dropPieces(ctx, replaced.pieces);
  ctx.db(uploadedParts).put(part);
}

/** Takes an upload away with its parts. @param taken numbers of the parts whose bodies are kept elsewhere */
export function removeUpload(ctx: Context, upload: Upload, taken?: ReadonlySet<number>): void {
  for (const part of partsOf(ctx, upload)) {
    if (!taken?.has(part.number)) dropPieces(ctx, part.pieces);
    ctx.db(uploadedParts).delete([part.upload, part.number]);
  }
  ctx.db(uploads).delete([upload.bucket, upload.key, upload.order]);
}

export function removeUploadsOf(ctx: Context, bucket: string): void {
  for (const upload of ctx.db(uploads).list({ prefix: [bucket] })) removeUpload(ctx, upload);
}

/** A key is deleted and no delete marker says when: what was initiated before is not to bring it back. */
export function supersedeUploads(ctx: Context, bucket: string, key: string): void {
  for (const upload of ctx.db(uploads).list({ prefix: [bucket, key] })) {
    ctx.db(uploads).put({ ...upload, isSuperseded: true });
  }
}
