/** Durable executions as their API shows them: started once, checkpointed in order, kept for a while. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CheckpointDurableExecutionCommand, CreateAliasCommand, CreateEventSourceMappingCommand,
  DeleteFunctionCommand, GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand, GetDurableExecutionStateCommand, GetFunctionConfigurationCommand,
  InvokeCommand, ListDurableExecutionsByFunctionCommand, PublishVersionCommand,
  SendDurableExecutionCallbackSuccessCommand, UpdateFunctionConfigurationCommand,
  type InvokeCommandInput,
} from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { refusal } from "../../../test/refusal.ts";
import { account, arnOf, roleArn, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { nodePackage } from "../../../test/zip-archive.ts";
import { events, operations } from "./durable-table.ts";
import { chainedCall } from "./durable-timers.ts";

/** Does what its input says: sends these updates one by one, then answers this. */
const puppet = nodePackage(`
  import { LambdaClient, CheckpointDurableExecutionCommand } from "@aws-sdk/client-lambda";
  const lambda = new LambdaClient({});
  export const handler = async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState }) => {
    const [own, ...others] = InitialExecutionState.Operations;
    const { rounds } = JSON.parse(own.ExecutionDetails.InputPayload);
    const statuses = Object.fromEntries(others.map(({ Id, Status }) => [Id, Status]));
    const { updates = [], answer, crash } = rounds.find(({ when }) =>
      Object.entries(when ?? {}).every(([id, status]) => statuses[id] === status)) ?? {};
    for (const Updates of Array.isArray(updates[0]) ? updates : updates.map((update) => [update])) {
      try {
        const input = { DurableExecutionArn, CheckpointToken, Updates };
        ({ CheckpointToken } = await lambda.send(new CheckpointDurableExecutionCommand(input)));
      } catch (error) {
        return { Status: "FAILED", Error: { ErrorType: error.name, ErrorMessage: error.message } };
      }
    }
    if (crash) throw new Error(crash);
    return answer;
  };
`);

const cell = { account, region: "us-east-1" };
let bench: Bench;
before(async () => {
  bench = await startBench();
  await bench.role("durable", {
    Effect: "Allow", Action: ["lambda:CheckpointDurableExecution", "sqs:SendMessage"], Resource: "*",
  });
});
after(() => bench.region.stop());

async function make(name: string, more: object = {}): Promise<void> {
  await bench.make(name, {
    Code: { ZipFile: puppet }, Role: roleArn("durable"), Timeout: 30,
    DurableConfig: { ExecutionTimeout: 600 }, ...more,
  });
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: name }));
}

async function start(
  name: string, rounds: object[], more: Partial<InvokeCommandInput> = {},
): Promise<string> {
  const Payload = Buffer.from(JSON.stringify({ rounds }));
  const { DurableExecutionArn = "" } = await bench.lambda.send(new InvokeCommand({
    FunctionName: name, Qualifier: "1", InvocationType: "Event", Payload, ...more,
  }));
  await advance(0);
  return DurableExecutionArn;
}

const advance = (seconds: number) => bench.region.clock.advance({ milliseconds: seconds * 1_000 + 1 });

async function look(DurableExecutionArn: string): Promise<readonly [string | undefined, string | undefined]> {
  const { Status, Result, Error } = await bench.lambda.send(
    new GetDurableExecutionCommand({ DurableExecutionArn }));
  return [Status, Result ?? Error?.ErrorMessage];
}

