import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteEventBusCommand, DeleteRuleCommand, DescribeRuleCommand, EventBridgeClient,
    ListRuleNamesByTargetCommand,
  ListRulesCommand, ListTagsForResourceCommand, ListTargetsByRuleCommand, PutEventsCommand, PutRuleCommand,
  PutTargetsCommand, RemoveTargetsCommand, TagResourceCommand, TestEventPatternCommand, UntagResourceCommand,
  type Target,
} from "@aws-sdk/client-eventbridge";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";
import { createInbox, entry, put, rule } from "./events-fixture.ts";

const queue = "arn:aws:sqs:us-east-1:000000000000:q";
const pattern = '{"source":["a"]}';

test("rules: what PutRule, DeleteRule and DescribeRule refuse", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const putRule = (more: object) => events.send(new PutRuleCommand({ Name: "r", ...more }));
  const text = '{"source": "a"}';
  const refusals: readonly (readonly [Promise<unknown>, string])[] = [
    [putRule({}), "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified."],
    [putRule({ EventPattern: text }),
      'InvalidEventPatternException: Event pattern is not valid. Reason: "source" must be an object or an ' +
        `array\n at [Source: (String)"${text}"; line: 1, column: 13]`],
    [putRule({ ScheduleExpression: "rate(1 minutes)" }),
      "ValidationException: Parameter ScheduleExpression is not valid."],
    [putRule({ ScheduleExpression: "at(2027-01-01T00:00:00)" }),
      "ValidationException: Parameter ScheduleExpression is not valid."],
    [putRule({ ScheduleExpression: "rate(1 minute)", EventBusName: "no" }),
      "ResourceNotFoundException: Event bus no does not exist."],
    [events.send(new DescribeRuleCommand({ Name: "no" })),
      "ResourceNotFoundException: Rule no does not exist on EventBus default."],
    [events.send(new PutTargetsCommand({ Rule: "no", Targets: [{ Id: "1", Arn: queue }] })),
      "ResourceNotFoundException: Rule no does not exist on EventBus default."],
  ];
  for (const [work, expected] of refusals) assert.equal(await refusal(work), expected);
  await rule(events, "r", { source: ["a"] }, [{ Arn: queue }]);
  assert.equal(await refusal(events.send(new DeleteRuleCommand({ Name: "r" }))),
    "ValidationException: Rule can't be deleted since it has targets.");
  await events.send(new RemoveTargetsCommand({ Rule: "r", Ids: ["1"] }));
  await events.send(new DeleteRuleCommand({ Name: "r" }));
  await events.send(new DeleteRuleCommand({ Name: "r" }));
});

test("rules: putting again replaces all but targets and tags", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const first = await events.send(new PutRuleCommand({
    Name: "r", EventPattern: pattern, Description: "d", State: "DISABLED", Tags: [{ Key: "k", Value: "v" }],
  }));
  await events.send(new PutTargetsCommand({ Rule: "r", Targets: [{ Id: "1", Arn: queue }] }));
  await events.send(new PutRuleCommand({ Name: "r", ScheduleExpression: "rate(2 hours)" }));
  const { $metadata: _, ...described } = await events.send(new DescribeRuleCommand({ Name: "r" }));
  assert.deepEqual(described, {
    Name: "r", Arn: first.RuleArn, ScheduleExpression: "rate(2 hours)", State: "ENABLED",
      EventBusName: "default",
    CreatedBy: "000000000000",
  });
  const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: "r" }));
  assert.deepEqual(Targets, [{ Id: "1", Arn: queue }]);
  const ResourceARN = first.RuleArn;
  await events.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "l", Value: "w" }] }));
  await events.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["k"] }));
  const { Tags } = await events.send(new ListTagsForResourceCommand({ ResourceARN }));
  assert.deepEqual(Tags, [{ Key: "l", Value: "w" }]);
});

test("rules: lists by prefix, by page and by target; 300 on a bus", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  for (let at = 0; at < 300; at++) {
    await events.send(new PutRuleCommand({ Name: `r${String(at)}`, EventPattern: pattern }));
  }
  assert.equal(await refusal(events.send(new PutRuleCommand({ Name: "s", EventPattern: pattern }))),
    "LimitExceededException: The requested resource exceeds the maximum number allowed.");
  const page = await events.send(new ListRulesCommand({ NamePrefix: "r29", Limit: 6 }));
  assert.deepEqual(page.Rules?.map(({ Name }) => Name), ["r29", "r290", "r291", "r292", "r293", "r294"]);
  const rest = await events.send(new ListRulesCommand({ NamePrefix: "r29", NextToken: page.NextToken }));
  assert.equal(rest.Rules?.length, 5);
  for (const Rule of ["r1", "r2", "r3"]) {
    await events.send(new PutTargetsCommand({ Rule, Targets: [{ Id: "1", Arn: queue }, { Id: "2",
      Arn: queue }] }));
  }
  const names = await events.send(new ListRuleNamesByTargetCommand({ TargetArn: queue }));
  assert.deepEqual(names.RuleNames, ["r1", "r2", "r3"]);
});

