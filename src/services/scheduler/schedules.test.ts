import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateRoleCommand, PutRolePolicyCommand, UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateScheduleCommand, DeleteScheduleCommand, GetScheduleCommand, ListSchedulesCommand, SchedulerClient,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import { AwsError } from "../../kernel/errors.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import {
  queueArn, refusal, roleArn, schedulerFixture, trust, type SchedulerFixture,
} from "./scheduler-fixture.ts";

let region: TestRegion;
let it: SchedulerFixture;
before(async () => {
  region = await startRegion();
  it = await schedulerFixture(region);
});
after(() => region.stop());

const minutes = (count: number): Promise<unknown> => region.clock.advance({ minutes: count });
const remove = (Name: string): Promise<unknown> => it.scheduler.send(new DeleteScheduleCommand({ Name }));
const now = (): number => region.clock.now();

test("a schedule is answered with AWS's defaults", async () => {
  const arn = await it.create("shown", { State: "DISABLED" });
  assert.equal(arn, "arn:aws:scheduler:us-east-1:000000000000:schedule/default/shown");
  const { $metadata: _, ...shown } = await it.scheduler.send(new GetScheduleCommand({ Name: "shown" }));
  assert.deepEqual(shown, {
    Arn: arn, Name: "shown", GroupName: "default", State: "DISABLED", ActionAfterCompletion: "NONE",
    ScheduleExpression: "rate(5 minutes)", ScheduleExpressionTimezone: "UTC",
    FlexibleTimeWindow: { Mode: "OFF" },
    Target: {
      Arn: queueArn("work"), RoleArn: roleArn, Input: "shown",
      RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
    },
    CreationDate: new Date(testEpoch), LastModificationDate: new Date(testEpoch),
  });
  await remove("shown");
});

test("a rate begins at once and goes on, until the schedule is deleted", async () => {
  await it.create("steady");
  await region.engine.settled();
  assert.deepEqual(await it.bodies(), ["steady"]);
  await minutes(14);
  assert.deepEqual(await it.bodies(), ["steady", "steady"]);
  await remove("steady");
  await minutes(60);
  assert.deepEqual(await it.bodies(), []);
});

test("a start date is the first time of a rate, an end date its last", async () => {
  const start = now() + 90_000;
  const EndDate = new Date(start + 10 * 60_000);
  await it.create("bounded", { StartDate: new Date(start), EndDate });
  await minutes(1);
  assert.deepEqual(await it.bodies(), []);
  await minutes(60);
  assert.equal((await it.bodies()).length, 3);
  await remove("bounded");
});

test("a one-time schedule in a time zone is due once, and gone when it is told to", async () => {
  const inTokyo = new Date(now() + 9 * 3_600_000 + 600_000).toISOString().slice(0, 19);
  await it.create("once", {
    ScheduleExpression: `at(${inTokyo})`, ScheduleExpressionTimezone: "Asia/Tokyo",
    ActionAfterCompletion: "DELETE",
  }, { Input: "<aws.scheduler.scheduled-time> <aws.scheduler.attempt-number> <aws.scheduler.other>" });
  const time = new Date(now() + 600_000).toISOString().replace(".000", "");
  await minutes(9);
  assert.deepEqual(await it.bodies(), []);
  await minutes(1);
  assert.deepEqual(await it.bodies(), [`${time} 1 <aws.scheduler.other>`]);
  assert.equal(
    await refusal(it.scheduler.send(new GetScheduleCommand({ Name: "once" }))),
    "ResourceNotFoundException: Schedule once does not exist.",
  );
});

test("a disabled schedule waits, and goes on in its rhythm when it is enabled", async () => {
  await it.create("paused");
  await region.engine.settled();
  await it.drain();
  const change = async (State: "ENABLED" | "DISABLED"): Promise<void> => {
    await it.scheduler.send(new UpdateScheduleCommand({
      Name: "paused", State, ScheduleExpression: "rate(5 minutes)", FlexibleTimeWindow: { Mode: "OFF" },
      Target: { Arn: queueArn("work"), RoleArn: roleArn, Input: "paused" },
    }));
  };
  await change("DISABLED");
  await minutes(12);
  assert.deepEqual(await it.bodies(), []);
  await change("ENABLED");
  await minutes(2);
  assert.deepEqual(await it.bodies(), []);
  await minutes(1);
  assert.deepEqual(await it.bodies(), ["paused"]);
  await remove("paused");
});