test("a durable function shows its configuration, which only a new one can be given", async () => {
  await make("shown");
  const { DurableConfig } = await bench.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: "shown" }));
  assert.deepEqual(DurableConfig, { RetentionPeriodInDays: 14, ExecutionTimeout: 600 });
  await bench.lambda.send(new UpdateFunctionConfigurationCommand({
    FunctionName: "shown", DurableConfig: { RetentionPeriodInDays: 3 },
  }));
  await bench.make("ordinary");
  assert.equal(
    await refusal(bench.lambda.send(new UpdateFunctionConfigurationCommand({
      FunctionName: "ordinary", DurableConfig: { ExecutionTimeout: 60 },
    }))),
    "InvalidParameterValueException: Durable execution can only be enabled when a function is created.",
  );
  assert.equal(
    await refusal(bench.make("untimed", { DurableConfig: { RetentionPeriodInDays: 1 } })),
    "InvalidParameterValueException: DurableConfig must have an ExecutionTimeout.",
  );
  assert.match(
    await refusal(bench.make("forever", { DurableConfig: { ExecutionTimeout: 31_622_401 } })),
    /^ValidationException: .*executionTimeout/i,
  );
});

test("durable functions are invoked by version or alias, and waited for up to 15 minutes", async () => {
  await make("long", { DurableConfig: { ExecutionTimeout: 901 } });
  const invoke = (more: Partial<InvokeCommandInput>) =>
    refusal(bench.lambda.send(new InvokeCommand({ FunctionName: "long", ...more })));
  assert.equal(
    await invoke({}),
    "InvalidParameterValueException: You cannot invoke a durable function using an unqualified ARN.",
  );
  assert.equal(
    await invoke({ Qualifier: "1" }),
    "InvalidParameterValueException: You cannot synchronously invoke a durable function with an "
    + "executionTimeout greater than 15 minutes.",
  );
  assert.equal(
    await refusal(bench.invoke("ordinary", {}, { DurableExecutionName: "x" })),
    "InvalidParameterValueException: DurableExecutionName can only be given for functions with a "
    + "DurableConfig.",
  );
  await bench.lambda.send(new CreateAliasCommand({
    FunctionName: "long", Name: "live", FunctionVersion: "1",
  }));
  const arn = await start("long", [{ answer: { Status: "SUCCEEDED", Result: "1" } }], { Qualifier: "live" });
  assert.ok(arn.startsWith(`${arnOf("long")}:1/durable-execution/`));
  assert.deepEqual(await look(arn), ["SUCCEEDED", "1"]);
});