test("targets: what PutTargets refuses", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  await rule(events, "r", { source: ["a"] }, []);
  const putOne = (target: Partial<Target>) =>
    events.send(new PutTargetsCommand({ Rule: "r", Targets: [{ Id: "t", Arn: queue, ...target }] }));
  const refusals: readonly (readonly [Partial<Target>, string])[] = [
    [{ Arn: "nothing" }, "Parameter nothing is not valid. Reason: Provided Arn is not in correct format."],
    [{ Arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m" },
      "RoleArn is required for target arn:aws:states:us-east-1:000000000000:stateMachine:m."],
    [{ Arn: `${queue}.fifo` }, "Parameter(s) SqsParameters must be specified for target: t."],
    [{ Input: "{}", InputPath: "$.detail" },
      "Only one of Input, InputPath, or InputTransformer must be provided for target t."],
    [{ Input: "{" }, "JSON syntax error in input for target t"],
    [{ InputTransformer: { InputTemplate: '"<no>"' } },
      "InputTemplate for target t contains invalid placeholder no."],
    [{ InputTransformer: { InputTemplate: "{a" } },
      "Invalid InputTemplate for target t : it is neither JSON nor a quoted text."],
    [{ DeadLetterConfig: { Arn: `${queue}.fifo` } },
      `Parameter DeadLetterConfig is not valid. Reason: The dead-letter queue ${queue}.fifo is no standard ` +
      "SQS queue."],
    [{ Id: "!" },
      "1 validation error detected: Value '!' at 'targets.1.member.id' failed to satisfy constraint: " +
      "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"],
  ];
  for (const [target, text] of refusals) assert.equal(await refusal(putOne(target)),
    `ValidationException: ${text}`);
  const noRole =
    "ValidationException: Parameter x is not valid. Reason: Provided Arn is not in correct format.";
  assert.equal(await refusal(putOne({ RoleArn: "x" })), noRole);
  assert.equal(await refusal(events.send(new PutRuleCommand({
    Name: "r", ScheduleExpression: "rate(1 day)", RoleArn: "x",
  }))), noRole);
  assert.match(
    await refusal(putOne({
      Arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        RoleArn: "arn:aws:iam::000000000000:role/r",
    })),
    /^NotImplemented: eventbridge: a target of states is not implemented by us-local-1 yet\.$/,
  );
  const Targets = Array.from({ length: 6 }, (_each, index) => ({ Id: String(index), Arn: queue }));
  assert.equal(await refusal(events.send(new PutTargetsCommand({ Rule: "r", Targets }))),
    "LimitExceededException: The requested resource exceeds the maximum number allowed.");
  assert.deepEqual((await events.send(new ListTargetsByRuleCommand({ Rule: "r" }))).Targets, []);
  const removed = await events.send(new RemoveTargetsCommand({ Rule: "r", Ids: ["x"] }));
  assert.equal(removed.FailedEntryCount, 1);
});

test("targets: passing a role takes iam:PassRole for EventBridge", async () => {
  await using region = await startRegion();
  await rule(region.client(EventBridgeClient), "r", { source: ["a"] }, []);
  const role = "arn:aws:iam::000000000000:role/deliver";
  const put = async (name: string, service: string) => {
    const credentials = await region.user(name, {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "events:*", Resource: "*" },
        { Effect: "Allow", Action: "iam:PassRole", Resource: role,
          Condition: { StringEquals: { "iam:PassedToService": service } } },
      ],
    });
    const events = region.client(EventBridgeClient, { credentials });
    const Targets = [{ Id: "1", Arn: queue, RoleArn: role }];
    return refusal(events.send(new PutTargetsCommand({ Rule: "r", Targets })));
  };
  assert.equal(await put("right", "events.amazonaws.com"), "no refusal");
  assert.match(await put("wrong", "lambda.amazonaws.com"),
    /^AccessDeniedException: User: .* is not authorized to perform: iam:PassRole on resource: /);
});

