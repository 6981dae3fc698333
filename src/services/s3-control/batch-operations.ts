/** What jobs of Batch Operations do to one object. */

import * as control from "../../generated/s3-control.ts";
import * as s3 from "../../generated/s3.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { asInitiation } from "../s3/replication/replicas.ts";
import { computeChecksum, type Target } from "./batch-checksums.ts";
import { invokeFunction } from "./batch-functions.ts";
import type { BatchTask, TaskResult } from "./batch-job-table.ts";

/** Of what S3 refuses, its refusal is the result. Tasks are done at least once. */
export async function doTask(
  ctx: BodyContext,
  task: BatchTask,
  operation: control.JobOperation,
  session: CallOptions,
): Promise<TaskResult> {
  const { bucket, key, versionId } = task;
  const target = { Bucket: bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) };
  const { LambdaInvoke, S3ComputeObjectChecksum } = operation;
  try {
    if (LambdaInvoke) return await invokeFunction(ctx, task, LambdaInvoke, session);
    if (S3ComputeObjectChecksum) {
      return { status: 200, message: await computeChecksum(ctx, target, S3ComputeObjectChecksum, session) };
    }
    await apply(ctx, target, operation, session);
    return { status: 200, message: "Successful" };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { status: error.status, code: error.code, message: error.message };
  }
}

async function apply(
  ctx: BodyContext,
  target: Target,
  operation: control.JobOperation,
  session: CallOptions,
): Promise<unknown> {
  const {
    S3PutObjectCopy, S3PutObjectAcl, S3PutObjectTagging, S3DeleteObjectTagging, S3InitiateRestoreObject,
    S3PutObjectLegalHold, S3PutObjectRetention, S3ReplicateObject, S3UpdateObjectEncryption,
  } = operation;
  if (S3PutObjectCopy) return ctx.call(s3.CopyObject, copyOf(target, S3PutObjectCopy), session);
  if (S3PutObjectAcl) return ctx.call(s3.PutObjectAcl, { ...target, ...aclOf(S3PutObjectAcl) }, session);
  if (S3PutObjectTagging) {
    const Tagging = { TagSet: S3PutObjectTagging.TagSet ?? [] };
    return ctx.call(s3.PutObjectTagging, { ...target, Tagging }, session);
  }
  if (S3DeleteObjectTagging) return ctx.call(s3.DeleteObjectTagging, target, session);
  if (S3InitiateRestoreObject) {
    const { ExpirationInDays: Days, GlacierJobTier } = S3InitiateRestoreObject;
    const Tier = GlacierJobTier === "BULK" ? ("Bulk" as const) : ("Standard" as const);
    const RestoreRequest = { ...(Days !== undefined && { Days }), GlacierJobParameters: { Tier } };
    return ctx.call(s3.RestoreObject, { ...target, RestoreRequest }, session);
  }
  if (S3PutObjectLegalHold) {
    return ctx.call(s3.PutObjectLegalHold, { ...target, LegalHold: S3PutObjectLegalHold.LegalHold }, session);
  }
  if (S3PutObjectRetention) {
    const { Retention, BypassGovernanceRetention } = S3PutObjectRetention;
    return ctx.call(s3.PutObjectRetention, { ...target, Retention, BypassGovernanceRetention }, session);
  }
  if (S3UpdateObjectEncryption) {
    const ObjectEncryption = (S3UpdateObjectEncryption.ObjectEncryption ?? {}) as s3.ObjectEncryption;
    return ctx.call(s3.UpdateObjectEncryption, { ...target, ObjectEncryption }, session);
  }
  if (S3ReplicateObject) return ctx.call(s3.HeadObject, asInitiation(target), session);
  throw new Error("a batch job has no operation");
}

