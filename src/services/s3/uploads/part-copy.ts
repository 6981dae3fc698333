/** Parts that are parts of objects. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onPart } from "../access/access.ts";
import { requireBucket } from "../buckets/table.ts";
import { parseCopyRange, requireCopyable } from "../objects/copy-conditions.ts";
import { sourceTooLarge } from "../objects/copy-errors.ts";
import { openSource } from "../objects/copy-source.ts";
import { copyBody } from "../objects/copying.ts";
import { openUploadEncryption } from "../encryption/encryption.ts";
import { checksumMember, singleUploadBytesMax } from "../objects/input.ts";
import { requirePartNumber, storePart } from "./parts.ts";
import { requireUpload } from "./table.ts";
import { wholeSeconds } from "../whole-seconds.ts";

/** @evidence S3 API Reference, UploadPartCopy */
export const UploadPartCopy = operation(s3.UploadPartCopy, {
  ...onPart,
  async body(input, ctx) {
    const upload = ctx.reading(() => {
      requireBucket(ctx, input.Bucket);
      return requireUpload(ctx, input);
    });
    requirePartNumber(input.PartNumber);
    const source = await openSource(ctx, input);
    try {
      requireCopyable(input, source.version, ctx.clock.now());
      const { CopySourceRange } = input;
      const { sizeBytes } = source.version;
      const range = CopySourceRange === undefined ? undefined : parseCopyRange(CopySourceRange, sizeBytes);
      const copiedBytes = range ? range.last - range.first + 1 : sizeBytes;
      if (copiedBytes > singleUploadBytesMax) throw sourceTooLarge(singleUploadBytesMax);
      const { algorithm, isAsked } = upload.checksum;
      const encryption = await openUploadEncryption(ctx, upload.draft, input);
      const received = await copyBody(ctx, source, { encryption, algorithm, range });
      const part = ctx.transaction((within) => storePart(within, input, received, encryption));
      return {
        CopySourceVersionId: source.versionId,
        CopyPartResult: {
          ETag: `"${part.etag}"`,
          LastModified: wholeSeconds(part.modifiedAt),
          ...(isAsked && checksumMember(algorithm, part.checksum)),
        },
        ...encryption.output,
      };
    } finally {
      source.release();
    }
  },
});
