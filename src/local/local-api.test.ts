import assert from "node:assert/strict";
import { request } from "node:http";
import { test, type TestContext } from "node:test";
import { CreateUserCommand, IAMClient, ListUsersCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startRegion, type TestRegion } from "../../test/region.ts";
import type { RegionOptions } from "../region.ts";
import type { Explanation } from "./explanation.ts";
import { localRoutes, type LocalGiven } from "./local-routes.ts";
import { LogBuffer } from "./log-buffer.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly json: Record<string, unknown>;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

type Send = (path: string, sent?: Sent) => Promise<Answer>;

async function started(
  context: TestContext,
  given: LocalGiven = {},
  options: RegionOptions = {},
): Promise<{ region: TestRegion; send: Send; port: number }> {
  const region = await startRegion(options);
  context.after(() => region.stop());
  region.serve(localRoutes(region, given));
  const port = Number(new URL(await region.endpoint()).port);
  return { region, port, send: (path, sent) => send(port, path, sent) };
}

function send(port: number, path: string, { method, headers, body }: Sent = {}): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: "127.0.0.1",
        path,
        method: method ?? (text === undefined ? "GET" : "POST"),
        agent: false,
        headers: { ...(text !== undefined && { "content-type": "application/json" }), ...headers },
      },
      async (response) => {
        let received = "";
        for await (const chunk of response.setEncoding("utf8")) received += chunk as string;
        const json = (received.startsWith("{") ? JSON.parse(received) : {}) as Record<string, unknown>;
        resolve({ status: response.statusCode ?? 0, body: received, json });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

function errorOf({ json }: Answer): unknown {
  return json["error"];
}

test("the index lists every route, and each has a version", async (context) => {
  const { send } = await started(context);
  const { status, json } = await send("/_local/");
  assert.equal(status, 200);
  const paths = (json["routes"] as { path: string }[]).map(({ path }) => path);
  assert.ok(paths.includes("/_local/v1/clock") && paths.includes("/_localstack/health"));
  assert.deepEqual(
    paths.filter((path) => !/^\/_local\/(?:v1\/|$)/.test(path) && !path.startsWith("/_localstack/")),
    // People type this one.
    ["/_local/outbox"],
  );
});

test("foreign hosts and foreign pages are refused, this machine's names are not", async (context) => {
  const { send, port } = await started(context, { allowedHosts: ["us-local-1"] });
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await send("/_local/v1/status", { headers })).status;
  const mine = [
    "localhost",
    "127.0.0.1:1",
    "[::1]:4566",
    "console.localhost",
    "127.8.8.8",
    "us-local-1:4566",
  ];
  for (const host of mine) assert.equal(await status({ host }), 200, host);
  const foreign = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "192.168.1.1",
    "xlocalhost",
  ];
  for (const host of foreign) assert.equal(await status({ host }), 403, host);
  const host = `localhost:${port}`;
  assert.equal(await status({ host, origin: `http://${host}` }), 200);
  for (const origin of ["http://evil.example", "null", "http://localhost:3000", "http://localhost"]) {
    assert.equal(await status({ host, origin }), 403, origin);
  }
  assert.equal(await status({ host, "sec-fetch-site": "cross-site" }), 403);
  assert.deepEqual(errorOf(await send("/_local/", { headers: { host: "evil.example" } })), {
    code: "Forbidden",
    message: 'The host "evil.example" is not this machine\'s. Allow it with --allow-host.',
  });
  assert.equal((await send("/_localstack/health", { headers: { host: "region:4566" } })).status, 200);
});

test("a region that listens on every address answers under each, not under names", async (context) => {
  const { send } = await started(context, {}, { host: "0.0.0.0" });
  assert.equal((await send("/_local/", { headers: { host: "192.168.1.1:4566" } })).status, 200);
  assert.equal((await send("/_local/", { headers: { host: "evil.example" } })).status, 403);
});

