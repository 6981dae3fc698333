import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "./decide.ts";
import { denialMessage, explainDecision, type Denial } from "./explain.ts";
import { account, contextOf, policyOf, queue, requestOf, session, textOf, user } from "./policy-fixtures.ts";
import type { DenialReason, SourcedPolicy } from "./types.ts";

type Parts = Partial<Pick<Denial, "action" | "resource" | "principalArn">>;

function message(reason: DenialReason, parts: Parts = {}): string {
  return denialMessage({
    principalArn: user.arn,
    action: "sqs:SendMessage",
    resource: queue,
    decision: { allowed: false, explicitDeny: reason.type === "explicit", matched: [], missingContext: [],
      reason },
    ...parts,
  });
}

function explicit(kind: SourcedPolicy["kind"], id = "inline"): DenialReason {
  return { type: "explicit", kind, policy: { kind, id, document: "{}" } };
}

const subject = `User: ${user.arn} is not authorized to perform: sqs:SendMessage on resource: ${queue}`;
const managed = `arn:aws:iam::${account}:policy/limits`;

const texts: readonly (readonly [reason: DenialReason, ending: string])[] = [
  [{ type: "implicit", kind: "identity" },
    "because no identity-based policy allows the sqs:SendMessage action"],
  [{ type: "implicit", kind: "boundary" },
    "because no permissions boundary allows the sqs:SendMessage action"],
  [{ type: "implicit", kind: "session" }, "because no session policy allows the sqs:SendMessage action"],
  [{ type: "implicit", kind: "resource" },
    "because no resource-based policy allows the sqs:SendMessage action"],
  [{ type: "implicit", kind: "scp" }, "because no service control policy allows the sqs:SendMessage action"],
  [{ type: "implicit", kind: "rcp" }, "because no resource control policy allows the sqs:SendMessage action"],
  [{ type: "implicit", kind: "vpc-endpoint" },
    "because no VPC endpoint policy allows the sqs:SendMessage action"],
  [explicit("identity-inline"), "with an explicit deny in an identity-based policy"],
  [explicit("group-inline"), "with an explicit deny in an identity-based policy"],
  [explicit("identity-managed", managed), `with an explicit deny in an identity-based policy: ${managed}`],
  [explicit("group-managed", managed), `with an explicit deny in an identity-based policy: ${managed}`],
  [explicit("boundary", managed), `with an explicit deny in a permissions boundary: ${managed}`],
  [explicit("session"), "with an explicit deny in a session policy"],
  [explicit("resource", queue), "with an explicit deny in a resource-based policy"],
  [explicit("scp", "arn:aws:organizations::111122223333:policy/o-1/service_control_policy/p-1"),
    "with an explicit deny in a service control policy: "
    + "arn:aws:organizations::111122223333:policy/o-1/service_control_policy/p-1"],
  [explicit("vpc-endpoint", "vpce-1"), "with an explicit deny in a VPC endpoint policy"],
];

for (const [reason, ending] of texts) {
  test(`a denial ends '${ending}'`, () => {
    assert.equal(message(reason), `${subject} ${ending}`);
  });
}

test("an action without a resource is denied without naming one", () => {
  assert.equal(
    message({ type: "implicit", kind: "identity" }, { action: "codecommit:ListRepositories", resource: "*" }),
    `User: ${user.arn} is not authorized to perform: codecommit:ListRepositories `
      + "because no identity-based policy allows the codecommit:ListRepositories action",
  );
});

test("the policy of a role is called its trust policy", () => {
  const parts = { action: "sts:AssumeRole", resource: "*" };
  const start = `User: ${user.arn} is not authorized to perform: sts:AssumeRole`;
  assert.equal(message({ type: "implicit", kind: "resource" }, parts),
    `${start} because no role trust policy allows the sts:AssumeRole action`);
  assert.equal(message(explicit("resource"), parts),
    `${start} with an explicit deny in the role trust policy`);
  for (const action of ["sts:TagSession", "sts:SetSourceIdentity"]) {
    assert.equal(message({ type: "implicit", kind: "resource" }, { action, resource: "*" }),
      `User: ${user.arn} is not authorized to perform: ${action} `
      + `because no role trust policy allows the ${action} action`);
  }
});

test("anonymous callers are called anonymous", () => {
  const text = message({ type: "implicit", kind: "resource" }, { principalArn: "*" });
  assert.equal(text, subject.replace(user.arn, "anonymous")
    + " because no resource-based policy allows the sqs:SendMessage action");
});

test("the decoded message of an explicit deny lists the statements that deny", () => {
  const document = textOf([
    { Effect: "Allow", Action: "*", Resource: "*" },
    { Sid: "NoInsecure", Effect: "Deny", NotAction: ["s3:*"], Resource: "*",
      Condition: { Bool: { "aws:SecureTransport": "false" } } },
  ]);
  const request = requestOf({ principal: session, context: contextOf({ "aws:SecureTransport": "false" }) });
  const decision = decide(request, { identity: [{ kind: "identity-managed", id: managed, document }] });
  assert.deepEqual(explainDecision({ request, decision, principalId: "AROAEXAMPLE:one" }), {
    allowed: false,
    explicitDeny: true,
    matchedStatements: { items: [{
      statementId: "NoInsecure",
      effect: "DENY",
      principals: { items: [{ value: "AROAEXAMPLE" }] },
      principalGroups: { items: [] },
      actions: { items: [{ value: "s3:*" }] },
      resources: { items: [{ value: "*" }] },
      conditions: { items: [{ key: "aws:SecureTransport", values: { items: [{ value: "false" }] } }] },
    }] },
    failures: { items: [] },
    context: {
      principal: { id: "AROAEXAMPLE:one", arn: session.arn },
      action: "sqs:SendMessage",
      resource: queue,
      conditions: { items: [{ key: "aws:SecureTransport", values: { items: [{ value: "false" }] } }] },
    },
  });
});

test("the decoded message of an implicit deny lists no statement", () => {
  const request = requestOf();
  const allow = { Effect: "Allow", Action: "sqs:*", Resource: "*" };
  const boundary = policyOf("boundary", { ...allow, Action: "s3:*" });
  const decision = decide(request, { identity: [policyOf("identity-inline", allow)], boundary });
  const message = explainDecision({ request, decision, principalId: "AIDAEXAMPLE", principalName: "ana" });
  assert.deepEqual(message.matchedStatements, { items: [] });
  assert.deepEqual(message.context.principal, { id: "AIDAEXAMPLE", name: "ana", arn: user.arn });
  const members = ["allowed", "explicitDeny", "matchedStatements", "failures", "context"];
  assert.deepEqual(Object.keys(message), members);
});
