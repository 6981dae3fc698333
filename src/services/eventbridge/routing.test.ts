import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand,
  RemoveTargetsCommand, DisableRuleCommand, EnableRuleCommand, ListRulesCommand, DescribeRuleCommand,
  PutPermissionCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { createInbox, entry, put, rule } from "./events-fixture.ts";

test("events-json-document: an event is one JSON document, its numbers as they were written", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "all");
  await rule(events, "all", { source: ["my.app"] }, [{ Arn: inbox.arn }]);
  const { Entries, FailedEntryCount } = await put(
    events, entry({ a: 1.5, big: 1 }, { Detail: '{ "a" : 1.50, "big": 12345678901234567890 }',
      Resources: ["r"] }),
  );
  assert.equal(FailedEntryCount, 0);
  await region.engine.settled();
  const [message] = await inbox.messages();
  assert.equal(
    message?.Body,
    `{"version":"0","id":"${Entries?.[0]?.EventId ?? ""}","detail-type":"Order","source":"my.app",` +
      '"account":"000000000000","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":["r"],' +
      '"detail":{"a":1.50,"big":12345678901234567890}}',
  );
});

test("events-bus-router: an event goes to none, one or several targets", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const one = await createInbox(region, "one");
  const two = await createInbox(region, "two");
  await events.send(new CreateEventBusCommand({ Name: "orders" }));
  await rule(events, "small", { detail: { total: [{ numeric: ["<", 10] }] } }, [{ Arn: one.arn }], "orders");
  await rule(events, "any", { source: ["my.app"] }, [{ Arn: two.arn }], "orders");
  await put(
    events,
    entry({ total: 5 }, { EventBusName: "orders" }), entry({ total: 50 }, { EventBusName: "orders" }),
    entry({ total: 50 }, { EventBusName: "orders", Source: "other" }), entry({ total: 5 }),
    entry({ total: 5 }, { EventBusName: "nowhere" }),
  );
  await region.engine.settled();
  assert.equal((await one.messages()).length, 1);
  assert.equal((await two.messages()).length, 2);
});

test("events-renamed-eventbridge: a rule of CloudWatch Events is one of EventBridge's default bus",
  async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  await rule(events, "r", { source: ["a"] }, []);
  const { Rules } = await events.send(new ListRulesCommand({ EventBusName: "default" }));
  assert.deepEqual(Rules, [{
    Name: "r", Arn: "arn:aws:events:us-east-1:000000000000:rule/r", EventBusName: "default", State: "ENABLED",
    EventPattern: '{"source":["a"]}',
  }]);
});

test("events-targets: what fails is tried again, and given up into a dead-letter queue", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const dead = await createInbox(region, "dead");
  const closed = await createInbox(region, "closed", { open: false });
  const arn = await rule(events, "broken", { source: ["my.app"] }, [
    { Arn: closed.arn, DeadLetterConfig: { Arn: dead.arn } },
  ]);
  await put(events, entry({ n: 1 }));
  await region.engine.settled();
  const letters = await dead.messages();
  const shown = letters.map(({ MessageAttributes: attributes = {} }) => [
    attributes["RULE_ARN"]?.StringValue, attributes["TARGET_ARN"]?.StringValue?.split(":").at(-1),
    attributes["ERROR_CODE"]?.StringValue, attributes["RETRY_ATTEMPTS"]?.StringValue,
  ]).sort();
  assert.deepEqual(shown, [[arn, "closed", "NO_PERMISSIONS", "0"]]);
  assert.deepEqual((JSON.parse(letters[0]?.Body ?? "") as { detail: unknown }).detail, { n: 1 });
});

