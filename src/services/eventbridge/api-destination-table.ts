/** An API destination: an endpoint outside of AWS, with the connection that it is reached by. */

import type * as events from "../../generated/eventbridge.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";

export interface ApiDestination {
  readonly name: string;
  readonly id: string;
  readonly description?: string | undefined;
  readonly connectionArn: string;
  /** With `*` for the target's path parameters. */
  readonly endpoint: string;
  readonly method: events.ApiDestinationHttpMethod;
  readonly ratePerSecond: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export const apiDestinations = table<ApiDestination, "connection">("eventbridge.apiDestinations", {
  key: (row) => row.name,
  indexes: { connection: (row) => row.connectionArn },
});

export function apiDestinationArn(
  ctx: ReadContext, { name, id }: Pick<ApiDestination, "name" | "id">,
): string {
  return formatArn({
    service: "events", region: ctx.region, account: ctx.account, resource: `api-destination/${name}/${id}`,
  });
}

/** Whether some destination goes by this connection. */
export function isUsed(ctx: ReadContext, connection: string): boolean {
  return ctx.db(apiDestinations).by("connection").first({ prefix: connection }) !== undefined;
}
