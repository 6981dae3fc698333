/** Credentials for what somebody has been granted. */

import * as control from "../../generated/s3-control.ts";
import * as sts from "../../generated/sts.ts";
import type { Caller } from "../../kernel/auth/caller.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { pageOf } from "../../kernel/page.ts";
import {
  accessGrantsPrincipal, grants, instanceArn, requireInstance, type AccessGrant,
} from "./access-grant-table.ts";
import { granteeOf } from "./access-grants.ts";
import { requireLocation } from "./access-grants-locations.ts";
import { ofAccount } from "./account.ts";
import { invalidToken, noMatchingGrant } from "./errors.ts";

/** A user, a role or a session is granted things by its ARN. */
function ownGrants(ctx: ReadContext, { arn, roleArn }: Caller): AccessGrant[] {
  const identifiers = roleArn === undefined ? [arn] : [arn, roleArn];
  return identifiers.flatMap((identifier) => [
    ...ctx.db(grants).by("grantee").list({ prefix: ["IAM", identifier] }),
  ]);
}

function covers(grant: AccessGrant, target: string): boolean {
  const { scope } = grant;
  if (!scope.endsWith("*")) return scope === target;
  return target.startsWith(scope.slice(0, -1)) || `${target}/` === scope.slice(0, -1);
}

function permits(granted: control.Permission, asked: control.Permission): boolean {
  return granted === asked || granted === "READWRITE";
}

const secondsDefault = 3_600;

/** @evidence S3 API Reference, GetDataAccess: of several grants the narrowest */
export const GetDataAccess = operation(control.GetDataAccess, {
  ...ofAccount,
  resource: (_input, ctx) => instanceArn(ctx),
  async body(input, ctx) {
    const { Target, Permission, DurationSeconds = secondsDefault, Privilege } = input;
    const { grant, location } = ctx.reading(() => {
      requireInstance(ctx);
      const [found] = ownGrants(ctx, ctx.caller)
        .filter((each) => covers(each, Target) && permits(each.permission, Permission))
        .sort((one, other) => other.scope.length - one.scope.length);
      if (!found) throw noMatchingGrant();
      return { grant: found, location: requireLocation(ctx, found.locationId) };
    });
    const scope = Privilege === "Minimal" ? minimalScope(input) : grant.scope;
    const request: sts.AssumeRoleRequest = {
      RoleArn: location.roleArn,
      RoleSessionName: `access-grants-${ctx.ids.uuid()}`,
      DurationSeconds,
      Policy: sessionPolicy(scope, Permission),
    };
    const { Credentials } = await ctx.call(sts.AssumeRole, request, {
      as: "service", principal: accessGrantsPrincipal, sourceArn: instanceArn(ctx),
    });
    return { Credentials, MatchedGrantTarget: scope, Grantee: granteeOf(grant) };
  },
});

function minimalScope({ Target, TargetType }: control.GetDataAccessRequest): string {
  return TargetType === "Object" || Target.endsWith("*") ? Target : `${Target}*`;
}

const reads = [
  "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:GetObjectVersionAcl",
  "s3:ListMultipartUploadParts",
];
const writes = [
  "s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:DeleteObject", "s3:DeleteObjectVersion",
  "s3:AbortMultipartUpload",
];

/** What the role may do, narrowed to what was granted. */
function sessionPolicy(scope: string, permission: control.Permission): string {
  const path = scope.slice("s3://".length);
  const [bucket = ""] = path.split("/", 1);
  const bucketArn = `arn:aws:s3:::${bucket.replace(/\*$/, "")}`;
  const prefix = path.slice(bucket.length + 1);
  const Resource = path.includes("/") ? `arn:aws:s3:::${path}` : `${bucketArn}/*`;
  const object = [...(permission === "WRITE" ? [] : reads), ...(permission === "READ" ? [] : writes)];
  const listing = {
    Effect: "Allow", Action: ["s3:ListBucket", "s3:ListBucketVersions"], Resource: bucketArn,
    ...(prefix !== "" && { Condition: { StringLike: { "s3:prefix": prefix } } }),
  };
  const objects = { Effect: "Allow", Action: object, Resource };
  const Statement = permission === "WRITE" ? [objects] : [objects, listing];
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

const pageSizeMax = 1_000;

export const ListCallerAccessGrants = operation(control.ListCallerAccessGrants, {
  ...ofAccount,
  resource: (_input, ctx) => instanceArn(ctx),
  run({ GrantScope, NextToken, MaxResults }, ctx) {
    requireInstance(ctx);
    const own = ownGrants(ctx, ctx.caller).filter(
      ({ scope }) => GrantScope === undefined || scope.startsWith(GrantScope.replace(/\*$/, "")),
    );
    const { items, next } = pageOf(own, {
      limit: MaxResults || pageSizeMax,
      token: NextToken,
      scope: "s3-control.ListCallerAccessGrants",
      invalid: invalidToken,
    });
    const CallerAccessGrantsList = items.map(({ permission, scope, applicationArn }) => ({
      Permission: permission, GrantScope: scope, ApplicationArn: applicationArn,
    }));
    return { CallerAccessGrantsList, NextToken: next };
  },
});
