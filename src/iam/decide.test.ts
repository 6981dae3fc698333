import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, type EndpointPolicySet } from "./decide.ts";
import {
  account, anonymous, contextOf, federated, otherAccount, policyOf, queue, requestOf, root, service, session,
    textOf,
  user,
} from "./policy-fixtures.ts";
import type { AuthorizationRequest, Decision, RequestPrincipal, SourcedPolicy } from "./types.ts";

const all = { Effect: "Allow", Action: "*", Resource: "*" };
const other = { Effect: "Allow", Action: "s3:*", Resource: "*" };
const deny = { Effect: "Deny", Action: "sqs:*", Resource: "*" };

function grantTo(principal: unknown): SourcedPolicy {
  return policyOf("resource", { Effect: "Allow", Principal: principal, Action: "sqs:SendMessage",
    Resource: queue });
}

/** "allowed", or who denied: `!scp` is an explicit deny, `scp` an implicit one. */
function verdict(decision: Decision): string {
  assert.equal(decision.allowed, decision.reason === undefined);
  if (decision.reason === undefined) return "allowed";
  return (decision.reason.type === "explicit" ? "!" : "") + decision.reason.kind;
}

const identity = [policyOf("identity-inline", all)];
const nothing = { identity: [] };
const boundary = policyOf("boundary", other);
const sessionPolicies = [policyOf("session", other)];
const trustRoot = { AWS: `arn:aws:iam::${account}:root` };

type Row = readonly [
  name: string, expected: string, principal: RequestPrincipal, policies: EndpointPolicySet,
  request?: Partial<AuthorizationRequest>,
];

const within: readonly Row[] = [
  ["nothing is allowed by default", "identity", user, nothing],
  ["an identity policy allows", "allowed", user, { identity }],
  ["a deny in another policy wins", "!identity-inline", user,
    { identity: [...identity, policyOf("identity-inline", deny)] }],
  ["a resource policy alone allows a named user", "allowed", user,
    { ...nothing, resource: grantTo({ AWS: user.arn }) }],
  ["a resource policy names another user", "identity", user,
    { ...nothing, resource: grantTo({ AWS: `${user.arn}2` }) }],
  ["the account as principal leaves it to identity policies", "identity", user,
    { ...nothing, resource: grantTo(trustRoot) }],
  ["the account's number is the same as its root", "identity", user,
    { ...nothing, resource: grantTo({ AWS: account }) }],
  ["the account and an identity policy allow", "allowed", user, { identity, resource: grantTo(trustRoot) }],
  ["everyone as principal allows", "allowed", user, { ...nothing, resource: grantTo("*") }],
  ["everyone of AWS as principal allows", "allowed", user, { ...nothing, resource: grantTo({ AWS: "*" }) }],
  ["a resource policy denies the account", "!resource", user, {
    identity, resource: policyOf("resource", { ...deny, Principal: { AWS: account } }),
  }],
  ["a boundary limits identity policies", "boundary", user, { identity, boundary }],
  ["a boundary grants nothing", "identity", user, { ...nothing, boundary: policyOf("boundary", all) }],
  ["a boundary does not limit what names the user", "allowed", user,
    { ...nothing, boundary, resource: grantTo({ AWS: user.arn }) }],
  ["a boundary does not limit what everyone is granted", "allowed", user,
    { ...nothing, boundary, resource: grantTo("*") }],
  ["a boundary that denies limits even that", "!boundary", user,
    { ...nothing, boundary: policyOf("boundary", [all, deny]), resource: grantTo("*") }],
  ["a session policy limits a role", "session", session, { identity, session: sessionPolicies }],
  ["a session without session policies has the role's permissions", "allowed", session, { identity }],
  ["an empty list of session policies allows nothing", "session", session, { identity, session: [] }],
  ["a policy that names the role allows", "allowed", session,
    { ...nothing, resource: grantTo({ AWS: session.roleArn }) }],
  ["a boundary limits what the role is granted", "boundary", session,
    { ...nothing, boundary, resource: grantTo({ AWS: session.roleArn }) }],
  ["a session policy limits what the role is granted", "session", session,
    { ...nothing, session: sessionPolicies, resource: grantTo({ AWS: session.roleArn }) }],
  ["nothing implicit limits what names the session", "allowed", session,
    { ...nothing, boundary, session: sessionPolicies, resource: grantTo({ AWS: session.arn }) }],
  ["a federated user has nothing without session policies", "session", federated, { identity }],
  ["a federated user has what session policies allow", "allowed", federated,
    { identity, session: [policyOf("session", all)] }],
  ["what names the federated user is not limited", "allowed", federated,
    { ...nothing, resource: grantTo({ AWS: federated.arn }) }],
  ["what names the federating user is limited by the session", "session", federated,
    { ...nothing, resource: grantTo({ AWS: user.arn }) }],
  ["a principal in an identity policy makes its Allow void", "identity", user,
    { identity: [policyOf("identity-inline", { ...all, Principal: "*" })] }],
  ["a resource policy without a principal allows nobody", "identity", user,
    { ...nothing, resource: policyOf("resource", all) }],
  ["a document that cannot be read denies", "!identity-inline", user,
    { identity: [...identity, { kind: "identity-inline", id: "torn", document: '{"Version":' }] }],
];

