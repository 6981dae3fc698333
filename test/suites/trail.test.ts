/** What happened is written down: who, what, when, from where, and nothing that must stay secret. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudTrailClient,
  LookupEventsCommand,
  type Event,
  type LookupAttributeKey,
} from "@aws-sdk/client-cloudtrail";
import { CreateKeyCommand, KMSClient, DisableKeyCommand, ListKeysCommand } from "@aws-sdk/client-kms";
import { IAMClient, CreateUserCommand, DeleteUserCommand } from "@aws-sdk/client-iam";
import {
  ResourceGroupsTaggingAPIClient,
  TagResourcesCommand,
} from "@aws-sdk/client-resource-groups-tagging-api";
import { chance, sampleInput } from "../../src/kernel/schema/sample.ts";
import { startRegion, testEpoch, type TestRegion } from "../region.ts";
import { createFixtures } from "./fixtures.ts";
import { asking, making } from "./making.ts";
import { builtOperations, isBuiltOperation, titleOf } from "./services.ts";
import { client } from "./wire.ts";

interface TrailEvent {
  readonly eventID: string;
  readonly eventName: string;
  readonly eventSource: string;
  readonly eventTime: string;
  readonly awsRegion: string;
  readonly readOnly: boolean;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: Record<string, unknown> | null;
  readonly responseElements: Record<string, unknown> | null;
  readonly resources?: readonly object[];
  readonly userIdentity: {
    readonly type: string;
    readonly arn: string;
    readonly accountId: string;
    readonly userName?: string;
    readonly accessKeyId?: string;
    readonly invokedBy?: string;
  };
}

type Filter = readonly [LookupAttributeKey, string];

async function lookup(region: TestRegion, filter?: Filter, awsRegion = "us-east-1"): Promise<Event[]> {
  const trail = region.client(CloudTrailClient, { region: awsRegion });
  const LookupAttributes = filter && [{ AttributeKey: filter[0], AttributeValue: filter[1] }];
  const found: Event[] = [];
  let NextToken: string | undefined;
  do {
    const page = await trail.send(new LookupEventsCommand({ LookupAttributes, NextToken }));
    found.push(...(page.Events ?? []));
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  return found;
}

function read(event: Event | undefined): TrailEvent {
  return JSON.parse(event?.CloudTrailEvent ?? "null") as TrailEvent;
}

async function events(region: TestRegion, filter?: Filter, awsRegion?: string): Promise<TrailEvent[]> {
  return (await lookup(region, filter, awsRegion)).map(read);
}

/** Calls that CloudTrail says to read, though IAM's access level is another. */
const readingCalls: ReadonlySet<string> = new Set([
  "Decrypt", "DeriveSharedSecret", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GenerateRandom",
  "ReEncrypt", "Sign", "Verify", "VerifyMac",
].map((name) => `kms:${name}`));

test("uses of keys read and tell nothing; credentials are told, and what is empty is null", async () => {
  await using region = await startRegion();
  const ask = asking(region);
  const { KeyMetadata } = await making(region)("kms:CreateKey", {});
  const { KeyId, Arn } = KeyMetadata as { KeyId: string; Arn: string };
  await ask("kms:Encrypt", { KeyId, Plaintext: Buffer.from("x") });
  await ask("kms:DisableKey", { KeyId });
  await ask("sts:GetSessionToken", {});
  const [made] = await events(region, ["EventName", "CreateKey"]);
  const { creationDate } = made?.responseElements?.["keyMetadata"] as { creationDate: string };
  assert.deepEqual([made?.requestParameters, creationDate], [null, "Jan 1, 2026, 12:00:00 AM"]);
  const [used] = await events(region, ["EventName", "Encrypt"]);
  assert.equal(used?.readOnly, true);
  assert.deepEqual([used.requestParameters, used.responseElements], [{ keyId: KeyId }, null]);
  assert.deepEqual(used?.resources, [{ accountId: "000000000000", type: "AWS::KMS::Key", ARN: Arn }]);
  const [disabled] = await events(region, ["EventName", "DisableKey"]);
  assert.deepEqual([disabled?.readOnly, disabled?.responseElements], [false, null]);
  const [session] = await events(region, ["EventName", "GetSessionToken"]);
  assert.deepEqual([session?.readOnly, session?.requestParameters], [true, null]);
});

