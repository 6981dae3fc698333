/**
 * What decides over a bucket or an object besides the caller's own policies: the bucket's policy and access
 * control lists in its words, narrowed by Block Public Access.
 *
 * @evidence S3 User Guide, "How Amazon S3 authorizes a request", bucket and object operations
 */

import type * as s3 from "../../../generated/s3.ts";
import { parsePolicy } from "../../../iam/parse.ts";
import { BoundedCache } from "../../../kernel/auth/bounded-cache.ts";
import type { Caller } from "../../../kernel/auth/caller.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { AwsError } from "../../../kernel/errors.ts";
import type { Asked, ResourcePolicy, WordedDenial } from "../../../kernel/service.ts";
import { aclStatements } from "./acl-statements.ts";
import { isPublicGrant } from "./acl.ts";
import { accessPointPlace, findAccessPoint } from "./access-point-table.ts";
import { buckets, findBucketName, type Bucket } from "../buckets/table.ts";
import { versionAsked } from "./conditions.ts";
import { accessDenied, bucketAccessDenied } from "../errors.ts";
import { establishedPolicy, findMultiRegion, multiRegionAlias } from "./multi-region-table.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { accountOfCanonicalId } from "./owners.ts";
import { ownershipOf } from "./ownership.ts";
import { accountBlocks, blocks, type BlockSetting } from "./public-access-block.ts";
import { isPublicPolicy } from "./public-policy.ts";

const plainArn = "arn:aws:s3:::";

/** What the kernel asks before anything is done with a resource of S3's. */
export function resourcePolicy(
  arn: string,
  ctx: ReadContext,
  asked: Asked,
): string | ResourcePolicy | undefined {
  if (arn.startsWith(plainArn)) return policyOf(arn.slice(plainArn.length), ctx, asked);
  return arn.includes(":accesspoint/") ? accessPointPolicy(arn, ctx) : undefined;
}

function policyOf(path: string, ctx: ReadContext, asked: Asked): string | ResourcePolicy | undefined {
  const slash = path.indexOf("/");
  const name = slash < 0 ? path : path.slice(0, slash);
  const found = findBucket(ctx, name);
  if (!found || asked.action === "s3:CreateBucket") return undefined;
  const { bucket, owner } = found;
  if (isWayBack(ctx.caller, owner, asked.action)) return undefined;
  const isElsewhere = owner !== ctx.account ? { account: owner } : undefined;
  if (ownershipOf(bucket) === "BucketOwnerEnforced") {
    const document = bucketPolicy(bucket, owner, ctx);
    return isElsewhere ? { ...isElsewhere, ...(document !== undefined && { document }) } : document;
  }
  const version = slash < 0 || isElsewhere ? undefined : ownedVersion(path, name, ctx, asked);
  return withLists({ bucket, owner, version, ctx, on: slash < 0 ? "bucket" : "object" });
}

interface FoundBucket {
  readonly bucket: Bucket;
  readonly owner: string;
}

/** Services that work on behalf of somebody ask from cells of their own. */
function findBucket(ctx: ReadContext, name: string): FoundBucket | undefined {
  const here = ctx.db(buckets).get(name);
  if (here) return { bucket: here, owner: ctx.account };
  const place = findBucketName(ctx.kernel, name);
  const bucket = place && ctx.kernel.read(place, (transaction) => transaction.rows(buckets).get(name));
  return bucket && { bucket, owner: place.account };
}

const wayBack: ReadonlySet<string> = new Set([
  "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy",
]);

/**
 * Whoever locks everybody out of a bucket, the root user of its account can still change that.
 *
 * @evidence S3 API Reference, PutBucketPolicy: root can perform these actions even if the policy denies them
 */
function isWayBack(caller: Caller, owner: string, action: string): boolean {
  return caller.type === "Root" && caller.account === owner && wayBack.has(action);
}

/** What the owner of a bucket decides of its objects, whoever owns them. */
const bucketOwnersActions: ReadonlySet<string> = new Set([
  "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts", "s3:BypassGovernanceRetention", "s3:ReplicateObject", "s3:ReplicateDelete",
  "s3:ReplicateTags",
]);

function ownedVersion(
  path: string,
  bucket: string,
  ctx: ReadContext,
  { action, input }: Asked,
): ObjectVersion | undefined {
  if (bucketOwnersActions.has(action)) return undefined;
  const VersionId = input?.["VersionId"];
  const Key = path.slice(bucket.length + 1);
  return versionAsked({ Bucket: bucket, Key, VersionId: VersionId as string | undefined }, ctx);
}

interface Guarded extends FoundBucket {
  readonly version: ObjectVersion | undefined;
  readonly on: "bucket" | "object";
  readonly ctx: ReadContext;
}

function withLists({ bucket, owner, version, on, ctx }: Guarded): string | ResourcePolicy | undefined {
  const policy = bucketPolicy(bucket, owner, ctx);
  const granted = [
    ...aclStatements(counting(bucket.acl, bucket, owner, ctx), "bucket", on),
    ...aclStatements(counting(version?.acl, bucket, owner, ctx), "object", on),
  ];
  const stranger = version && version.owner !== owner && version.owner !== "" ? version.owner : undefined;
  if (stranger === undefined) {
    const document = granted.length === 0 ? policy : joined(policy, granted);
    return owner === ctx.account ? document : { account: owner, ...(document !== undefined && { document }) };
  }
  // Who owns a bucket may keep everybody from the objects of others in it, and let nobody to them.
  const denials = policy === undefined ? undefined : facts(policy).denials;
  const document = granted.length === 0 ? denials : joined(denials, granted);
  return { account: stranger, ...(document !== undefined && { document }) };
}