test("a target under a role: trust and permissions of the role decide", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const iam = region.client(IAMClient);
  const closed = await createInbox(region, "closed", { open: false });
  const dead = await createInbox(region, "dead");
  const AssumeRolePolicyDocument = trust("events.amazonaws.com");
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "deliver", AssumeRolePolicyDocument }));
  const target = { Arn: closed.arn, RoleArn: Role?.Arn, DeadLetterConfig: { Arn: dead.arn } };
  await rule(events, "r", { source: ["my.app"] }, [target]);
  await put(events, entry({ n: 1 }));
  await region.engine.settled();
  assert.equal((await closed.messages()).length, 0);
  assert.equal((await dead.messages())[0]?.MessageAttributes?.["ERROR_CODE"]?.StringValue, "NO_PERMISSIONS");
  await iam.send(new PutRolePolicyCommand({
    RoleName: "deliver", PolicyName: "p", PolicyDocument: JSON.stringify(allow("sqs:SendMessage")),
  }));
  await rule(events, "lost", { source: ["my.app"] }, [{ ...target, Arn: `${closed.arn}-not-there` }]);
  await put(events, entry({ n: 2 }));
  await region.engine.settled();
  assert.equal((await closed.messages()).length, 1);
  assert.equal((await dead.messages())[0]?.MessageAttributes?.["ERROR_CODE"]?.StringValue, "NO_RESOURCE");
});

test("events-schedule-cron: rules run on a schedule, by the clock", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "ticks");
  await events.send(new PutRuleCommand({ Name: "every", ScheduleExpression: "rate(5 minutes)" }));
  await events.send(new PutRuleCommand({ Name: "daily", ScheduleExpression: "cron(30 0 * * ? *)" }));
  await events.send(new PutTargetsCommand({ Rule: "every", Targets: [{ Id: "1", Arn: inbox.arn }] }));
  await events.send(new PutTargetsCommand({
    Rule: "daily", Targets: [{ Id: "1", Arn: inbox.arn, Input: '{"daily":true}' }],
  }));
  await region.clock.advance({ minutes: 4 });
  assert.deepEqual(await inbox.bodies(), []);
  await region.clock.advance({ minutes: 7 });
  const bodies = await inbox.bodies() as Record<string, unknown>[];
  assert.deepEqual(bodies.map(({ id: _id, ...rest }) => rest), ["05", "10"].map((minute) => ({
    version: "0", "detail-type": "Scheduled Event", source: "aws.events", account: "000000000000",
    time: `2026-01-01T00:${minute}:00Z`, region: "us-east-1",
    resources: ["arn:aws:events:us-east-1:000000000000:rule/every"], detail: {},
  })));
  await events.send(new DisableRuleCommand({ Name: "every" }));
  await region.clock.advance({ minutes: 20 });
  assert.deepEqual(await inbox.bodies(), [{ daily: true }]);
  await events.send(new EnableRuleCommand({ Name: "every" }));
  await region.clock.advance({ minutes: 5 });
  assert.equal((await inbox.messages()).length, 1);
});

test("events-pattern-react: what services emit comes to the default bus", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const ssm = region.client(SSMClient);
  const inbox = await createInbox(region, "changes");
  await ssm.send(new PutParameterCommand({ Name: "/before", Value: "v", Type: "String" }));
  await rule(events, "r", { source: ["aws.ssm"], detail: { operation: ["Create"] } }, [{ Arn: inbox.arn }]);
  await ssm.send(new PutParameterCommand({ Name: "/a", Value: "v", Type: "String" }));
  await ssm.send(new PutParameterCommand({ Name: "/a", Value: "w", Type: "String", Overwrite: true }));
  await region.client(KMSClient).send(new CreateKeyCommand({}));
  await region.engine.settled();
  const bodies = await inbox.bodies() as { detail: { name: string }; "detail-type": string }[];
  assert.deepEqual(bodies.map((body) => [body["detail-type"], body.detail.name]),
    [["Parameter Store Change", "/a"]]);
});

