import assert from "node:assert/strict";
import { test } from "node:test";
import { IAMClient, ListUsersCommand, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { DecodeAuthorizationMessageCommand, STSClient } from "@aws-sdk/client-sts";
import { allow, deny } from "../../../test/policies.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { refusal } from "../iam/test-policies.ts";

/** What services put into their answers: the facts of the last denial, sealed. */
function lastDenial(region: TestRegion): string {
  return region.engine.sealDenial(region.engine.authorizer.denial(undefined)?.decoded ?? {});
}

test("sts-decode-authorization-message: a sealed denial tells who, what and why", async () => {
  await using region = await startRegion();
  const credentials = await region.user("alice", deny("iam:List*"));
  await refusal(region.client(IAMClient, { credentials }).send(new ListUsersCommand({})));
  const { DecodedMessage } = await region.client(STSClient)
    .send(new DecodeAuthorizationMessageCommand({ EncodedMessage: lastDenial(region) }));
  const facts = JSON.parse(DecodedMessage ?? "") as {
    allowed: boolean; explicitDeny: boolean;
    matchedStatements: { items: { effect: string; actions: { items: { value: string }[] } }[] };
    context: { principal: { arn: string; name: string }; action: string; resource: string; conditions: {
      items: object[] } };
  };
  assert.deepEqual([facts.allowed, facts.explicitDeny], [false, true]);
  assert.equal(facts.matchedStatements.items[0]?.effect, "DENY");
  assert.deepEqual(facts.matchedStatements.items[0]?.actions.items, [{ value: "iam:List*" }]);
  assert.equal(facts.context.principal.arn, "arn:aws:iam::000000000000:user/alice");
  assert.equal(facts.context.principal.name, "alice");
  assert.deepEqual([facts.context.action, facts.context.resource],
    ["iam:ListUsers", "arn:aws:iam::000000000000:user/"]);
  assert.ok(facts.context.conditions.items.length > 0);
});

test("sts-decode-needs-permission: not everybody may decode, and nobody what was tampered with", async () => {
  await using region = await startRegion();
  const credentials = await region.user("alice");
  await refusal(region.client(IAMClient, { credentials }).send(new ListUsersCommand({})));
  const EncodedMessage = lastDenial(region);
  const sts = region.client(STSClient, { credentials });
  const decode = (message: string) =>
    sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage: message }));
  assert.deepEqual(await refusal(decode(EncodedMessage)), ["AccessDenied",
    "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: "
    + "sts:DecodeAuthorizationMessage because no identity-based policy allows the "
    + "sts:DecodeAuthorizationMessage action", 403]);
  await region.client(IAMClient).send(new PutUserPolicyCommand({
    UserName: "alice", PolicyName: "inline",
      PolicyDocument: JSON.stringify(allow("sts:DecodeAuthorizationMessage")),
  }));
  assert.match((await decode(EncodedMessage)).DecodedMessage ?? "", /"allowed":false/);
  const middle = Math.floor(EncodedMessage.length / 2);
  const other = EncodedMessage.charAt(middle) === "A" ? "B" : "A";
  const tampered = EncodedMessage.slice(0, middle) + other + EncodedMessage.slice(middle + 1);
  for (const message of [tampered, "x", "%%%", EncodedMessage.slice(0, -8)]) {
    assert.deepEqual(await refusal(decode(message)),
      ["InvalidAuthorizationMessageException", "Message is not valid.", 400]);
  }
});
