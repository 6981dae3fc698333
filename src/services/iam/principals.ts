/** Users, groups and roles as IAM keeps them: what their operations, policies and credentials all look up. */

import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table, type Ordered } from "../../store/types.ts";
import { noSuchPrincipal } from "./errors.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface User extends Named {
  readonly kind: "user";
  readonly boundaryArn?: string;
}

export interface Group extends Named {
  readonly kind: "group";
}

export interface Role extends Named {
  readonly kind: "role";
  readonly trustPolicy: string;
  readonly description?: string;
  readonly maxSessionDurationSeconds: number;
  readonly boundaryArn?: string;
  /** The service whose role this is: `ecs.amazonaws.com`. Only it may change the role. */
  readonly linkedService?: string;
}

export type Principal = User | Group | Role;
export type PrincipalKind = Principal["kind"];

/**
 * Everything refers to a principal by its id, which a new name does not change. Names are unique whatever
 * their case.
 *
 * @evidence IAM User Guide, IAM and AWS STS quotas: names "are not distinguished by case"
 */
const byId = (principal: Named) => principal.id;
const byName = (principal: Named) => principal.name.toLowerCase();

export const users = table<User, "name" | "boundary">("iam.users", {
  key: byId, indexes: { name: byName, boundary: (user) => user.boundaryArn },
});
export const groups = table<Group, "name">("iam.groups", { key: byId, indexes: { name: byName } });
export const roles = table<Role, "name" | "boundary">("iam.roles", {
  key: byId, indexes: { name: byName, boundary: (role) => role.boundaryArn },
});

/** Where a row stands in the order of names, for markers. */
export function namePosition(named: Named): readonly [string, string] {
  return [named.name.toLowerCase(), named.id];
}

function firstNamed<Row>(rows: Ordered<Row>, name: string): Row | undefined {
  return rows.first({ prefix: [name.toLowerCase()] });
}

export function findUser(ctx: ReadContext, name: string): User | undefined {
  return firstNamed(ctx.db(users).by("name"), name);
}

export function findGroup(ctx: ReadContext, name: string): Group | undefined {
  return firstNamed(ctx.db(groups).by("name"), name);
}

export function findRole(ctx: ReadContext, name: string): Role | undefined {
  return firstNamed(ctx.db(roles).by("name"), name);
}

export function requireUser(ctx: ReadContext, name: string): User {
  const user = findUser(ctx, name);
  if (user === undefined) throw noSuchPrincipal("user", name);
  return user;
}

export function requireGroup(ctx: ReadContext, name: string): Group {
  const group = findGroup(ctx, name);
  if (group === undefined) throw noSuchPrincipal("group", name);
  return group;
}

export function requireRole(ctx: ReadContext, name: string): Role {
  const role = findRole(ctx, name);
  if (role === undefined) throw noSuchPrincipal("role", name);
  return role;
}

export function arnOf(ctx: ReadContext, principal: Pick<Principal, "kind" | "path" | "name">): string {
  return ctx.arn(`${principal.kind}${principal.path}${principal.name}`);
}

/** The ARN that IAM is asked about: with the real path, or without one where there is nobody of that name. */
export function userArn(ctx: ReadContext, name: string): string {
  return arnOf(ctx, findUser(ctx, name) ?? { kind: "user", path: "/", name });
}

export function groupArn(ctx: ReadContext, name: string): string {
  return arnOf(ctx, findGroup(ctx, name) ?? { kind: "group", path: "/", name });
}

export function roleArn(ctx: ReadContext, name: string): string {
  return arnOf(ctx, findRole(ctx, name) ?? { kind: "role", path: "/", name });
}

/** The user, group or role of this account that has exactly this ARN. */
export function principalOfArn(ctx: ReadContext, arn: string): Principal | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== "iam" || parsed.account !== ctx.account) return undefined;
  const [kind = ""] = parsed.resource.split("/", 1);
  const name = parsed.resource.slice(parsed.resource.lastIndexOf("/") + 1);
  const find = { user: findUser, group: findGroup, role: findRole }[kind as PrincipalKind] as
    ((ctx: ReadContext, name: string) => Principal | undefined) | undefined;
  const found = find?.(ctx, name);
  return found !== undefined && arnOf(ctx, found) === arn ? found : undefined;
}