test("a name stands for one execution of a function, given the same again", async () => {
  await make("named");
  const rounds = [{ answer: { Status: "SUCCEEDED", Result: '"once"' } }];
  const first = await start("named", rounds, { DurableExecutionName: "order-7" });
  assert.equal(await start("named", rounds, { DurableExecutionName: "order-7" }), first);
  assert.match(first, /:1\/durable-execution\/order-7\//);
  const { Payload, DurableExecutionArn } = await bench.lambda.send(new InvokeCommand({
    FunctionName: "named", Qualifier: "1", DurableExecutionName: "order-7",
    Payload: Buffer.from(JSON.stringify({ rounds })),
  }));
  assert.equal(Buffer.from(Payload ?? []).toString(), '"once"');
  assert.equal(DurableExecutionArn, first);
  assert.equal(
    await refusal(start("named", [], { DurableExecutionName: "order-7" })),
    "DurableExecutionAlreadyStartedException: The durable execution with the specified name has already "
    + "been started: order-7",
  );
});

const waiting = { Id: "w", Type: "WAIT", Action: "START", WaitOptions: { WaitSeconds: 10 } };

test("what cannot be of an operation is refused, and leaves it as it was", async () => {
  await make("wrong");
  const refused = async (...updates: object[]): Promise<string | undefined> =>
    (await look(await start("wrong", [{ updates }])))[1];
  const step = (Action: string, more: object = {}) => ({ Id: "s", Type: "STEP", Action, ...more });
  assert.equal(await refused(waiting, waiting), "Cannot start a WAIT that already exists.");
  assert.equal(
    await refused({ ...waiting, Action: "CANCEL" }),
    "Cannot cancel a WAIT that does not exist or has already completed.",
  );
  assert.equal(
    await refused({ ...waiting, Action: "RETRY" }), "Invalid action for the given operation type.",
  );
  assert.equal(await refused(step("RETRY")), "Invalid StepOptions for the given action.");
  assert.equal(await refused(step("START"), step("START")), "Invalid current STEP state to start.");
  assert.equal(await refused(step("SUCCEED"), step("FAIL")), "Invalid current STEP state to close.");
  assert.equal(
    await refused(step("FAIL", { Payload: "1" })), "Cannot provide a Payload for FAIL action.",
  );
  assert.equal(
    await refused(step("SUCCEED", { Error: { ErrorMessage: "x" } })),
    "Cannot provide an Error for SUCCEED action.",
  );
  assert.equal(
    await refused(step("FAIL", { Error: { ErrorMessage: "x".repeat(32_768) } })),
    "Error object size must be less than 32768 bytes.",
  );
  assert.equal(await refused(step("START", { ParentId: "nobody" })), "Invalid parent operation id.");
  assert.equal(await refused(waiting, { ...step("START"), Id: "w" }), "Inconsistent operation type.");
});

test("an execution has at most 3000 operations, and goes on with those that it has", async () => {
  const steps = Array.from({ length: 3_000 }, (_unused, index) =>
    ({ Id: `s${index}`, Type: "STEP", Action: "START" }));
  const done = steps.slice(0, 1).map((step) => ({ ...step, Action: "SUCCEED", Payload: "1" }));
  const answer = { Status: "SUCCEEDED", Result: '"full"' };
  assert.deepEqual(await look(await start("wrong", [{ updates: [steps, done], answer }])), [
    "SUCCEEDED", '"full"',
  ]);
  assert.deepEqual(await look(await start("wrong", [{ updates: [steps, [waiting]], answer }])), [
    "FAILED", "A durable execution can have at most 3000 operations.",
  ]);
  const executions = [...done, { ...done[0], Id: "e", Type: "EXECUTION" }, ...done];
  assert.deepEqual(await look(await start("wrong", [{ updates: [executions], answer }])), [
    "FAILED", "EXECUTION checkpoint must be the last update.",
  ]);
});

test("an execution that waits for nothing, or answers nonsense, has failed", async () => {
  assert.deepEqual(await look(await start("wrong", [{ answer: { Status: "PENDING" } }])), [
    "FAILED", "Cannot return PENDING status with no pending operations.",
  ]);
  assert.deepEqual(await look(await start("wrong", [{ answer: { Status: "DONE" } }])), [
    "FAILED", "Invalid Status in invocation output.",
  ]);
});

test("a function that crashes is invoked again, with what it had checkpointed", async () => {
  await make("crashing");
  const arn = await start("crashing", [
    { when: { s: "SUCCEEDED" }, answer: { Status: "SUCCEEDED", Result: '"saved"' } },
    { updates: [{ Id: "s", Type: "STEP", Action: "SUCCEED", Payload: "1" }], crash: "out" },
  ]);
  assert.deepEqual(await look(arn), ["RUNNING", undefined]);
  await advance(1);
  assert.deepEqual(await look(arn), ["SUCCEEDED", '"saved"']);
});

test("a token is good for one checkpoint of the invocation that is under way", async () => {
  const arn = await start("crashing", [{ updates: [waiting], answer: { Status: "PENDING" } }]);
  const CheckpointToken = Buffer.from("made up").toString("base64");
  const input = { DurableExecutionArn: arn, CheckpointToken };
  const text = "InvalidParameterValueException: Invalid Checkpoint Token";
  assert.equal(await refusal(bench.lambda.send(new CheckpointDurableExecutionCommand(input))), text);
  assert.equal(await refusal(bench.lambda.send(new GetDurableExecutionStateCommand(input))), text);
  const CallbackId = CheckpointToken;
  assert.equal(
    await refusal(bench.lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId }))),
    "InvalidParameterValueException: Invalid callback id.",
  );
});

test("an execution's role needs the permission for checkpoints", async () => {
  await make("forbidden", { Role: roleArn("worker") });
  const [status, message = ""] = await look(await start("forbidden", [{ updates: [waiting] }]));
  assert.equal(status, "FAILED");
  assert.match(
    message, /is not authorized to perform: lambda:CheckpointDurableExecution on resource: .*:1\/durable/,
  );
});

