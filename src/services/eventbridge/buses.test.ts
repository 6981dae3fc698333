import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateEventBusCommand, CreatePartnerEventSourceCommand, DeleteEventBusCommand, DescribeEventBusCommand,
  DeleteRuleCommand, DescribeEventSourceCommand, DescribeRuleCommand, DisableRuleCommand, EventBridgeClient,
  ListEventBusesCommand, ListEventSourcesCommand, ListPartnerEventSourceAccountsCommand,
  ListTagsForResourceCommand, ListTargetsByRuleCommand, PutEventsCommand, PutPartnerEventsCommand,
  PutPermissionCommand, PutRuleCommand, PutTargetsCommand, RemovePermissionCommand, RemoveTargetsCommand,
  TagResourceCommand, UpdateEventBusCommand,
} from "@aws-sdk/client-eventbridge";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";
import { createInbox, entry, rule } from "./events-fixture.ts";

const arn = (name: string) => `arn:aws:events:us-east-1:000000000000:event-bus/${name}`;

test("events-bus-kinds: there is a default bus, and there are custom and partner ones", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const names = async () => (await events.send(new ListEventBusesCommand({}))).EventBuses?.map(({ Name }) =>
    Name);
  assert.deepEqual(await names(), ["default"]);
  const { EventBusArn } = await events.send(new CreateEventBusCommand({ Name: "orders" }));
  assert.equal(EventBusArn, arn("orders"));
  const source = "aws.partner/example.com/shop/1";
  const partner = region.client(EventBridgeClient, { credentials: region.root("111111111111") });
  await partner.send(new CreatePartnerEventSourceCommand({ Name: source, Account: "000000000000" }));
  const { EventSources } = await events.send(new ListEventSourcesCommand({}));
  assert.deepEqual(EventSources?.map(({ Name, State }) => [Name, State]), [[source, "PENDING"]]);
  await events.send(new CreateEventBusCommand({ Name: source, EventSourceName: source }));
  assert.equal((await events.send(new DescribeEventSourceCommand({ Name: source }))).State, "ACTIVE");
  const offered = await partner.send(new ListPartnerEventSourceAccountsCommand({ EventSourceName: source }));
  assert.deepEqual(offered.PartnerEventSourceAccounts?.map(({ Account, State }) => [Account, State]),
    [["000000000000", "ACTIVE"]]);
  assert.deepEqual(await names(), [source, "default", "orders"]);
  const inbox = await createInbox(region, "partner");
  await rule(events, "r", { source: [{ prefix: "aws.partner/" }] }, [{ Arn: inbox.arn }], source);
  await events.send(new PutPartnerEventsCommand({ Entries: [entry({ n: 1 }, { Source: source })] }));
  await region.engine.settled();
  assert.equal((await inbox.messages()).length, 1);
});

test("buses: created, described, updated, deleted", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  await events.send(new CreateEventBusCommand({ Name: "b", Description: "d" }));
  const refusals: readonly (readonly [Promise<unknown>, string])[] = [
    [events.send(new CreateEventBusCommand({ Name: "b" })),
      "ResourceAlreadyExistsException: Event bus b already exists."],
    [events.send(new CreateEventBusCommand({ Name: "default" })),
      "ResourceAlreadyExistsException: Event bus default already exists."],
    [events.send(new DescribeEventBusCommand({ Name: "no" })),
      "ResourceNotFoundException: Event bus no does not exist."],
  ];
  for (const [work, text] of refusals) assert.equal(await refusal(work), text);
  await events.send(new UpdateEventBusCommand({ Name: "b", Description: "e" }));
  const described = await events.send(new DescribeEventBusCommand({ Name: arn("b") }));
  assert.deepEqual([described.Name, described.Arn, described.Description], ["b", arn("b"), "e"]);
  await rule(events, "r", { source: ["a"] }, [], "b");
  assert.equal(await refusal(events.send(new DeleteEventBusCommand({ Name: "b" }))),
    "ValidationException: Event bus can't be deleted since it has rules.");
  await events.send(new DeleteEventBusCommand({ Name: "no" }));
});

test("buses: permissions are statements of a policy", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const policy = async () => {
    const { Policy } = await events.send(new DescribeEventBusCommand({}));
    return Policy === undefined ? undefined : JSON.parse(Policy) as unknown;
  };
  const friend = region.client(EventBridgeClient, { credentials: region.root("111111111111") });
  const send = () => friend.send(new PutEventsCommand({ Entries: [entry({},
    { EventBusName: arn("default") })] }));
  assert.match(await refusal(send()),
    /^AccessDeniedException: .*events:PutEvents on resource: arn:aws:events:/);
  await events.send(new PutPermissionCommand({
    Action: "events:PutEvents", Principal: "111111111111", StatementId: "one",
  }));
  await events.send(new PutPermissionCommand({
    Action: "events:PutEvents", Principal: "*", StatementId: "org",
    Condition: { Type: "StringEquals", Key: "aws:PrincipalOrgID", Value: "o-1" },
  }));
  const Resource = arn("default");
  const organization = {
    Sid: "org", Effect: "Allow", Principal: "*", Action: "events:PutEvents", Resource,
    Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } },
  };
  assert.deepEqual(await policy(), { Version: "2012-10-17", Statement: [
    { Sid: "one", Effect: "Allow", Principal: { AWS: "arn:aws:iam::111111111111:root" },
      Action: "events:PutEvents",
      Resource },
    organization,
  ] });
  assert.equal(await refusal(send()), "no refusal");
  await events.send(new RemovePermissionCommand({ StatementId: "one" }));
  assert.deepEqual(await policy(), { Version: "2012-10-17", Statement: [organization] });
  assert.match(await refusal(send()), /^AccessDeniedException/);
  assert.equal(await refusal(events.send(new RemovePermissionCommand({ StatementId: "one" }))),
    "ResourceNotFoundException: Statement with the provided id does not exist.");
  await events.send(new RemovePermissionCommand({ RemoveAllPermissions: true }));
  assert.equal(await policy(), undefined);
  assert.equal(await refusal(events.send(new RemovePermissionCommand({ StatementId: "one" }))),
    "ResourceNotFoundException: EventBus does not have a policy.");
  assert.equal(
    await refusal(events.send(new PutPermissionCommand({
      Action: "events:Nothing", Principal: "*", StatementId: "one",
    }))),
    "ValidationException: Provided value in parameter 'action' is not supported.",
  );
});