test(
  "every management call of every service is an event, and no data call is",
  { timeout: 600_000 },
  async () => {
    await using region = await startRegion();
    const fixtures = await createFixtures(region);
    const expected = new Map<string, string | undefined>();
    for (const each of builtOperations) {
      const sample = sampleInput(each.operationModel, each.model, chance(2));
      if (!sample) continue;
      const { code } = await client(region).call(each, fixtures.fit(each, sample));
      expected.set(titleOf(each), code);
    }
    const problems: string[] = [];
    const history = await events(region);
    for (const each of builtOperations.filter((built) => expected.has(titleOf(built)))) {
      const name = each.service.trailName?.(each.operationModel) ?? each.name;
      const found = history.filter(
        ({ eventName, eventSource }) => eventName === name && eventSource === each.model.eventSource,
      );
      const [event] = found;
      if (each.operation.dataEvent) {
        if (event) problems.push(`${titleOf(each)} is a data event, and in the history`);
        continue;
      }
      const isListing = each.operationModel.access === "Read" || each.operationModel.access === "List";
      const isRead = isListing || each.entry.service === "sts" || readingCalls.has(titleOf(each));
      const isShown = each.entry.service === "sts" && !isListing;
      if (!event) problems.push(`${titleOf(each)} left no event`);
      else if (event.readOnly !== isRead) problems.push(`${titleOf(each)} says readOnly ${event.readOnly}`);
      else if (isRead && !isShown && event.responseElements !== null)
        problems.push(`${titleOf(each)} shows what was read`);
      else if (event.errorCode !== undefined && event.responseElements !== null)
        problems.push(`${titleOf(each)} failed, and shows an answer`);
      else if (
        expected.get(titleOf(each)) !== undefined &&
        !found.some(({ errorCode }) => errorCode !== undefined)
      ) {
        problems.push(`${titleOf(each)} was refused, and its event does not say so`);
      }
    }
    assert.deepEqual(problems, []);
  },
);

test("cloudtrail-audit-api-calls: an event says who did what from where, and how it ended", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "kms:CreateKey", Resource: "*" }],
  });
  const asAlice = region.client(KMSClient, { credentials: alice, customUserAgent: "audited" });
  const { KeyMetadata } = await asAlice.send(new CreateKeyCommand({ Description: "audited" }));
  await assert.rejects(asAlice.send(new ListKeysCommand({})), { name: "AccessDeniedException" });

  const [created] = await events(region, ["EventName", "CreateKey"]);
  assert.deepEqual(created?.userIdentity, {
    type: "IAMUser",
    principalId: (created?.userIdentity as { principalId?: string } | undefined)?.principalId,
    arn: "arn:aws:iam::000000000000:user/alice",
    accountId: "000000000000",
    accessKeyId: alice.accessKeyId,
    userName: "alice",
  });
  assert.equal(created?.eventTime, "2026-01-01T00:00:00Z");
  assert.equal(created?.eventSource, "kms.amazonaws.com");
  assert.equal(created?.awsRegion, "us-east-1");
  assert.equal(created?.sourceIPAddress, "127.0.0.1");
  assert.match(created?.userAgent ?? "", /audited/);
  assert.equal(created?.requestParameters?.["description"], "audited");
  assert.equal(
    (created?.responseElements?.["keyMetadata"] as { keyId?: string } | undefined)?.keyId,
    KeyMetadata?.KeyId,
  );
  assert.equal(created?.errorCode, undefined);

  const [listed] = await events(region, ["EventName", "ListKeys"]);
  assert.match(listed?.errorCode ?? "", /^AccessDenied/);
  assert.equal(
    listed?.errorMessage,
    "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: kms:ListKeys " +
      "on resource: * because no identity-based policy allows the kms:ListKeys action",
  );
  assert.equal(listed?.responseElements, null);
});