test("a flexible window lets the target be called some time within it", async () => {
  await it.create("loose", {
    ScheduleExpression: `at(${new Date(now() + 60_000).toISOString().slice(0, 19)})`,
    FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 60 },
  }, { Input: "<aws.scheduler.scheduled-time>" });
  const time = new Date(now() + 60_000).toISOString().replace(".000", "");
  await minutes(1);
  assert.deepEqual(await it.bodies(), []);
  await minutes(60);
  assert.deepEqual(await it.bodies(), [time]);
  await remove("loose");
});

test("a schedule that is over is there until its window's call, and takes the call with it", async () => {
  const loose = (name: string) => it.create(name, {
    ScheduleExpression: `at(${new Date(now() + 60_000).toISOString().slice(0, 19)})`,
    FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 1_440 },
    ActionAfterCompletion: "DELETE",
  });
  await loose("kept");
  await loose("dropped");
  await minutes(1);
  assert.deepEqual(await it.bodies(), []);
  await remove("dropped");
  await minutes(1_440);
  assert.equal((await it.bodies()).length, 1);
  await assert.rejects(remove("kept"), { name: "ResourceNotFoundException" });
});

test("what a templated target is not given is a notification", async () => {
  const arn = await it.create("quiet", { ScheduleExpression: "rate(1 day)" }, { Input: undefined });
  await region.engine.settled();
  const [body] = await it.bodies();
  const { id, ...rest } = JSON.parse(body ?? "") as Record<string, unknown>;
  assert.match(String(id), /^[0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    version: "0", "detail-type": "Scheduled Event", source: "aws.scheduler", account: "000000000000",
    time: new Date(now()).toISOString().replace(".000", ""), region: "us-east-1", resources: [arn],
    detail: "{}",
  });
  await remove("quiet");
});

test("a universal target is any operation, called under the role", async () => {
  const Arn = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage";
  const input = {
    QueueUrl: await it.url("work"), MessageBody: "<aws.scheduler.schedule-arn>",
    MessageAttributes: { kind: { DataType: "String", StringValue: "universal" } },
  };
  const arn = await it.create(
    "any", { ScheduleExpression: "rate(1 day)" }, { Arn, Input: JSON.stringify(input) },
  );
  await region.engine.settled();
  const [message] = await it.drain();
  assert.equal(message?.Body, arn);
  assert.equal(message?.MessageAttributes?.["kind"]?.StringValue, "universal");
  await remove("any");
});

