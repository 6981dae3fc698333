/** Access control lists: what requests say of them, checked, and what they grant. */

import type * as s3 from "../../../generated/s3.ts";
import {
  emailGranteesEnded, malformedAcl, missingAclHeader, unexpectedContent,
} from "./access-errors.ts";
import { accessDenied, invalidArgument, invalidRequest } from "../errors.ts";
import { accountOfCanonicalId, canonicalId } from "./owners.ts";

export const allUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
export const authenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
export const logDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery";
const groups: ReadonlySet<string> = new Set([allUsers, authenticatedUsers, logDelivery]);

/**
 * Accounts of AWS's own that buckets grant things to: EC2 reading images, CloudFront delivering logs.
 *
 * @evidence S3 User Guide, "Canned ACL", aws-exec-read; CloudFront Developer Guide, "Standard logging"
 */
const execReader = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";
const logWriter = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0";
const ownAccounts: ReadonlySet<string> = new Set([execReader, logWriter]);

const permissions: readonly s3.Permission[] = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"];

/** What has a list, and by whom it is owned. */
export interface AclSubject {
  readonly kind: "bucket" | "object";
  /** Accounts. */
  readonly owner: string;
  readonly bucketOwner: string;
}

export interface AclInput {
  readonly ACL?: string | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
}

export interface AclChange extends AclInput {
  readonly AccessControlPolicy?: s3.AccessControlPolicy | undefined;
}

const grantMembers: readonly (readonly [keyof AclInput, string, s3.Permission])[] = [
  ["GrantRead", "x-amz-grant-read", "READ"],
  ["GrantWrite", "x-amz-grant-write", "WRITE"],
  ["GrantReadACP", "x-amz-grant-read-acp", "READ_ACP"],
  ["GrantWriteACP", "x-amz-grant-write-acp", "WRITE_ACP"],
  ["GrantFullControl", "x-amz-grant-full-control", "FULL_CONTROL"],
];

function user(id: string, Permission: s3.Permission): s3.Grant {
  return { Grantee: { Type: "CanonicalUser", ID: id }, Permission };
}

function group(uri: string, Permission: s3.Permission): s3.Grant {
  return { Grantee: { Type: "Group", URI: uri }, Permission };
}

/** What is granted where nothing is said. */
export function privateGrants(owner: string): s3.Grant[] {
  return [user(canonicalId(owner), "FULL_CONTROL")];
}

type Canned = (subject: AclSubject) => readonly s3.Grant[];

/** What a canned list grants beside full control to the owner. @evidence S3 User Guide, "Canned ACL" */
const cannedOfBoth: Readonly<Record<string, Canned>> = {
  private: () => [],
  "public-read": () => [group(allUsers, "READ")],
  "public-read-write": () => [group(allUsers, "READ"), group(allUsers, "WRITE")],
  "authenticated-read": () => [group(authenticatedUsers, "READ")],
  "aws-exec-read": () => [user(execReader, "READ")],
};

const cannedOfBuckets: Readonly<Record<string, Canned>> = {
  "log-delivery-write": () => [group(logDelivery, "WRITE"), group(logDelivery, "READ_ACP")],
  // They speak of objects, and are ignored where a bucket is made.
  "bucket-owner-read": () => [],
  "bucket-owner-full-control": () => [],
};

const cannedOfObjects: Readonly<Record<string, Canned>> = {
  "bucket-owner-read": (subject) => toBucketOwner(subject, "READ"),
  "bucket-owner-full-control": (subject) => toBucketOwner(subject, "FULL_CONTROL"),
};

function toBucketOwner({ owner, bucketOwner }: AclSubject, permission: s3.Permission): s3.Grant[] {
  return owner === bucketOwner ? [] : [user(canonicalId(bucketOwner), permission)];
}

function cannedGrants(name: string, subject: AclSubject): s3.Grant[] {
  const own = subject.kind === "bucket" ? cannedOfBuckets : cannedOfObjects;
  const canned = [cannedOfBoth, own].find((each) => Object.hasOwn(each, name))?.[name];
  if (!canned) throw invalidArgument("", "x-amz-acl", name);
  return [...privateGrants(subject.owner), ...canned(subject)];
}

/**
 * What a request grants by its headers; undefined when it says nothing of it.
 *
 * @throws InvalidRequest, InvalidArgument, MethodNotAllowed
 */
