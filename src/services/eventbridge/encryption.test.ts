import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateApiDestinationCommand, CreateArchiveCommand, CreateConnectionCommand, CreateEventBusCommand,
  DeauthorizeConnectionCommand, DescribeArchiveCommand,
  DescribeConnectionCommand, DescribeEventBusCommand, DescribeReplayCommand, EventBridgeClient,
  PutEventsCommand, StartReplayCommand, UpdateArchiveCommand, UpdateConnectionCommand,
  UpdateEventBusCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient, type CreateKeyCommandInput,
} from "@aws-sdk/client-kms";
import { CreateDiscovererCommand, SchemasClient } from "@aws-sdk/client-schemas";
import { DescribeSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { withDataFolder } from "../../../test/data-folder.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";
import { createInbox, entry, rule } from "./events-fixture.ts";

const region = await startRegion();
after(() => region.stop());
const events = region.client(EventBridgeClient);
const kms = region.client(KMSClient);
const account = "000000000000";
const busArn = (name: string) => `arn:aws:events:us-east-1:${account}:event-bus/${name}`;

/** What the User Guide gives EventBridge: to describe the key, and to use it for one bus. */
async function keyFor(bus: string, more: CreateKeyCommandInput = {}, client = kms): Promise<string> {
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [
    { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" },
    {
      Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "kms:DescribeKey",
      Resource: "*",
    },
    {
      Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Resource: "*",
      Action: ["kms:GenerateDataKey", "kms:Decrypt"],
      Condition: { StringEquals: {
        "aws:SourceAccount": account, "aws:SourceArn": busArn(bus),
        "kms:EncryptionContext:aws:events:event-bus:arn": busArn(bus),
      } },
    },
  ] });
  const { KeyMetadata } = await client.send(new CreateKeyCommand({ Policy, ...more }));
  return KeyMetadata?.Arn ?? "";
}

const put = (EventBusName: string, detail: object) => events.send(new PutEventsCommand({
  Entries: [entry(detail, { EventBusName })],
}));

async function detailsOf(inbox: { bodies(): Promise<unknown[]> }): Promise<unknown[]> {
  await region.settled();
  return (await inbox.bodies()).map((body) => (body as { detail?: unknown }).detail);
}

test("events of a bus with a key reach targets, and the bus's queue while it is disabled", async () => {
  const key = await keyFor("sealed");
  const [inbox, dead] = [await createInbox(region, "sealed-in"), await createInbox(region, "sealed-dead")];
  const { KmsKeyIdentifier, DeadLetterConfig } = await events.send(new CreateEventBusCommand({
    Name: "sealed", KmsKeyIdentifier: key, DeadLetterConfig: { Arn: dead.arn },
  }));
  assert.deepEqual([KmsKeyIdentifier, DeadLetterConfig], [key, { Arn: dead.arn }]);
  await rule(events, "r", { detail: { n: [{ exists: true }] } }, [{ Arn: inbox.arn }], "sealed");
  await put("sealed", { n: 1 });
  assert.deepEqual(await detailsOf(inbox), [{ n: 1 }]);
  await kms.send(new DisableKeyCommand({ KeyId: key }));
  const { FailedEntryCount, Entries: [result] = [] } = await put("sealed", { n: 2 });
  assert.equal(FailedEntryCount, 0);
  assert.deepEqual(await detailsOf(inbox), []);
  const [letter] = await dead.messages();
  const body = JSON.parse(letter?.Body ?? "{}") as Record<string, unknown>;
  assert.deepEqual([body["id"], body["detail"]], [result?.EventId, { n: 2 }]);
  const attributes = Object.entries(letter?.MessageAttributes ?? {}).map(([name, { StringValue }]) =>
    [name, StringValue]);
  assert.deepEqual(Object.fromEntries(attributes), {
    ERROR_CODE: "INVALID_PARAMETER", ERROR_MESSAGE: `${key} is disabled.`,
  });
  await kms.send(new EnableKeyCommand({ KeyId: key }));
  await put("sealed", { n: 3 });
  assert.deepEqual(await detailsOf(inbox), [{ n: 3 }]);
});

