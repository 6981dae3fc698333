import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  GetFunctionConfigurationCommand, InvokeCommand, LambdaClient, PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand, UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";
import { nodePackage } from "../../../test/zip-archive.ts";

let bench: Bench;
before(async () => void (bench = await startBench()));
after(() => bench.region.stop());

const ZipFile = nodePackage("export const handler = async () => process.env._X_AMZN_TRACE_ID;");

/** A client whose requests come with this trace. */
function tracing(header: string): LambdaClient {
  const client = bench.region.client(LambdaClient);
  client.middlewareStack.add((next) => (args) => {
    (args.request as { headers: Record<string, string> }).headers["X-Amzn-Trace-Id"] = header;
    return next(args);
  }, { step: "build" });
  return client;
}

async function sampledOf(name: string, header?: string): Promise<string | undefined> {
  const from = header === undefined ? bench : { ...bench, lambda: tracing(header) };
  const { Payload } = await from.lambda.send(new InvokeCommand({ FunctionName: name }));
  return /;Sampled=([01])/.exec(Buffer.from(Payload ?? []).toString())?.[1];
}

test("a function that passes traces on is traced where its caller is", async () => {
  await bench.make("passing", { Code: { ZipFile } });
  const root = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8";
  assert.equal(await sampledOf("passing"), "0");
  assert.equal(await sampledOf("passing", `${root};Sampled=1`), "1");
  assert.equal(await sampledOf("passing", `${root};Sampled=0`), "0");
  assert.equal(await sampledOf("passing", root), "0");
});

test("an active one is traced once a second, and five percent beyond, unless its caller says", async () => {
  await bench.make("active", { Code: { ZipFile }, TracingConfig: { Mode: "Active" } });
  const root = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8";
  assert.equal(await sampledOf("active", `${root};Sampled=0`), "0");
  assert.equal(await sampledOf("active"), "1");
  let traced = 0;
  for (let count = 0; count < 100; count += 1) traced += Number(await sampledOf("active"));
  assert.ok(traced >= 1 && traced < 20, `${traced} of 100 within a second`);
  await bench.region.clock.advance({ seconds: 1 });
  assert.equal(await sampledOf("active"), "1");
});

test("a report of a traced invocation names the trace", async () => {
  await bench.region.clock.advance({ seconds: 1 });
  const { log, answer } = await bench.invoke("active", {}, { LogType: "Tail" });
  const [, root, parent] = /^Root=([^;]+);Parent=([^;]+);Sampled=1;Lineage=/.exec(String(answer)) ?? [];
  assert.ok(root);
  assert.equal(log.split("\n").at(-2), `XRAY TraceId: ${root}\tSegmentId: ${parent}\tSampled: true\t`);
  assert.doesNotMatch((await bench.invoke("passing", {}, { LogType: "Tail" })).log, /XRAY/);
});

test("SnapStart is for published versions of languages that have it, beside little else", async () => {
  const SnapStart = { ApplyOn: "PublishedVersions" } as const;
  await bench.make("snapped", { Runtime: "python3.13", SnapStart, Code: { ZipFile } });
  const { SnapStart: published, Version } = await bench.lambda.send(
    new PublishVersionCommand({ FunctionName: "snapped" }),
  );
  assert.deepEqual([published, Version], [{ ...SnapStart, OptimizationStatus: "On" }, "1"]);
  const latest = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "snapped" }));
  assert.deepEqual(latest.SnapStart, { ...SnapStart, OptimizationStatus: "Off" });
  assert.equal(
    await refusal(bench.lambda.send(new PutProvisionedConcurrencyConfigCommand({
      FunctionName: "snapped", Qualifier: "1", ProvisionedConcurrentExecutions: 1,
    }))),
    "InvalidParameterValueException: SnapStart does not support provisioned concurrency.",
  );
  const enlarge = (Size: number): Promise<string> =>
    refusal(bench.lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: "snapped", EphemeralStorage: { Size } }),
    ));
  assert.equal(
    await enlarge(513),
    "InvalidParameterValueException: SnapStart does not support ephemeral storage of more than 512 MB.",
  );
  assert.equal(await enlarge(512), "no refusal");
  assert.equal(
    await refusal(bench.make("unsnapped", { Runtime: "nodejs22.x", SnapStart })),
    "InvalidParameterValueException: nodejs22.x is not supported for SnapStart enabled functions.",
  );
});