test("cloudtrail-find-resource-changes: what happened to a resource is found by its name", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName: "bob" }));
  await region.clock.advance({ hours: 1 });
  await iam.send(new DeleteUserCommand({ UserName: "bob" }));
  const found = await lookup(region, ["ResourceName", "bob"]);
  assert.deepEqual(
    found.map(({ EventName, Username }) => [EventName, Username]),
    [
      ["DeleteUser", "root"],
      ["CreateUser", "root"],
    ],
  );
  assert.deepEqual(
    found.map(({ EventTime }) => EventTime?.getTime()),
    [testEpoch + 3_600_000, testEpoch],
  );
  assert.deepEqual(found[0]?.Resources, [{ ResourceType: "AWS::IAM::User", ResourceName: "bob" }]);
});

test("events are found by each attribute, and by no other value", async () => {
  await using region = await startRegion();
  const alice = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
  });
  const { KeyMetadata } = await region
    .client(KMSClient, { credentials: alice })
    .send(new CreateKeyCommand({}));
  await region
    .client(KMSClient, { credentials: alice })
    .send(new DisableKeyCommand({ KeyId: KeyMetadata?.KeyId }));
  const [disabled] = await lookup(region, ["EventName", "DisableKey"]);
  const filters: readonly Filter[] = [
    ["EventId", disabled?.EventId ?? ""],
    ["EventName", "DisableKey"],
    ["Username", "alice"],
    ["ReadOnly", "false"],
    ["EventSource", "kms.amazonaws.com"],
    ["AccessKeyId", alice.accessKeyId],
    ["ResourceType", "AWS::KMS::Key"],
    ["ResourceName", KeyMetadata?.Arn ?? ""],
  ];
  for (const filter of filters) {
    const ids = (await lookup(region, filter)).map(({ EventId }) => EventId);
    assert.ok(ids.includes(disabled?.EventId), filter.join("="));
    const others = await lookup(region, [filter[0], "something-else"]);
    assert.deepEqual(others, [], filter[0]);
  }
});

test("secrets are hidden, in requests and in answers", async () => {
  await using region = await startRegion();
  const ask = asking(region);
  const secret = "Sesame-0pen!-Sesame";
  const blob = Buffer.from(secret);
  await region.user("alice");
  await ask("iam:CreateLoginProfile", { UserName: "alice", Password: secret });
  await ask("iam:UpdateLoginProfile", { UserName: "alice", Password: `${secret}2` });
  await ask("iam:CreateAccessKey", { UserName: "alice" });
  const { KeyMetadata } = await making(region)("kms:CreateKey", {});
  const { KeyId } = KeyMetadata as { KeyId: string };
  await ask("kms:Encrypt", { KeyId, Plaintext: blob });
  await ask("kms:GenerateDataKey", { KeyId, KeySpec: "AES_256" });
  const calls: readonly [string, Readonly<Record<string, unknown>>][] = [
    ["ssm:PutParameter", { Name: "p", Value: secret, Type: "SecureString" }],
    ["secrets-manager:CreateSecret", { Name: "s", SecretString: secret }],
    ["secrets-manager:PutSecretValue", { SecretId: "s", SecretBinary: blob }],
    ["secrets-manager:GetSecretValue", { SecretId: "s" }],
  ];
  for (const [operation, input] of calls) if (isBuiltOperation(operation)) await ask(operation, input);
  const texts = (await lookup(region)).map(({ CloudTrailEvent }) => CloudTrailEvent ?? "");
  assert.ok(texts.length > 8);
  const told = texts.filter((text) => text.includes(secret) || text.includes(blob.toString("base64")));
  assert.deepEqual(told, []);
  const keyEvent = (await events(region, ["EventName", "CreateAccessKey"]))[0]?.responseElements?.[
    "accessKey"
  ];
  assert.deepEqual(Object.keys(keyEvent ?? {}), ["userName", "accessKeyId", "status", "createDate"]);
  const [put] = await events(region, ["EventName", "CreateLoginProfile"]);
  assert.equal(put?.requestParameters?.["password"], "HIDDEN_DUE_TO_SECURITY_REASONS");
});