test("what can't be decrypted for a target goes to the target's queue, without its detail", async () => {
  const key = await keyFor("late");
  const dead = await createInbox(region, "late-dead");
  await events.send(new CreateEventBusCommand({ Name: "late", KmsKeyIdentifier: key }));
  const { ConnectionArn } = await events.send(new CreateConnectionCommand({
    Name: "shut", AuthorizationType: "API_KEY",
    AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "n", ApiKeyValue: "v" } },
  }));
  await events.send(new DeauthorizeConnectionCommand({ Name: "shut" }));
  const { ApiDestinationArn: Arn = "" } = await events.send(new CreateApiDestinationCommand({
    Name: "shut", ConnectionArn, InvocationEndpoint: "https://localhost/", HttpMethod: "POST",
  }));
  // An endpoint whose connection is not authorized is tried again.
  const RoleArn = `arn:aws:iam::${account}:role/any`;
  await rule(events, "r", { source: ["my.app"] }, [
    { Arn, RoleArn, DeadLetterConfig: { Arn: dead.arn } },
  ], "late");
  const { Entries: [result] = [] } = await put("late", { n: 1 });
  await region.settled();
  assert.deepEqual(await dead.messages(), []);
  await kms.send(new DisableKeyCommand({ KeyId: key }));
  await region.clock.advance({ seconds: 1 });
  const [letter] = await dead.messages();
  const body = JSON.parse(letter?.Body ?? "{}") as Record<string, unknown>;
  assert.deepEqual([body["id"], body["source"], "detail" in body], [result?.EventId, "my.app", false]);
  const { ERROR_MESSAGE, RETRY_ATTEMPTS, TARGET_ARN } = letter?.MessageAttributes ?? {};
  assert.deepEqual([ERROR_MESSAGE, RETRY_ATTEMPTS, TARGET_ARN].map((each) => each?.StringValue),
    [`${key} is disabled.`, "1", Arn]);
});

