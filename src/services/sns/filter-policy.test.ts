import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GetSubscriptionAttributesCommand, SetSubscriptionAttributesCommand, type MessageAttributeValue,
} from "@aws-sdk/client-sns";
import { startRegion } from "../../../test/region.ts";
import { createQueue, createTopic } from "./topic-fixture.ts";

function invalid(message: string): object {
  return { name: "InvalidParameterException", message: `Invalid parameter: ${message}` };
}

const string = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });
const number = (StringValue: string): MessageAttributeValue => ({ DataType: "Number", StringValue });
const list = (...values: unknown[]): MessageAttributeValue =>
  ({ DataType: "String.Array", StringValue: JSON.stringify(values) });

/** A policy, attributes that pass it, attributes that do not. */
const byAttributes: readonly [object, MessageAttributeValue[], (MessageAttributeValue | undefined)[]][] = [
  [["a", "b"], [string("a"), list("x", "b")], [string("A"), number("1"), undefined, list("x")]],
  [[{ "anything-but": ["a"] }], [string("b")], [string("a"), undefined]],
  [[{ "anything-but": { prefix: "a" } }], [string("ba")], [string("ab"), undefined]],
  [[{ prefix: "a" }, { suffix: "z" }], [string("ab"), string("yz")], [string("ba")]],
  [[{ "equals-ignore-case": "a" }], [string("A")], [string("b")]],
  [[{ wildcard: "a*z" }], [string("abcz"), string("az")], [string("abc")]],
  [[{ numeric: [">", 0, "<=", 100] }], [number("100"), number("0.5")], [number("0"), string("50")]],
  [[100], [number("100.0"), number("1e2")], [number("101"), string("100")]],
  [[{ exists: true }], [string("x"), number("1")], [undefined]],
  [[{ exists: false }], [], [string("x")]],
  [[{ cidr: "10.0.0.0/24" }], [string("10.0.0.7")], [string("10.0.1.7")]],
  [[null], [list(null)], [string("null")]],
];

test("attributes pass the filters that AWS documents, and no others", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  const arn = await topic.subscribe("sqs", queue.arn, { RawMessageDelivery: "true" });
  for (const [key, passing, failing] of byAttributes) {
    const AttributeValue = JSON.stringify({ key });
    await topic.sns.send(new SetSubscriptionAttributesCommand({
      SubscriptionArn: arn, AttributeName: "FilterPolicy", AttributeValue,
    }));
    const send = (message: string, value: MessageAttributeValue | undefined) =>
      topic.publish(message, value && { MessageAttributes: { key: value } });
    for (const value of passing) await send("passes", value);
    for (const value of failing) await send("fails", value);
    assert.deepEqual(await queue.bodies(), passing.map(() => "passes"), AttributeValue);
  }
});

test("bodies pass by what is in them, at any depth, with alternatives", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  await topic.subscribe("sqs", queue.arn, {
    RawMessageDelivery: "true",
    FilterPolicyScope: "MessageBody",
    FilterPolicy: JSON.stringify({ $or: [{ a: { b: ["x"] } }, { c: [{ numeric: [">", 1] }] }] }),
  });
  const passing = ['{"a":{"b":"x"}}', '{"c":2,"a":1}', '{"a":[{"b":["y","x"]}]}'];
  for (const body of [...passing, '{"a":{"b":"y"}}', '{"a.b":"z"}', "x", "[]", '{"c":"2"}']) {
    await topic.publish(body);
  }
  assert.deepEqual((await queue.bodies()).sort(), [...passing].sort());
});

const where = (text: string, column: number): string =>
  `\n at [Source: (String)"${text}"; line: 1, column: ${column}]`;

test("policies that are none are refused in SNS's words, and nothing changes", async () => {
  await using region = await startRegion();
  const topic = await createTopic(region, "topic");
  const queue = await createQueue(region, "queue");
  const refused = async (policy: string, message: string, scope = "MessageAttributes") => {
    const attributes = { FilterPolicy: policy, FilterPolicyScope: scope };
    await assert.rejects(topic.subscribe("sqs", queue.arn, attributes), invalid(message));
  };
  const reasoned = (policy: string, message: string, scope?: string) =>
    refused(policy, `Attributes Reason: FilterPolicy: ${message}`, scope);
  const list = '{"key":[["value"]]}';
  await reasoned(list, `Match value must be String, number, true, false, or null${where(list, 10)}`);
  const operator = '{"key":[{"wrong-operator":true}]}';
  await reasoned(operator, `Unrecognized match type wrong-operator${where(operator, 31)}`);
  const range = '{"key":[{"numeric":[">",3,"<",1]}]}';
  await reasoned(range, `Bottom must be less than top${where(range, 33)}`);
  const text = '{"key":"value"}';
  await reasoned(text, `"key" must be an object or an array${where(text, 9)}`);
  await refused(
    '{"a":{"b":["c"]}}', "Filter policy scope MessageAttributes does not support nested filter policy",
  );
  const keys = JSON.stringify(Object.fromEntries([..."abcdef"].map((key) => [key, ["x"]])));
  await reasoned(keys, "Filter policy can not have more than 5 keys");
  const values = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`);
  await reasoned(JSON.stringify({ a: values(151) }), "Filter policy is too complex");
  await reasoned(JSON.stringify({ a: values(11), b: values(14) }), "Filter policy is too complex");
  // Each level of nesting multiplies: 4 * 1 values of the first key by 2 * 10 * 2 of the second.
  const nested = (count: number) => JSON.stringify({ a: values(4), b: { c: values(count) } });
  await reasoned(nested(19), "Filter policy is too complex", "MessageBody");
  await reasoned(
    "invalid",
    "failed to parse JSON. Unrecognized token 'invalid': was expecting (JSON String, Number, Array, Object " +
      "or token 'null', 'true' or 'false')\n at [Source: REDACTED " +
      "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 8]",
  );
  await refused(
    "{}", "Attributes Reason: FilterPolicyScope: Invalid value [x]. Please use either MessageBody or " +
      "MessageAttributes", "x",
  );
  const arn = await topic.subscribe("sqs", queue.arn, {
    FilterPolicy: nested(18), FilterPolicyScope: "MessageBody",
  });
  const set = (AttributeName: string, AttributeValue: string) =>
    topic.sns.send(new SetSubscriptionAttributesCommand({
      SubscriptionArn: arn, AttributeName, AttributeValue,
    }));
  await assert.rejects(
    set("FilterPolicyScope", "MessageAttributes"),
    invalid("Filter policy scope MessageAttributes does not support nested filter policy"),
  );
  await assert.rejects(set("Fake", "x"), invalid("AttributeName"));
  await assert.rejects(
    set("RawMessageDelivery", "test-ValUe"),
    invalid("RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false."),
  );
  await assert.rejects(
    set("RedrivePolicy", '{"deadLetterTargetArn":"x"}'),
    invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn"),
  );
  const get = new GetSubscriptionAttributesCommand({ SubscriptionArn: arn });
  const { Attributes } = await topic.sns.send(get);
  assert.deepEqual(Attributes, {
    ConfirmationWasAuthenticated: "true",
    Endpoint: queue.arn,
    FilterPolicy: nested(18),
    FilterPolicyScope: "MessageBody",
    Owner: "000000000000",
    PendingConfirmation: "false",
    Protocol: "sqs",
    RawMessageDelivery: "false",
    SubscriptionArn: arn,
    SubscriptionPrincipal: "arn:aws:iam::000000000000:root",
    TopicArn: topic.arn,
  });
});