function copyOf(target: Target, copy: control.S3CopyObjectOperation): s3.CopyObjectRequest {
  const { NewObjectMetadata = {}, NewObjectTagging, TargetKeyPrefix, TargetResource = "" } = copy;
  const { SSEAlgorithm, UserMetadata, HttpExpiresDate, ...others } = NewObjectMetadata;
  const { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType } = others;
  const headers = { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType };
  const saysMetadata = UserMetadata !== undefined || HttpExpiresDate !== undefined ||
    Object.values(headers).some((value) => value !== undefined);
  const version = target.VersionId === undefined ? "" : `?versionId=${target.VersionId}`;
  return {
    Bucket: TargetResource.slice(TargetResource.lastIndexOf(":") + 1),
    Key: TargetKeyPrefix === undefined ? target.Key : `${TargetKeyPrefix}/${target.Key}`,
    CopySource: `${target.Bucket}/${encodeURIComponent(target.Key)}${version}`,
    MetadataDirective: copy.MetadataDirective ?? (saysMetadata ? "REPLACE" : "COPY"),
    ...headers,
    Metadata: UserMetadata,
    Expires: HttpExpiresDate,
    ...(NewObjectTagging && {
      TaggingDirective: "REPLACE" as const,
      Tagging: new URLSearchParams(NewObjectTagging.map(({ Key, Value }) => [Key, Value])).toString(),
    }),
    ACL: copy.CannedAccessControlList,
    ...grantsOf(copy.AccessControlGrants ?? []),
    StorageClass: copy.StorageClass,
    WebsiteRedirectLocation: copy.RedirectLocation,
    ServerSideEncryption: SSEAlgorithm === "KMS" || copy.SSEAwsKmsKeyId ? "aws:kms" : SSEAlgorithm,
    SSEKMSKeyId: copy.SSEAwsKmsKeyId,
    BucketKeyEnabled: copy.BucketKeyEnabled,
    ChecksumAlgorithm: copy.ChecksumAlgorithm,
    CopySourceIfModifiedSince: copy.ModifiedSinceConstraint,
    CopySourceIfUnmodifiedSince: copy.UnModifiedSinceConstraint,
    ObjectLockLegalHoldStatus: copy.ObjectLockLegalHoldStatus,
    ObjectLockMode: copy.ObjectLockMode,
    ObjectLockRetainUntilDate: copy.ObjectLockRetainUntilDate,
    ...(copy.RequesterPays && { RequestPayer: "requester" as const }),
  };
}

const grantMembers: Readonly<Record<string, keyof s3.CopyObjectRequest | undefined>> = {
  FULL_CONTROL: "GrantFullControl", READ: "GrantRead", READ_ACP: "GrantReadACP", WRITE_ACP: "GrantWriteACP",
};

const granteeKinds = { id: "id", emailAddress: "emailAddress", uri: "uri" } as const;

function grantsOf(grants: readonly control.S3Grant[]): Partial<s3.CopyObjectRequest> {
  const headers: Record<string, string> = {};
  for (const { Grantee, Permission = "" } of grants) {
    const member = grantMembers[Permission];
    if (!member || !Grantee?.TypeIdentifier) continue;
    const grantee = `${granteeKinds[Grantee.TypeIdentifier]}="${Grantee.Identifier ?? ""}"`;
    headers[member] = headers[member] === undefined ? grantee : `${headers[member]}, ${grantee}`;
  }
  return headers;
}

type AclMembers = Pick<s3.PutObjectAclRequest, "ACL" | "AccessControlPolicy">;

function aclOf({ AccessControlPolicy }: control.S3SetObjectAclOperation): AclMembers {
  const { CannedAccessControlList, AccessControlList } = AccessControlPolicy ?? {};
  if (!AccessControlList) return { ACL: CannedAccessControlList };
  const Grants = (AccessControlList.Grants ?? []).map(({ Grantee, Permission }) => ({
    Grantee: granteeOf(Grantee ?? {}), Permission,
  }));
  return { AccessControlPolicy: { Owner: { ID: AccessControlList.Owner.ID }, Grants } };
}

function granteeOf({ TypeIdentifier, Identifier }: control.S3Grantee): s3.Grantee {
  if (TypeIdentifier === "uri") return { Type: "Group", URI: Identifier };
  if (TypeIdentifier === "emailAddress") return { Type: "AmazonCustomerByEmail", EmailAddress: Identifier };
  return { Type: "CanonicalUser", ID: Identifier };
}