export function grantsInHeaders(input: AclInput, subject: AclSubject): readonly s3.Grant[] | undefined {
  const named = grantMembers.filter(([member]) => input[member] !== undefined);
  if (input.ACL !== undefined) {
    if (named.length > 0) {
      throw invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed");
    }
    return cannedGrants(input.ACL, subject);
  }
  if (named.length === 0) return undefined;
  return named.flatMap(([member, header, permission]) =>
    grantees(input[member] ?? "", header).map((Grantee) => ({ Grantee, Permission: permission })),
  );
}

const granteeForm = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*?)"?\s*$/i;

/** `id="…", uri="…"`. */
function grantees(text: string, header: string): s3.Grantee[] {
  return text.split(",").map((each) => {
    const [, kind = "", value = ""] = granteeForm.exec(each) ?? [];
    switch (kind.toLowerCase()) {
      case "id": return requireGrantee({ Type: "CanonicalUser", ID: value }, "id");
      case "uri": return requireGrantee({ Type: "Group", URI: value }, "uri");
      case "emailaddress": throw emailGranteesEnded();
      default: throw invalidArgument("Argument format not recognized", header, text);
    }
  });
}

/** @evidence recorded: PutBucketAcl with grantees that are not there */
function requireGrantee(grantee: s3.Grantee, argument: string): s3.Grantee {
  const { Type, ID = "", URI = "" } = grantee;
  if (Type === "AmazonCustomerByEmail") throw emailGranteesEnded();
  if (Type === "Group") {
    if (!groups.has(URI)) throw invalidArgument("Invalid group uri", argument, URI);
    return { Type, URI };
  }
  const isKnown = accountOfCanonicalId(ID) !== undefined || ownAccounts.has(ID);
  if (!isKnown) throw invalidArgument("Invalid id", argument, ID);
  return { Type: "CanonicalUser", ID };
}

/**
 * What PutBucketAcl and PutObjectAcl are asked to set: by headers, or by a document.
 *
 * @throws MissingSecurityHeader, UnexpectedContent, MalformedACLError, AccessDenied …
 */
export function requestedGrants(input: AclChange, subject: AclSubject): readonly s3.Grant[] {
  const policy = input.AccessControlPolicy;
  const inHeaders = grantsInHeaders(input, subject);
  if (inHeaders) {
    if (policy) throw unexpectedContent();
    return inHeaders;
  }
  if (!policy) throw missingAclHeader();
  const { Grants, Owner } = policy;
  if (!Grants || Owner?.ID === undefined) throw malformedAcl();
  // The owner of something is not changed by its list.
  if (Owner.ID !== canonicalId(subject.owner)) throw accessDenied();
  return Grants.map(({ Grantee, Permission }) => {
    if (!Grantee || Permission === undefined || !permissions.includes(Permission)) throw malformedAcl();
    return { Grantee: requireGrantee(Grantee, granteeArgument(Grantee)), Permission };
  });
}

function granteeArgument({ Type }: s3.Grantee): string {
  return Type === "Group" ? "Group/URI" : "CanonicalUser/ID";
}

/** @evidence S3 User Guide, "The meaning of public", ACLs: a grant to everybody, or to every account */
export function isPublicAcl(grants: readonly s3.Grant[]): boolean {
  return grants.some(isPublicGrant);
}

export function isPublicGrant({ Grantee }: s3.Grant): boolean {
  return Grantee?.URI === allUsers || Grantee?.URI === authenticatedUsers;
}

/** Only the owner, or the bucket's owner beside it, has anything, and all of it. */
export function isOwnersAlone(grants: readonly s3.Grant[], { owner, bucketOwner }: AclSubject): boolean {
  const owners = new Set([canonicalId(owner), canonicalId(bucketOwner)]);
  return grants.every(
    ({ Grantee, Permission }) => Permission === "FULL_CONTROL" && owners.has(Grantee?.ID ?? ""),
  );
}

/** The list to keep: none where it says what it says anyway. */
export function storedAcl(
  grants: readonly s3.Grant[] | undefined,
  owner: string,
): s3.AccessControlPolicy | undefined {
  if (!grants) return undefined;
  const [first] = grants;
  const isPrivate =
    grants.length === 1 && first?.Permission === "FULL_CONTROL" && first.Grantee?.ID === canonicalId(owner);
  return isPrivate ? undefined : { Owner: { ID: canonicalId(owner) }, Grants: [...grants] };
}

export function shownAcl(
  acl: s3.AccessControlPolicy | undefined,
  owner: string,
): { Owner: s3.Owner; Grants: s3.Grant[] } {
  return { Owner: { ID: canonicalId(owner) }, Grants: acl?.Grants ? [...acl.Grants] : privateGrants(owner) };
}
