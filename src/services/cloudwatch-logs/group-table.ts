/** The row of a log group, and how requests name one. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Arrival, Owner } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { invalidParameter, notFound } from "./errors.ts";

export type GroupClass = "STANDARD" | "INFREQUENT_ACCESS" | "DELIVERY";

export interface LogGroup {
  readonly name: string;
  /** Its own even among groups of one name that followed each other. */
  readonly id: string;
  readonly groupClass: GroupClass;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly retentionDays?: number;
  readonly isProtected?: boolean;
  readonly kmsKeyId?: string;
  /** The data key that events are encrypted under, as KMS sealed it. */
  readonly sealedKeyId?: string;
  /** A data protection policy is attached, or was: events are masked as it says. */
  readonly dataProtection?: "ACTIVATED" | "DISABLED" | "DELETED";
  readonly bearerTokens?: boolean;
}

export const groups = table<LogGroup>("logs.groups", { key: (group) => group.name });

/** What grows with every put, apart from the group, so that the group's row stays as it is. */
export interface GroupUsage {
  readonly groupId: string;
  /** The number that the next event of the group gets. */
  readonly nextSequence: number;
  readonly storedBytes: number;
  /** The longest time between the first and last event of one block. */
  readonly spanMilliseconds: number;
  /** When events past their retention are next looked for; undefined when none is stored. */
  readonly sweepAt?: number;
}

export const usages = table<GroupUsage>("logs.usages", { key: (usage) => usage.groupId });

export function usageOf(ctx: Pick<ReadContext, "db">, groupId: string): GroupUsage {
  return ctx.db(usages).get(groupId) ?? { groupId, nextSequence: 0, storedBytes: 0, spanMilliseconds: 0 };
}

export function findGroup(ctx: Pick<ReadContext, "db">, name: string): LogGroup | undefined {
  return ctx.db(groups).get(name);
}

/** @throws ResourceNotFoundException */
export function requireGroup(ctx: Pick<ReadContext, "db">, name: string): LogGroup {
  const group = findGroup(ctx, name);
  if (!group) throw notFound("log group");
  return group;
}

/** Without `:*` at its end, as tags and delivery name a group. */
export function groupArn(ctx: Pick<ReadContext, "arn">, name: string): string {
  return ctx.arn(`log-group:${name}`);
}

export function streamArn(ctx: Pick<ReadContext, "arn">, group: string, stream: string): string {
  return ctx.arn(`log-group:${group}:log-stream:${stream}`);
}

/** A group named by its name or its ARN. */
export function groupNameOf(identifier: string): string {
  const resource = parseArn(identifier)?.resource ?? identifier;
  const name = resource.startsWith("log-group:") ? resource.slice("log-group:".length) : resource;
  return name.endsWith(":*") ? name.slice(0, -2) : name;
}

export interface NamesGroup {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

/**
 * The group that an operation with both members means.
 *
 * @evidence CloudWatch Logs API Reference, GetLogEvents: either of the two, but not both
 */
export function namedGroup(input: NamesGroup): string {
  const { logGroupName, logGroupIdentifier } = input;
  if ((logGroupName === undefined) === (logGroupIdentifier === undefined)) {
    throw invalidParameter("Either logGroupName or logGroupIdentifier must be specified, but not both.");
  }
  return logGroupName ?? groupNameOf(logGroupIdentifier ?? "");
}

/** What IAM is asked about; the end of it is there also where no stream is named. */
export function aboutGroup(name: string, ctx: ReadContext, stream = ""): string {
  return streamArn(ctx, name, stream);
}

/** Named by an ARN, a group is the account's in the ARN. */
export function ownerOfIdentifier(identifier: string | undefined, from: Arrival): Owner | undefined {
  const arn = identifier === undefined ? undefined : parseArn(identifier);
  return arn && { account: arn.account || from.account };
}

/** Rules of operations that work on one group by its name. */
export const onGroup = {
  resource: (input: { readonly logGroupName: string }, ctx: ReadContext) => aboutGroup(
    input.logGroupName, ctx
  ),
};

/** Rules of operations that take a name or an ARN, in one of two members. */
export const onNamedGroup = {
  owner: (input: NamesGroup, from: Arrival) => ownerOfIdentifier(input.logGroupIdentifier, from),
  resource: (input: NamesGroup, ctx: ReadContext) =>
    aboutGroup(input.logGroupName ?? groupNameOf(input.logGroupIdentifier ?? ""), ctx),
};

/** Rules of operations that take a name or an ARN in the member of that name. */
export const onIdentifiedGroup = {
  owner: (input: { readonly logGroupIdentifier: string }, from: Arrival) =>
    ownerOfIdentifier(input.logGroupIdentifier, from),
  resource: (input: { readonly logGroupIdentifier: string }, ctx: ReadContext) =>
    aboutGroup(groupNameOf(input.logGroupIdentifier), ctx),
};

/** Events before this are past their retention: they are not shown, and go before long. */
export function expiredBefore(group: LogGroup, now: number): number {
  return group.retentionDays === undefined ? -Infinity : now - group.retentionDays * 86_400_000;
}

export function changeGroup(ctx: Context, group: LogGroup, change: Partial<LogGroup>): LogGroup {
  return ctx.db(groups).put({ ...group, ...change });
}
