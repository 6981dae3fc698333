/**
 * An access control list in the words of policies, so that one decision takes both.
 *
 * @evidence S3 User Guide, "Mapping of ACL permissions and access policy permissions"
 */

import type * as s3 from "../../../generated/s3.ts";
import { allUsers, authenticatedUsers, logDelivery } from "./acl.ts";
import { accountOfCanonicalId } from "./owners.ts";

type Kind = "bucket" | "object";

const bucketReads = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"];
/** On the objects of the bucket. */
const objectWrites = [
  "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
];
const objectReads = [
  "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes", "s3:GetObjectVersionForReplication",
];
const objectAclReads = ["s3:GetObjectAcl", "s3:GetObjectVersionAcl"];
const objectAclWrites = ["s3:PutObjectAcl", "s3:PutObjectVersionAcl"];

/** What a permission on a bucket lets do with its objects, and with itself. */
function actionsOf(kind: Kind, on: Kind, permission: s3.Permission): readonly string[] {
  if (permission === "FULL_CONTROL") {
    const all: readonly s3.Permission[] = ["READ", "WRITE", "READ_ACP", "WRITE_ACP"];
    return all.flatMap((each) => actionsOf(kind, on, each));
  }
  if (kind === "object") {
    if (permission === "READ") return objectReads;
    if (permission === "READ_ACP") return objectAclReads;
    return permission === "WRITE_ACP" ? objectAclWrites : [];
  }
  if (on === "object") return permission === "WRITE" ? objectWrites : [];
  if (permission === "READ") return bucketReads;
  if (permission === "READ_ACP") return ["s3:GetBucketAcl"];
  return permission === "WRITE_ACP" ? ["s3:PutBucketAcl"] : [];
}

/** Who is meant, as policies name them; undefined for who can never ask. */
function principalOf({ ID = "", URI }: s3.Grantee): object | undefined {
  if (URI === allUsers) return { Principal: "*" };
  if (URI === authenticatedUsers) {
    return { Principal: "*", Condition: { StringNotEquals: { "aws:PrincipalType": "Anonymous" } } };
  }
  if (URI === logDelivery) return { Principal: { Service: "logging.s3.amazonaws.com" } };
  const account = accountOfCanonicalId(ID);
  return account === undefined ? undefined : { Principal: { AWS: account } };
}

/**
 * @param kind what the list is of
 * @param on what is asked for: a bucket's list also speaks of its objects
 */
export function aclStatements(grants: readonly s3.Grant[], kind: Kind, on: Kind): object[] {
  return grants.flatMap(({ Grantee, Permission }) => {
    const principal = Grantee && principalOf(Grantee);
    const Action = Permission === undefined ? [] : actionsOf(kind, on, Permission);
    return principal && Action.length > 0 ? [{ Effect: "Allow", ...principal, Action }] : [];
  });
}