test("what fails for good goes to the dead-letter queue with what is known of it", async () => {
  const Arn = "arn:aws:scheduler:::aws-sdk:sqs:createQueue";
  const arn = await it.create("denied", { ScheduleExpression: "rate(1 day)" }, {
    Arn, Input: `{"QueueName":"new"}`, DeadLetterConfig: { Arn: queueArn("dead") },
  });
  await region.engine.settled();
  const [letter] = await it.drain("dead");
  assert.equal(letter?.Body, `{"QueueName":"new"}`);
  const { EXECUTION_ID: id, ERROR_MESSAGE: message, ...rest } = Object.fromEntries(
    Object.entries(letter?.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
  );
  assert.match(id ?? "", /^[0-9a-f]{16}$/);
  assert.match(
    message ?? "", /^User: arn:aws:sts::000000000000:assumed-role\/runner\/EventBridgeScheduler is not /,
  );
  assert.deepEqual(rest, {
    ERROR_CODE: "AccessDeniedException", IS_PAYLOAD_TRUNCATED: "false", RETRY_ATTEMPTS: "0",
    SCHEDULED_TIME: new Date(now()).toISOString().replace(".000", ""), SCHEDULE_ARN: arn, TARGET_ARN: Arn,
  });
  await remove("denied");
});

test("what may pass is tried again, at growing intervals, as often as the retry policy says", async () => {
  const { engine } = region;
  const callFrom = engine.callFrom.bind(engine);
  const tries: number[] = [];
  engine.callFrom = (from, token, input, options) => {
    const isTry = input["MessageBody"] === "try" && !String(input["QueueUrl"]).endsWith("dead");
    if (!isTry) return callFrom(from, token, input, options);
    tries.push(now());
    throw new AwsError({ code: "ServiceUnavailable", message: "Busy.", status: 503 });
  };
  const begun = now();
  const retry = async (RetryPolicy: object): Promise<Record<string, string | undefined>> => {
    tries.length = 0;
    await it.create("retried", { ScheduleExpression: "rate(1 day)" }, {
      Input: "try", RetryPolicy, DeadLetterConfig: { Arn: queueArn("dead") },
    });
    await minutes(20);
    await remove("retried");
    const [letter] = await it.drain("dead");
    const attributes = Object.entries(letter?.MessageAttributes ?? {});
    return Object.fromEntries(attributes.map(([name, { StringValue }]) => [name, StringValue]));
  };
  const often = await retry({ MaximumRetryAttempts: 3 });
  assert.deepEqual(tries.map((at) => at - begun), [0, 1_000, 3_000, 7_000]);
  assert.deepEqual(
    [often["ERROR_CODE"], often["EXHAUSTED_RETRY_CONDITION"], often["RETRY_ATTEMPTS"]],
    ["ServiceUnavailable", "MaximumRetryAttempts", "3"],
  );
  const long = await retry({ MaximumEventAgeInSeconds: 60 });
  assert.deepEqual(
    [long["EXHAUSTED_RETRY_CONDITION"], long["RETRY_ATTEMPTS"]], ["MaximumEventAgeInSeconds", "5"],
  );
  engine.callFrom = callFrom;
});

test("the role must let Scheduler in, and the caller may pass it", async () => {
  const cannot = "ValidationException: The execution role you provide must allow AWS EventBridge Scheduler "
    + "to assume the role.";
  const AssumeRolePolicyDocument = trust("lambda.amazonaws.com");
  await it.iam.send(new CreateRoleCommand({ RoleName: "other", AssumeRolePolicyDocument }));
  for (const name of ["other", "missing"]) {
    const RoleArn = `arn:aws:iam::000000000000:role/${name}`;
    assert.equal(await refusal(it.create("refused", {}, { RoleArn })), cannot, name);
  }
  const foreign = "arn:aws:iam::111111111111:role/runner";
  assert.equal(await refusal(it.create("refused", {}, { RoleArn: foreign })), cannot);
  const group = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/default";
  for (const [source, answer] of [["other", cannot], [group, "nothing was refused"]] as const) {
    await it.iam.send(new UpdateAssumeRolePolicyCommand({
      RoleName: "other",
      PolicyDocument: trust("scheduler.amazonaws.com", {
        StringEquals: { "aws:SourceArn": source, "aws:SourceAccount": "000000000000" },
      }),
    }));
    const RoleArn = "arn:aws:iam::000000000000:role/other";
    assert.equal(await refusal(it.create("confined", {}, { RoleArn })), answer);
  }
  await remove("confined");
  const credentials = await region.user("planner", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "scheduler:*", Resource: "*" }],
  });
  const planner = region.client(SchedulerClient, { credentials });
  assert.equal(
    await refusal(planner.send(new CreateScheduleCommand({
      Name: "planned", ScheduleExpression: "rate(1 day)", FlexibleTimeWindow: { Mode: "OFF" },
      Target: { Arn: queueArn("work"), RoleArn: roleArn },
    }))),
    "AccessDeniedException: User: arn:aws:iam::000000000000:user/planner is not authorized to perform: "
    + `iam:PassRole on resource: ${roleArn} because no identity-based policy allows the iam:PassRole action`,
  );
});

test("a schedule's own key keeps its input, and its role needs the key", async () => {
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KmsKeyArn = KeyMetadata?.Arn ?? "";
  await it.create("sealed", { ScheduleExpression: "rate(1 hour)", KmsKeyArn }, {
    DeadLetterConfig: { Arn: queueArn("dead") },
  });
  const { Target } = await it.scheduler.send(new GetScheduleCommand({ Name: "sealed" }));
  assert.equal(Target?.Input, "sealed");
  await region.engine.settled();
  assert.deepEqual(await it.bodies(), []);
  assert.deepEqual(await it.bodies("dead"), ["{}"]);
  await it.iam.send(new PutRolePolicyCommand({
    RoleName: "runner", PolicyName: "decrypt", PolicyDocument: JSON.stringify({
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "kms:Decrypt", Resource: KmsKeyArn }],
    }),
  }));
  await minutes(60);
  assert.deepEqual(await it.bodies(), ["sealed"]);
  await remove("sealed");
  await kms.send(new CreateAliasCommand({ AliasName: "alias/mine", TargetKeyId: KmsKeyArn }));
  await kms.send(new DisableKeyCommand({ KeyId: KmsKeyArn }));
  assert.equal(
    await refusal(it.create("unsealed", { KmsKeyArn })), `ValidationException: ${KmsKeyArn} is disabled.`,
  );
});