test("buses: a policy may let another account keep rules on a bus", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const friend = region.client(EventBridgeClient, { credentials: region.root("111111111111") });
  await events.send(new CreateEventBusCommand({ Name: "shared" }));
  const putRule = () => friend.send(new PutRuleCommand({
    Name: "theirs", EventBusName: arn("shared"), EventPattern: '{"source":["a"]}',
  }));
  assert.match(await refusal(putRule()),
    /^AccessDeniedException: .*events:PutRule on resource: arn:aws:events:/);
  await events.send(new PutPermissionCommand({ EventBusName: "shared", Policy: JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { AWS: "111111111111" }, Action: "events:PutRule",
      Resource: "arn:aws:events:us-east-1:000000000000:rule/shared/*",
      Condition: { "ForAllValues:StringEquals": { "events:source": "a" } },
    }],
  }) }));
  assert.equal((await putRule()).RuleArn, "arn:aws:events:us-east-1:000000000000:rule/shared/theirs");
  const { CreatedBy } = await events.send(new DescribeRuleCommand({ Name: "theirs",
    EventBusName: "shared" }));
  assert.equal(CreatedBy, "111111111111");
  const other = new PutRuleCommand({
    Name: "theirs", EventBusName: arn("shared"), EventPattern: '{"source":["b"]}',
  });
  assert.match(await refusal(friend.send(other)), /^AccessDeniedException/);
});

test("buses: another account keeps the rules that it made, and no others", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const friend = region.client(EventBridgeClient, { credentials: region.root("111111111111") });
  await events.send(new CreateEventBusCommand({ Name: "shared" }));
  // As EventBridge's console proposes it.
  await events.send(new PutPermissionCommand({ EventBusName: "shared", Policy: JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { AWS: "111111111111" },
      Action: [
        "PutRule", "PutTargets", "DeleteRule", "RemoveTargets", "DisableRule", "EnableRule", "TagResource",
        "UntagResource", "DescribeRule", "ListTargetsByRule", "ListTagsForResource",
      ].map((action) => `events:${action}`),
      Resource: "arn:aws:events:us-east-1:000000000000:rule/shared/*",
      Condition: { StringEqualsIfExists: { "events:creatorAccount": "111111111111" } },
    }],
  }) }));
  await rule(events, "ours", { source: ["a"] }, [], "shared");
  const EventBusName = arn("shared");
  const keep = async (Name: string): Promise<string[]> => {
    const ResourceARN = `arn:aws:events:us-east-1:000000000000:rule/shared/${Name}`;
    const Targets = [{ Id: "1", Arn: "arn:aws:sqs:us-east-1:000000000000:q" }];
    const EventPattern = '{"source":["a"]}';
    const outcomes = [
      await refusal(friend.send(new PutRuleCommand({ Name, EventBusName, EventPattern }))),
      await refusal(friend.send(new PutTargetsCommand({ Rule: Name, EventBusName, Targets }))),
      await refusal(friend.send(new ListTargetsByRuleCommand({ Rule: Name, EventBusName }))),
      await refusal(friend.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "a", Value: "b" }] }))),
      await refusal(friend.send(new ListTagsForResourceCommand({ ResourceARN }))),
      await refusal(friend.send(new DisableRuleCommand({ Name, EventBusName }))),
      await refusal(friend.send(new RemoveTargetsCommand({ Rule: Name, EventBusName, Ids: ["1"] }))),
      await refusal(friend.send(new DeleteRuleCommand({ Name, EventBusName }))),
    ];
    return outcomes.map((outcome) => outcome.split(":", 1)[0] ?? "");
  };
  assert.deepEqual(await keep("theirs"), Array.from({ length: 8 }, () => "no refusal"));
  assert.deepEqual(await keep("ours"), Array.from({ length: 8 }, () => "AccessDeniedException"));
});

test("buses: a policy tells events that are forwarded from others", async () => {
  await using region = await startRegion();
  const events = region.client(EventBridgeClient);
  const friend = region.client(EventBridgeClient, { credentials: region.root("111111111111") });
  await events.send(new CreateEventBusCommand({ Name: "hub" }));
  await events.send(new PutPermissionCommand({ EventBusName: "hub", Policy: JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { AWS: "111111111111" }, Action: "events:PutEvents", Resource: arn("hub"),
      Condition: { StringEquals: { "events:eventBusInvocation": "true" } },
    }],
  }) }));
  const inbox = await createInbox(region, "hub");
  await rule(events, "r", { source: ["my.app"] }, [{ Arn: inbox.arn }], "hub");
  const direct = new PutEventsCommand({ Entries: [entry({ n: 1 }, { EventBusName: arn("hub") })] });
  assert.match(await refusal(friend.send(direct)), /^AccessDeniedException/);
  await rule(friend, "on", { source: ["my.app"] }, [{ Arn: arn("hub") }]);
  await friend.send(new PutEventsCommand({ Entries: [entry({ n: 2 })] }));
  await region.settled();
  assert.deepEqual((await inbox.bodies()).map((body) => (body as { detail?: unknown }).detail), [{ n: 2 }]);
});
