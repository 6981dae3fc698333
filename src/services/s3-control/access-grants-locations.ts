/** Locations of Access Grants: prefixes, and the role that reaches them. */

import * as control from "../../generated/s3-control.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import {
  accessGrantsPrincipal, grants, instanceArn, locationArn, locations, requireInstance,
  type AccessGrantsLocation,
} from "./access-grant-table.ts";
import { onInstance } from "./access-grants-instance.ts";
import { ofAccount } from "./account.ts";
import {
  accessGrantsLocationExists, accessGrantsLocationNotEmpty, invalidRequest, invalidToken,
  noAccessGrantsLocation,
} from "./errors.ts";
import { setTags } from "./tags.ts";

const onLocation = {
  ...ofAccount,
  resource: (input: { readonly AccessGrantsLocationId: string }, ctx: ReadContext) =>
    locationArn(ctx, input.AccessGrantsLocationId),
};

export function requireLocation(ctx: ReadContext, id: string): AccessGrantsLocation {
  requireInstance(ctx);
  const found = ctx.db(locations).get(id);
  if (!found) throw noAccessGrantsLocation();
  return found;
}

function shown(ctx: ReadContext, location: AccessGrantsLocation): control.GetAccessGrantsLocationResult {
  return {
    CreatedAt: location.createdAt,
    AccessGrantsLocationId: location.id,
    AccessGrantsLocationArn: locationArn(ctx, location.id),
    LocationScope: location.scope,
    IAMRoleArn: location.roleArn,
  };
}

const scopeForm = /^s3:\/\/(?:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/.*)?)?$/;
/** What reaches every bucket of the region. */
const everything = "s3://";

function requireRole(arn: string): void {
  const parsed = parseArn(arn);
  if (parsed?.service !== "iam" || !parsed.resource.startsWith("role/")) {
    throw invalidRequest("The specified IAM Role is invalid");
  }
}

/** @throws AccessDenied */
function requirePassable(ctx: Context, resource: string): void {
  const conditions = { "iam:passedtoservice": accessGrantsPrincipal };
  ctx.authorize({ action: "iam:PassRole", resource, conditions });
}

/** @evidence S3 API Reference, CreateAccessGrantsLocation: the id of the location `s3://` is `default` */
export const CreateAccessGrantsLocation = operation(control.CreateAccessGrantsLocation, {
  ...onInstance,
  run({ LocationScope: scope, IAMRoleArn: roleArn, Tags }, ctx) {
    requireInstance(ctx);
    if (!scopeForm.test(scope)) throw invalidRequest("The specified location scope is invalid");
    requireRole(roleArn);
    if (ctx.db(locations).by("scope").first({ prefix: [scope] })) throw accessGrantsLocationExists();
    requirePassable(ctx, roleArn);
    const id = scope === everything ? "default" : ctx.ids.uuid();
    const made = ctx.db(locations).add({ id, scope, roleArn, createdAt: ctx.clock.now() });
    setTags(ctx, locationArn(ctx, id), Tags);
    return shown(ctx, made);
  },
});

export const GetAccessGrantsLocation = operation(control.GetAccessGrantsLocation, {
  ...onLocation,
  run: (input, ctx) => shown(ctx, requireLocation(ctx, input.AccessGrantsLocationId)),
});

export const UpdateAccessGrantsLocation = operation(control.UpdateAccessGrantsLocation, {
  ...onLocation,
  run({ AccessGrantsLocationId, IAMRoleArn: roleArn }, ctx) {
    const location = requireLocation(ctx, AccessGrantsLocationId);
    requireRole(roleArn);
    requirePassable(ctx, roleArn);
    return shown(ctx, ctx.db(locations).put({ ...location, roleArn }));
  },
});

export const DeleteAccessGrantsLocation = operation(control.DeleteAccessGrantsLocation, {
  ...onLocation,
  run({ AccessGrantsLocationId: id }, ctx) {
    requireLocation(ctx, id);
    if (ctx.db(grants).by("within").first({ prefix: [id] })) throw accessGrantsLocationNotEmpty();
    ctx.db(locations).delete(id);
    ctx.tags(locationArn(ctx, id)).clear();
  },
});

const pageSizeMax = 1_000;

export const ListAccessGrantsLocations = operation(control.ListAccessGrantsLocations, {
  ...ofAccount,
  resource: (_input, ctx) => instanceArn(ctx),
  run({ LocationScope, NextToken, MaxResults }, ctx) {
    requireInstance(ctx);
    const { items, next } = page({
      rows: ctx.db(locations),
      key: (row) => row.id,
      keep: (row) => LocationScope === undefined || row.scope === LocationScope,
      limit: MaxResults || pageSizeMax,
      token: NextToken,
      scope: "s3-control.ListAccessGrantsLocations",
      invalid: invalidToken,
    });
    return { AccessGrantsLocationsList: items.map((row) => shown(ctx, row)), NextToken: next };
  },
});