test("events-cross-account: events go to another account's bus as its policy allows, as they are",
  async () => {
  await using region = await startRegion();
  const other = "111111111111";
  const events = region.client(EventBridgeClient);
  const theirs = region.client(EventBridgeClient, { region: "eu-west-1", credentials: region.root(other) });
  const inbox = await createInbox(region, "theirs", {
    account: other, region: "eu-west-1", client: { credentials: region.root(other) },
  });
  const dead = await createInbox(region, "dead");
  const bus = `arn:aws:events:eu-west-1:${other}:event-bus/shared`;
  await theirs.send(new CreateEventBusCommand({ Name: "shared" }));
  await rule(theirs, "in", { account: ["000000000000"] }, [{ Arn: inbox.arn }], "shared");
  await rule(events, "out", { source: ["my.app"] }, [{ Arn: bus, DeadLetterConfig: { Arn: dead.arn } }]);
  await put(events, entry({ n: 1 }));
  await region.engine.settled();
  assert.deepEqual(await inbox.bodies(), []);
  assert.equal((await dead.messages())[0]?.MessageAttributes?.["ERROR_CODE"]?.StringValue, "NO_PERMISSIONS");
  await theirs.send(new PutPermissionCommand({
    EventBusName: "shared", Action: "events:PutEvents", Principal: "000000000000", StatementId: "friend",
  }));
  const { Entries } = await put(events, entry({ n: 2 }));
  await region.engine.settled();
  const [body] = await inbox.bodies() as Record<string, unknown>[];
  assert.deepEqual([body?.["id"], body?.["account"], body?.["region"], body?.["detail"]],
    [Entries?.[0]?.EventId, "000000000000", "us-east-1", { n: 2 }]);
  // A bus may be sent to directly, too.
  await put(events, entry({ n: 3 }, { EventBusName: bus }));
  await region.engine.settled();
  assert.deepEqual((await inbox.bodies() as Record<string, unknown>[])[0]?.["detail"], { n: 3 });
});

test("buses that send to each other do not do so for ever", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "a");
  const dead = await createInbox(region, "dead");
  const arn = (name: string) => `arn:aws:events:us-east-1:000000000000:event-bus/${name}`;
  await events.send(new CreateEventBusCommand({ Name: "b" }));
  await rule(events, "there", { source: ["my.app"] }, [{ Arn: arn("b") }, { Arn: inbox.arn }]);
  await rule(events, "back", { source: ["my.app"] }, [
    { Arn: arn("default"), DeadLetterConfig: { Arn: dead.arn } },
  ], "b");
  await put(events, entry({ n: 1 }));
  await region.engine.settled();
  assert.equal((await inbox.messages()).length, 1);
  const [letter] = await dead.messages();
  assert.equal(letter?.MessageAttributes?.["ERROR_CODE"]?.StringValue, "THIRD_REGION_HOP_DETECTED");
});

test("a request from outside cannot pose as another bus", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "all");
  await rule(events, "all", { account: [{ exists: true }] }, [{ Arn: inbox.arn }]);
  const forged = { id: "x", source: "aws.s3", account: "999999999999", detail: "{}", detailType: "d" };
  await put(events, { ...entry({ n: 1 }), internalMetadata: forged } as object);
  await region.engine.settled();
  const [body] = await inbox.bodies() as Record<string, unknown>[];
  assert.deepEqual([body?.["source"], body?.["account"]], ["my.app", "000000000000"]);
});

test("rules and targets that go or are disabled get nothing", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "all");
  await rule(events, "r", { source: ["my.app"] }, [{ Arn: inbox.arn }]);
  await events.send(new DisableRuleCommand({ Name: "r" }));
  await put(events, entry({ n: 1 }));
  await events.send(new EnableRuleCommand({ Name: "r" }));
  await put(events, entry({ n: 2 }));
  await events.send(new RemoveTargetsCommand({ Rule: "r", Ids: ["1"] }));
  await put(events, entry({ n: 3 }));
  await region.engine.settled();
  const bodies = await inbox.bodies() as { detail: unknown }[];
  assert.deepEqual(bodies.map(({ detail }) => detail), [{ n: 2 }]);
  assert.equal((await events.send(new DescribeRuleCommand({ Name: "r" }))).CreatedBy, "000000000000");
});

test("events that come together arrive in their order, though nothing promises it", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const inbox = await createInbox(region, "in");
  await rule(events, "all", { source: ["my.app"] }, [{ Arn: inbox.arn, InputPath: "$.detail.n" }]);
  const numbers = Array.from({ length: 10 }, (_each, n) => n);
  await put(events, ...numbers.map((n) => entry({ n })));
  await region.settled();
  assert.deepEqual(await inbox.bodies(), numbers);
});