test("a key must be there, symmetric, enabled, and EventBridge's to describe", async () => {
  const create = (KmsKeyIdentifier: string) => refusal(events.send(new CreateEventBusCommand({
    Name: "refused", KmsKeyIdentifier,
  })));
  const prefix = "ValidationException: Parameter KmsKeyIdentifier is not valid. Reason: ";
  const none = `arn:aws:kms:us-east-1:${account}:key/11111111-1111-4111-8111-111111111111`;
  const { KeyMetadata: own } = await kms.send(new CreateKeyCommand({}));
  assert.equal(await create(own?.Arn ?? ""),
    `${prefix}User: events.amazonaws.com is not authorized to perform: kms:DescribeKey on this resource ` +
      "because the resource does not exist in this Region, no resource-based policies allow access, or a " +
      "resource-based policy explicitly denies access");
  assert.match(await create(none), /^ValidationException: Parameter KmsKeyIdentifier is not valid\./);
  const signing = await keyFor("refused", { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  assert.equal(await create(signing), `${prefix}The key ${signing} is no symmetric encryption key.`);
  const disabled = await keyFor("refused");
  await kms.send(new DisableKeyCommand({ KeyId: disabled }));
  assert.equal(await create(disabled), `${prefix}The key ${disabled} is not enabled.`);
  const fifo = `arn:aws:sqs:us-east-1:${account}:dead.fifo`;
  assert.equal(
    await refusal(events.send(new CreateEventBusCommand({ Name: "x", DeadLetterConfig: { Arn: fifo } }))),
    "ValidationException: Parameter DeadLetterConfig is not valid. Reason: The dead-letter queue " +
      `${fifo} is no standard SQS queue.`,
  );
});

test("settings of a bus are taken away by what is empty, and stay where nothing is said", async () => {
  const key = await keyFor("changing");
  const { arn: Arn } = await createInbox(region, "changing");
  await events.send(new CreateEventBusCommand({
    Name: "changing", KmsKeyIdentifier: key, DeadLetterConfig: { Arn },
  }));
  await events.send(new UpdateEventBusCommand({ Name: "changing", Description: "d" }));
  const described = () => events.send(new DescribeEventBusCommand({ Name: "changing" }));
  const before = await described();
  assert.deepEqual([before.KmsKeyIdentifier, before.DeadLetterConfig], [key, { Arn }]);
  await events.send(new UpdateEventBusCommand({
    Name: "changing", KmsKeyIdentifier: "", DeadLetterConfig: {},
  }));
  const { KmsKeyIdentifier, DeadLetterConfig, Description } = await described();
  assert.deepEqual([KmsKeyIdentifier, DeadLetterConfig, Description], [undefined, undefined, "d"]);
});

test("a bus with a key has no schema discovery", async () => {
  const schemas = region.client(SchemasClient);
  const key = await keyFor("plain");
  await events.send(new CreateEventBusCommand({ Name: "keyed", KmsKeyIdentifier: await keyFor("keyed") }));
  await events.send(new CreateEventBusCommand({ Name: "plain" }));
  const text = "Schema discovery is not supported for event buses encrypted using a customer managed key: ";
  assert.equal(await refusal(schemas.send(new CreateDiscovererCommand({ SourceArn: busArn("keyed") }))),
    `BadRequestException: ${text}keyed.`);
  await schemas.send(new CreateDiscovererCommand({ SourceArn: busArn("plain") }));
  const update = new UpdateEventBusCommand({ Name: "plain", KmsKeyIdentifier: key });
  assert.equal(await refusal(events.send(update)), `ValidationException: ${text}plain.`);
});

test("an archive's events rest under its key, and are replayed as long as it serves", async () => {
  const [busKey, archiveKey] = [await keyFor("kept"), await keyFor("kept")];
  const inbox = await createInbox(region, "kept");
  await events.send(new CreateEventBusCommand({ Name: "kept", KmsKeyIdentifier: busKey }));
  await rule(events, "r", { source: ["my.app"] }, [{ Arn: inbox.arn }], "kept");
  await events.send(new CreateArchiveCommand({
    ArchiveName: "kept", EventSourceArn: busArn("kept"), KmsKeyIdentifier: archiveKey,
  }));
  await put("kept", { secret: "hidden words" });
  assert.deepEqual(await detailsOf(inbox), [{ secret: "hidden words" }]);
  const { EventCount, SizeBytes, KmsKeyIdentifier } =
    await events.send(new DescribeArchiveCommand({ ArchiveName: "kept" }));
  assert.deepEqual([EventCount, KmsKeyIdentifier], [1, archiveKey]);
  assert.ok((SizeBytes ?? 0) > "hidden words".length);
  const replay = async (ReplayName: string) => {
    await events.send(new StartReplayCommand({
      ReplayName, EventSourceArn: `arn:aws:events:us-east-1:${account}:archive/kept`,
      EventStartTime: new Date(0), EventEndTime: new Date(region.clock.now() + 60_000),
      Destination: { Arn: busArn("kept") },
    }));
    const replayed = await detailsOf(inbox);
    const { State, StateReason } = await events.send(new DescribeReplayCommand({ ReplayName }));
    return [State, StateReason, replayed];
  };
  assert.deepEqual(await replay("one"), ["COMPLETED", undefined, [{ secret: "hidden words" }]]);
  await kms.send(new DisableKeyCommand({ KeyId: archiveKey }));
  assert.deepEqual(await replay("two"), ["FAILED", `${archiveKey} is disabled.`, []]);
  // What the archive's key can't encrypt is not in it; its bus goes on.
  await put("kept", { n: 2 });
  assert.deepEqual(await detailsOf(inbox), [{ n: 2 }]);
  const described = new DescribeArchiveCommand({ ArchiveName: "kept" });
  const count = async () => (await events.send(described)).EventCount;
  assert.equal(await count(), 1);
  await events.send(new UpdateArchiveCommand({ ArchiveName: "kept", KmsKeyIdentifier: "" }));
  await put("kept", { n: 3 });
  await region.settled();
  assert.equal(await count(), 2);
});

test("a connection's secret is under its key, which needs a tag", async () => {
  const AuthParameters = { ApiKeyAuthParameters: { ApiKeyName: "n", ApiKeyValue: "v" } };
  const create = (Name: string, KmsKeyIdentifier: string) => events.send(new CreateConnectionCommand({
    Name, AuthorizationType: "API_KEY", AuthParameters, KmsKeyIdentifier,
  }));
  const Tags = [{ TagKey: "EventBridgeApiDestinations", TagValue: "true" }];
  const [tagged, other, untagged] = [
    await keyFor("none", { Tags }), await keyFor("none", { Tags }), await keyFor("none"),
  ];
  assert.equal(await refusal(create("no", untagged)),
    "AccessDeniedException: Access to KMS is not allowed");
  await create("yes", tagged);
  const shown = async () => {
    const { KmsKeyIdentifier, SecretArn } = await events.send(new DescribeConnectionCommand({ Name: "yes" }));
    const { KmsKeyId } = await region.client(SecretsManagerClient).send(
      new DescribeSecretCommand({ SecretId: SecretArn }));
    return [KmsKeyIdentifier, KmsKeyId];
  };
  assert.deepEqual(await shown(), [tagged, tagged]);
  await events.send(new UpdateConnectionCommand({ Name: "yes", KmsKeyIdentifier: other, AuthParameters }));
  assert.deepEqual(await shown(), [other, other]);
  await kms.send(new DisableKeyCommand({ KeyId: tagged }));
  assert.match(await refusal(create("off", tagged)), /^ValidationException: Parameter KmsKeyIdentifier/);
});

test("sealed events are on the disk without their details, and are replayed after a restart", async () => {
  using folder = withDataFolder();
  const secret = "words-that-nobody-finds";
  const first = await startRegion({ dataDir: folder.path });
  const key = await keyFor("kept", {}, first.client(KMSClient));
  const client = first.client(EventBridgeClient);
  await client.send(new CreateEventBusCommand({ Name: "kept", KmsKeyIdentifier: key }));
  await client.send(new CreateArchiveCommand({
    ArchiveName: "kept", EventSourceArn: busArn("kept"), KmsKeyIdentifier: key,
  }));
  const putKept = (detail: object) => client.send(new PutEventsCommand({
    Entries: [entry(detail, { EventBusName: "kept" })],
  }));
  await putKept({ secret });
  // What the key does not take is nowhere either, but in the bus's dead-letter queue, which is not there.
  const unsealed = "words-that-no-key-hides";
  const DeadLetterConfig = { Arn: `arn:aws:sqs:us-east-1:${account}:gone` };
  await client.send(new UpdateEventBusCommand({ Name: "kept", DeadLetterConfig }));
  await first.client(KMSClient).send(new DisableKeyCommand({ KeyId: key }));
  await putKept({ secret: unsealed });
  await first.client(KMSClient).send(new EnableKeyCommand({ KeyId: key }));
  await first.settled();
  await first.stop();
  const found = ["my.app", secret, unsealed].filter((each) => folder.holds(each));
  assert.deepEqual(found, ["my.app"]);
  await using second = await startRegion({ dataDir: folder.path });
  const again = second.client(EventBridgeClient);
  const inbox = await createInbox(second, "again");
  await rule(again, "r", { source: ["my.app"] }, [{ Arn: inbox.arn }], "kept");
  await again.send(new StartReplayCommand({
    ReplayName: "again", EventSourceArn: `arn:aws:events:us-east-1:${account}:archive/kept`,
    EventStartTime: new Date(0), EventEndTime: new Date(second.clock.now() + 60_000),
    Destination: { Arn: busArn("kept") },
  }));
  await second.settled();
  assert.deepEqual((await inbox.bodies()).map((body) => (body as { detail?: unknown }).detail), [{ secret }]);
});
