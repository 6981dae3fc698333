/** The parts of an upload: how they come, in any order and as often as need be, and which are there. */

import * as s3 from "../../../generated/s3.ts";
import type { Context } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onObject, onPart } from "../access/access.ts";
import { keepPieces } from "../bodies/table.ts";
import { requireBucket } from "../buckets/table.ts";
import { openUploadEncryption, tagIsHash, type Encryption } from "../encryption/encryption.ts";
import { invalidArgument } from "../errors.ts";
import { pageSize } from "../listing/listing.ts";
import { shownAbort, shownAlgorithm } from "./multipart-uploads.ts";
import { checksumMember, givenChecksum, requireSize } from "../objects/input.ts";
import { ownerShown } from "../access/owners.ts";
import {
  announcedAlgorithm, announcedSize, comparedChecksum, receiveBody, type Received,
} from "../bodies/receiving.ts";
import type { UploadChecksum } from "./checksums.ts";
import { algorithmMismatch, partNumberOutOfRange } from "./errors.ts";
import { putPart, requireUpload, uploadedParts, type UploadedPart } from "./table.ts";
import { wholeSeconds } from "../whole-seconds.ts";

export const partNumberMax = 10_000;

interface NamesPart {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
  readonly PartNumber: number;
}

/** @evidence S3 API Reference, UploadPart */
export const UploadPart = operation(s3.UploadPart, {
  ...onPart,
  async body(input, ctx) {
    const upload = ctx.reading(() => {
      requireBucket(ctx, input.Bucket);
      return requireUpload(ctx, input);
    });
    requirePartNumber(input.PartNumber);
    requireSize(announcedSize(input.Body));
    requireSameAlgorithm(input, upload.checksum);
    const { algorithm } = upload.checksum;
    const encryption = await openUploadEncryption(ctx, upload.draft, input);
    const received = await receiveBody(ctx, input.Body, { key: encryption.key, algorithm });
    const part = ctx.transaction((within) => storePart(within, input, received, encryption));
    // A checksum of another algorithm was compared on the way in, and is answered as it came.
    const { algorithm: shown, value } =
      givenChecksum(input) ?? comparedChecksum(input.Body) ?? received.checksum;
    return { ETag: `"${part.etag}"`, ...checksumMember(shown, value), ...encryption.output };
  },
});

export function requirePartNumber(partNumber: number): void {
  if (partNumber < 1 || partNumber > partNumberMax) throw partNumberOutOfRange(partNumber);
}

/**
 * Parts come with the checksum that the upload asks for, or with any where it asks for none. Checks of a
 * whole object are made of what S3 computes where a part has none.
 */
function requireSameAlgorithm(
  input: s3.UploadPartRequest,
  { algorithm, type, isAsked }: UploadChecksum,
): void {
  if (!isAsked) return;
  const announced = givenChecksum(input)?.algorithm ?? announcedAlgorithm(input.Body);
  if (announced === algorithm || (announced === undefined && type === "FULL_OBJECT")) return;
  throw algorithmMismatch(algorithm, announced);
}

/** Part of the transaction that stores it: the upload may be over by now. */
export function storePart(
  ctx: Context,
  input: NamesPart,
  received: Received,
  encryption: Encryption,
): UploadedPart {
  const upload = requireUpload(ctx, input);
  keepPieces(ctx, received.pieces);
  const part: UploadedPart = {
    upload: upload.order,
    number: input.PartNumber,
    sizeBytes: received.sizeBytes,
    etag: tagIsHash(encryption) ? received.md5 : ctx.ids.hex(32),
    checksum: received.checksum.value,
    modifiedAt: ctx.clock.now(),
    pieces: received.pieces,
  };
  putPart(ctx, part);
  return part;
}

/** @evidence S3 API Reference, ListParts */
export const ListParts = operation(s3.ListParts, {
  ...onObject,
  run(input, ctx) {
    const bucket = requireBucket(ctx, input.Bucket);
    const upload = requireUpload(ctx, input);
    const limit = pageSize(input.MaxParts, "max-parts");
    const { PartNumberMarker: marker = 0 } = input;
    if (marker < 0 || marker > 2 ** 31 - 1) {
      throw invalidArgument(
        "Argument part-number-marker must be an integer between 0 and 2147483647",
        "part-number-marker",
        String(marker),
      );
    }
    const range = { prefix: [upload.order], after: [upload.order, marker], limit: limit + 1 };
    const found = limit === 0 ? [] : [...ctx.db(uploadedParts).list(range)];
    const parts = found.slice(0, limit);
    return {
      Bucket: input.Bucket,
      Key: input.Key,
      UploadId: input.UploadId,
      PartNumberMarker: marker,
      NextPartNumberMarker: parts.at(-1)?.number ?? 0,
      MaxParts: limit,
      IsTruncated: found.length > parts.length,
      Parts: parts.map((part) => shownPart(part, upload.checksum)),
      Initiator: { ID: upload.initiator },
      Owner: ownerShown(upload.draft.owner),
      StorageClass: upload.draft.storageClass ?? "STANDARD",
      ...shownAbort(bucket, upload),
      ...shownAlgorithm(upload.checksum),
    };
  },
});

function shownPart(part: UploadedPart, { algorithm, isAsked }: UploadChecksum): s3.Part {
  return {
    PartNumber: part.number,
    LastModified: wholeSeconds(part.modifiedAt),
    ETag: `"${part.etag}"`,
    Size: part.sizeBytes,
    ...(isAsked && checksumMember(algorithm, part.checksum)),
  };
}