test("what failed with nobody waiting for it goes to the dead-letter queue", async () => {
  const sqs = bench.region.client(SQSClient);
  await sqs.send(new CreateQueueCommand({ QueueName: "failed" }));
  await make("mourned", { DeadLetterConfig: { TargetArn: `arn:aws:sqs:us-east-1:${account}:failed` } });
  const rounds = [{ answer: { Status: "FAILED", Error: { ErrorMessage: "sold out" } } }];
  await start("mourned", rounds);
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
    QueueUrl: `http://localhost/${account}/failed`, MessageAttributeNames: ["All"],
  }));
  assert.deepEqual(Messages.map(({ Body, MessageAttributes }) =>
    [Body, MessageAttributes?.["ErrorMessage"]?.StringValue]), [[JSON.stringify({ rounds }), "sold out"]]);
});

test("a queue's messages are deleted when the execution that they began has succeeded", async () => {
  const sqs = bench.region.client(SQSClient);
  const QueueUrl = `http://localhost/${account}/slow`;
  await sqs.send(new CreateQueueCommand({ QueueName: "slow", Attributes: { VisibilityTimeout: "900" } }));
  await bench.role("reading", {
    Effect: "Allow", Action: ["lambda:CheckpointDurableExecution", "sqs:*"], Resource: "*",
  });
  const ZipFile = nodePackage(`
    import { LambdaClient, CheckpointDurableExecutionCommand } from "@aws-sdk/client-lambda";
    export const handler = async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState }) => {
      if (InitialExecutionState.Operations.length > 1) return { Status: "SUCCEEDED" };
      const Updates = [${JSON.stringify(waiting)}];
      await new LambdaClient({}).send(
        new CheckpointDurableExecutionCommand({ DurableExecutionArn, CheckpointToken, Updates }));
      return { Status: "PENDING" };
    };
  `);
  await make("reading", { Role: roleArn("reading"), Code: { ZipFile } });
  await bench.lambda.send(new CreateEventSourceMappingCommand({
    FunctionName: `${arnOf("reading")}:1`, EventSourceArn: `arn:aws:sqs:us-east-1:${account}:slow`,
  }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "go" }));
  await advance(2);
  const left = async () => {
    const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({
      QueueUrl, AttributeNames: [...names],
    }));
    return names.map((name) => Number(Attributes?.[name]));
  };
  assert.deepEqual(await left(), [0, 1]);
  await advance(10);
  assert.deepEqual(await left(), [0, 0]);
});

test("executions are listed by when they began, and their history page by page", async () => {
  await make("listed");
  const done = await start("listed", [{ answer: { Status: "SUCCEEDED" } }]);
  const open = await start("listed", [{ updates: [waiting], answer: { Status: "PENDING" } }]);
  const list = async (more: object) => {
    const { DurableExecutions = [] } = await bench.lambda.send(
      new ListDurableExecutionsByFunctionCommand({ FunctionName: "listed", ...more }));
    return DurableExecutions.map(({ DurableExecutionArn }) => DurableExecutionArn);
  };
  assert.deepEqual(await list({}), [done, open]);
  assert.deepEqual(await list({ ReverseOrder: true, MaxItems: 1 }), [open]);
  assert.deepEqual(await list({ Statuses: ["RUNNING"] }), [open]);
  assert.deepEqual(await list({ Qualifier: "$LATEST" }), []);
  const page = (Marker?: string) => bench.lambda.send(new GetDurableExecutionHistoryCommand({
    DurableExecutionArn: open, MaxItems: 2, IncludeExecutionData: false, Marker,
  }));
  const first = await page();
  const { Events = [] } = await page(first.NextMarker);
  const all = [...(first.Events ?? []), ...Events];
  assert.deepEqual(all.map(({ EventType, EventId }) => [EventId, EventType]), [
    [1, "ExecutionStarted"], [2, "WaitStarted"], [3, "InvocationCompleted"],
  ]);
  assert.deepEqual(first.Events?.[0]?.ExecutionStartedDetails, {
    Input: { Truncated: true }, ExecutionTimeout: 600,
  });
});