const organization: readonly Row[] = [
  ["every level must allow", "scp", user,
    { identity, serviceControl: [[policyOf("scp", all)], [policyOf("scp", other)]] }],
  ["every level allows", "allowed", user,
    { identity, serviceControl: [[policyOf("scp", other), policyOf("scp", all)], [policyOf("scp", all)]] }],
  ["a service control policy denies", "!scp", user,
    { identity, serviceControl: [[policyOf("scp", [all, deny])]] }],
  ["a service control policy binds the root user", "!scp", root,
    { ...nothing, serviceControl: [[policyOf("scp", [all, deny])]] }],
  ["a service control policy does not bind services", "allowed", service,
    { ...nothing, serviceControl: [[policyOf("scp", deny)]], resource: grantTo({ Service: service.arn }) }],
  ["a resource control policy denies", "!rcp", user,
    { identity, resourceControl: [[policyOf("rcp",
      [{ ...all, Principal: "*" }, { ...deny, Principal: "*" }])]] }],
  ["a resource control policy binds anonymous callers", "!rcp", anonymous,
    { ...nothing, resourceControl: [[policyOf("rcp", { ...deny, Principal: "*" })]],
      resource: grantTo("*") }],
  ["a level of resource control policies must allow", "rcp", user,
    { identity, resourceControl: [[policyOf("rcp", { ...other, Principal: "*" })]] }],
  ["the endpoint's policy must allow", "vpc-endpoint", user,
    { identity, vpcEndpoint: policyOf("vpc-endpoint", { ...other, Principal: "*" }) }],
  ["the endpoint's policy must name the caller", "vpc-endpoint", user,
    { identity, vpcEndpoint: policyOf("vpc-endpoint", { ...all, Principal: { AWS: otherAccount } }) }],
  ["the endpoint's policy names the account", "allowed", user,
    { identity, vpcEndpoint: policyOf("vpc-endpoint", { ...all, Principal: { AWS: account } }) }],
];

