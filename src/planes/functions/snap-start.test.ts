import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startPlane, type TestFunction } from "../../../test/functions-plane.ts";

async function python(context: TestContext, code: string, snapStart = true): Promise<TestFunction> {
  const { function: create } = await startPlane(context);
  return create({ "app.py": code }, {
    runtime: "python3.13", handler: "app.run", version: "1", snapStart, memoryMegabytes: 256,
  });
}

const hooks = `
import os
from snapshot_restore_py import register_before_snapshot, register_after_restore
done = ["init"]
@register_before_snapshot
def first():
    done.append("before 1")
@register_before_snapshot
def second():
    done.append("before 2")
@register_after_restore
def third():
    print("restored")
    done.append("after 1")
register_after_restore(lambda word, end="": done.append(word + end), "after", end=" 2")
def run(event, context):
    kind = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
    return [done, kind, context.log_group_name, context.log_stream_name]
`;

test("what a function registers is done before its snapshot and after it is restored", async (context) => {
  const { run, lines } = await python(context, hooks);
  const first = await run();
  const done = ["init", "before 2", "before 1", "after 1", "after 2"];
  assert.deepEqual(first.json, [done, "snap-start", null, null]);
  const kinds = lines().map((line) => /^[A-Z_]+(?= )|^restored/.exec(line)?.[0]);
  assert.deepEqual(kinds, [
    "INIT_START", "INIT_REPORT", "RESTORE_START", "restored", "RESTORE_REPORT", "START", "END", "REPORT",
  ]);
  assert.match(lines()[1] ?? "", /^INIT_REPORT Init Duration: \d+\.\d\d ms\n$/);
  const version = /^RESTORE_START Runtime Version: python:3\.13\.v\S+\tRuntime Version ARN: arn:/;
  assert.match(lines()[2] ?? "", version);
  assert.match(lines()[4] ?? "", /^RESTORE_REPORT Restore Duration: \d+\.\d\d ms\n$/);
  const report = lines().at(-1) ?? "";
  assert.match(report, / MB\tRestore Duration: \d+\.\d\d ms\tBilled Restore Duration: \d+ ms\t\n$/);
  assert.ok((first.report.restoreMilliseconds ?? 0) < (first.report.initMilliseconds ?? 0));
  const second = await run();
  assert.deepEqual(second.json, first.json);
  assert.doesNotMatch(lines().at(-1) ?? "", /Restore|Init/);
});

test("without SnapStart nothing of that is done", async (context) => {
  const { run, lines } = await python(context, hooks, false);
  const { json, logStreamName } = await run();
  assert.deepEqual(json, [["init"], "on-demand", "/aws/lambda/tested", logStreamName]);
  assert.match(lines().at(-1) ?? "", /\tInit Duration: /);
});

test("a hook that fails is the end of the environment, in its own words", async (context) => {
  const failing = (hook: string): string => `
from snapshot_restore_py import ${hook}
@${hook}
def fail():
    raise KeyError("not now")
def run(event, context):
    return 1
`;
  for (const hook of ["register_before_snapshot", "register_after_restore"]) {
    const { error, functionError } = await (await python(context, failing(hook))).run();
    const { errorType, errorMessage } = error;
    assert.deepEqual([functionError, errorType, errorMessage], ["Unhandled", "KeyError", "'not now'"]);
  }
});

test("a custom runtime may ask for its restoration once, where there is SnapStart", async (context) => {
  const { function: create } = await startPlane(context);
  const bootstrap = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
codes="$(curl -s -o /dev/null -w '%{http_code}' "$api/restore/next") $(curl -s "$api/restore/next")"
while :; do
  head=$(curl -s -D - -o /dev/null "$api/invocation/next" | tr -d '\\r')
  id=$(echo "$head" | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //pi')
  curl -s -o /dev/null -d "$codes" "$api/invocation/$id/response"
done`;
  const errorMessage = "State transition is not allowed";
  const refused = JSON.stringify({ errorMessage, errorType: "InvalidStateTransition" });
  for (const [snapStart, code] of [[true, 200], [false, 403]] as const) {
    const { run } = create({ bootstrap }, { runtime: "provided.al2023", snapStart });
    assert.equal(Buffer.from((await run()).payload).toString(), `${code} ${refused}`);
  }
});
