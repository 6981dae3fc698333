import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  CreateApiDestinationCommand, CreateConnectionCommand, DeleteConnectionCommand,
    DescribeApiDestinationCommand,
  DescribeConnectionCommand, EventBridgeClient, UpdateConnectionCommand, type CreateConnectionCommandInput,
} from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { allow, trust } from "../../../test/policies.ts";
import { withDataFolder } from "../../../test/data-folder.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";
import { createInbox, entry, put, rule } from "./events-fixture.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An endpoint that answers with the statuses it is given, and when to come again, in turn; then 200. */
async function endpoint(statuses: (number | readonly [number, string])[] = []) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (request.url === "/token") {
        response.end(JSON.stringify({ access_token: `t-${String(seen.length)}`, expires_in: 60 }));
        return;
      }
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      const [status, retryAfter] = [statuses.shift() ?? 200].flat();
      response.statusCode = Number(status);
      response.setHeader("date", "Thu, 01 Jan 2026 00:00:00 GMT");
      if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return { seen, url, [Symbol.asyncDispose]: async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  } };
}

async function role(region: TestRegion): Promise<string> {
  const iam = region.client(IAMClient);
  const AssumeRolePolicyDocument = trust("events.amazonaws.com");
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "call", AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "call", PolicyName: "p", PolicyDocument: JSON.stringify(allow("events:InvokeApiDestination")),
  }));
  return Role?.Arn ?? "";
}

const basic: CreateConnectionCommandInput = {
  Name: "c", AuthorizationType: "BASIC",
  AuthParameters: { BasicAuthParameters: { Username: "user", Password: "pass" } },
};

async function destination(region: TestRegion, url: string, connection = basic): Promise<string> {
  const events = region.client(EventBridgeClient);
  const { ConnectionArn } = await events.send(new CreateConnectionCommand(connection));
  await region.engine.settled();
  const { ApiDestinationArn } = await events.send(new CreateApiDestinationCommand({
    Name: "d", ConnectionArn, InvocationEndpoint: url, HttpMethod: "POST",
  }));
  return ApiDestinationArn ?? "";
}

test("a connection keeps its secret in Secrets Manager and does not show it", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const created = await events.send(new CreateConnectionCommand(basic));
  assert.equal(created.ConnectionState, "AUTHORIZED");
  const { SecretArn, AuthParameters } = await events.send(new DescribeConnectionCommand({ Name: "c" }));
  assert.deepEqual(AuthParameters, { BasicAuthParameters: { Username: "user" } });
  assert.match(SecretArn ?? "",
    /^arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection\/c\/[0-9a-f-]{36}-\w{6}$/);
  const secrets = region.client(SecretsManagerClient);
  const read = async () =>
    JSON.parse((await secrets.send(new GetSecretValueCommand({ SecretId: SecretArn }))).SecretString ??
      "") as unknown;
  assert.deepEqual(await read(), { username: "user", password: "pass" });
  await events.send(new UpdateConnectionCommand({
    Name: "c", AuthParameters: { BasicAuthParameters: { Password: "new" } },
  }));
  assert.deepEqual(await read(), { username: "user", password: "new" });
  assert.equal((await events.send(new DeleteConnectionCommand({ Name: "c" }))).ConnectionState, "DELETING");
  assert.equal(await refusal(events.send(new DescribeConnectionCommand({ Name: "c" }))),
    "ResourceNotFoundException: Failed to describe the connection(s). Connection 'c' does not exist.");
  assert.match(await refusal(read()), /^ResourceNotFoundException/);
});

test("an event goes to an API with the connection's and the target's parameters", async () => {
  await using region = await startRegion();
  await using api = await endpoint();
  const events = region.client(EventBridgeClient);
  const Arn = await destination(region, `${api.url}/orders/*/lines`, {
    ...basic, AuthParameters: {
      ...basic.AuthParameters, InvocationHttpParameters: {
        HeaderParameters: [{ Key: "x-tenant", Value: "t", IsValueSecret: true }],
        QueryStringParameters: [{ Key: "q", Value: "1" }], BodyParameters: [{ Key: "added", Value: "b" }],
      },
    },
  });
  await rule(events, "r", { source: ["my.app"] }, [{
    Arn, RoleArn: await role(region), InputPath: "$.detail",
    HttpParameters: {
      PathParameterValues: ["$.detail.id"],
      HeaderParameters: { "x-kind": "$.detail-type", "User-Agent": "mine", "Cache-Control": "no-cache" },
    },
  }]);
  await put(events, entry({ id: "a/b" }));
  await region.engine.settled();
  const [{ method, url, headers, body } = assert.fail("nothing came")] = api.seen;
  assert.deepEqual([method, url, body], ["POST", "/orders/a%2Fb/lines?q=1", '{"id":"a/b","added":"b"}']);
  assert.deepEqual(
    [headers.authorization, headers["x-tenant"], headers["x-kind"], headers["user-agent"]],
    ["Basic dXNlcjpwYXNz", "t", "Order", "Amazon/EventBridge/ApiDestinations"],
  );
  assert.deepEqual(
    [headers.range, headers["accept-encoding"], headers["cache-control"], headers["content-type"]],
    ["bytes=0-1048575", "gzip,deflate", undefined, "application/json; charset=utf-8"],
  );
});

