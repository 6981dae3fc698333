/** Applications of phones, and the endpoints that are phones. */

import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { modelledNotFound } from "./platform-errors.ts";
import { readArn } from "./topic-table.ts";

export interface PlatformApplication {
  /** `GCM/name` */
  readonly name: string;
  /** Without the credential, which is never shown. */
  readonly attributes: Readonly<Record<string, string>>;
}

export const applications = table<PlatformApplication>("sns.applications", { key: (row) => row.name });

export interface PlatformEndpoint {
  readonly application: string;
  readonly id: string;
  readonly token: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export const endpoints = table<PlatformEndpoint, "token">("sns.endpoints", {
  key: (row) => [row.application, row.id],
  indexes: { token: (row) => [row.application, row.token] },
});

export function applicationArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`app/${name}`);
}

export function endpointArn(ctx: ReadContext, { application, id }: PlatformEndpoint): string {
  return ctx.arn(`endpoint/${application}/${id}`);
}

export function requireApplication(ctx: ReadContext, arn: string): PlatformApplication {
  const name = readArn(ctx, arn, "PlatformApplicationArn").resource.replace(/^app\//, "");
  const found = ctx.db(applications).get(name);
  if (!found) throw modelledNotFound("PlatformApplication does not exist");
  return found;
}

export function findEndpoint(ctx: ReadContext, arn: string): PlatformEndpoint | undefined {
  const match = /^endpoint\/([^/]+\/[^/]+)\/(.+)$/.exec(readArn(ctx, arn, "EndpointArn").resource);
  return match ? ctx.db(endpoints).get([match[1] ?? "", match[2] ?? ""]) : undefined;
}

export function requireEndpointRow(ctx: ReadContext, arn: string): PlatformEndpoint {
  const found = findEndpoint(ctx, arn);
  if (!found) throw modelledNotFound("Endpoint does not exist");
  return found;
}
