import assert from "node:assert/strict";
import { test } from "node:test";
import { startPlane, type TestFunction, type TestPlane } from "../../../test/functions-plane.ts";
import { settled } from "../../../test/processes.ts";

/** An extension in shell: registers, waits for events, writes each to its output. */
const extension = `#!/bin/sh
name=$(basename "$0")
api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
curl -sS -D /tmp/$name.head -o /tmp/$name.answer -H "Lambda-Extension-Name: $name" \\
  -H "Lambda-Extension-Accept-Feature: accountId" -d '{"events":["INVOKE","SHUTDOWN"]}' "$api/register"
id=$(grep -i '^lambda-extension-identifier:' /tmp/$name.head | cut -d: -f2 | tr -d ' \\r')
echo "registered $(cat /tmp/$name.answer)"
while true; do
  event=$(curl -sS -H "Lambda-Extension-Identifier: $id" "$api/event/next")
  echo "event $event"
  [ -n "$CRASH" ] && exit 5
  case "$event" in *SHUTDOWN*) exit 0 ;; esac
done
`;

function extended(
  { function: create, folder }: TestPlane,
  code: string,
  script = extension,
  environment: Record<string, string> = {},
): TestFunction {
  return create(
    { "index.mjs": code },
    { layers: [{ kind: "folder", path: folder({ "extensions/watcher": script }) }], environment },
  );
}

test("an external extension registers, hears of invocations and of the end", async (context) => {
  const test = await startPlane(context);
  const { run, lines, spec } = extended(test, "export const handler = async () => 'done';");
  const { json, requestId, report } = await run();
  assert.equal(json, "done");
  assert.ok(report.initMilliseconds !== undefined);
  await run();
  test.plane.retire(spec.functionArn);
  await settled(() => lines().some((line) => line.includes('SHUTDOWN","shutdownReason')));
  const registered = lines().find((line) => line.startsWith("registered")) ?? "";
  assert.deepEqual(JSON.parse(registered.slice("registered ".length)), {
    functionName: "tested",
    functionVersion: "$LATEST",
    handler: "index.handler",
    accountId: "000000000000",
  });
  assert.ok(lines().includes("EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n"));
  const events = lines()
    .filter((line) => line.startsWith("event "))
    .map((line) => JSON.parse(line.slice("event ".length)) as Record<string, unknown>);
  assert.deepEqual(
    events.map(({ eventType }) => eventType),
    ["INVOKE", "INVOKE", "SHUTDOWN"],
  );
  assert.equal(events[0]?.["requestId"], requestId);
  assert.equal(events[0]?.["invokedFunctionArn"], spec.functionArn);
  assert.equal(events[2]?.["shutdownReason"], "spindown");
});

test("an extension that ends is the end of the environment", async (context) => {
  const test = await startPlane(context);
  const code = "export const handler = async () => new Promise((done) => setTimeout(done, 50_000));";
  const { run } = extended(test, code, extension, { CRASH: "1" });
  const { json, requestId } = await run();
  assert.deepEqual(json, {
    errorType: "Extension.Crash",
    errorMessage: `RequestId: ${requestId} Error: exit status 5`,
  });
});

test("an extension that never registers is a failure of init", async (context) => {
  const test = await startPlane(context);
  const { run } = extended(test, "export const handler = async () => 1;", "#!/bin/sh\nexit 0\n");
  assert.equal((await run()).error.errorType, "Extension.Crash");
});

/** An internal extension that subscribes to telemetry, and a server that takes it. */
const listening = `
  import { createServer } from "node:http";
  const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API;
  const events = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    events.push(...JSON.parse(Buffer.concat(chunks).toString()));
    response.end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const register = await fetch(api + "/2020-01-01/extension/register", {
    method: "POST",
    headers: { "lambda-extension-name": "inside" },
    body: JSON.stringify({ events: ["INVOKE"] }),
  });
  const id = register.headers.get("lambda-extension-identifier");
  const subscribe = (body) => fetch(api + "/2022-07-01/telemetry", {
    method: "PUT",
    headers: { "lambda-extension-identifier": id },
    body: JSON.stringify(body),
  });
  const destination = { protocol: "HTTP", URI: "http://sandbox.localdomain:" + server.address().port + "/" };
  const types = ["platform", "function"];
  const outcomes = [
    (await subscribe({ schemaVersion: "2022-12-13", types: ["nonsense"], destination })).status,
    (await subscribe({ types, destination: { protocol: "HTTP", URI: "http://example.com/" } })).status,
    (await subscribe({ types, destination, buffering: { timeoutMs: 24 } })).status,
    (await subscribe({ types, destination, buffering: { timeoutMs: 25 } })).status,
    (await fetch(api + "/2020-01-01/extension/event/next")).status,
  ];
  const headers = { "lambda-extension-identifier": id };
  const next = () => fetch(api + "/2020-01-01/extension/event/next", { headers });
  (async () => { for (;;) await (await next()).json(); })();
  export const handler = async ({ untilReported }) => {
    console.log("telling");
    const isReported = () => events.some(({ type }) => type === "platform.report");
    while (untilReported && !isReported()) await new Promise((done) => setTimeout(done, 5));
    const late = await (await subscribe({ types, destination })).json();
    return { outcomes, events, late };
  };`;

test("telemetry comes to who subscribed, and bad subscriptions are refused", async (context) => {
  const { function: create } = await startPlane(context);
  const { run } = create({ "index.mjs": listening });
  await run();
  const { json } = await run({ untilReported: true });
  const { outcomes, events, late } = json as {
    outcomes: number[]; events: { type: string; record: unknown }[]; late: unknown;
  };
  const errorMessage = "Telemetry API subscription is closed already";
  assert.deepEqual(late, { errorMessage, errorType: "Telemetry.SubscriptionClosed" });
  assert.deepEqual(outcomes, [400, 400, 400, 200, 403]);
  const types = events.map(({ type }) => type);
  assert.deepEqual(types.slice(0, 2), ["platform.initStart", "platform.telemetrySubscription"]);
  for (const type of ["platform.start", "function", "platform.runtimeDone", "platform.report"]) {
    assert.ok(types.includes(type), `${type} among ${types.join(", ")}`);
  }
  const report = events.find(({ type }) => type === "platform.report")?.record as Record<string, unknown>;
  assert.equal(report["status"], "success");
});
