/** Buckets: how they come and go, and how they are found. */

import * as s3 from "../../../generated/s3.ts";
import type { BodyContext, ReadContext } from "../../../kernel/context.ts";
import { operation } from "../../../kernel/operation.ts";
import { page } from "../../../kernel/page.ts";
import { partitionCell } from "../../../kernel/partition.ts";
import { onBucket } from "../access/access.ts";
import { createBucketActions, describeBucketAccess } from "../access/bucket-access.ts";
import { hasAccessPoints } from "../access/access-point-table.ts";
import type { ThroughAccessPoint } from "../access/access-points.ts";
import { accountRegionalOwner, isBucketName } from "./names.ts";
import {
  bucketArn, bucketNames, buckets, expectedOwner, findBucketName, requireBucket, type BucketName,
} from "./table.ts";
import { newTagConditions, setBucketTags } from "./tags.ts";
import {
  bucketAlreadyExists, bucketAlreadyOwnedByYou, bucketHasAccessPoints, bucketNotEmpty, illegalLocation,
  invalidArgument, invalidBucketName, invalidLocation, namespaceNotAsked, noSuchBucket,
  withoutRegionalSuffix,
} from "../errors.ts";
import { dropBucketRows } from "./rows.ts";
import { expectReport } from "../reports/metrics.ts";
import { canonicalId } from "../access/owners.ts";
import { holdsVersions } from "../objects/version-table.ts";
import { wholeSeconds } from "../whole-seconds.ts";

/** Where buckets are when nothing else is said; it is never named as a constraint. */
const homeRegion = "us-east-1";
const regionForm = /^[a-z]{2}(?:-[a-z]+)+-\d$/;

/**
 * A name is taken in the partition first and the bucket made in its cell afterwards, each in a transaction of
 * its own. Who took a name and has no bucket for it takes it again.
 *
 * @evidence S3 API Reference, CreateBucket
 */
export const CreateBucket = operation(s3.CreateBucket, {
  owner: (input, arrival) => ({ account: arrival.account, region: regionOf(input, arrival.region) }),
  resource: (input) => bucketArn(input.Bucket),
  action: createBucketActions,
  conditions: (input, ctx) => ({
    ...onBucket.conditions(input, ctx),
    "s3:locationconstraint": input.CreateBucketConfiguration?.LocationConstraint,
    ...newTagConditions(input.CreateBucketConfiguration?.Tags),
  }),
  async body(input, ctx) {
    requireName(input, ctx);
    const access = describeBucketAccess(ctx, input);
    const { account, region } = ctx;
    const isNew = ctx.partition((transaction) => {
      const rows = transaction.rows(bucketNames);
      const taken = rows.get(input.Bucket);
      if (taken) requireSameOwner(taken, ctx);
      else rows.add({ name: input.Bucket, account, region, createdAt: ctx.clock.now() });
      return !taken;
    });
    ctx.transaction((within) => {
      if (!isNew && within.db(buckets).has(input.Bucket)) return;
      const locks = input.ObjectLockEnabledForBucket === true;
      within.db(buckets).put({
        name: input.Bucket,
        createdAt: within.clock.now(),
        ...access,
        ...(locks && { versioning: "Enabled", objectLock: { ObjectLockEnabled: "Enabled" } }),
      });
      expectReport(within, input.Bucket);
      setBucketTags(within, input.Bucket, input.CreateBucketConfiguration?.Tags ?? []);
    });
    const Location = ctx.region === homeRegion ? `/${input.Bucket}` : locationUrl(ctx, input.Bucket);
    return Promise.resolve({ Location, BucketArn: bucketArn(input.Bucket) });
  },
});

export function locationUrl(ctx: ReadContext, bucket: string): string {
  const endpoint = ctx.kernel.endpoint("s3", ctx.region);
  // Before a number there are no names.
  if (!endpoint.includes("://localhost")) return `${endpoint}/${bucket}/`;
  return endpoint.replace("://", `://${bucket}.s3.`).concat("/");
}

/** @throws IllegalLocationConstraintException, InvalidLocationConstraint */
function regionOf(input: s3.CreateBucketRequest, requestRegion: string): string {
  const constraint: string | undefined = input.CreateBucketConfiguration?.LocationConstraint;
  const region = constraint === "EU" ? "eu-west-1" : constraint;
  if (region === undefined || region === "") {
    if (requestRegion !== homeRegion) throw illegalLocation("unspecified");
    return homeRegion;
  }
  if (!regionForm.test(region) || region === homeRegion) throw invalidLocation(region);
  if (region !== requestRegion && requestRegion !== homeRegion) throw illegalLocation(region);
  return region;
}

