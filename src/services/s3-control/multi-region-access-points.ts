/** Multi-Region Access Points: how they come and go, their policies, and where they send requests. */

import * as control from "../../generated/s3-control.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import { partitionCell } from "../../kernel/partition.ts";
import { shownPolicy } from "../../kernel/policy-principals.ts";
import type { Transaction } from "../../store/types.ts";
import { publicAccessBlocked } from "../s3/access/access-errors.ts";
import { findBucketName } from "../s3/buckets/table.ts";
import {
  establishedPolicy, multiRegionAccessPoints, multiRegionAlias, multiRegionArn, multiRegionStatus,
  type MultiRegionAccessPoint, type MultiRegionBucket,
} from "../s3/access/multi-region-table.ts";
import { requirePolicy } from "../s3/access/policy-validation.ts";
import { accountBlocks } from "../s3/access/public-access-block.ts";
import { isPublicPolicy } from "../s3/access/public-policy.ts";
import { blockAll } from "./access-points.ts";
import { ofAccount } from "./account.ts";
import { requestOnce } from "./async-requests.ts";
import {
  accessDenied, invalidRequest, invalidToken, multiRegionAlreadyOwned, noSuchBucket,
  noSuchMultiRegionAccessPoint,
} from "./errors.ts";

function all(ctx: ReadContext): MultiRegionAccessPoint[] {
  const now = ctx.clock.now();
  return ctx.kernel.read(partitionCell, (transaction) =>
    [...transaction.rows(multiRegionAccessPoints).by("account").list({ prefix: [ctx.account] })].filter(
      (row) => multiRegionStatus(row, now) !== undefined,
    ),
  );
}

/** By name, alias, or ARN. */
function find(ctx: ReadContext, name: string): MultiRegionAccessPoint | undefined {
  const alias = multiRegionAlias(name);
  return all(ctx).find((row) => row.name === name || row.alias === alias);
}

function requireOne(ctx: ReadContext, name: string): MultiRegionAccessPoint {
  const found = find(ctx, name);
  if (!found) throw noSuchMultiRegionAccessPoint();
  return found;
}

function arnOf(ctx: ReadContext, name: string): string {
  return multiRegionArn(ctx.account, find(ctx, name)?.alias ?? name);
}

const onNamed = {
  ...ofAccount,
  resource: (input: { readonly Name: string }, ctx: ReadContext) => arnOf(ctx, input.Name),
};

const onDetails = {
  ...ofAccount,
  resource: (input: { readonly Details: { readonly Name: string } }, ctx: ReadContext) =>
    arnOf(ctx, input.Details.Name),
};

const onRoutes = {
  ...ofAccount,
  resource: (input: { readonly Mrap: string }, ctx: ReadContext) => arnOf(ctx, input.Mrap),
};

const regionsMax = 17;
const aliasDigits = 13;
const lowerCase = "abcdefghijklmnopqrstuvwxyz0123456789";

/** @evidence S3 API Reference, CreateMultiRegionAccessPoint: one bucket a region, up to 17 */
export const CreateMultiRegionAccessPoint = operation(control.CreateMultiRegionAccessPoint, {
  ...onDetails,
  body(input, ctx) {
    const { Details, ClientToken } = input;
    const buckets = Details.Regions.map((each) => requireBucket(ctx, each));
    const regions = buckets.map(({ region }) => region);
    if (buckets.length === 0 || buckets.length > regionsMax || new Set(regions).size < regions.length) {
      throw invalidRequest("A Multi-Region Access Point takes one bucket of each of up to 17 Regions");
    }
    const alias = `m${ctx.ids.from(lowerCase, aliasDigits - 1)}.mrap`;
    const parameters = { CreateMultiRegionAccessPointRequest: Details };
    const operationName = "CreateMultiRegionAccessPoint" as const;
    const request = { ClientToken, operation: operationName, parameters };
    const answer = requestOnce(ctx, request, (transaction, readyAt) => {
      if (find(ctx, Details.Name)) throw multiRegionAlreadyOwned();
      dropGone(ctx, transaction);
      transaction.rows(multiRegionAccessPoints).add({
        alias, buckets, readyAt,
        account: ctx.account,
        name: Details.Name,
        createdAt: ctx.clock.now(),
        publicAccessBlock: Details.PublicAccessBlock ?? blockAll,
      });
      return regions;
    });
    return Promise.resolve(answer);
  },
});

function requireBucket(ctx: ReadContext, { Bucket, BucketAccountId }: control.Region): MultiRegionBucket {
  const found = findBucketName(ctx.kernel, Bucket);
  if (!found) throw noSuchBucket();
  if (found.account !== (BucketAccountId ?? ctx.account)) throw accessDenied();
  return { bucket: found.name, region: found.region, owner: found.account, traffic: 100 };
}

/** Those whose deletion is over. */
function dropGone(ctx: ReadContext, transaction: Transaction): void {
  const now = ctx.clock.now();
  const rows = transaction.rows(multiRegionAccessPoints);
  for (const row of [...rows.by("account").list({ prefix: [ctx.account] })]) {
    if (multiRegionStatus(row, now) === undefined) rows.delete(row.alias);
  }
}

export const DeleteMultiRegionAccessPoint = operation(control.DeleteMultiRegionAccessPoint, {
  ...onDetails,
  body({ Details, ClientToken }, ctx) {
    const parameters = { DeleteMultiRegionAccessPointRequest: Details };
    const operationName = "DeleteMultiRegionAccessPoint" as const;
    const request = { ClientToken, operation: operationName, parameters };
    const answer = requestOnce(ctx, request, (transaction, goneAt) => {
      const found = requireOne(ctx, Details.Name);
      transaction.rows(multiRegionAccessPoints).put({ ...found, goneAt });
      return found.buckets.map(({ region }) => region);
    });
    return Promise.resolve(answer);
  },
});