test("an API that fails is asked again by the retry policy, then the event is given up", async () => {
  await using region = await startRegion();
  await using api = await endpoint([503, 503, 200, 503, 503, 503, 400]);
  const events = region.client(EventBridgeClient);
  const dead = await createInbox(region, "dead");
  await rule(events, "r", { source: ["my.app"] }, [{
    Arn: await destination(region, api.url), RoleArn: await role(region),
    RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 },
      DeadLetterConfig: { Arn: dead.arn },
  }]);
  await put(events, entry({ n: 1 }));
  await region.engine.settled();
  assert.equal(api.seen.length, 1);
  await region.clock.advance({ seconds: 10 });
  assert.equal(api.seen.length, 3);
  await put(events, entry({ n: 2 }));
  await region.clock.advance({ seconds: 60 });
  await put(events, entry({ n: 3 }));
  await region.clock.advance({ seconds: 60 });
  assert.equal(api.seen.length, 7);
  const letters = (await dead.messages()).map(({ MessageAttributes: attributes = {} }) =>
    ["ERROR_CODE", "RETRY_ATTEMPTS", "EXHAUSTED_RETRY_CONDITION"].map((name) =>
      attributes[name]?.StringValue));
  assert.deepEqual(letters, [
    ["ERROR_FROM_TARGET", "2", "MaximumRetryAttempts"], ["SDK_CLIENT_ERROR", "0", undefined],
  ]);
});

test("an API that asks for time gets it, and one that wants no more is not asked again", async () => {
  await using region = await startRegion();
  const inAnHour = "Thu, 01 Jan 2026 01:00:00 GMT";
  await using api = await endpoint([[429, "30"], [503, inAnHour], 200, [503, "-1"]]);
  const events = region.client(EventBridgeClient);
  const dead = await createInbox(region, "dead");
  await rule(events, "r", { source: ["my.app"] }, [{
    Arn: await destination(region, api.url), RoleArn: await role(region), DeadLetterConfig: { Arn: dead.arn },
  }]);
  await put(events, entry({ n: 1 }));
  await region.clock.advance({ seconds: 29 });
  assert.equal(api.seen.length, 1);
  await region.clock.advance({ seconds: 2 });
  assert.equal(api.seen.length, 2);
  await region.clock.advance({ minutes: 59 });
  assert.equal(api.seen.length, 2);
  await region.clock.advance({ minutes: 2 });
  assert.equal(api.seen.length, 3);
  await put(events, entry({ n: 2 }));
  await region.engine.settled();
  const [letter] = await dead.messages();
  assert.equal(letter?.MessageAttributes?.["RETRY_ATTEMPTS"]?.StringValue, "0");
});

test("what is to be tried again is, also after a restart", async () => {
  using folder = withDataFolder();
  await using api = await endpoint([503]);
  {
    await using region = await startRegion({ dataDir: folder.path });
    const Arn = await destination(region, api.url);
    const events = region.client(EventBridgeClient);
    await rule(events, "r", { source: ["my.app"] }, [{ Arn, RoleArn: await role(region) }]);
    await put(events, entry({ n: 1 }));
    await region.engine.settled();
  }
  assert.equal(api.seen.length, 1);
  await using region = await startRegion({ dataDir: folder.path });
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(api.seen.map(({ body }) => (JSON.parse(body) as { detail: object }).detail),
    [{ n: 1 }, { n: 1 }]);
});

test("an event is given up when it is too old", async () => {
  await using region = await startRegion();
  await using api = await endpoint(Array<number>(50).fill(503));
  const events = region.client(EventBridgeClient);
  const dead = await createInbox(region, "dead");
  await rule(events, "r", { source: ["my.app"] }, [{
    Arn: await destination(region, api.url), RoleArn: await role(region),
    RetryPolicy: { MaximumEventAgeInSeconds: 60 }, DeadLetterConfig: { Arn: dead.arn },
  }]);
  await put(events, entry({ n: 1 }));
  await region.clock.advance({ seconds: 59 });
  assert.deepEqual(await dead.messages(), []);
  await region.clock.advance({ seconds: 1 });
  const [letter] = await dead.messages();
  assert.equal(letter?.MessageAttributes?.["EXHAUSTED_RETRY_CONDITION"]?.StringValue,
    "MaximumEventAgeInSeconds");
});

test("OAuth: a token is fetched with the client's credentials, and anew when it has run out", async () => {
  await using region = await startRegion();
  await using api = await endpoint();
  const events = region.client(EventBridgeClient);
  const Arn = await destination(region, api.url, {
    Name: "c", AuthorizationType: "OAUTH_CLIENT_CREDENTIALS", AuthParameters: { OAuthParameters: {
      AuthorizationEndpoint: `${api.url}/token`, HttpMethod: "POST",
      ClientParameters: { ClientID: "id", ClientSecret: "s" },
    } },
  });
  const described = await events.send(new DescribeApiDestinationCommand({ Name: "d" }));
  assert.equal(described.ApiDestinationState, "ACTIVE");
  await rule(events, "r", { source: ["my.app"] }, [{ Arn, RoleArn: await role(region) }]);
  await put(events, entry({ n: 1 }));
  await region.clock.advance({ seconds: 120 });
  await put(events, entry({ n: 2 }));
  await region.engine.settled();
  assert.deepEqual(api.seen.map(({ headers }) => headers.authorization), ["Bearer t-0", "Bearer t-1"]);
});
