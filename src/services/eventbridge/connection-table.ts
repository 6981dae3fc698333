/** A connection: how API destinations are authorized. What is secret of it is in Secrets Manager. */

import type * as events from "../../generated/eventbridge.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { notFound } from "./errors.ts";

export interface Connection {
  readonly name: string;
  readonly id: string;
  readonly description?: string | undefined;
  readonly kmsKey?: string | undefined;
  readonly type: events.ConnectionAuthorizationType;
  readonly state: events.ConnectionState;
  readonly stateReason?: string | undefined;
  /** Without what is secret. */
  readonly shown: events.ConnectionAuthResponseParameters;
  readonly secretArn: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly authorizedAt?: number | undefined;
}

export const connections = table<Connection>("eventbridge.connections", { key: (row) => row.name });

export function connectionArn(ctx: ReadContext, { name, id }: Pick<Connection, "name" | "id">): string {
  return formatArn({
    service: "events", region: ctx.region, account: ctx.account, resource: `connection/${name}/${id}`,
  });
}

/** The connection of this cell that an ARN names. */
export function findConnectionByArn(ctx: ReadContext, arn: string): Connection | undefined {
  const connection = ctx.db(connections).get(arn.split("/")[1] ?? "");
  return connection && connectionArn(ctx, connection) === arn ? connection : undefined;
}

/** @throws ResourceNotFoundException */
export function requireConnection(ctx: ReadContext, name: string): Connection {
  const connection = ctx.db(connections).get(name);
  if (!connection) {
    throw notFound(`Failed to describe the connection(s). Connection '${name}' does not exist.`);
  }
  return connection;
}
