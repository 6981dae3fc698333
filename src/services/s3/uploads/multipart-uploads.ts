/** Uploads in parts: how they begin, how they are given up, and which there are. */

import * as s3 from "../../../generated/s3.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket, onObject, onPart } from "../access/access.ts";
import { noBody } from "../bodies/table.ts";
import { requireBucket, type Bucket } from "../buckets/table.ts";
import { chooseEncryption } from "../encryption/encryption.ts";
import { invalidArgument, preconditionFailed } from "../errors.ts";
import { encodeKey } from "../listing/key-encoding.ts";
import { walkKeys } from "../listing/key-walk.ts";
import { abortOf } from "../lifecycle/due.ts";
import { pageSize, shownText } from "../listing/listing.ts";
import { describeAccess, requireWriteAccess } from "../access/object-access.ts";
import { describeObject } from "../objects/input.ts";
import { canonicalId, ownerShown } from "../access/owners.ts";
import { expectSweep } from "../lifecycle/sweep-plans.ts";
import { uploadChecksum, type UploadChecksum } from "./checksums.ts";
import {
  findUpload, orderOfUpload, removeUpload, uploadId, uploads, type Upload,
} from "./table.ts";
import { noSuchUpload } from "./errors.ts";
import { findCurrent, newPlace } from "../objects/version-table.ts";
import { wholeSeconds } from "../whole-seconds.ts";

/**
 * What is said of the object is said here; its parts are its body alone.
 *
 * @evidence S3 API Reference, CreateMultipartUpload
 */
export const CreateMultipartUpload = operation(s3.CreateMultipartUpload, {
  ...onPart,
  action: requireWriteAccess,
  async body(input, ctx) {
    const { Bucket, Key } = input;
    const described = describeObject(input);
    const checksum = uploadChecksum(input);
    const bucket = ctx.reading(() => requireBucket(ctx, Bucket));
    const access = describeAccess(ctx, bucket, input);
    const encryption = await chooseEncryption(ctx, bucket, input);
    const upload = ctx.transaction((within) => {
      const present = requireBucket(within, Bucket);
      const now = within.clock.now();
      const draft = {
        bucket: Bucket, key: Key, ...newPlace(within, present), modifiedAt: now,
        sizeBytes: 0, etag: "", bodyId: noBody,
        ...(encryption.stored && { encryption: encryption.stored }),
        ...described,
        ...access,
      };
      const { order } = draft;
      const hadObject = findCurrent(within, Bucket, Key) !== undefined;
      const initiator = initiatorId(within);
      const key = { bucket: Bucket, key: Key, order };
      expectSweep(within, present);
      return within.db(uploads).add({ ...key, initiator, draft, checksum, hadObject });
    });
    const UploadId = uploadId(ctx, upload);
    const aborted = shownAbort(bucket, upload);
    return { Bucket, Key, UploadId, ...aborted, ...shownAlgorithm(checksum), ...encryption.output };
  },
});

/** An account's root is called by the canonical id, everybody else by an ARN. @evidence S3 API, Initiator */
function initiatorId({ caller }: ReadContext): string {
  return caller.type === "Root" || caller.type === "Anonymous" ? canonicalId(caller.account) : caller.arn;
}

/** When a lifecycle rule aborts it. @evidence S3 API Reference, CreateMultipartUpload, x-amz-abort-date */
export function shownAbort(
  bucket: Bucket,
  { key, draft }: Upload,
): Pick<s3.ListPartsOutput, "AbortDate" | "AbortRuleId"> {
  const abort = bucket.lifecycle && abortOf(bucket, key, draft.modifiedAt);
  return abort ? { AbortDate: abort.at, AbortRuleId: abort.ruleId } : {};
}

/** What nobody asked for is not shown. */
export function shownAlgorithm(
  { algorithm, type, isAsked }: UploadChecksum,
): Pick<s3.ListPartsOutput, "ChecksumAlgorithm" | "ChecksumType"> {
  return isAsked ? { ChecksumAlgorithm: algorithm, ChecksumType: type } : {};
}

/**
 * Giving up again, or after the end, succeeds: only an id that was never given out is refused.
 *
 * @evidence openstack/swift test/s3api/test_mpu.py, run against S3: abort after abort, and after complete
 */