test("executions are forgotten after the time that they are kept, and with their function", async () => {
  await make("brief", { DurableConfig: { ExecutionTimeout: 60, RetentionPeriodInDays: 1 } });
  const arn = await start("brief", [{ answer: { Status: "SUCCEEDED" } }]);
  await bench.region.clock.advance({ hours: 23 });
  assert.equal((await look(arn))[0], "SUCCEEDED");
  const long = { ...waiting, WaitOptions: { WaitSeconds: 600 } };
  const later = await start("brief", [{ updates: [long], answer: { Status: "PENDING" } }]);
  await bench.region.clock.advance({ hours: 2 });
  assert.match(await refusal(look(arn)), /^ResourceNotFoundException: /);
  assert.equal((await look(later))[0], "TIMED_OUT");
  await bench.lambda.send(new DeleteFunctionCommand({ FunctionName: "brief" }));
  assert.match(await refusal(look(later)), /^ResourceNotFoundException: /);
});

test("what goes with a function goes wholly, and whoever waits for its executions is told", async () => {
  await make("gone");
  const long = { ...waiting, WaitOptions: { WaitSeconds: 600 } };
  const round = { updates: [long], answer: { Status: "PENDING" } };
  const answer = bench.lambda.send(new InvokeCommand({
    FunctionName: "gone", Qualifier: "1", Payload: Buffer.from(JSON.stringify({ rounds: [round] })),
  }));
  const arn = await start("gone", [round, { when: { none: "READY" } }]);
  const id = arn.slice(arn.lastIndexOf("/") + 1);
  const rows = (): number => bench.region.engine.store.read(cell, (transaction) =>
    transaction.rows(operations).count({ prefix: [id] }) + transaction.rows(events).count({ prefix: [id] }));
  assert.ok(rows() >= 4);
  await bench.lambda.send(new DeleteFunctionCommand({ FunctionName: "gone" }));
  const { FunctionError, Payload } = await answer;
  assert.equal(FunctionError, "Unhandled");
  assert.match(Buffer.from(Payload ?? "").toString(), /The function was deleted\./);
  await advance(0);
  assert.equal(rows(), 0);
});

test("a call of another durable function that a stop has cut off is made once", async () => {
  await bench.role("caller", {
    Effect: "Allow", Action: ["lambda:CheckpointDurableExecution", "lambda:InvokeFunction"], Resource: "*",
  });
  await make("callee");
  await make("caller", { Role: roleArn("caller") });
  const rounds = [
    { when: { w: "SUCCEEDED" }, answer: { Status: "SUCCEEDED", Result: "1" } },
    { updates: [waiting], answer: { Status: "PENDING" } },
  ];
  const ChainedInvokeOptions = { FunctionName: "callee:1" };
  const arn = await start("caller", [
    { when: { c: "SUCCEEDED" }, answer: { Status: "SUCCEEDED", Result: "2" } },
    {
      updates: [{
        Id: "c", Type: "CHAINED_INVOKE", Action: "START", ChainedInvokeOptions,
        Payload: JSON.stringify({ rounds }),
      }],
      answer: { Status: "PENDING" },
    },
  ]);
  const [executionName = "", id = ""] = arn.split("/").slice(-2);
  const key = { name: "caller", executionName, id, operationId: "c" };
  await chainedCall.body?.(key, bench.region.engine.jobContext(chainedCall.name, cell));
  const { DurableExecutions = [] } = await bench.lambda.send(
    new ListDurableExecutionsByFunctionCommand({ FunctionName: "callee" }));
  assert.equal(DurableExecutions.length, 1);
  await advance(10);
  assert.deepEqual(await look(arn), ["SUCCEEDED", "2"]);
});
