/** What parameter policies do when their time comes. */

import type { Context } from "../../kernel/context.ts";
import { job } from "../../jobs/job.ts";
import { removeParameter } from "./delete.ts";
import { announcePolicy } from "./events.ts";
import { findLatest, versions, type ParameterVersion } from "./parameter-rows.ts";

interface PolicyDue {
  readonly name: string;
  /** The version whose policies these are. */
  readonly version: number;
  readonly index: number;
}

const policiesMax = 10;

function jobId(name: string, index: number): string {
  return `${name} ${index}`;
}

function dueAt(version: ParameterVersion, index: number): number | undefined {
  const policy = version.policies[index];
  if (!policy || policy.status === "Finished") return undefined;
  const { type, expiresAt, periodMilliseconds = 0 } = policy;
  if (type === "Expiration") return expiresAt;
  if (type === "NoChangeNotification") return version.modifiedAt + periodMilliseconds;
  const expiration = version.policies.find((other) => other.type === "Expiration")?.expiresAt;
  return expiration === undefined ? undefined : expiration - periodMilliseconds;
}

/** After every change: times of earlier versions no longer count. */
export function schedulePolicies(ctx: Context, version: ParameterVersion): void {
  unschedulePolicies(ctx, version.name);
  version.policies.forEach((_, index) => {
    const at = dueAt(version, index);
    if (at === undefined) return;
    const input: PolicyDue = { name: version.name, version: version.version, index };
    ctx.schedule(enforcePolicy, { at, id: jobId(version.name, index), input });
  });
}

export function unschedulePolicies(ctx: Context, name: string): void {
  for (let index = 0; index < policiesMax; index++) ctx.unschedule(enforcePolicy, jobId(name, index));
}

export const enforcePolicy = job<PolicyDue>("ssm.enforcePolicy", (due, ctx) => {
  const latest = findLatest(ctx, due.name);
  const policy = latest?.version === due.version ? latest.policies[due.index] : undefined;
  if (!latest || !policy || policy.status === "Finished") return;
  announcePolicy(ctx, latest, policy);
  if (policy.type === "Expiration") {
    removeParameter(ctx, latest);
    return;
  }
  const policies = latest.policies.map((each, index) =>
    (index === due.index ? { ...each, status: "Finished" as const } : each));
  ctx.db(versions).put({ ...latest, policies });
});