test("input: constants, paths and templates", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const received = async (target: Partial<Target>, detail: object): Promise<string | undefined> => {
    const name = `q${region.engine.ids.hex(8)}`;
    const inbox = await createInbox(region, name);
    await rule(events, name, { detail: { for: [name] } }, [{ Arn: inbox.arn, ...target }]);
    await put(events, entry({ for: name, ...detail }));
    await region.engine.settled();
    const [message] = await inbox.messages();
    return message?.Body?.replaceAll(name, "NAME");
  };
  const detail = { command: "update", payload: { id: "x", list: [1, { a: "b" }] }, nothing: null,
    odd: { a: 'b"\n\\' } };
  const InputPathsMap = {
    type: "$.detail-type", command: "$.detail.command", payload: "$.detail.payload", none: "$.detail.none",
    first: "$.detail.payload.list[1].a", nothing: "$.detail.nothing",
    odd: "$.detail.odd",
  };
  const template = (InputTemplate: string) => ({ InputTransformer: { InputPathsMap, InputTemplate } });
  const cases: readonly (readonly [Partial<Target>, string])[] = [
    [{ Input: '{ "a":1 }' }, '{ "a":1 }'],
    [{ InputPath: "$.detail.payload" }, '{"id":"x","list":[1,{"a":"b"}]}'],
    [{ InputPath: "$.detail.command" }, '"update"'],
    [template('"A <type>: <command>, <none>."'), '"A Order: update, ."'],
    [template('{"c": <command>, "p": <payload>, "n": <none>, "t": "of <first>"}'),
      '{"c": "update", "p": {"id":"x","list":[1,{"a":"b"}]}, "n": "", "t": "of b"}'],
    [template('"{[/<type>"'), '"{[/Order"'],
    [template('{"n": <nothing>, "p": "is <payload>"}'),
      '{"n": null, "p": "is {id:x,list:[1,{a:b}]}"}'],
    [template('"<odd>"'), '"{a:b\\n\\\\}"'],
    [template('"<aws.events.rule-name> <aws.events.rule-arn> <aws.events.event.ingestion-time>"'),
      '"NAME arn:aws:events:us-east-1:000000000000:rule/NAME 2026-01-01T00:00:00Z"'],
  ];
  for (const [target, expected] of cases) assert.equal(await received(target, detail), expected);
  const whole = JSON.parse(
    await received(template('{"e": <aws.events.event>, "j": <aws.events.event.json>}'), detail) ?? "",
  ) as { e: object; j: { detail: object } };
  assert.deepEqual(Object.keys(whole.e),
    ["id", "account", "detailType", "time", "source", "region", "resources", "version"]);
  assert.deepEqual(whole.j.detail, { for: "NAME", ...detail });
});

test("PutEvents: entries are refused one by one", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const required = (name: string) => ({
    ErrorCode: "InvalidArgument",
    ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
  });
  const { Entries, FailedEntryCount } = await put(
    events,
    { ...entry({}), Source: undefined }, { ...entry({}), DetailType: undefined }, { ...entry({}),
      Detail: undefined },
    entry({}, { Detail: "{" }), entry({}, { Detail: "[1]" }), entry({}, { Source: "aws.s3" }), entry({}),
  );
  assert.equal(FailedEntryCount, 6);
  assert.deepEqual(Entries?.slice(0, 6), [
    required("Source"), required("DetailType"), required("Detail"),
    { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." },
    { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." },
    { ErrorCode: "NotAuthorizedForSource", ErrorMessage: "Not authorized for the source." },
  ]);
  assert.match(Entries?.[6]?.EventId ?? "", /^[0-9a-f-]{36}$/);
  const long = (bytes: number) => put(events, { Source: "s", DetailType: "d",
    Detail: `{"a":"${"x".repeat(bytes - 10)}"}` });
  assert.equal(await refusal(long(1_048_576)), "no refusal");
  assert.equal(await refusal(long(1_048_577)),
    "ValidationException: Total size of the entries in the request is over the limit.");
  assert.match(await refusal(events.send(new PutEventsCommand({ Entries: Array.from({ length: 11 }, () =>
    entry({})) }))),
    /at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10$/);
  const nested = (levels: number) => put(
    events, entry({}, { Detail: `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}` }),
  );
  assert.equal((await nested(1_100)).FailedEntryCount, 0);
  assert.equal((await nested(1_101)).Entries?.[0]?.ErrorCode, "MalformedDetail");
  assert.equal((await nested(400_000)).Entries?.[0]?.ErrorCode, "MalformedDetail");
  assert.match(await refusal(events.send(new PutEventsCommand({ EndpointId: "a.b", Entries: [entry({})] }))),
    /NotImplemented/);
});

test("TestEventPattern", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const event = {
    id: "1", account: "1", source: "a", time: "2026-01-01T00:00:00Z", region: "r", resources: [],
      "detail-type": "d",
  };
  const result = async (EventPattern: string, Event: string) =>
    (await events.send(new TestEventPatternCommand({ EventPattern, Event }))).Result;
  assert.equal(await result(pattern, JSON.stringify(event)), true);
  assert.equal(await result('{"source":["b"]}', JSON.stringify(event)), false);
  assert.match(await refusal(result(pattern, "{}")), /^ValidationException: Parameter Event is not valid/);
  assert.match(await refusal(result("{", JSON.stringify(event))), /^InvalidEventPatternException/);
  assert.equal(await refusal(events.send(new DeleteEventBusCommand({ Name: "default" }))),
    "ValidationException: Cannot delete event bus default.");
});