export const AbortMultipartUpload = operation(s3.AbortMultipartUpload, {
  ...onObject,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    if (orderOfUpload(ctx, input) === undefined) throw noSuchUpload(input.UploadId);
    const upload = findUpload(ctx, input);
    if (!upload) return;
    const { IfMatchInitiatedTime: initiatedAt } = input;
    const seconds = Math.floor(upload.draft.modifiedAt / 1000);
    if (initiatedAt !== undefined && Math.floor(initiatedAt / 1000) !== seconds) {
      throw preconditionFailed("x-amz-if-match-initiated-time");
    }
    removeUpload(ctx, upload);
  },
});

/** @evidence S3 API Reference, ListMultipartUploads: by key, and by initiation within a key */
export const ListMultipartUploads = operation(s3.ListMultipartUploads, {
  ...onBucket,
  dataEvent: true,
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    const page = list(ctx, input);
    return {
      Bucket: input.Bucket,
      KeyMarker: encodeKey(input, input.KeyMarker ?? ""),
      UploadIdMarker: (input.KeyMarker && input.UploadIdMarker) ?? "",
      NextKeyMarker: encodeKey(input, page.lastKey),
      NextUploadIdMarker: page.lastUpload,
      Prefix: shownText(input, input.Prefix),
      Delimiter: shownText(input, input.Delimiter),
      EncodingType: input.EncodingType,
      MaxUploads: pageSize(input.MaxUploads, "max-uploads"),
      IsTruncated: page.isTruncated,
      Uploads: page.Uploads,
      CommonPrefixes: page.CommonPrefixes,
    };
  },
});

interface UploadPage {
  readonly Uploads: s3.MultipartUpload[];
  readonly CommonPrefixes: s3.CommonPrefix[];
  isTruncated: boolean;
  lastKey: string;
  /** Empty after a common prefix. */
  lastUpload: string;
}

function list(ctx: ReadContext, input: s3.ListMultipartUploadsRequest): UploadPage {
  const { Bucket: bucket, Prefix: prefix = "", Delimiter: delimiter = "" } = input;
  const page: UploadPage = {
    Uploads: [], CommonPrefixes: [], isTruncated: false, lastKey: "", lastUpload: "",
  };
  const limit = pageSize(input.MaxUploads, "max-uploads");
  if (limit === 0) return page;
  const walk = { bucket, prefix, delimiter, ...startOf(ctx, input) };
  for (const walked of walkKeys(ctx.db(uploads), walk)) {
    if (page.Uploads.length + page.CommonPrefixes.length === limit) {
      page.isTruncated = true;
      break;
    }
    if ("row" in walked) {
      page.Uploads.push(shown(ctx, input, walked.row));
      page.lastKey = walked.row.key;
      page.lastUpload = uploadId(ctx, walked.row);
    } else {
      page.CommonPrefixes.push({ Prefix: encodeKey(input, walked.commonPrefix) });
      page.lastKey = walked.commonPrefix;
      page.lastUpload = "";
    }
  }
  return page;
}

/** A marker of an upload counts only beside that of its key. It may be of one that is over by now. */
function startOf(
  ctx: ReadContext,
  { Bucket, KeyMarker, UploadIdMarker }: s3.ListMultipartUploadsRequest,
): { after: string | undefined; afterWithin?: number } {
  if (KeyMarker === undefined || KeyMarker === "") return { after: undefined };
  if (UploadIdMarker === undefined || UploadIdMarker === "") return { after: KeyMarker };
  const order = orderOfUpload(ctx, { Bucket, Key: KeyMarker, UploadId: UploadIdMarker });
  if (order === undefined) {
    throw invalidArgument("Invalid uploadId marker", "upload-id-marker", UploadIdMarker);
  }
  return { after: KeyMarker, afterWithin: order };
}

function shown(
  ctx: ReadContext,
  input: s3.ListMultipartUploadsRequest,
  upload: Upload,
): s3.MultipartUpload {
  const { draft, checksum, initiator } = upload;
  return {
    Key: encodeKey(input, upload.key),
    UploadId: uploadId(ctx, upload),
    Initiated: wholeSeconds(draft.modifiedAt),
    StorageClass: draft.storageClass ?? "STANDARD",
    Owner: ownerShown(draft.owner),
    Initiator: { ID: initiator },
    ...shownAlgorithm(checksum),
  };
}
