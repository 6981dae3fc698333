/** Connections: how they come and go, and how they are authorized. */

import * as events from "../../generated/eventbridge.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { isUsed } from "./api-destination-table.ts";
import {
  changeSecret, createSecret, deleteSecret, makeLinkedRole, readSecret, secretOf, shownOf,
} from "./connection-secrets.ts";
import { connectionArn, connections, requireConnection, type Connection } from "./connection-table.ts";
import { alreadyExists, invalidToken, limitExceeded, validation } from "./errors.ts";
import { fetchToken, forgetToken } from "./oauth.ts";

/** @evidence EventBridge quotas: connections */
const connectionsMax = 3_000;

interface NamesConnection {
  readonly Name: string;
}

const onConnection = {
  resource: ({ Name }: NamesConnection, ctx: ReadContext): string =>
    formatArn({
      service: "events", region: ctx.region, account: ctx.account, resource: `connection/${Name}`,
    }),
};

const members = {
  BASIC: "BasicAuthParameters", API_KEY: "ApiKeyAuthParameters", OAUTH_CLIENT_CREDENTIALS: "OAuthParameters",
} as const;

/** @throws ValidationException */
function requireParameters(
  type: events.ConnectionAuthorizationType, parameters: events.UpdateConnectionAuthRequestParameters,
): void {
  if (parameters[members[type]] === undefined) {
    throw validation(`${members[type]} must be specified for the authorization type ${type}.`);
  }
}

type Connectivity = Pick<events.CreateConnectionRequest, "InvocationConnectivityParameters">;

function requirePublic({ InvocationConnectivityParameters: isPrivate }: Connectivity): void {
  if (isPrivate) throw notImplemented("eventbridge: connections to private APIs");
}

function stateOf(type: events.ConnectionAuthorizationType): events.ConnectionState {
  return type === "OAUTH_CLIENT_CREDENTIALS" ? "AUTHORIZING" : "AUTHORIZED";
}

function answer(ctx: ReadContext, connection: Connection): events.UpdateConnectionResponse {
  return {
    ConnectionArn: connectionArn(ctx, connection),
    ConnectionState: connection.state,
    CreationTime: connection.createdAt,
    LastModifiedTime: connection.modifiedAt,
    LastAuthorizedTime: connection.authorizedAt,
  };
}

export const CreateConnection = operation(events.CreateConnection, {
  ...onConnection,
  async body(input, ctx) {
    const { Name: name, AuthorizationType: type, AuthParameters } = input;
    requireParameters(type, AuthParameters);
    requirePublic(input);
    ctx.transaction((within) => {
      if (within.db(connections).has(name)) throw alreadyExists(`Connection ${name} already exists.`);
      if (within.db(connections).count() >= connectionsMax) throw limitExceeded();
    });
    await makeLinkedRole(ctx);
    const secret = secretOf(AuthParameters);
    const secretArn = await createSecret(ctx, name, secret, input.KmsKeyIdentifier);
    return ctx.transaction((within) => {
      if (within.db(connections).has(name)) throw alreadyExists(`Connection ${name} already exists.`);
      const now = ctx.clock.now();
      const connection = within.db(connections).put({
        name, id: ctx.ids.uuid(), description: input.Description,
        kmsKey: input.KmsKeyIdentifier || undefined, type,
        state: stateOf(type), shown: shownOf(type, secret), secretArn, createdAt: now, modifiedAt: now,
        authorizedAt: now,
      });
      planAuthorization(within, connection);
      const { LastAuthorizedTime: _authorized, ...rest } = answer(ctx, connection);
      return rest;
    });
  },
});

export const UpdateConnection = operation(events.UpdateConnection, {
  ...onConnection,
  async body(input, ctx) {
    const before = ctx.transaction((within) => requireConnection(within, input.Name));
    const { AuthorizationType: type = before.type, AuthParameters = {} } = input;
    requirePublic(input);
    const hasChanged = type !== before.type;
    if (hasChanged) requireParameters(type, AuthParameters);
    const known = hasChanged ? {} : await readSecret(ctx, before.secretArn);
    const secret = secretOf(AuthParameters, known);
    await changeSecret(ctx, before.secretArn, secret, input.KmsKeyIdentifier);
    return ctx.transaction((within) => {
      const now = ctx.clock.now();
      const connection = within.db(connections).put({
        ...before, type, description: input.Description ?? before.description,
        kmsKey: (input.KmsKeyIdentifier ?? before.kmsKey) || undefined,
        state: stateOf(type), stateReason: undefined,
        shown: shownOf(type, secret), modifiedAt: now, authorizedAt: now,
      });
      forgetToken(ctx, connection);
      planAuthorization(within, connection);
      return answer(ctx, connection);
    });
  },
});