test("posts that are no JSON, and requests for what is not there, are refused", async (context) => {
  const { send } = await started(context);
  const refused = async (path: string, sent: Sent): Promise<unknown> => errorOf(await send(path, sent));
  assert.deepEqual(
    await refused("/_local/v1/reset", { body: "x=1", headers: { "content-type": "text/plain" } }),
    { code: "UnsupportedMediaType", message: "Send the header content-type: application/json." },
  );
  for (const body of ["{", "[]", "1", "null"]) {
    assert.equal((await send("/_local/v1/reset", { body })).status, 400, body);
  }
  assert.deepEqual(await refused("/_local/v2/clock", {}), {
    code: "NotFound",
    message: "There is no /_local/v2/clock. GET /_local/ lists what there is.",
  });
  assert.deepEqual(await refused("/_local/v1/clock", { method: "PUT" }), {
    code: "MethodNotAllowed",
    message: "/_local/v1/clock answers GET, POST.",
  });
  assert.equal((await send("/_local/v1/denials/%E0%A4%A")).status, 400);
  assert.equal((await send("/_local/v1/clock", { body: '{"__proto__": 1}' })).status, 400);
  assert.equal((await send("/_local/v1/clock", { body: '{"constructor": 1}' })).status, 400);
});

test("a command whose body does not come whole is not obeyed", async (context) => {
  const { region, send } = await started(context, {}, { uploadIdleMilliseconds: 20 });
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName: "ana" }));
  const large = await send("/_local/v1/reset", { body: `{"why": "${"a".repeat(17 * 1024 * 1024)}"}` });
  assert.equal(large.status, 400);
  const headers = { "content-length": "100" };
  const halved = await send("/_local/v1/reset", { body: "{", headers });
  assert.equal(halved.status, 400);
  const { Users = [] } = await iam.send(new ListUsersCommand({}));
  assert.deepEqual(Users.map(({ UserName }) => UserName), ["ana"]);
});

test("the clock is shown, stopped, set, scaled and advanced", async (context) => {
  const { send } = await started(context);
  const change = async (body: object): Promise<unknown> => {
    const { json } = await send("/_local/v1/clock", { body });
    return json["error"] ?? [json["now"], json["mode"]];
  };
  assert.deepEqual((await send("/_local/v1/clock")).json, {
    mode: "frozen",
    now: "2026-01-01T00:00:00.000Z",
    epochMilliseconds: 1767225600000,
    factor: 0,
  });
  assert.deepEqual(await change({ advance: "1h30m" }), ["2026-01-01T01:30:00.000Z", "frozen"]);
  assert.deepEqual(await change({ advance: 1500 }), ["2026-01-01T01:30:01.500Z", "frozen"]);
  assert.deepEqual(await change({ set: "2027-02-03" }), ["2027-02-03T00:00:00.000Z", "frozen"]);
  assert.deepEqual(await change({ freeze: "2026-05-06T07:08:09Z" }), ["2026-05-06T07:08:09.000Z", "frozen"]);
  for (const body of [
    { advance: "1 fortnight" },
    { advance: -1 },
    { set: "tomorrow" },
    { set: "2026-02-03T00:00:00" },
    { scale: 0 },
    { scale: "60" },
    { run: 1 },
    { freeze: false },
    {},
    { run: true, freeze: true },
    { jump: 1 },
    { set: 8.64e15 },
    { advance: 8.64e15 },
  ]) {
    assert.equal((await send("/_local/v1/clock", { body })).status, 400, JSON.stringify(body));
  }
  assert.equal((await send("/_local/v1/clock", { body: { scale: 60 } })).json["mode"], "scaled");
  assert.equal((await send("/_local/v1/clock", { body: { run: true } })).json["mode"], "real");
});

test("snapshots are saved, compared, restored and deleted; a reset leaves them", async (context) => {
  const { region, send } = await started(context);
  const iam = region.client(IAMClient);
  const users = async (): Promise<unknown> =>
    (await iam.send(new ListUsersCommand())).Users?.map(({ UserName }) => UserName);
  await iam.send(new CreateUserCommand({ UserName: "before" }));
  assert.equal((await send("/_local/v1/snapshots", { body: { name: "base" } })).json["name"], "base");
  await iam.send(new CreateUserCommand({ UserName: "after" }));
  const { json } = await send("/_local/v1/snapshots/base/diff");
  const changes = json["changes"] as { table: string; change: string; after: { name: string } }[];
  assert.deepEqual(
    changes.filter(({ table }) => table === "iam.users").map(({ change }) => change),
    ["added"],
  );
  assert.deepEqual(
    changes.filter(({ table }) => table === "kernel.trail"),
    [],
  );

  assert.equal((await send("/_local/v1/reset", { body: {} })).status, 200);
  assert.deepEqual(await users(), []);
  assert.equal((await send("/_local/v1/snapshots/base/restore", { body: {} })).status, 200);
  assert.deepEqual(await users(), ["before"]);
  assert.deepEqual(
    ((await send("/_local/v1/snapshots")).json["snapshots"] as { name: string }[]).map(({ name }) => name),
    ["base"],
  );
  assert.equal((await send("/_local/v1/snapshots/base", { method: "DELETE" })).status, 200);
  assert.deepEqual(errorOf(await send("/_local/v1/snapshots/base/restore", { body: {} })), {
    code: "NotFound",
    message: "There is no snapshot named base.",
  });
  assert.equal((await send("/_local/v1/snapshots", { body: { name: "../x" } })).status, 400);
  assert.equal((await send("/_local/v1/snapshots/..%2Fx", { method: "DELETE" })).status, 400);
  assert.equal((await send("/_local/v1/snapshots", { body: {} })).status, 400);
});

