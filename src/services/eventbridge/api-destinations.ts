/** API destinations: how they come and go. */

import * as events from "../../generated/eventbridge.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { apiDestinationArn, apiDestinations, type ApiDestination } from "./api-destination-table.ts";
import { findConnectionByArn } from "./connection-table.ts";
import { alreadyExists, invalidParameter, invalidToken, limitExceeded, notFound } from "./errors.ts";

/** @evidence EventBridge quotas: API destinations */
const destinationsMax = 3_000;
/** @evidence EventBridge API Reference, CreateApiDestination */
const ratePerSecondDefault = 300;

interface NamesDestination {
  readonly Name: string;
}

const onDestination = {
  resource: ({ Name }: NamesDestination, ctx: ReadContext): string =>
    formatArn({
      service: "events", region: ctx.region, account: ctx.account, resource: `api-destination/${Name}`,
    }),
};

function requireDestination(ctx: ReadContext, name: string): ApiDestination {
  const destination = ctx.db(apiDestinations).get(name);
  if (!destination) {
    throw notFound(`Failed to describe the api-destination(s). An api-destination '${name}' does not exist.`);
  }
  return destination;
}

function requireConnectionArn(ctx: ReadContext, arn: string): void {
  if (!findConnectionByArn(ctx, arn)) throw notFound(`Connection '${arn}' does not exist.`);
}

/** AWS takes HTTPS alone; what runs on this machine may be reached without. */
function requireEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return;
  throw invalidParameter("InvocationEndpoint", "The endpoint must be an HTTPS URL.");
}

/** It works as long as its connection does. */
function stateOf(ctx: ReadContext, { connectionArn }: ApiDestination): events.ApiDestinationState {
  return findConnectionByArn(ctx, connectionArn)?.state === "AUTHORIZED" ? "ACTIVE" : "INACTIVE";
}

function answer(ctx: ReadContext, destination: ApiDestination): events.CreateApiDestinationResponse {
  return {
    ApiDestinationArn: apiDestinationArn(ctx, destination),
    ApiDestinationState: stateOf(ctx, destination),
    CreationTime: destination.createdAt,
    LastModifiedTime: destination.modifiedAt,
  };
}

export const CreateApiDestination = operation(events.CreateApiDestination, {
  ...onDestination,
  run(input, ctx) {
    const name = input.Name;
    if (ctx.db(apiDestinations).has(name)) {
      throw alreadyExists(`An api-destination '${name}' already exists.`);
    }
    if (ctx.db(apiDestinations).count() >= destinationsMax) throw limitExceeded();
    requireConnectionArn(ctx, input.ConnectionArn);
    requireEndpoint(input.InvocationEndpoint);
    const now = ctx.clock.now();
    const destination = ctx.db(apiDestinations).put({
      name,
      id: ctx.ids.uuid(),
      description: input.Description,
      connectionArn: input.ConnectionArn,
      endpoint: input.InvocationEndpoint,
      method: input.HttpMethod,
      ratePerSecond: input.InvocationRateLimitPerSecond ?? ratePerSecondDefault,
      createdAt: now,
      modifiedAt: now,
    });
    return answer(ctx, destination);
  },
});

export const UpdateApiDestination = operation(events.UpdateApiDestination, {
  ...onDestination,
  run(input, ctx) {
    const before = requireDestination(ctx, input.Name);
    if (input.ConnectionArn !== undefined) requireConnectionArn(ctx, input.ConnectionArn);
    if (input.InvocationEndpoint !== undefined) requireEndpoint(input.InvocationEndpoint);
    const destination = ctx.db(apiDestinations).put({
      ...before,
      description: input.Description ?? before.description,
      connectionArn: input.ConnectionArn ?? before.connectionArn,
      endpoint: input.InvocationEndpoint ?? before.endpoint,
      method: input.HttpMethod ?? before.method,
      ratePerSecond: input.InvocationRateLimitPerSecond ?? before.ratePerSecond,
      modifiedAt: ctx.clock.now(),
    });
    return answer(ctx, destination);
  },
});

export const DeleteApiDestination = operation(events.DeleteApiDestination, {
  ...onDestination,
  run({ Name }, ctx) {
    requireDestination(ctx, Name);
    ctx.db(apiDestinations).delete(Name);
  },
});

function shownDestination(ctx: ReadContext, destination: ApiDestination): events.ApiDestination {
  return {
    ...answer(ctx, destination),
    Name: destination.name,
    ConnectionArn: destination.connectionArn,
    InvocationEndpoint: destination.endpoint,
    HttpMethod: destination.method,
    InvocationRateLimitPerSecond: destination.ratePerSecond,
  };
}

export const DescribeApiDestination = operation(events.DescribeApiDestination, {
  ...onDestination,
  run({ Name }, ctx) {
    const destination = requireDestination(ctx, Name);
    return { ...shownDestination(ctx, destination), Description: destination.description };
  },
});

export const ListApiDestinations = operation(events.ListApiDestinations, {
  run({ NamePrefix: prefix = "", ConnectionArn, Limit, NextToken }, ctx) {
    const { items, next } = page({
      rows: ctx.db(apiDestinations),
      range: prefix === "" ? {} : { prefix, prefixOfLastPart: true },
      key: (destination) => destination.name,
      keep: ({ connectionArn }) => ConnectionArn === undefined || connectionArn === ConnectionArn,
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListApiDestinations ${prefix}`,
      invalid: invalidToken,
    });
    return {
      ApiDestinations: items.map((destination) => shownDestination(ctx, destination)), NextToken: next,
    };
  },
});