interface NamedConnection {
  readonly name: string;
  readonly id: string;
}

function planAuthorization(
  ctx: { schedule: (job: typeof authorize, schedule: { at: number; input: NamedConnection }) => void }
    & Pick<BodyContext, "clock">,
  { name, id, state }: Connection,
): void {
  if (state === "AUTHORIZING") ctx.schedule(authorize, { at: ctx.clock.now(), input: { name, id } });
}

/** Asks the authorization server for a token: a connection is only used once there was one. */
export const authorize = asynchronousJob<NamedConnection>(
  "eventbridge.authorizeConnection",
  async ({ name, id }, ctx) => {
    const find = (reader: ReadContext): Connection | undefined => {
      const connection = reader.db(connections).get(name);
      return connection?.id === id && connection.state === "AUTHORIZING" ? connection : undefined;
    };
    const connection = ctx.transaction((within) => find(within));
    if (!connection) return;
    const token = await fetchToken(ctx, connection, await readSecret(ctx, connection.secretArn));
    ctx.transaction((within) => {
      const current = find(within);
      if (!current) return;
      within.db(connections).put(
        "failure" in token
          ? { ...current, state: "DEAUTHORIZED", stateReason: token.failure.message }
          : { ...current, state: "AUTHORIZED", stateReason: undefined, authorizedAt: ctx.clock.now() },
      );
    });
  },
);

export const DeauthorizeConnection = operation(events.DeauthorizeConnection, {
  ...onConnection,
  run({ Name }, ctx) {
    const connection = requireConnection(ctx, Name);
    const changed = ctx.db(connections).put({
      ...connection, state: "DEAUTHORIZED", modifiedAt: ctx.clock.now(),
    });
    return { ...answer(ctx, changed), ConnectionState: "DEAUTHORIZING" as const };
  },
});

export const DeleteConnection = operation(events.DeleteConnection, {
  ...onConnection,
  async body({ Name }, ctx) {
    const connection = ctx.transaction((within) => {
      const found = requireConnection(within, Name);
      if (isUsed(within, connectionArn(ctx, found))) {
        throw validation(`Connection '${Name}' is used by API destinations and can't be deleted.`);
      }
      return found;
    });
    await deleteSecret(ctx, connection.secretArn);
    ctx.transaction((within) => within.db(connections).delete(Name));
    return { ...answer(ctx, connection), ConnectionState: "DELETING" as const };
  },
});

export const DescribeConnection = operation(events.DescribeConnection, {
  ...onConnection,
  run({ Name }, ctx) {
    const connection = requireConnection(ctx, Name);
    return {
      ...answer(ctx, connection),
      Name,
      Description: connection.description,
      StateReason: connection.stateReason,
      AuthorizationType: connection.type,
      SecretArn: connection.secretArn,
      KmsKeyIdentifier: connection.kmsKey,
      AuthParameters: connection.shown,
    };
  },
});

export const ListConnections = operation(events.ListConnections, {
  run({ NamePrefix: prefix = "", ConnectionState, Limit, NextToken }, ctx) {
    const { items, next } = page({
      rows: ctx.db(connections),
      range: prefix === "" ? {} : { prefix, prefixOfLastPart: true },
      key: (connection) => connection.name,
      keep: ({ state }) => ConnectionState === undefined || state === ConnectionState,
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListConnections ${prefix}`,
      invalid: invalidToken,
    });
    const Connections = items.map((connection) => ({
      ...answer(ctx, connection),
      Name: connection.name,
      StateReason: connection.stateReason,
      AuthorizationType: connection.type,
    }));
    return { Connections, NextToken: next };
  },
});