test("a denial is explained: who, what, which statement, and what was missing", async (context) => {
  const { region, send } = await started(context);
  assert.equal((await send("/_local/v1/denials/latest")).status, 404);
  const statement = { Sid: "NoUsers", Effect: "Deny", Action: "iam:CreateUser", Resource: "*" };
  const credentials = await region.user("eve", { Version: "2012-10-17", Statement: [statement] });
  const iam = region.client(IAMClient, { credentials });
  const denied = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => assert.fail("it was allowed"),
      (error: { $metadata: { requestId: string } }) => error.$metadata.requestId,
    );
  const requestId = await denied(iam.send(new CreateUserCommand({ UserName: "mallory" })));
  await denied(iam.send(new ListUsersCommand()));

  const explicit = (await send(`/_local/v1/denials/${requestId}`)).json as unknown as Explanation;
  assert.equal(explicit.type, "explicit");
  assert.equal(explicit.principal, "arn:aws:iam::000000000000:user/eve");
  assert.equal(explicit.action, "iam:CreateUser");
  assert.deepEqual(explicit.statements, [
    { effect: "Deny", kind: "identity-inline", policy: "inline", sid: "NoUsers", position: 1, statement },
  ]);
  const implicit = (await send("/_local/v1/denials/latest")).json as unknown as Explanation;
  assert.equal(implicit.type, "implicit");
  assert.deepEqual(implicit.remedy.statement, {
    Effect: "Allow",
    Action: "iam:ListUsers",
    Resource: "arn:aws:iam::000000000000:user/",
  });

  const message = region.engine.sealDenial({ allowed: false });
  const pasted = { message: `You are not authorized. Encoded authorization failure message: ${message}` };
  assert.deepEqual((await send("/_local/v1/explain", { body: pasted })).json, {
    decoded: { allowed: false },
  });
  assert.equal((await send("/_local/v1/explain", { body: { message: "nonsense" } })).status, 400);
});

test("injected faults strike as often as asked, and SDKs retry them", async (context) => {
  const { region, send } = await started(context);
  const sts = region.client(STSClient, { maxAttempts: 3, retryStrategy: undefined });
  const add = { service: "sts", operation: "GetCallerIdentity", code: "ServiceUnavailable", count: 2 };
  assert.deepEqual((await send("/_local/v1/faults", { body: add })).json, {
    faults: [
      {
        service: "sts",
        operation: "GetCallerIdentity",
        code: "ServiceUnavailable",
        message: "The request has failed due to a temporary failure of the server.",
        status: 503,
        remaining: 2,
      },
    ],
  });
  const { $metadata } = await sts.send(new GetCallerIdentityCommand());
  assert.equal($metadata.attempts, 3);
  assert.deepEqual((await send("/_local/v1/faults")).json, { faults: [] });

  await send("/_local/v1/faults", {
    body: { service: "sts", code: "AccessDenied", message: "no", status: 403 },
  });
  await assert.rejects(sts.send(new GetCallerIdentityCommand()), { name: "AccessDenied", message: "no" });
  await send("/_local/v1/faults", { body: { service: "sts", code: "ExpiredTokenException" } });
  await assert.rejects(sts.send(new GetCallerIdentityCommand()), { name: "ExpiredTokenException" });
  await send("/_local/v1/faults", { body: { service: "sts", count: 5 } });
  await send("/_local/v1/faults", { method: "DELETE" });
  await sts.send(new GetCallerIdentityCommand());
  for (const body of [
    {},
    { service: "nothing" },
    { service: "sts", operation: "Nothing" },
    { service: "sts", operation: "__proto__" },
    { service: "sts", count: 0 },
    { service: "sts", status: 200 },
    { service: "sts", code: "a\nb" },
  ]) {
    assert.equal((await send("/_local/v1/faults", { body })).status, 400, JSON.stringify(body));
  }
});