export const GetMultiRegionAccessPoint = operation(control.GetMultiRegionAccessPoint, {
  ...onNamed,
  run: ({ Name }, ctx) => ({ AccessPoint: report(requireOne(ctx, Name), ctx) }),
});

function report(row: MultiRegionAccessPoint, ctx: ReadContext): control.MultiRegionAccessPointReport {
  return {
    Name: row.name,
    Alias: row.alias,
    CreatedAt: row.createdAt,
    PublicAccessBlock: row.publicAccessBlock,
    Status: multiRegionStatus(row, ctx.clock.now()),
    Regions: row.buckets.map(({ bucket, region, owner }) => ({
      Bucket: bucket, Region: region, BucketAccountId: owner,
    })),
  };
}

const pageSizeMax = 100;

export const ListMultiRegionAccessPoints = operation(control.ListMultiRegionAccessPoints, {
  ...ofAccount,
  run({ NextToken, MaxResults = pageSizeMax }, ctx) {
    const { items, next } = pageOf(all(ctx), {
      limit: MaxResults || pageSizeMax,
      token: NextToken,
      scope: "s3-control.ListMultiRegionAccessPoints",
      invalid: invalidToken,
    });
    return { AccessPoints: items.map((row) => report(row, ctx)), NextToken: next };
  },
});

export const PutMultiRegionAccessPointPolicy = operation(control.PutMultiRegionAccessPointPolicy, {
  ...onDetails,
  body({ Details, ClientToken }, ctx) {
    const { Name, Policy } = Details;
    const found = requireOne(ctx, Name);
    const resource = multiRegionArn(ctx.account, found.alias);
    const kept = requirePolicy(Policy, { arn: resource, objects: `${resource}/object/` }, ctx.kernel);
    const isBlocked =
      found.publicAccessBlock.BlockPublicPolicy === true ||
      accountBlocks(ctx.kernel, ctx.account, "BlockPublicPolicy");
    if (isPublicPolicy(kept) && isBlocked) {
      const action = "s3:PutMultiRegionAccessPointPolicy";
      throw publicAccessBlocked({ caller: ctx.caller, action, resource, setting: "BlockPublicPolicy" });
    }
    const parameters = { PutMultiRegionAccessPointPolicyRequest: Details };
    const operationName = "PutMultiRegionAccessPointPolicy" as const;
    const request = { ClientToken, operation: operationName, parameters };
    const answer = requestOnce(ctx, request, (transaction, establishedAt) => {
      const { policy: _before, proposed: _other, ...rest } = found;
      const policy = establishedPolicy(found, ctx.clock.now());
      transaction.rows(multiRegionAccessPoints).put({
        ...rest, ...(policy !== undefined && { policy }), proposed: { policy: kept, establishedAt },
      });
      return found.buckets.map(({ region }) => region);
    });
    return Promise.resolve(answer);
  },
});

/** What counts, and what was put last. */
export const GetMultiRegionAccessPointPolicy = operation(control.GetMultiRegionAccessPointPolicy, {
  ...onNamed,
  run({ Name }, ctx) {
    const found = requireOne(ctx, Name);
    const established = establishedPolicy(found, ctx.clock.now());
    const shown = (policy: string) => ({ Policy: shownPolicy(ctx.kernel.identity, policy) });
    return {
      Policy: {
        ...(established !== undefined && { Established: shown(established) }),
        ...(found.proposed && { Proposed: shown(found.proposed.policy) }),
      },
    };
  },
});

export const GetMultiRegionAccessPointPolicyStatus = operation(
  control.GetMultiRegionAccessPointPolicyStatus,
  {
    ...onNamed,
    run({ Name }, ctx) {
      const policy = establishedPolicy(requireOne(ctx, Name), ctx.clock.now());
      return { Established: { IsPublic: policy !== undefined && isPublicPolicy(policy) } };
    },
  },
);

export const GetMultiRegionAccessPointRoutes = operation(control.GetMultiRegionAccessPointRoutes, {
  ...onRoutes,
  run({ Mrap }, ctx) {
    const { alias, buckets } = requireOne(ctx, Mrap);
    return {
      Mrap: multiRegionArn(ctx.account, alias),
      Routes: buckets.map(({ bucket, region, traffic }) => ({
        Bucket: bucket, Region: region, TrafficDialPercentage: traffic,
      })),
    };
  },
});

/** @evidence S3 API Reference, SubmitMultiRegionAccessPointRoutes: 0 or 100, and one route stays active */
export const SubmitMultiRegionAccessPointRoutes = operation(control.SubmitMultiRegionAccessPointRoutes, {
  ...onRoutes,
  body({ Mrap, RouteUpdates }, ctx) {
    ctx.partition((transaction) => {
      const found = requireOne(ctx, Mrap);
      const buckets = found.buckets.map((each) => routed(each, RouteUpdates));
      if (!buckets.some(({ traffic }) => traffic === 100)) {
        throw invalidRequest("At least one route must be active");
      }
      transaction.rows(multiRegionAccessPoints).put({ ...found, buckets });
    });
    return Promise.resolve({});
  },
});

function routed(
  bucket: MultiRegionBucket,
  updates: readonly control.MultiRegionAccessPointRoute[],
): MultiRegionBucket {
  const update = updates.find(({ Bucket, Region }) => Bucket === bucket.bucket || Region === bucket.region);
  if (!update) return bucket;
  const { TrafficDialPercentage: traffic } = update;
  if (traffic !== 0 && traffic !== 100) throw invalidRequest("TrafficDialPercentage must be 0 or 100");
  return { ...bucket, traffic };
}
