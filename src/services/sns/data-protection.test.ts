import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateTopicCommand, GetDataProtectionPolicyCommand, PublishBatchCommand, PutDataProtectionPolicyCommand,
} from "@aws-sdk/client-sns";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";
import { createQueue, createTopic } from "./topic-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const topic = await createTopic(region, "t");
const queue = await createQueue(region, "q");
await topic.subscribe("sqs", queue.arn, { RawMessageDelivery: "true" });
const { sns, arn: ResourceArn } = topic;

const email = "arn:aws:dataprotection::aws:data-identifier/EmailAddress";
const card = "arn:aws:dataprotection::aws:data-identifier/CreditCardNumber";

function policy(...statements: object[]): string {
  return JSON.stringify({
    Name: "p", Version: "2021-06-01",
    Statement: statements.map((statement) => ({ DataDirection: "Inbound", Principal: ["*"], ...statement })),
    Configuration: { CustomDataIdentifier: [{ Name: "Employee", Regex: "E-\\d{4}" }] },
  });
}

const put = (...statements: object[]) => sns.send(
  new PutDataProtectionPolicyCommand({ ResourceArn, DataProtectionPolicy: policy(...statements) }));

async function arrived(message: string): Promise<string[]> {
  await topic.publish(message);
  return queue.bodies();
}

const mask = { Deidentify: { MaskConfig: { MaskWithCharacter: "#" } } };
const redact = { Deidentify: { RedactConfig: {} } };

test("what is found in a message is masked or redacted, as it comes in", async () => {
  await put({ DataIdentifier: [email], Operation: mask });
  assert.deepEqual(await arrived("to ann@example.com and bob@example.com!"),
    ["to ############### and ###############!"]);
  await put({ DataIdentifier: [email], Operation: redact },
    { DataIdentifier: ["Employee"], Operation: mask });
  assert.deepEqual(await arrived("E-1234: ann@example.com, bob@example.com."), ["######: , ."]);
  await put({ DataIdentifier: [email], Operation: mask,
    Principal: ["arn:aws:iam::000000000000:user/other"] });
  assert.deepEqual(await arrived("ann@example.com"), ["ann@example.com"]);
  await put({ DataIdentifier: [email], Operation: mask, Principal: ["arn:aws:iam::000000000000:root"] });
  assert.deepEqual(await arrived("ann@example.com"), ["###############"]);
});

test("what goes out is masked for the subscriber, or not delivered at all", async () => {
  await put({ DataDirection: "Outbound", DataIdentifier: [email], Operation: mask });
  assert.deepEqual(await arrived("ann@example.com"), ["###############"]);
  await put({ DataDirection: "Outbound", DataIdentifier: [email], Operation: { Deny: {} } });
  assert.deepEqual(await arrived("ann@example.com"), []);
  assert.deepEqual(await arrived("nobody"), ["nobody"]);
});

test("a message that is denied is refused, and of a batch alone", async () => {
  await put({ DataIdentifier: [card], Operation: { Deny: {} } });
  assert.equal(await refusal(topic.publish("pay 4111 1111 1111 1111")),
    "AuthorizationErrorException: The message is denied by the data protection policy of the topic.");
  const { Successful, Failed } = await sns.send(new PublishBatchCommand({
    TopicArn: ResourceArn, PublishBatchRequestEntries: [
      { Id: "a", Message: "4111111111111111" }, { Id: "b", Message: "4111111111111112" },
    ],
  }));
  assert.deepEqual(Failed?.map(({ Id, Code }) => [Id, Code]), [["a", "AuthorizationError"]]);
  assert.deepEqual(Successful?.map(({ Id }) => Id), ["b"]);
  assert.deepEqual(await queue.bodies(), ["4111111111111112"]);
});

test("an audit writes what it found, and leaves the message as it is", async () => {
  const logs = region.client(CloudWatchLogsClient);
  const group = "/aws/vendedlogs/audit";
  await logs.send(new CreateLogGroupCommand({ logGroupName: group }));
  await put({
    DataIdentifier: [email], Operation: {
      Audit: { SampleRate: "99", FindingsDestination: { CloudWatchLogs: { LogGroup: group } } },
    },
  });
  for (let count = 0; count < 5; count++) assert.deepEqual(await arrived("to ann@example.com"),
    ["to ann@example.com"]);
  await arrived("nothing");
  await region.clock.advance({ seconds: 1 });
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: group }));
  assert.ok(events.length >= 4 && events.length <= 5);
  const finding = JSON.parse(events[0]?.message ?? "") as Record<string, unknown>;
  assert.equal(finding["resourceArn"], ResourceArn);
  assert.equal(finding["callerPrincipal"], "arn:aws:iam::000000000000:root");
  assert.deepEqual(finding["dataIdentifiers"],
    [{ name: "EmailAddress", count: 1, detections: [{ start: 3, end: 18 }] }]);
});

test("policies are shown, taken away, given with the topic, and checked", async () => {
  const text = policy({ DataIdentifier: [email], Operation: mask });
  await sns.send(new PutDataProtectionPolicyCommand({ ResourceArn, DataProtectionPolicy: text }));
  const shown = async (arn = ResourceArn) =>
    (await sns.send(new GetDataProtectionPolicyCommand({ ResourceArn: arn }))).DataProtectionPolicy;
  assert.equal(await shown(), text);
  await sns.send(new PutDataProtectionPolicyCommand({ ResourceArn, DataProtectionPolicy: "" }));
  assert.equal(await shown(), "");
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "born", DataProtectionPolicy: text }));
  assert.equal(await shown(TopicArn), text);
  const wrong = (reason: string) =>
    `InvalidParameterException: Invalid parameter: DataProtectionPolicy Reason: ${reason}`;
  const cases: [object, string][] = [
    [{ DataDirection: "Both" }, "DataDirection must be Inbound or Outbound"],
    [{ DataIdentifier: ["nobody"] }, "DataIdentifier nobody is invalid"],
    [{ DataIdentifier: [] }, "DataIdentifier must be a list of texts"],
    [{ Operation: { Burn: {} } }, "Operation must be Audit, Deidentify or Deny"],
    [{ Operation: { Deidentify: {} } }, "Deidentify must have either MaskConfig or RedactConfig"],
    [{ Operation: { Deidentify: { MaskConfig: { MaskWithCharacter: "ab" } } } },
      "MaskWithCharacter is invalid"],
    [{ Operation: { Audit: { SampleRate: "100" } } }, "SampleRate must be a whole number from 0 to 99"],
    [{ Operation: { Audit: { SampleRate: "9",
      FindingsDestination: { CloudWatchLogs: { LogGroup: "x" } } } } },
      "LogGroup must begin with /aws/vendedlogs/"],
  ];
  for (const [more, reason] of cases) {
    assert.equal(await refusal(put({ DataIdentifier: [email], Operation: mask, ...more })), wrong(reason));
  }
  assert.match(
    await refusal(put({ DataIdentifier: ["arn:aws:dataprotection::aws:data-identifier/Name"],
      Operation: mask })),
    /^NotImplemented/);
  const fifo = await createTopic(region, "f.fifo");
  assert.equal(await refusal(sns.send(
    new PutDataProtectionPolicyCommand({ ResourceArn: fifo.arn, DataProtectionPolicy: text }))),
  wrong("FIFO topics do not support it"));
});