test("the log is given whole, from a line on, and as it is written", async (context) => {
  const logs = new LogBuffer(() => 0);
  const { send, port } = await started(context, { logs });
  logs.write("one");
  logs.write("two");
  const texts = ({ json }: Answer): unknown => (json["lines"] as { text: string }[]).map(({ text }) => text);
  assert.deepEqual(texts(await send("/_local/v1/logs")), ["one", "two"]);
  assert.deepEqual(texts(await send("/_local/v1/logs?after=1")), ["two"]);
  assert.deepEqual(texts(await send("/_local/v1/logs?limit=1")), ["two"]);
  assert.equal((await send("/_local/v1/logs?limit=x")).status, 400);

  const seen: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const sent = request({ port, path: "/_local/v1/logs?follow=true&limit=1", agent: false }, (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        seen.push(chunk.trim());
        if (seen.length === 1) logs.write("three");
        else sent.destroy();
      });
      response.on("close", resolve).on("error", () => undefined);
    });
    sent.on("error", reject).end();
  });
  assert.deepEqual(seen, ['{"sequence":2,"at":0,"text":"two"}', '{"sequence":3,"at":0,"text":"three"}']);
});

test("a long log keeps its last lines only", () => {
  const logs = new LogBuffer(() => 0);
  for (let count = 1; count <= 6_000; count++) logs.write(String(count));
  assert.equal(logs.after(0).length, 5_000);
  assert.equal(logs.after(0)[0]?.text, "1001");
  assert.deepEqual(
    logs.after(5_999).map(({ text }) => text),
    ["6000"],
  );
  assert.deepEqual(logs.after(9_999), []);
  logs.write("x".repeat(10_000));
  assert.equal(logs.after(6_000)[0]?.text.length, 4_097);
});

test("status, coverage and LocalStack's health tell what is here", async (context) => {
  const { region, send } = await started(context);
  const status = (await send("/_local/v1/status")).json;
  assert.equal(status["endpoint"], await region.endpoint());
  assert.equal(status["pid"], process.pid);
  assert.equal(status["defects"], 0);
  const { services } = (await send("/_local/v1/coverage")).json as {
    services: { service: string; built: number }[];
  };
  assert.ok(services.some(({ service, built }) => service === "iam" && built > 100));
  const health = await send("/_localstack/health");
  assert.equal((health.json["services"] as Record<string, string>)["iam"], "running");
  assert.equal((health.json["services"] as Record<string, string>)["secretsmanager"], "available");
  assert.match(health.body, /^\{"services": \{"cloudtrail": "available", /);
  assert.equal(
    (await send("/_localstack/init")).body,
    '{"completed": {"BOOT": true, "START": true, "READY": true, "SHUTDOWN": false}, "scripts": []}',
  );
  assert.equal((await send("/_localstack/init/ready")).body, '{"completed": true, "scripts": []}');
  assert.equal((await send("/_localstack/init/never")).status, 404);
});

test("a region inside a program is not stopped from outside it", async (context) => {
  const { send } = await started(context);
  assert.equal((await send("/_local/v1/stop", { body: {} })).status, 409);
});

test("how far eventual reads lag is set, shown and taken back", async (context) => {
  const { send } = await started(context);
  const usual = { "dynamodb.reads": 0, "dynamodb.indexes": 0, "dynamodb.replicas": 500, "s3.replication": 0 };
  assert.deepEqual((await send("/_local/v1/lags")).json, { lags: usual });
  const lags = { ...usual, "dynamodb.reads": 250 };
  assert.deepEqual((await send("/_local/v1/lags", { body: { "dynamodb.reads": 250 } })).json, { lags });
  const wrong = [-1, 3_600_001, "1"].map((value) => ({ "dynamodb.reads": value }));
  for (const body of [...wrong, { other: 1 }]) {
    assert.equal((await send("/_local/v1/lags", { body })).status, 400, JSON.stringify(body));
  }
  assert.deepEqual((await send("/_local/v1/lags")).json, { lags });
  assert.deepEqual((await send("/_local/v1/lags", { method: "DELETE" })).json, { lags: usual });
});
