/** Putting an object under another key, its body staying as it is. */

import * as s3 from "../../../generated/s3.ts";
import { parseArn } from "../../../kernel/arn.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { onObject } from "../access/access.ts";
import { requireBucket } from "../buckets/table.ts";
import { openEncryption } from "./encryption.ts";
import {
  lockedAgainstUpdate, needsEncryptionType, needsKeyArn, needsOwnKey, needsValidKeyArn, sourceNotSupported,
} from "./errors.ts";
import { requireContent } from "../objects/get-object.ts";
import { rewrapKey } from "./kms-keys.ts";
import { isLocked } from "../locks/rules.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { changeVersion, findVersion } from "../objects/version-table.ts";

const keyArn = /^arn:aws[a-zA-Z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/[a-zA-Z0-9-]+$/;

/** @evidence S3 API Reference, UpdateObjectEncryption, with its texts */
export const UpdateObjectEncryption = operation(s3.UpdateObjectEncryption, {
  ...onObject,
  async body(input, ctx) {
    const { keyId, usesBucketKey } = requireTarget(ctx, input.ObjectEncryption);
    const version = ctx.transaction((within) => {
      requireBucket(within, input.Bucket);
      return requireContent(within, input, "GET");
    });
    requireUpdatable(ctx, version);
    const { Bucket: bucket, Key: key } = input;
    const { key: objectKey } = await openEncryption(ctx, version, {});
    const request = { bucket, key, algorithm: "aws:kms", keyId, context: undefined, usesBucketKey } as const;
    const encryption = await rewrapKey(ctx, request, objectKey);
    ctx.transaction((within) => {
      const present = findVersion(within, bucket, key, version.versionId);
      // What was overwritten meanwhile has a key of its own.
      if (present?.order === version.order) changeVersion(within, present, { encryption });
    });
  },
});

function requireTarget(
  ctx: BodyContext,
  encryption: s3.ObjectEncryption | undefined,
): { readonly keyId: string; readonly usesBucketKey: boolean } {
  const target = (encryption as { readonly SSEKMS?: s3.SSEKMSEncryption } | undefined)?.SSEKMS;
  if (!target) throw needsEncryptionType();
  const keyId: string | undefined = target.KMSKeyArn;
  if (keyId === undefined || keyId === "") throw needsKeyArn();
  if (!keyArn.test(keyId)) throw needsValidKeyArn();
  if (parseArn(keyId)?.account !== ctx.account) throw needsOwnKey();
  return { keyId, usesBucketKey: target.BucketKeyEnabled ?? false };
}

function requireUpdatable(ctx: BodyContext, version: ObjectVersion): void {
  const algorithm = version.encryption?.algorithm;
  if (algorithm === "customer" || algorithm === "aws:kms:dsse") throw sourceNotSupported();
  if (isLocked(version, ctx.clock.now())) throw lockedAgainstUpdate();
}
