/** What must be gone before a user can be, in the order in which IAM asks for it. */

import type { ReadContext } from "../../kernel/context.ts";
import { memberships } from "./membership-rows.ts";
import { accessKeys, loginProfiles } from "./credential-rows.ts";
import type { Ordered } from "../../store/types.ts";
import { mfaDevices } from "./mfa-rows.ts";
import { attachments, inlinePolicies } from "./policy-rows.ts";
import { serviceCredentials, signingCertificates, sshPublicKeys } from "./public-key-rows.ts";

export interface UserDependant {
  /** The middle of "Cannot delete entity, must … first." */
  readonly first: string;
  readonly has: (ctx: ReadContext, userId: string) => boolean;
}

function count<Row>(rows: Ordered<Row>, userId: string): number {
  return rows.count({ prefix: [userId] });
}

/** A noun that gives users something more adds a line. */
export const userDependants: readonly UserDependant[] = [
  { first: "detach all policies", has: (ctx, id) => count(ctx.db(attachments), id) > 0 },
  { first: "delete policies", has: (ctx, id) => count(ctx.db(inlinePolicies), id) > 0 },
  { first: "remove users from group", has: (ctx, id) => count(ctx.db(memberships).by("user"), id) > 0 },
  { first: "delete access keys", has: (ctx, id) => count(ctx.db(accessKeys).by("owner"), id) > 0 },
  { first: "delete login profile", has: (ctx, id) => ctx.db(loginProfiles).has(id) },
  { first: "delete MFA device", has: (ctx, id) => count(ctx.db(mfaDevices).by("owner"), id) > 0 },
  {
    first: "delete signing certificates",
    has: (ctx, id) => count(ctx.db(signingCertificates).by("owner"), id) > 0,
  },
  { first: "delete SSH public keys", has: (ctx, id) => count(ctx.db(sshPublicKeys).by("user"), id) > 0 },
  {
    first: "delete service specific credentials",
    has: (ctx, id) => count(ctx.db(serviceCredentials).by("user"), id) > 0,
  },
];
