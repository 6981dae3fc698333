import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DescribeStreamCommand, KinesisClient, PutRecordCommand, StartStreamEncryptionCommand,
  StopStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { startRegion } from "../../../test/region.ts";
import { refusal, StreamFixture } from "./stream-fixture.ts";

const StreamName = "stream";

test("an encrypted stream is used by who may use its key", async () => {
  await using region = await startRegion();
  const stream = await StreamFixture.create(region);
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn ?? "";
  await stream.put("plain");
  const start = (key: string) => stream.client.send(
    new StartStreamEncryptionCommand({ StreamName, EncryptionType: "KMS", KeyId: key }));
  assert.match(
    await refusal(start("11111111-2222-3333-4444-555555555555")), /^KMSNotFoundException: /,
  );
  await start(KeyId);
  assert.equal(await stream.status(), "UPDATING");
  await region.clock.advance({ seconds: 1 });
  const { StreamDescription } = await stream.client.send(new DescribeStreamCommand({ StreamName }));
  assert.deepEqual([StreamDescription?.EncryptionType, StreamDescription?.KeyId], ["KMS", KeyId]);
  assert.equal((await stream.put("secret")).EncryptionType, "KMS");
  const { Records } = await stream.read(await stream.iterator());
  assert.deepEqual(
    Records?.map(({ Data, EncryptionType }) => [Buffer.from(Data ?? []).toString(), EncryptionType]),
    [["plain", undefined], ["secret", "KMS"]],
  );

  const writer = await region.user("writer", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "kinesis:*", Resource: "*" }],
  });
  const client = region.client(KinesisClient, { credentials: writer });
  const data = { StreamName, Data: Buffer.from("x"), PartitionKey: "k" };
  assert.match(await refusal(client.send(new PutRecordCommand(data))), /^KMSAccessDeniedException: /);
  const reader = new StreamFixture(region, StreamName, client);
  assert.match(await refusal(reader.texts()), /^KMSAccessDeniedException: /);

  await kms.send(new DisableKeyCommand({ KeyId }));
  assert.equal((await stream.put("still held")).EncryptionType, "KMS");
  await region.clock.advance({ minutes: 6 });
  assert.match(await refusal(stream.put("no more")), /^KMSDisabledException: /);
  await stream.client.send(new StopStreamEncryptionCommand({ StreamName, EncryptionType: "KMS", KeyId }));
  await region.clock.advance({ seconds: 1 });
  assert.equal((await stream.put("plain again")).EncryptionType, undefined);
});
