/** Grants of Access Grants: who may reach what within a location. */

import * as control from "../../generated/s3-control.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import {
  grantArn, grants, instanceArn, requireInstance, type AccessGrant, type AccessGrantsLocation,
} from "./access-grant-table.ts";
import { requireLocation } from "./access-grants-locations.ts";
import { onInstance } from "./access-grants-instance.ts";
import { ofAccount } from "./account.ts";
import { accessGrantExists, invalidRequest, invalidToken, noSuchAccessGrant } from "./errors.ts";
import { setTags } from "./tags.ts";

const onGrant = {
  ...ofAccount,
  resource: (input: { readonly AccessGrantId: string }, ctx: ReadContext) =>
    grantArn(ctx, input.AccessGrantId),
};

function shown(ctx: ReadContext, grant: AccessGrant): control.GetAccessGrantResult {
  return {
    CreatedAt: grant.createdAt,
    AccessGrantId: grant.id,
    AccessGrantArn: grantArn(ctx, grant.id),
    Grantee: granteeOf(grant),
    Permission: grant.permission,
    AccessGrantsLocationId: grant.locationId,
    ...(grant.subPrefix !== undefined && {
      AccessGrantsLocationConfiguration: { S3SubPrefix: grant.subPrefix },
    }),
    GrantScope: grant.scope,
    ApplicationArn: grant.applicationArn,
  };
}

export function granteeOf({ granteeType, granteeIdentifier }: AccessGrant): control.Grantee {
  return { GranteeType: granteeType, GranteeIdentifier: granteeIdentifier };
}

/** `s3://bucket/prefix*`; of an object its very name. */
function scopeOf(input: control.CreateAccessGrantRequest, { scope }: AccessGrantsLocation): string {
  const subPrefix = input.AccessGrantsLocationConfiguration?.S3SubPrefix ?? "";
  const isWhole = subPrefix === "" || scope.endsWith("/");
  const whole = isWhole ? scope + subPrefix : `${scope}/${subPrefix}`;
  if (input.S3PrefixType === "Object") return whole.replace(/\*$/, "");
  return whole.endsWith("*") ? whole : `${whole}*`;
}

/** @evidence S3 API Reference, CreateAccessGrant: the whole of `s3://` is too much for one grant */
export const CreateAccessGrant = operation(control.CreateAccessGrant, {
  ...onInstance,
  run(input, ctx) {
    const location = requireLocation(ctx, input.AccessGrantsLocationId);
    const { GranteeType: granteeType, GranteeIdentifier: granteeIdentifier } = input.Grantee;
    if (granteeType === undefined || granteeIdentifier === undefined) {
      throw invalidRequest("The specified grantee is invalid");
    }
    const scope = scopeOf(input, location);
    if (scope === "s3://*") throw invalidRequest("The grant scope must name a bucket");
    const twin = [...ctx.db(grants).by("grantee").list({ prefix: [granteeType, granteeIdentifier] })].some(
      (each) => each.scope === scope && each.permission === input.Permission,
    );
    if (twin) throw accessGrantExists();
    const subPrefix = input.AccessGrantsLocationConfiguration?.S3SubPrefix;
    const made = ctx.db(grants).add({
      id: ctx.ids.uuid(),
      locationId: location.id,
      scope, granteeType, granteeIdentifier,
      permission: input.Permission,
      createdAt: ctx.clock.now(),
      ...(subPrefix !== undefined && { subPrefix }),
      ...(input.ApplicationArn !== undefined && { applicationArn: input.ApplicationArn }),
    });
    setTags(ctx, grantArn(ctx, made.id), input.Tags);
    return shown(ctx, made);
  },
});

function requireGrant(ctx: ReadContext, id: string): AccessGrant {
  requireInstance(ctx);
  const found = ctx.db(grants).get(id);
  if (!found) throw noSuchAccessGrant();
  return found;
}

export const GetAccessGrant = operation(control.GetAccessGrant, {
  ...onGrant,
  run: (input, ctx) => shown(ctx, requireGrant(ctx, input.AccessGrantId)),
});

export const DeleteAccessGrant = operation(control.DeleteAccessGrant, {
  ...onGrant,
  run({ AccessGrantId: id }, ctx) {
    requireGrant(ctx, id);
    ctx.db(grants).delete(id);
    ctx.tags(grantArn(ctx, id)).clear();
  },
});

const pageSizeMax = 1_000;

export const ListAccessGrants = operation(control.ListAccessGrants, {
  ...ofAccount,
  resource: (_input, ctx) => instanceArn(ctx),
  run(input, ctx) {
    requireInstance(ctx);
    const wanted: readonly (readonly [unknown, (row: AccessGrant) => unknown])[] = [
      [input.GranteeType, (row) => row.granteeType],
      [input.GranteeIdentifier, (row) => row.granteeIdentifier],
      [input.Permission, (row) => row.permission],
      [input.GrantScope, (row) => row.scope],
      [input.ApplicationArn, (row) => row.applicationArn],
    ];
    const { items, next } = page({
      rows: ctx.db(grants),
      key: (row) => row.id,
      keep: (row) => wanted.every(([value, of]) => value === undefined || value === of(row)),
      limit: input.MaxResults || pageSizeMax,
      token: input.NextToken,
      scope: "s3-control.ListAccessGrants",
      invalid: invalidToken,
    });
    return { AccessGrantsList: items.map((row) => shown(ctx, row)), NextToken: next };
  },
});
