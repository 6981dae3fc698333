/** S3 Access Grants: who may reach which prefixes, with credentials that are given out for them alone. */

import type * as control from "../../generated/s3-control.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { noAccessGrantsInstance } from "./errors.ts";

/** Who takes on the roles of locations. */
export const accessGrantsPrincipal = "access-grants.s3.amazonaws.com";

/** One an account and region. */
export interface AccessGrantsInstance {
  readonly id: "default";
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly identityCenterArn?: string;
  readonly policy?: { readonly text: string; readonly organization?: string; readonly createdAt: number };
}

export const instances = table<AccessGrantsInstance>("s3-control.accessGrantsInstances", {
  key: (row) => row.id,
});

export interface AccessGrantsLocation {
  readonly id: string;
  /** `s3://`, `s3://bucket`, `s3://bucket/prefix`. */
  readonly scope: string;
  readonly roleArn: string;
  readonly createdAt: number;
}

export const locations = table<AccessGrantsLocation, "scope">("s3-control.accessGrantsLocations", {
  key: (row) => row.id,
  indexes: { scope: (row) => [row.scope] },
});

export interface AccessGrant {
  readonly id: string;
  readonly locationId: string;
  readonly subPrefix?: string;
  /** `s3://bucket/prefix*` */
  readonly scope: string;
  readonly granteeType: control.GranteeType;
  readonly granteeIdentifier: string;
  readonly permission: control.Permission;
  readonly applicationArn?: string;
  readonly createdAt: number;
}

export const grants = table<AccessGrant, "within" | "grantee">("s3-control.accessGrants", {
  key: (row) => row.id,
  indexes: {
    within: (row) => [row.locationId, row.id],
    grantee: (row) => [row.granteeType, row.granteeIdentifier, row.id],
  },
});

export function instanceArn({ account, region }: Pick<ReadContext, "account" | "region">): string {
  return `arn:aws:s3:${region}:${account}:access-grants/default`;
}

export function locationArn(ctx: ReadContext, id: string): string {
  return `${instanceArn(ctx)}/location/${id}`;
}

export function grantArn(ctx: ReadContext, id: string): string {
  return `${instanceArn(ctx)}/grant/${id}`;
}

export function requireInstance(ctx: ReadContext): AccessGrantsInstance {
  const found = ctx.db(instances).get("default");
  if (!found) throw noAccessGrantsInstance();
  return found;
}
