import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CheckIfPhoneNumberIsOptedOutCommand, CreatePlatformApplicationCommand, CreatePlatformEndpointCommand,
  CreateSMSSandboxPhoneNumberCommand, DeleteEndpointCommand, DeletePlatformApplicationCommand,
  GetEndpointAttributesCommand, GetSMSAttributesCommand, ListEndpointsByPlatformApplicationCommand,
  ListSMSSandboxPhoneNumbersCommand, PublishCommand, SetEndpointAttributesCommand, SetSMSAttributesCommand,
  SNSClient, VerifySMSSandboxPhoneNumberCommand,
} from "@aws-sdk/client-sns";
import { startRegion } from "../../../test/region.ts";
import { createTopic } from "./topic-fixture.ts";

function invalid(message: string): object {
  return { name: "InvalidParameterException", message: `Invalid parameter: ${message}` };
}

interface Sent {
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly body: string;
}

async function outbox(endpoint: string, query = ""): Promise<Sent[]> {
  const answer = await fetch(`${endpoint}/_local/v1/outbox${query}`);
  return ((await answer.json()) as { messages: Sent[] }).messages;
}

test("text messages of topics and of their own are in the outbox", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const topic = await createTopic(region, "topic", { DisplayName: "Shop" });
  await topic.subscribe("sms", "+1 (555) 010-0100");
  await topic.publish(JSON.stringify({ default: "long", sms: "short" }), { MessageStructure: "json" });
  await region.settled();
  await topic.sns.send(new PublishCommand({ PhoneNumber: "+15550101", Message: "direct" }));
  const [first, second] = await outbox(endpoint);
  assert.deepEqual([first?.kind, first?.to, first?.body], ["sms", "+15550100100", "Shop> short"]);
  assert.deepEqual([second?.to, second?.body], ["+15550101", "direct"]);
  assert.equal((await outbox(endpoint, "?to=%2B15550101")).length, 1);
  assert.equal((await outbox(endpoint, "?kind=email")).length, 0);
  await assert.rejects(
    topic.sns.send(new PublishCommand({ PhoneNumber: "5550101", Message: "m" })),
    invalid("PhoneNumber Reason: 5550101 is not valid to publish to"),
  );
  await assert.rejects(topic.subscribe("sms", "invalid-number"), {
    name: "InvalidParameterException", message: "Invalid SMS endpoint: invalid-number",
  });
});

test("settings of text messages and numbers of the sandbox are kept", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const sns = region.client(SNSClient);
  await sns.send(new SetSMSAttributesCommand({ attributes: { DefaultSMSType: "Transactional" } }));
  const { attributes } = await sns.send(new GetSMSAttributesCommand({ attributes: ["DefaultSMSType"] }));
  assert.deepEqual(attributes, { DefaultSMSType: "Transactional" });
  await assert.rejects(
    sns.send(new SetSMSAttributesCommand({ attributes: { Fake: "x" } })),
    invalid("Fake is not a valid attribute"),
  );
  const phoneNumber = "+15550100";
  const { isOptedOut } = await sns.send(new CheckIfPhoneNumberIsOptedOutCommand({ phoneNumber }));
  assert.equal(isOptedOut, false);
  await sns.send(new CreateSMSSandboxPhoneNumberCommand({ PhoneNumber: phoneNumber }));
  const [sent] = await outbox(endpoint);
  const code = /\d{6}$/.exec(sent?.body ?? "")?.[0] ?? "";
  const verify = (OneTimePassword: string) =>
    sns.send(new VerifySMSSandboxPhoneNumberCommand({ PhoneNumber: phoneNumber, OneTimePassword }));
  await assert.rejects(verify(code === "000000" ? "111111" : "000000"), { name: "VerificationException" });
  await verify(code);
  const { PhoneNumbers } = await sns.send(new ListSMSSandboxPhoneNumbersCommand({}));
  assert.deepEqual(PhoneNumbers, [{ PhoneNumber: phoneNumber, Status: "Verified" }]);
});

test("applications and their endpoints are kept, and what is sent to them is in the outbox", async () => {
  await using region = await startRegion();
  const url = await region.endpoint();
  const topic = await createTopic(region, "topic");
  const { sns } = topic;
  const { PlatformApplicationArn } = await sns.send(new CreatePlatformApplicationCommand({
    Name: "app", Platform: "GCM", Attributes: { PlatformCredential: "secret" },
  }));
  assert.equal(PlatformApplicationArn, "arn:aws:sns:us-east-1:000000000000:app/GCM/app");
  const create = (CustomUserData?: string) =>
    sns.send(new CreatePlatformEndpointCommand({ PlatformApplicationArn, Token: "token", CustomUserData }));
  const { EndpointArn = "" } = await create();
  assert.equal((await create()).EndpointArn, EndpointArn);
  await assert.rejects(
    create("other"),
    invalid(
      `Token Reason: Endpoint ${EndpointArn} already exists with the same Token, but different attributes.`,
    ),
  );
  await topic.subscribe("application", EndpointArn);
  await topic.publish(JSON.stringify({ default: "d", GCM: "for phones" }), { MessageStructure: "json" });
  await region.settled();
  await sns.send(new PublishCommand({ TargetArn: EndpointArn, Message: "direct" }));
  const sent = await outbox(url, "?kind=push");
  assert.deepEqual(sent.map(({ to }) => to), [EndpointArn, EndpointArn]);
  assert.deepEqual(sent.map(({ body }) => body), ["for phones", "direct"]);
  await sns.send(new SetEndpointAttributesCommand({ EndpointArn, Attributes: { Enabled: "false" } }));
  await assert.rejects(
    sns.send(new PublishCommand({ TargetArn: EndpointArn, Message: "m" })),
    { name: "EndpointDisabledException", message: "Endpoint is disabled" },
  );
  const { Attributes } = await sns.send(new GetEndpointAttributesCommand({ EndpointArn }));
  assert.deepEqual(Attributes, { Enabled: "false", Token: "token" });
  const { Endpoints } = await sns.send(
    new ListEndpointsByPlatformApplicationCommand({ PlatformApplicationArn }),
  );
  assert.equal(Endpoints?.length, 1);
  await sns.send(new DeleteEndpointCommand({ EndpointArn }));
  await sns.send(new DeletePlatformApplicationCommand({ PlatformApplicationArn }));
  await assert.rejects(
    sns.send(new GetEndpointAttributesCommand({ EndpointArn })),
    { name: "NotFoundException", message: "Endpoint does not exist" },
  );
});
