/** Access points: how they come and go. What they do is S3's. */

import * as control from "../../generated/s3-control.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import {
  accessPointAliases, accessPointArn, accessPointPlace, accessPoints, type AccessPoint,
} from "../s3/access/access-point-table.ts";
import { findBucketName, type BucketName } from "../s3/buckets/table.ts";
import { ofAccount } from "./account.ts";
import {
  accessDenied, accessPointAlreadyOwnedByYou, invalidAccessPoint, invalidToken, noSuchAccessPoint,
  noSuchBucket,
} from "./errors.ts";
import { setTags } from "./tags.ts";

interface NamesAccessPoint {
  readonly AccountId: string;
  readonly Name: string;
}

/** Names may be given as ARNs. */
function nameOf(name: string): string {
  return accessPointPlace(name)?.name ?? name;
}

export const onAccessPoint = {
  ...ofAccount,
  resource: (input: NamesAccessPoint, { account, region }: ReadContext) =>
    accessPointArn({ account, region, name: nameOf(input.Name) }),
  conditions: (input: NamesAccessPoint, ctx: ReadContext) => {
    const { account, region } = ctx;
    const point = ctx.db(accessPoints).get(nameOf(input.Name));
    return {
      "s3:dataaccesspointarn": accessPointArn({ account, region, name: nameOf(input.Name) }),
      "s3:dataaccesspointaccount": account,
      "s3:accesspointnetworkorigin": point && networkOrigin(point),
    };
  },
};

export function requireAccessPoint(ctx: ReadContext, name: string): AccessPoint {
  const found = ctx.db(accessPoints).get(nameOf(name));
  if (!found) throw noSuchAccessPoint();
  return found;
}

function networkOrigin({ vpcId }: Pick<AccessPoint, "vpcId">): control.NetworkOrigin {
  return vpcId === undefined ? "Internet" : "VPC";
}

/** @evidence S3 User Guide, "Naming Amazon S3 access points": 3 to 50 characters, no reserved suffixes */
const nameForm = /^(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,48}[a-z0-9]$/;
const reserved = /(?:-s3alias|--ol-s3|\.mrap|--xa-s3)$/;

const aliasSuffix = "-s3alias";
const aliasDigits = 34;
const aliasLengthMax = 63;
const lowerCase = "abcdefghijklmnopqrstuvwxyz0123456789";

/** @evidence S3 User Guide, "Access point aliases": `prefix-metadata-s3alias`, at most 63 characters */
function newAlias(name: string, ctx: ReadContext): string {
  const prefix = name.slice(0, aliasLengthMax - aliasSuffix.length - aliasDigits - 1);
  return `${prefix}-${ctx.ids.from(lowerCase, aliasDigits)}${aliasSuffix}`;
}

export const blockAll: control.PublicAccessBlockConfiguration = {
  BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true,
};

/** @evidence S3 API Reference, CreateAccessPoint: in the bucket's region; public access is blocked */
export const CreateAccessPoint = operation(control.CreateAccessPoint, {
  ...onAccessPoint,
  conditions: (input, ctx) => ({
    ...onAccessPoint.conditions(input, ctx),
    "s3:accesspointnetworkorigin": input.VpcConfiguration ? "VPC" : "Internet",
  }),
  body(input, ctx) {
    const { Name: name } = input;
    if (!nameForm.test(name) || reserved.test(name)) throw invalidAccessPoint();
    const bucket = requireBucketName(input, ctx);
    const { account, region } = ctx;
    const made: AccessPoint = {
      name, account, region,
      bucket: bucket.name,
      bucketOwner: bucket.account,
      alias: newAlias(name, ctx),
      createdAt: ctx.clock.now(),
      publicAccessBlock: input.PublicAccessBlockConfiguration ?? blockAll,
      ...(input.VpcConfiguration && { vpcId: input.VpcConfiguration.VpcId }),
    };
    ctx.transaction((within) => {
      if (within.db(accessPoints).has(name)) throw accessPointAlreadyOwnedByYou();
      within.db(accessPoints).add(made);
      setTags(within, accessPointArn(made), input.Tags);
    });
    ctx.partition((transaction) =>
      transaction.rows(accessPointAliases).add({ alias: made.alias, account, region, name }),
    );
    return Promise.resolve({ AccessPointArn: accessPointArn(made), Alias: made.alias });
  },
});

function requireBucketName(input: control.CreateAccessPointRequest, ctx: ReadContext): BucketName {
  const found = findBucketName(ctx.kernel, input.Bucket);
  if (!found || found.region !== ctx.region) throw noSuchBucket();
  if (found.account !== (input.BucketAccountId ?? ctx.account)) throw accessDenied();
  return found;
}

export const GetAccessPoint = operation(control.GetAccessPoint, {
  ...onAccessPoint,
  run(input, ctx) {
    const point = requireAccessPoint(ctx, input.Name);
    const { region } = point;
    return {
      ...shown(point),
      PublicAccessBlockConfiguration: point.publicAccessBlock,
      CreationDate: point.createdAt,
      Endpoints: {
        ipv4: `s3-accesspoint.${region}.amazonaws.com`,
        fips: `s3-accesspoint-fips.${region}.amazonaws.com`,
        fips_dualstack: `s3-accesspoint-fips.dualstack.${region}.amazonaws.com`,
        dualstack: `s3-accesspoint.dualstack.${region}.amazonaws.com`,
      },
    };
  },
});

function shown(point: AccessPoint): control.AccessPoint {
  return {
    Name: point.name,
    NetworkOrigin: networkOrigin(point),
    ...(point.vpcId !== undefined && { VpcConfiguration: { VpcId: point.vpcId } }),
    Bucket: point.bucket,
    AccessPointArn: accessPointArn(point),
    Alias: point.alias,
    BucketAccountId: point.bucketOwner,
  };
}

export const pageSizeMax = 1_000;

export const ListAccessPoints = operation(control.ListAccessPoints, {
  ...ofAccount,
  run(input, ctx) {
    const { Bucket, NextToken, MaxResults = pageSizeMax } = input;
    const { items, next } = page({
      rows: ctx.db(accessPoints),
      key: (row) => row.name,
      keep: (row) => Bucket === undefined || row.bucket === Bucket,
      limit: MaxResults,
      token: NextToken,
      scope: "s3-control.ListAccessPoints",
      invalid: invalidToken,
    });
    return { AccessPointList: items.map(shown), NextToken: next };
  },
});

export const DeleteAccessPoint = operation(control.DeleteAccessPoint, {
  ...onAccessPoint,
  body(input, ctx) {
    const alias = ctx.transaction((within) => dropAccessPoint(within, input.Name));
    ctx.partition((transaction) => transaction.rows(accessPointAliases).delete(alias));
    return Promise.resolve({});
  },
});

/** @returns its alias */
function dropAccessPoint(ctx: Context, name: string): string {
  const point = requireAccessPoint(ctx, name);
  ctx.db(accessPoints).delete(point.name);
  ctx.tags(accessPointArn(point)).clear();
  return point.alias;
}