test("cloudtrail-90-days: events are found for ninety days by the clock, and then no more", async () => {
  await using region = await startRegion();
  await region.client(IAMClient).send(new CreateUserCommand({ UserName: "bob" }));
  await region.clock.advance({ days: 89, hours: 23 });
  assert.equal((await lookup(region, ["EventName", "CreateUser"])).length, 1);
  await region.clock.advance({ hours: 2 });
  assert.deepEqual(await lookup(region, ["EventName", "CreateUser"]), []);
});

test("pages of events hold each once, newest first, also while more happens", async () => {
  await using region = await startRegion();
  const trail = region.client(CloudTrailClient);
  const iam = region.client(IAMClient);
  for (let number = 0; number < 7; number += 1) {
    await iam.send(new CreateUserCommand({ UserName: `user-${number}` }));
    if (number % 2 === 0) await region.clock.advance({ minutes: 1 });
  }
  const found: (string | undefined)[] = [];
  const LookupAttributes = [{ AttributeKey: "EventName" as const, AttributeValue: "CreateUser" }];
  let NextToken: string | undefined;
  do {
    const page = await trail.send(new LookupEventsCommand({ LookupAttributes, MaxResults: 2, NextToken }));
    assert.ok((page.Events ?? []).length <= 2);
    found.push(...(page.Events ?? []).map((event) => read(event).requestParameters?.["userName"] as string));
    ({ NextToken } = page);
    if (found.length === 2) await iam.send(new CreateUserCommand({ UserName: "late" }));
  } while (NextToken !== undefined);
  assert.deepEqual(
    found,
    [6, 5, 4, 3, 2, 1, 0].map((number) => `user-${number}`),
  );
});

test("events stay in their region and account; those of global services are in us-east-1", async () => {
  await using region = await startRegion();
  await region.client(KMSClient, { region: "eu-west-1" }).send(new CreateKeyCommand({}));
  await region.client(IAMClient, { region: "eu-west-1" }).send(new CreateUserCommand({ UserName: "bob" }));
  assert.deepEqual(await lookup(region, ["EventName", "CreateKey"]), []);
  assert.equal((await lookup(region, ["EventName", "CreateKey"], "eu-west-1")).length, 1);
  assert.equal((await lookup(region, ["EventName", "CreateUser"])).length, 1);
  assert.deepEqual(await lookup(region, ["EventName", "CreateUser"], "eu-west-1"), []);
  const other = region.client(CloudTrailClient, {
    credentials: region.root("111122223333"),
    region: "eu-west-1",
  });
  assert.deepEqual((await other.send(new LookupEventsCommand({}))).Events, []);
});

test("cloudtrail-event-sources: calls by services, SDKs and the CLI are told apart", async () => {
  await using region = await startRegion();
  const { KeyMetadata } = await region
    .client(KMSClient, { customUserAgent: "aws-cli/2.15.0" })
    .send(new CreateKeyCommand({}));
  await region.client(ResourceGroupsTaggingAPIClient).send(
    new TagResourcesCommand({
      ResourceARNList: [KeyMetadata?.Arn ?? ""],
      Tags: { team: "red" },
    }),
  );
  const [direct] = await events(region, ["EventName", "CreateKey"]);
  assert.match(direct?.userAgent ?? "", /aws-sdk-js.*aws-cli\/2\.15\.0/);
  assert.equal(direct?.userIdentity.invokedBy, undefined);
  const [through] = await events(region, ["EventName", "TagResource"]);
  assert.equal(through?.userIdentity.invokedBy, "tagging.amazonaws.com");
  assert.equal(through?.sourceIPAddress, "tagging.amazonaws.com");
  assert.equal(through?.userAgent, "tagging.amazonaws.com");
  assert.equal(through?.userIdentity.type, "Root");
});