function requireName(input: s3.CreateBucketRequest, ctx: BodyContext): void {
  const name = input.Bucket;
  if (!isBucketName(name)) throw invalidBucketName(name);
  const regional = accountRegionalOwner(name);
  const wantsRegional = input.BucketNamespace === "account-regional";
  if (!regional && !wantsRegional) return;
  if (!regional) throw withoutRegionalSuffix(ctx.account, ctx.region);
  if (regional.account !== ctx.account || regional.region !== ctx.region) throw invalidBucketName(name);
  if (input.BucketNamespace === undefined) throw namespaceNotAsked();
  if (!wantsRegional) throw invalidBucketName(name);
}

/** Making one's own bucket again succeeds in us-east-1 alone, as it always has. */
function requireSameOwner(taken: BucketName, ctx: BodyContext): void {
  if (taken.account !== ctx.account) throw bucketAlreadyExists(taken.name);
  const isMade = ctx.kernel.read(taken, (transaction) => transaction.rows(buckets).has(taken.name));
  if (taken.region !== ctx.region) throw bucketAlreadyOwnedByYou(taken.name);
  if (isMade && taken.region !== homeRegion) throw bucketAlreadyOwnedByYou(taken.name);
}

/** @evidence S3 API Reference, DeleteBucket: all objects, versions and delete markers must go first */
export const DeleteBucket = operation(s3.DeleteBucket, {
  ...onBucket,
  async body(input, ctx) {
    ctx.transaction((within) => {
      const bucket = requireBucket(within, input.Bucket);
      if (holdsVersions(within, input.Bucket)) throw bucketNotEmpty(bucket);
      if (hasAccessPoints(within, input.Bucket)) throw bucketHasAccessPoints(input.Bucket);
      dropBucketRows(within, input.Bucket);
      within.db(buckets).delete(input.Bucket);
    });
    ctx.partition((transaction) => transaction.rows(bucketNames).delete(input.Bucket));
    return Promise.resolve({});
  },
});

export const HeadBucket = operation(s3.HeadBucket, {
  ...onBucket,
  dataEvent: true,
  run(input: s3.HeadBucketRequest & ThroughAccessPoint, ctx) {
    requireBucket(ctx, input.Bucket);
    const AccessPointAlias = input.AccessPointAlias !== undefined;
    return { BucketRegion: ctx.region, BucketArn: bucketArn(input.Bucket), AccessPointAlias };
  },
});

/** Answered in every region. @evidence S3 API Reference, GetBucketLocation: us-east-1 has no constraint */
export const GetBucketLocation = operation(s3.GetBucketLocation, {
  ...onBucket,
  owner(input, { kernel }) {
    const found = findBucketName(kernel, input.Bucket);
    if (!found) throw noSuchBucket(input.Bucket);
    return expectedOwner(input, found);
  },
  run(input, ctx) {
    requireBucket(ctx, input.Bucket);
    if (ctx.region === homeRegion) return {};
    return { LocationConstraint: ctx.region as s3.BucketLocationConstraint };
  },
});

const bucketsMax = 10_000;
const incorrectToken = "The continuation token provided is incorrect";

/** @evidence S3 API Reference, ListBuckets: all of the account's, in every region, unless one is named */
export const ListBuckets = operation(s3.ListBuckets, {
  run(input, ctx) {
    const { MaxBuckets, Prefix, BucketRegion, ContinuationToken } = input;
    if (MaxBuckets !== undefined && (MaxBuckets < 1 || MaxBuckets > bucketsMax)) {
      throw invalidArgument(
        "Argument max-buckets must be an integer between 1 and 10000",
        "max-buckets",
        String(MaxBuckets),
      );
    }
    const { items, next } = ctx.kernel.read(partitionCell, (transaction) =>
      page({
        rows: transaction.rows(bucketNames).by("account"),
        range: Prefix ? { prefix: [ctx.account, Prefix], prefixOfLastPart: true } : { prefix: [ctx.account] },
        key: (row) => [row.account, row.name],
        keep: (row) => BucketRegion === undefined || row.region === BucketRegion,
        limit: MaxBuckets ?? bucketsMax,
        token: ContinuationToken,
        scope: `s3.ListBuckets ${ctx.account}`,
        invalid: () =>
          invalidArgument(incorrectToken, "continuation-token", ContinuationToken ?? ""),
      }),
    );
    const regionShown = MaxBuckets !== undefined || Prefix !== undefined || BucketRegion !== undefined;
    return {
      Buckets: items.map((row) => shownBucket(row, regionShown)),
      Owner: { ID: canonicalId(ctx.account) },
      Prefix,
      ContinuationToken: next,
    };
  },
});

function shownBucket({ name, region, createdAt }: BucketName, regionShown: boolean): s3.Bucket {
  return {
    Name: name,
    CreationDate: wholeSeconds(createdAt),
    BucketArn: bucketArn(name),
    ...(regionShown && { BucketRegion: region }),
  };
}

