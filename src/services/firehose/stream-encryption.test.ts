import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  DeleteDeliveryStreamCommand, DescribeDeliveryStreamCommand, PutRecordCommand,
  StartDeliveryStreamEncryptionCommand, StopDeliveryStreamEncryptionCommand,
} from "@aws-sdk/client-firehose";
import {
  CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient, ListGrantsCommand,
} from "@aws-sdk/client-kms";
import { startRegion } from "../../../test/region.ts";
import { Deliveries, refusal } from "./delivery-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const deliveries = await Deliveries.prepare(region);
const { client } = deliveries;
const kms = region.client(KMSClient);
const DeliveryStreamName = "stream";

async function makeKey(): Promise<string> {
  return (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "";
}

async function grantsOf(KeyId: string) {
  return (await kms.send(new ListGrantsCommand({ KeyId }))).Grants ?? [];
}

async function encryption() {
  const { DeliveryStreamDescription: stream } = await client.send(
    new DescribeDeliveryStreamCommand({ DeliveryStreamName }));
  return stream?.DeliveryStreamEncryptionConfiguration;
}

const customer = (KeyARN: string) => ({ KeyType: "CUSTOMER_MANAGED_CMK" as const, KeyARN });

function start(KeyARN?: string) {
  return client.send(new StartDeliveryStreamEncryptionCommand({
    DeliveryStreamName,
    ...(KeyARN !== undefined && { DeliveryStreamEncryptionConfigurationInput: customer(KeyARN) }),
  }));
}

const stop = () => client.send(new StopDeliveryStreamEncryptionCommand({ DeliveryStreamName }));

async function put(text: string) {
  return client.send(new PutRecordCommand({ DeliveryStreamName, Record: { Data: Buffer.from(text) } }));
}

test("a stream is made under a customer's key, by a grant that ends with the stream", async () => {
  const KeyARN = await makeKey();
  await deliveries.create({}, { DeliveryStreamEncryptionConfigurationInput: customer(KeyARN) });
  assert.deepEqual(await encryption(), { Status: "ENABLED", KeyType: "CUSTOMER_MANAGED_CMK", KeyARN });
  const [grant] = await grantsOf(KeyARN);
  assert.deepEqual([grant?.GranteePrincipal, grant?.Operations, grant?.Constraints], [
    "firehose.amazonaws.com", ["Decrypt", "GenerateDataKey", "RetireGrant"],
    { EncryptionContextSubset: {
      "aws:firehose:arn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/stream",
    } },
  ]);
  assert.equal((await put("secret")).Encrypted, true);
  await region.clock.advance({ seconds: 300 });
  assert.deepEqual((await deliveries.texts()).map(([, text]) => text), ["secret"]);
  await client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName }));
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await grantsOf(KeyARN), []);
});

test("encryption is turned on, moved to another key and turned off, each in a moment", async () => {
  const [one, two] = [await makeKey(), await makeKey()];
  await deliveries.create();
  assert.deepEqual(await encryption(), { Status: "DISABLED" });
  await start(one);
  assert.deepEqual(await encryption(), { Status: "ENABLING", KeyType: "CUSTOMER_MANAGED_CMK", KeyARN: one });
  assert.equal((await put("a")).Encrypted, false);
  assert.equal(
    await refusal(stop()),
    "ResourceInUseException: The encryption of Firehose stream is being changed.");
  await region.clock.advance({ seconds: 1 });
  assert.equal((await put("b")).Encrypted, true);
  await start(two);
  assert.deepEqual(await encryption(), { Status: "ENABLING", KeyType: "CUSTOMER_MANAGED_CMK", KeyARN: two });
  await put("c");
  await region.clock.advance({ seconds: 1 });
  await put("d");
  await stop();
  assert.equal((await encryption())?.Status, "DISABLING");
  await region.clock.advance({ seconds: 1 });
  assert.deepEqual(await encryption(), { Status: "DISABLED" });
  assert.equal((await put("e")).Encrypted, false);
  await region.clock.advance({ seconds: 300 });
  assert.equal((await deliveries.texts()).at(-1)?.[1], "abcde");
  assert.deepEqual([(await grantsOf(one)).length, (await grantsOf(two)).length], [1, 1]);
  await region.clock.advance({ hours: 24 });
  assert.deepEqual([(await grantsOf(one)).length, (await grantsOf(two)).length], [0, 0]);
});

test("a key that can't be used stops producers, and records wait for it for a day", async () => {
  const KeyARN = await makeKey();
  await start(KeyARN);
  await region.clock.advance({ seconds: 1 });
  await put("waits");
  const before = (await deliveries.texts()).length;
  await kms.send(new DisableKeyCommand({ KeyId: KeyARN }));
  await region.clock.advance({ seconds: 301 });
  assert.equal((await deliveries.texts()).length, before);
  assert.equal(await refusal(put("x")), `InvalidKMSResourceException: ${KeyARN} is disabled.`);
  const { Datapoints = [] } = await region.client(CloudWatchClient).send(new GetMetricStatisticsCommand({
    Namespace: "AWS/Firehose", MetricName: "KMSKeyDisabled", Statistics: ["Sum"], Period: 3_600,
    Dimensions: [{ Name: "DeliveryStreamName", Value: "stream" }],
    StartTime: new Date(region.clock.now() - 3_600_000), EndTime: new Date(region.clock.now() + 60_000),
  }));
  assert.ok((Datapoints[0]?.Sum ?? 0) >= 1);
  await kms.send(new EnableKeyCommand({ KeyId: KeyARN }));
  await region.clock.advance({ seconds: 60 });
  assert.equal((await deliveries.texts()).at(-1)?.[1], "waits");
  await put("lost");
  await kms.send(new DisableKeyCommand({ KeyId: KeyARN }));
  await region.clock.advance({ hours: 25 });
  await kms.send(new EnableKeyCommand({ KeyId: KeyARN }));
  await region.clock.advance({ minutes: 10 });
  assert.equal((await deliveries.texts()).at(-1)?.[1], "waits");
});

test("a key that is not there or not allowed is refused, as is the 26th change in a day", async () => {
  const disabled = await makeKey();
  await kms.send(new DisableKeyCommand({ KeyId: disabled }));
  assert.equal(await refusal(start(disabled)), `InvalidKMSResourceException: ${disabled} is disabled.`);
  const unknown = disabled.replace(/[^/]*$/, "00000000-0000-4000-8000-000000000000");
  assert.match(await refusal(start(unknown)), /^InvalidKMSResourceException: /);
  const withoutKey = client.send(new StartDeliveryStreamEncryptionCommand({
    DeliveryStreamName, DeliveryStreamEncryptionConfigurationInput: { KeyType: "CUSTOMER_MANAGED_CMK" },
  }));
  assert.equal(
    await refusal(withoutKey),
    "InvalidArgumentException: KeyARN has to be specified when KeyType is CUSTOMER_MANAGED_CMK");
  await region.clock.advance({ hours: 24 });
  for (let call = 0; call < 25; call += 1) {
    await (call % 2 === 0 ? start() : stop());
    await region.clock.advance({ seconds: 1 });
  }
  assert.match(await refusal(stop()), /^LimitExceededException: /);
  await region.clock.advance({ hours: 24 });
  await stop();
});
