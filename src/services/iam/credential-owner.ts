/** Whose credentials a request is about: the user it names, or its caller. */

import type { ReadContext } from "../../kernel/context.ts";
import { mustNameUser } from "./errors.ts";
import { requireUser, type User } from "./principals.ts";

/** The account's root, where root's own credentials are meant. */
export interface RootOwner {
  readonly kind: "root";
  /** The account's number. */
  readonly id: string;
  readonly name: string;
}

/** @throws NoSuchEntity; ValidationError for callers that are neither users nor root */
export function credentialOwner(ctx: ReadContext, userName: string | undefined): User | RootOwner {
  if (userName !== undefined) return requireUser(ctx, userName);
  if (ctx.caller.type === "Root") return { kind: "root", id: ctx.account, name: "root" };
  if (ctx.caller.type !== "IAMUser" || ctx.caller.userName === undefined) throw mustNameUser();
  return requireUser(ctx, ctx.caller.userName);
}

/** @throws NoSuchEntity, ValidationError, also for root, which has none of these */
export function owningUser(ctx: ReadContext, userName: string | undefined): User {
  const owner = credentialOwner(ctx, userName);
  if (owner.kind === "root") throw mustNameUser();
  return owner;
}
