import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, type EndpointPolicySet } from "./decide.ts";
import {
  account, anonymous, chanceOf, contextOf, federated, otherAccount, queue, root, service, session, user,
} from "./policy-fixtures.ts";
import { referenceDecide } from "./reference.ts";
import type { AuthorizationRequest, ContextValue, RequestPrincipal, SourcedPolicy } from "./types.ts";
import { rounds } from "../../test/rounds.ts";

/** Draws random policies and requests from pools small enough that they meet often. */
class Draw {
  readonly #chance: () => number;

  constructor(seed: number) {
    this.#chance = chanceOf(seed);
  }

  probably(share: number): boolean {
    return this.#chance() < share;
  }

  one<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#chance() * items.length)];
    assert(item !== undefined);
    return item;
  }

  some<Item>(items: readonly Item[], countMax = 3): Item | Item[] {
    const drawn = Array.from({ length: Math.floor(this.#chance() * (countMax + 1)) }, () => this.one(items));
    const [only] = drawn;
    return drawn.length === 1 && only !== undefined && this.probably(0.5) ? only : drawn;
  }

  many<Item>(make: () => Item, countMax: number): Item[] {
    return Array.from({ length: Math.floor(this.#chance() * (countMax + 1)) }, make);
  }
}

const bearer: RequestPrincipal = { ...anonymous, federatedProvider: "accounts.google.com" };
const principals = [user, user, session, session, root, federated, service, anonymous, bearer];
const actions = ["sqs:SendMessage", "sqs:ReceiveMessage", "s3:GetObject", "s3:PutObject"];
const actionPatterns = [
  ...actions, "*", "sqs:*", "SQS:send*", "s3:?etObject", "*Message", "s3:*Object", "sqs:S*d*", "iam:*",
];
const object = "arn:aws:s3:::bucket/ana/file";
const resources = [queue, object, "*", `arn:aws:lambda:us-east-1:${account}:function:f:1`];
const resourcePatterns = [
  ...resources, "*", "arn:aws:sqs:*:*:orders", "arn:aws:sqs:us-*-1:*:o*", "arn:aws:sqs:u*",
    "arn:aws:s3:::bucket/*",
  "arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket/${test:missing}/*", "arn:aws:sqs",
  "arn:aws:s3:::bucket/${test:missing, 'ana'}/f???", "arn:aws:lambda:*:function:*", "arn:aws:l?mbda:*:*:*",
  "arn:aws:sqs:us-east-1?111122223333:orders", "arn:*:orders",
  `arn:aws:lambda?us-east-1:${account}:function:f:1`, `arn:aws:l*1:${account}:function:f:1`,
  "arn:aws:s3:::*/${*}",
    "arn:aws:*s:*:1*3:o?ders",
];
const principalElements = [
  "*", { AWS: "*" }, { AWS: account }, { AWS: `arn:aws:iam::${account}:root` }, { AWS: otherAccount },
  { AWS: user.arn }, { AWS: session.arn }, { AWS: session.roleArn }, { AWS: user.uniqueId },
  { AWS: session.uniqueId }, { AWS: session.userId }, { AWS: federated.arn },
  { AWS: [session.arn, account] }, { Service: service.arn }, { Service: ["s3.amazonaws.com"], AWS: user.arn },
  { Federated: "accounts.google.com" },
];

const operandsByOperator: { readonly [operator: string]: readonly unknown[] } = {
  String: ["a", "A", "b", "a*", "?", "${aws:username}", "${test:missing}", "${test:missing, 'a'}", "${*}",
    "", 5],
  Numeric: ["1", "2", "2.0", "1e1", "-3", "x", 10],
  Date: ["2020-01-01", "2020-01-01T00:00:00Z", "2020-06-01T12:30:00.5Z", "1577836800",
    "2020-01-01T02:00:00+02:00", "no"],
  Bool: ["true", "false", "TRUE", true, "yes"],
  Binary: ["QQ==", "Qg==", "QUI="],
  Ip: ["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1", "10.0.0.0/99", "::/1"],
  Arn: [queue, "arn:aws:sqs:*:*:*", "arn:aws:s?s:*", "*", "arn:aws:sqs:*:orders",
    "arn:aws:iam::*:user/${aws:username}"],
  Null: ["true", "false", "perhaps"],
};
const operators = [
  ...["Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like",
    "NotLike"].map((name) => `String${name}`),
  ...["Numeric", "Date"].flatMap((family) =>
    ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan",
      "GreaterThanEquals"].map((name) => family + name)),
  "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike",
    "Null",
];
const contextValues: readonly ContextValue[] = [
  "a", "A", "b", "ab", "ana", "*", "", "1", "2", "10", "2020-01-01T00:00:00Z", "2020-06-01T12:30:00.500Z",
    "1577836800",
  "true", "false", "QQ==", "10.1.2.3", "11.0.0.1", "2001:db8::5", queue, user.arn,
  [], [""], ["a"], ["a", "b"], ["b", ""], ["1", "3"], [queue, user.arn], ["10.1.2.3", "8.8.8.8"],
];
const contextKeys = ["aws:username", "test:One", "test:two", "test:three"];

function drawCondition(draw: Draw): object {
  const entries = draw.many(() => {
    const operator = draw.one(operators);
    const family = Object.keys(operandsByOperator).find((name) =>
      operator.replace("Not", "").startsWith(name));
    const prefix = draw.one(["", "", "", "ForAllValues:", "ForAnyValue:"]);
    const suffix = draw.probably(0.2) ? "IfExists" : "";
    const name = draw.probably(0.03) ? "StringIs" : prefix + operator + suffix;
    const operands = operandsByOperator[family ?? "String"] ?? [];
    const keys = draw.probably(0.05) ? [] : [draw.one([...contextKeys, "TEST:missing"])];
    return [name, Object.fromEntries(keys.map((key) => [key, draw.some(operands)]))] as const;
  }, 2);
  return Object.fromEntries(entries);
}

function drawStatement(draw: Draw, withPrincipal: boolean): object {
  const statement: { [element: string]: unknown } = { Effect: draw.one(["Allow", "Allow", "Allow", "Deny"]) };
  if (draw.probably(withPrincipal ? 0.95 : 0.03)) {
    statement[draw.probably(0.15) ? "NotPrincipal" : "Principal"] = draw.one(principalElements);
  }
  statement[draw.probably(0.1) ? "NotAction" : "Action"] = draw.probably(0.3) ? "*"
    : draw.some(actionPatterns);
  if (draw.probably(0.95)) {
    statement[draw.probably(0.1) ? "NotResource" : "Resource"] = draw.probably(0.3) ? "*"
      : draw.some(resourcePatterns);
  }
  if (draw.probably(0.4)) statement["Condition"] = drawCondition(draw);
  return statement;
}

function drawPolicy(draw: Draw, kind: SourcedPolicy["kind"]): SourcedPolicy {
  const withPrincipal = kind === "resource" || kind === "rcp" || kind === "vpc-endpoint";
  const statements = [drawStatement(draw, withPrincipal),
    ...draw.many(() => drawStatement(draw, withPrincipal), 2)];
  const version = draw.probably(0.9) ? { Version: "2012-10-17" } : {};
  const Statement = statements.length === 1 && draw.probably(0.5) ? statements[0] : statements;
  return { kind, id: kind, document: JSON.stringify({ ...version, Statement }) };
}

function drawPolicies(draw: Draw): EndpointPolicySet {
  const levels = (kind: SourcedPolicy["kind"]) =>
    draw.many(() => draw.many(() => drawPolicy(draw, kind), 2), 2);
  return {
    identity: draw.many(() => drawPolicy(draw, "identity-inline"), 2),
    ...(draw.probably(0.25) && { boundary: drawPolicy(draw, "boundary") }),
    ...(draw.probably(0.25) && { session: draw.many(() => drawPolicy(draw, "session"), 2) }),
    ...(draw.probably(0.7) && { resource: drawPolicy(draw, "resource") }),
    ...(draw.probably(0.15) && { resourcePolicyRequired: true }),
    ...(draw.probably(0.1) && { serviceControl: levels("scp") }),
    ...(draw.probably(0.1) && { resourceControl: levels("rcp") }),
    ...(draw.probably(0.1) && { vpcEndpoint: drawPolicy(draw, "vpc-endpoint") }),
  };
}

function drawRequest(draw: Draw): AuthorizationRequest {
  const keys = contextKeys.filter(() => draw.probably(0.6));
  const values = Object.fromEntries(keys.map((key) =>
    [key, key === "aws:username" ? "ana" : draw.one(contextValues)]));
  return {
    principal: draw.one(principals),
    action: draw.one(actions),
    resource: draw.one(resources),
    resourceAccount: draw.one([account, account, account, otherAccount, ""]),
    context: contextOf(values),
  };
}

test("the fast evaluator and the literal one agree on random policies", () => {
  const draw = new Draw(20121017);
  const counts = { allowed: 0, implicit: 0, explicit: 0 };
  for (let round = 0; round < rounds(20_000); round++) {
    const policies = drawPolicies(draw);
    const request = drawRequest(draw);
    const decision = decide(request, policies);
    const expected = referenceDecide(request, policies);
    counts[decision.allowed ? "allowed" : decision.explicitDeny ? "explicit" : "implicit"]++;
    assert.deepEqual(
      { allowed: decision.allowed, explicitDeny: decision.explicitDeny, deniedBy: decision.reason?.kind },
      expected,
      `round ${round}: ${JSON.stringify({ request, policies }, null, 1)}`,
    );
  }
  for (const count of Object.values(counts)) assert(count > rounds(2000), JSON.stringify(counts));
});

test("the fast evaluator and the literal one agree on every single condition", () => {
  const draw = new Draw(7);
  let held = 0;
  for (let round = 0; round < rounds(20_000); round++) {
    const Effect = draw.one(["Allow", "Deny"]);
    const allow = { Effect: "Allow", Action: "s3:*", Resource: "*" };
    const statement = { ...allow, Effect, Condition: drawCondition(draw) };
    const Statement = Effect === "Deny" ? [allow, statement] : [statement];
    const document = JSON.stringify({ Version: "2012-10-17", Statement });
    const policies = { identity: [{ kind: "identity-inline" as const, id: "x", document }] };
    const request = { ...drawRequest(draw), principal: user, action: "s3:GetObject",
      resourceAccount: account };
    const { allowed } = decide(request, policies);
    if (allowed === (Effect === "Allow")) held++;
    const values = [...request.context.keys()].map((key) => [key, request.context.get(key.toLowerCase())]);
    assert.equal(allowed, referenceDecide(request, policies).allowed, JSON.stringify({ document, values }));
  }
  assert(held > rounds(3000), String(held));
});