test("what can't be is refused", async () => {
  const refused = async (change: object, target?: object): Promise<string> =>
    (await refusal(it.create("wrong", change, target))).replace("ValidationException: ", "");
  for (
    const ScheduleExpression of [
      "rate(5 minute", "rate(0 hours)", "cron(* * * * *)", "at(2026-02-30T00:00:00)",
    ]
  ) {
    assert.equal(await refused({ ScheduleExpression }), `Invalid Schedule Expression ${ScheduleExpression}.`);
  }
  const past = new Date(now() - 5 * 60_000 - 1_000);
  assert.equal(
    await refused({ StartDate: past }), "The StartDate you specify cannot be earlier than 5 minutes ago.",
  );
  assert.equal(await refused({ EndDate: past }), "The EndDate you specify must be in the future.");
  assert.equal(
    await refused(
      { ScheduleExpressionTimezone: "Mars/Base" },
    ), "Invalid ScheduleExpressionTimezone Mars/Base.",
  );
  assert.match(await refused({ FlexibleTimeWindow: { Mode: "FLEXIBLE" } }), /^MaximumWindowInMinutes must /);
  assert.match(
    await refused({ GroupName: "none" }), /^ResourceNotFoundException: Schedule group none does not exist\.$/,
  );
  for (const Arn of ["x", "arn:aws:s3:::bucket", "arn:aws:sqs:us-east-1:1:q", queueArn("a/b")]) {
    assert.equal(await refused({}, { Arn }), "Provided Arn is not in correct format.", Arn);
  }
  const sdk = "arn:aws:scheduler:::aws-sdk:";
  assert.match(await refused({}, { Arn: `${sdk}sqs:getQueueUrl`, Input: "{}" }), /^getQueueUrl only reads/);
  assert.match(
    await refused({}, { Arn: `${sdk}sqs:explode`, Input: "{}" }), /^explode is not an API operation/,
  );
  assert.match(
    await refused({}, { Arn: `${sdk}sqs:sendMessage`, Input: "x" }), /^Invalid RequestJson provided\. /,
  );
  assert.match(
    await refused(
      {}, { Arn: `${sdk}sqs:sendMessage`, Input: `{"Wrong":1}` },
    ), /The field "Wrong" is not supported\.$/,
  );
  assert.match(
    await refused({}, { Arn: `${sdk}athena:startQueryExecution`, Input: "{}" }), /^NotImplemented: /,
  );
  assert.match(
    await refused({}, { Arn: "arn:aws:ecs:us-east-1:000000000000:cluster/c" }), /^NotImplemented: /,
  );
  assert.match(
    await refused({}, { KinesisParameters: { PartitionKey: "k" } }), /^KinesisParameters can't be specified/,
  );
  assert.match(
    await refused({}, { DeadLetterConfig: { Arn: queueArn("dead.fifo") } }), /regular expression|FIFO/,
  );
  await it.create("twice", { State: "DISABLED" });
  assert.equal(await refusal(it.create("twice")), "ConflictException: Schedule twice already exists.");
  await remove("twice");
  assert.equal(await refusal(remove("twice")), "ResourceNotFoundException: Schedule twice does not exist.");
});

test("a client token makes a schedule once", async () => {
  const ClientToken = "token";
  const arn = await it.create("token", { ClientToken, State: "DISABLED" });
  assert.equal(await it.create("token", { ClientToken, State: "DISABLED" }), arn);
  assert.match(await refusal(it.create("token", { ClientToken, State: "ENABLED" })), /^ConflictException: /);
  await remove("token");
});

test("schedules are listed by group, name and state, page by page", async () => {
  for (const name of ["list-a", "list-b", "list-c"]) {
    await it.create(
      name, { State: name === "list-b" ? "ENABLED" : "DISABLED", ScheduleExpression: "rate(1 day)" },
    );
  }
  const names: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await it.scheduler.send(
      new ListSchedulesCommand({ NamePrefix: "list-", MaxResults: 2, NextToken }),
    );
    names.push(...(page.Schedules ?? []).map(({ Name }) => Name ?? ""));
    ({ NextToken } = page);
  } while (NextToken);
  assert.deepEqual(names, ["list-a", "list-b", "list-c"]);
  const { Schedules = [] } = await it.scheduler.send(
    new ListSchedulesCommand({ State: "ENABLED", GroupName: "default" }),
  );
  assert.deepEqual(
    Schedules.map(({ Name, Target }) => [Name, Target]), [["list-b", { Arn: queueArn("work") }]],
  );
  for (const name of ["list-a", "list-b", "list-c"]) await remove(name);
});