const across = { resourceAccount: otherAccount };
const crossing: readonly Row[] = [
  ["the identity side alone", "resource", user, { identity }, across],
  ["the resource side alone", "identity", user, { ...nothing, resource: grantTo({ AWS: user.arn }) }, across],
  ["both sides, the user named", "allowed", user, { identity, resource: grantTo({ AWS: user.arn }) }, across],
  ["both sides, the account named", "allowed", user, { identity, resource: grantTo({ AWS: account }) },
    across],
  ["both sides, everyone named", "allowed", user, { identity, resource: grantTo("*") }, across],
  ["both sides, the role named", "allowed", session,
    { identity, resource: grantTo({ AWS: session.roleArn }) }, across],
  ["a boundary limits even a named user", "boundary", user,
    { identity, boundary, resource: grantTo({ AWS: user.arn }) }, across],
  ["a session policy limits even a named session", "session", session,
    { identity, session: sessionPolicies, resource: grantTo({ AWS: session.arn }) }, across],
  ["the root user needs the resource's policy", "resource", root, nothing, across],
  ["the root user with the resource's policy", "allowed", root,
    { ...nothing, resource: grantTo({ AWS: account }) }, across],
];

const required = { resourcePolicyRequired: true };
const keys: readonly Row[] = [
  ["identity policies are not enough", "resource", user, { identity, ...required }],
  ["nor without any resource policy for the root user", "resource", root, { ...nothing, ...required }],
  ["the account delegates", "allowed", user, { identity, ...required, resource: grantTo(trustRoot) }],
  ["the account delegates and no identity policy allows", "identity", user,
    { ...nothing, ...required, resource: grantTo(trustRoot) }],
  ["the account delegates to its root user", "allowed", root,
    { ...nothing, ...required, resource: grantTo(trustRoot) }],
  ["the user is named", "allowed", user, { ...nothing, ...required, resource: grantTo({ AWS: user.arn }) }],
  ["the role is named", "allowed", session,
    { ...nothing, ...required, resource: grantTo({ AWS: session.roleArn }) }],
];

const provider = "token.actions.githubusercontent.com";
const bearer: RequestPrincipal = { ...anonymous, federatedProvider: provider };
const except = (effect: string, principal: unknown) => policyOf("resource", [
  { ...all, Effect: effect, NotPrincipal: principal }, { ...all, Principal: { AWS: otherAccount } },
]);
const kinds: readonly Row[] = [
  ["the root user needs no policy", "allowed", root, nothing],
  ["a resource policy can deny the root user", "!resource", root,
    { ...nothing, resource: policyOf("resource", { ...deny, Principal: "*" }) }],
  ["the root user is not bound by identity policies", "allowed", root,
    { identity: [policyOf("identity-inline", deny)] }],
  ["a service is named", "allowed", service, { ...nothing, resource: grantTo({ Service: service.arn }) }],
  ["another service is named", "resource", service,
    { ...nothing, resource: grantTo({ Service: "s3.amazonaws.com" }) }],
  ["a service without a resource policy", "resource", service, nothing],
  ["an anonymous caller where everyone is allowed", "allowed", anonymous,
    { ...nothing, resource: grantTo("*") }],
  ["an anonymous caller where an account is allowed", "resource", anonymous,
    { ...nothing, resource: grantTo({ AWS: account }) }],
  ["a provider is named", "allowed", bearer,
    { ...nothing, ...required, resource: grantTo({ Federated: provider }) }],
  ["another provider is named", "resource", bearer,
    { ...nothing, ...required, resource: grantTo({ Federated: "accounts.google.com" }) }],
  ["NotPrincipal with Deny spares the user", "allowed", user,
    { identity, resource: except("Deny", { AWS: user.arn }) }],
  ["NotPrincipal with Deny does not spare the account's users", "!resource", user,
    { identity, resource: except("Deny", { AWS: account }) }],
  ["NotPrincipal with Deny does not spare the role's sessions", "!resource", session,
    { identity, resource: except("Deny", { AWS: session.roleArn }) }],
  ["NotPrincipal with Allow leaves the account out", "identity", user,
    { ...nothing, resource: except("Allow", { AWS: account }) }],
  ["NotPrincipal with Allow allows others", "allowed", user,
    { ...nothing, resource: except("Allow", { AWS: otherAccount }) }],
];

const tables = { "within one account": within, "in an organization": organization,
  "across accounts": crossing,
  "with a policy that is required": keys, "by kind of principal": kinds };