/** Without what Block Public Access makes S3 overlook. */
function counting(
  acl: s3.AccessControlPolicy | undefined,
  bucket: Bucket,
  owner: string,
  { kernel }: ReadContext,
): readonly s3.Grant[] {
  const grants = acl?.Grants ?? [];
  if (!grants.some(isPublicGrant) || !blocks(kernel, bucket, owner, "IgnorePublicAcls")) return grants;
  return grants.filter((grant) => !isPublicGrant(grant));
}

/** The policy as it is evaluated, narrowed for strangers where a public one is not to let them in. */
function bucketPolicy(bucket: Bucket, owner: string, ctx: ReadContext): string | undefined {
  if (bucket.policy === undefined) return undefined;
  return narrowed(bucket.policy, owner, ctx, (setting) => blocks(ctx.kernel, bucket, owner, setting));
}

/** @evidence S3 User Guide, "Blocking public access", RestrictPublicBuckets */
function narrowed(
  policy: string,
  owner: string,
  { caller }: ReadContext,
  isBlocked: (setting: BlockSetting) => boolean,
): string | undefined {
  const { isPublic, evaluated, denials } = facts(policy);
  if (!isPublic || caller.account === owner || caller.type === "AWSService") return evaluated;
  return isBlocked("RestrictPublicBuckets") ? denials : evaluated;
}

/** An access point's policy, or a Multi-Region Access Point's. */
function accessPointPolicy(arn: string, ctx: ReadContext): ResourcePolicy | undefined {
  const [point = ""] = arn.split("/object/", 1);
  const alias = multiRegionAlias(point);
  const place = accessPointPlace(point);
  const now = ctx.clock.now();
  const spanning = alias === undefined ? undefined : findMultiRegion(ctx.kernel, alias);
  const found = spanning ?? (place && findAccessPoint(ctx.kernel, place));
  if (!found) return undefined;
  const { account, publicAccessBlock } = found;
  const policy = spanning ? establishedPolicy(spanning, now) : found.policy;
  if (policy === undefined) return { account };
  const document = narrowed(policy, account, ctx, (setting) =>
    publicAccessBlock[setting] === true || accountBlocks(ctx.kernel, account, setting));
  return { account, ...(document !== undefined && { document }) };
}

interface PolicyFacts {
  readonly isPublic: boolean;
  /** With accounts where the policy has canonical ids. */
  readonly evaluated: string;
  /** Its denials alone. */
  readonly denials: string | undefined;
}

const policiesMax = 1_000;
/** What is known of a policy by its text alone. */
const known = new BoundedCache<PolicyFacts>(policiesMax);

function facts(policy: string): PolicyFacts {
  let found = known.get(policy);
  if (!found) known.set(policy, (found = factsOf(policy)));
  return found;
}

type Json = Readonly<Record<string, unknown>>;

function factsOf(policy: string): PolicyFacts {
  const evaluated = withAccounts(policy);
  const { Statement, ...rest } = JSON.parse(evaluated) as Json;
  const denying = asList(Statement).filter((each) => (each as Json)["Effect"] === "Deny");
  const denials = denying.length === 0 ? undefined : JSON.stringify({ ...rest, Statement: denying });
  return { isPublic: isPublicPolicy(policy), evaluated, denials };
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Canonical ids are another way to write accounts. */
function withAccounts(policy: string): string {
  const named = parsePolicy(policy).statements.some(
    ({ principal = "*" }) => principal !== "*" && principal.CanonicalUser !== undefined,
  );
  if (!named) return policy;
  const document = JSON.parse(policy) as Json;
  const Statement = asList(document["Statement"]).map((each) => {
    const statement = each as Json;
    const { CanonicalUser, ...principal } = statement["Principal"] as Json;
    if (CanonicalUser === undefined) return statement;
    const accounts = asList(CanonicalUser).map((id) => accountOfCanonicalId(String(id)));
    const AWS = principal["AWS"] === undefined ? [] : asList(principal["AWS"]);
    return { ...statement, Principal: { ...principal, AWS: [...AWS, ...accounts] } };
  });
  return JSON.stringify({ ...document, Statement });
}

function joined(policy: string | undefined, statements: readonly object[]): string {
  if (policy === undefined) return JSON.stringify({ Version: "2012-10-17", Statement: statements });
  const { Statement, ...rest } = JSON.parse(policy) as Json;
  return JSON.stringify({ ...rest, Statement: [...asList(Statement), ...statements] });
}

/**
 * The reasons of a denial are for the account of the resource alone; others are not told.
 *
 * @evidence S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors": resources are in quotation
 *   marks; recorded: HeadBucket and ListObjects say where the bucket is
 */
export function denied({ action, resource, account, message }: WordedDenial, ctx: ReadContext): AwsError {
  const { account: caller, type } = ctx.caller;
  const isOwn = caller === account && caller === ctx.account && type !== "Anonymous";
  const text = isOwn
    ? message.replace(` on resource: ${resource}`, () => ` on resource: "${resource}"`)
    : "Access Denied";
  return action === "s3:ListBucket" ? bucketAccessDenied(text, ctx.region) : accessDenied(text);
}