for (const [table, rows] of Object.entries(tables)) {
  for (const [name, expected, principal, policies, request] of rows) {
    test(`${table}, ${name}: ${expected}`, () => {
      assert.equal(verdict(decide(requestOf({ principal, ...request }), policies)), expected);
    });
  }
}

const statements: readonly (readonly [statement: object, allowed: boolean])[] = [
  [{ Action: "SQS:sendmessage", Resource: "*" }, true],
  [{ Action: "sqs:Send*", Resource: "*" }, true],
  [{ Action: "sqs:Send?essage", Resource: "*" }, true],
  [{ Action: "*:*", Resource: "*" }, true],
  [{ NotAction: "sqs:Send*", Resource: "*" }, false],
  [{ NotAction: "s3:*", Resource: "*" }, true],
  [{ Action: "*", Resource: queue }, true],
  [{ Action: "*", Resource: queue.toUpperCase() }, false],
  [{ Action: "*", NotResource: queue }, false],
  [{ Action: "*", NotResource: `${queue}2` }, true],
  [{ Action: "*", Resource: "arn:aws:sqs:*:*:${aws:username}" }, true],
  [{ Action: "*", Resource: "arn:aws:sqs:*:*:${aws:PrincipalTag/team, 'orders'}" }, true],
  [{ Action: "*", Resource: "arn:aws:sqs:*:*:${aws:PrincipalTag/team}" }, false],
  [{ Action: "*", NotResource: "arn:aws:sqs:*:*:${aws:PrincipalTag/team}" }, false],
  [{ Action: "*" }, false],
];

for (const [statement, allowed] of statements) {
  test(`${JSON.stringify(statement)} ${allowed ? "allows" : "does not allow"}`, () => {
    const context = contextOf({ "aws:username": "orders" });
    const policy = policyOf("identity-inline", { Effect: "Allow", ...statement });
    assert.equal(decide(requestOf({ context }), { identity: [policy] }).allowed, allowed);
  });
}

test("an action without a resource is allowed only for all resources", () => {
  const request = requestOf({ action: "sqs:ListQueues", resource: "*" });
  const allowing = (resource: string) => [policyOf("identity-inline", { ...all, Resource: resource })];
  assert.equal(decide(request, { identity: allowing("*") }).allowed, true);
  assert.equal(decide(request, { identity: allowing("arn:aws:sqs:*:*:*") }).allowed, false);
});

test("a decision names the statements that matched", () => {
  const policy = policyOf("identity-inline", [
    other, { ...all, Sid: "Everything" }, { ...deny, Sid: "NoQueues" },
  ]);
  const decision = decide(requestOf(), { identity: [policy] });
  assert.deepEqual(decision, {
    allowed: false,
    explicitDeny: true,
    matched: [
      { policy, statement: 1, sid: "Everything", effect: "Allow" },
      { policy, statement: 2, sid: "NoQueues", effect: "Deny" },
    ],
    missingContext: [],
    reason: { type: "explicit", kind: "identity-inline", policy },
  });
});

test("a __proto__ in a policy is an unknown element, which denies and pollutes nothing", () => {
  const document = `{"Version":"2012-10-17","__proto__":{"Statement":[]},"Statement":${JSON.stringify(all)}}`;
  const decision = decide(requestOf(), { identity: [{ kind: "identity-inline", id: "x", document }] });
  assert.equal(verdict(decision), "!identity-inline");
  assert.equal(Object.hasOwn(Object.prototype, "Statement"), false);
});

test("condition keys named like members of objects are only keys", () => {
  const statement = { ...all, Condition: { StringEquals: { constructor: "x", toString: "y" } } };
  const document = textOf(statement).replace('"constructor"', '"__proto__"');
  const decision = decide(requestOf(), { identity: [{ kind: "identity-inline", id: "x", document }] });
  assert.deepEqual(decision.missingContext, ["__proto__"]);
});
