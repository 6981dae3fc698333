import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePolicy, PolicySyntaxError, validatePolicy, type PolicyDocumentKind } from "./parse.ts";
import { chanceOf, contextOf, requestOf } from "./policy-fixtures.ts";
import { decide } from "./decide.ts";
import { rounds } from "../../test/rounds.ts";

const bucket = "arn:aws:s3:::example_bucket";
const allow = { Effect: "Allow", Action: "s3:ListBucket", Resource: bucket };

function documentOf(statement: unknown, rest: object = {}): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statement, ...rest });
}

function withCondition(condition: unknown, rest: object = {}): string {
  return documentOf({ ...allow, Condition: condition, ...rest });
}

function withResource(resource: unknown, rest: object = {}): string {
  return documentOf({ ...allow, Resource: resource, ...rest });
}

/** What the kind of policy is refused with first, or undefined. */
function firstProblem(text: string, kind: PolicyDocumentKind = "identity"): string | undefined {
  return validatePolicy(text, kind)[0]?.message;
}

const syntax = "Syntax errors in policy.";
const version = "Policy document must be version 2012-10-17 or greater.";
const legacy = "The policy failed legacy parsing";
const vendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const vendorOfResource = "Resource vendor must be fully qualified and cannot contain regexes.";
const { Action, ...withoutAction } = allow;
const { Resource, ...withoutResource } = allow;
const { Effect, ...withoutEffect } = allow;

/** @evidence IAM, CreatePolicy, MalformedPolicyDocument: recorded answers */
const refused: readonly (readonly [text: string, message: string])[] = [
  ["This is not a json document", syntax],
  ["", syntax],
  ["null", syntax],
  [JSON.stringify({ Statement: allow }), version],
  [documentOf(allow, { Version: "2008-10-17" }), version],
  [documentOf(allow, { Version: "2013-10-17" }), syntax],
  [JSON.stringify({ Version: "2012-10-17" }), syntax],
  [documentOf(["afd"]), syntax],
  [documentOf(allow, { "Extra field": "value" }), syntax],
  [documentOf({ ...allow, "Extra field": "value" }), syntax],
  [documentOf(allow, { Id: ["a"] }), syntax],
  [documentOf({ ...allow, Effect: "invalid" }), syntax],
  [documentOf({ ...allow, Action: "invalid" }), vendor],
  [documentOf({ ...withoutAction, NotAction: "" }), vendor],
  [documentOf({ ...allow, Action: "a a:ListBucket" }), "Vendor a a is not valid"],
  [documentOf({ ...allow, Action: "s3:List:Bucket" }), "Actions/Condition can contain only one colon."],
  [withResource("invalid resource"), 'Resource invalid resource must be in ARN format or "*".'],
  [withResource(""), 'Resource  must be in ARN format or "*".'],
  [withResource("sdfsadf", { Action: "s:3:ListBucket" }), 'Resource sdfsadf must be in ARN format or "*".'],
  [withResource("a:bsdfdsafsad"),
    'Partition "bsdfdsafsad" is not valid for resource "arn:bsdfdsafsad:*:*:*:*".'],
  [withResource("a:b:cadfsdf"), 'Partition "b" is not valid for resource "arn:b:cadfsdf:*:*:*".'],
  [withResource("a:b:c:d:e:f:g:h"), 'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".'],
  [withResource("aws:s3:::example_bucket"),
    'Partition "s3" is not valid for resource "arn:s3:::example_bucket:*".'],
  [withResource(["arn:error:s3:::example_bucket", "arn:error:s3::example_bucket"]),
    'Partition "error" is not valid for resource "arn:error:s3:::example_bucket".'],
  [documentOf([]), syntax],
  [documentOf(withoutResource), "Policy statement must contain resources."],
  [withResource([]), "Policy statement must contain resources."],
  [documentOf({ ...withoutResource, Action: "invalid" }), "Policy statement must contain resources."],
  [documentOf(withoutAction), "Policy statement must contain actions."],
  [documentOf(withoutEffect), syntax],
  [documentOf({ Effect: "Allow" }), "Policy statement must contain actions."],
  [documentOf({ ...allow, Action: [] }), "Policy statement must contain actions."],
  [documentOf([{ Effect: "Deny" }, allow]), "Policy statement must contain actions."],
  [withResource("arn:aws:iam:::example_bucket"),
    'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, '
    + "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, "
    + "report/, access-report/."],
  [withResource("arn:aws:s3::example_bucket"), legacy],
  [documentOf({ ...withoutAction, Resource: "arn:aws:s3::example_bucket" }), legacy],
  [withResource("arn:aws"), vendorOfResource],
  [withResource({ a: bucket }), syntax],
  [withResource(["adfdf", {}]), syntax],
  [documentOf({ ...allow, NotResource: [] }), syntax],
  [documentOf({ ...allow, Action: [[]] }), syntax],
  [documentOf({ ...allow, NotAction: "s3:ListBucket" }), syntax],
  [withCondition([]), syntax],
  [withCondition("a"), syntax],
  [withCondition({ a: "b" }), syntax],
  [withCondition({ DateGreaterThan: [] }), syntax],
  [withCondition({ DateGreaterThan: { a: {} } }), syntax],
  [withCondition({ x: { a: "1" } }), syntax],
  [withCondition({ "ForAnyValue::StringEqualsIfExists": { a: "asf" } }), syntax],
  [withCondition({ NullIfExists: { a: "true" } }), syntax],
  [withResource("arn:aws:iam:us-east-1::example_bucket"),
    "IAM resource arn:aws:iam:us-east-1::example_bucket cannot contain region information."],
  [withResource("arn:aws:s3:us-east-1::example_bucket"),
    "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information."],
  [documentOf({ ...allow, Sid: {} }), syntax],
  [documentOf([{ ...allow, Sid: "sdf" }, { Sid: "sdf", Effect: "Allow" }]),
    "Statement IDs (SID) in a single policy must be unique."],
  [JSON.stringify({ Statement: [{ ...allow, Sid: "sdf" }, { Sid: "sdf", Effect: "Allow" }] }), version],
  [documentOf({ ...allow, Effect: "denY" }), legacy],
  [JSON.stringify({ Statement: { ...allow, Effect: "denY" } }), version],
  [withCondition({ DateGreaterThan: { a: "sdfdsf" } }), legacy],
  [withCondition({ DateLessThan: { a: "9223372036854775808" } }), legacy],
  [withCondition({ DateGreaterThan: { a: "sdfdsf" } }, { Resource: "arn:error:s3:::example_bucket" }),
    legacy],
  [withResource("arn:aws::::example_bucket"), legacy],
  [withResource("arn:aws::fdsasf"), legacy],
  [documentOf([{ ...allow, Sid: "a", Effect: "aLLow" }, { Sid: "a", Effect: "Allow" }]), legacy],
  [documentOf({ ...allow, Principal: "*" }), "Policy document should not specify a principal."],
];

for (const [text, message] of refused) {
  test(`an identity policy ${text.slice(0, 110)} is refused: ${message.slice(0, 40)}`, () => {
    assert.equal(firstProblem(text), message);
  });
}

const accepted: readonly string[] = [
  documentOf(allow),
  documentOf([allow], { Id: "sdfsdfsdf" }),
  documentOf({ ...allow, Action: "iam: asdf safdsf af " }),
  withResource([bucket, "*"]),
  documentOf({ ...allow, Action: "*" }),
  withResource("arn:aws:iam:::user/example_bucket"),
  withResource("arn:aws:iam::*:user/${aws:username}"),
  withResource("arn:aws:s33:::example_bucket"),
  withResource("arn:aws:fdsasf"),
  withResource("arn:aws:ec2:us-east-1::example_bucket"),
  withResource("arn:aws:s3:us-east-1:111122223333:accesspoint/one/object/*"),
  withResource("arn:aws:invalid-service:us-east-1::example_bucket"),
  documentOf({ ...allow, Action: "s3.s:ListBucket" }),
  documentOf({ Effect: "Allow", NotAction: "s3:ListBucket", NotResource: "*" }),
  documentOf([{ ...allow, Sid: "sdf" }, allow]),
  withCondition({}),
  withCondition({ a: {} }),
  withCondition({ DateGreaterThan: {} }),
  withCondition({ DateGreaterThan: { a: [] } }),
  withCondition({ DateGreaterThan: { a: "01T" } }),
  withCondition({ DateLessThanEquals: { a: "2016-12-13t2:00:00.593194+23" } }),
  withCondition({ DateLessThan: { a: "-292275054" } }),
  withCondition({ "ForAnyValue:StringEqualsIfExists": { a: "asf" } }),
  withCondition({ "ForAllValues:StringEquals": { "aws:TagKeys": "Department" } }),
  withCondition({ Bool: { "aws:SecureTransport": false }, NumericLessThan: { "s3:max-keys": 10 } }),
];

for (const text of accepted) {
  test(`an identity policy ${text.slice(0, 150)} is accepted`, () => {
    assert.deepEqual(validatePolicy(text, "identity"), []);
  });
}

const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
const invalidPrincipal = (kind: string, name: string) => `Invalid principal in policy: "${kind}":"${name}"`;
const trusts: readonly (readonly [text: string, message: string | undefined])[] = [
  [documentOf(trust), undefined],
  [documentOf(trust, { Version: "2008-10-17" }), undefined],
  [documentOf({ ...trust, Principal: { AWS: ["111122223333", "arn:aws:iam::111122223333:role/a/b", "*"] } }),
    undefined],
  [documentOf({ ...trust, Action: ["sts:AssumeRole", "sts:TagSession"] }), undefined],
  [documentOf({ ...trust, Principal: { Federated: "accounts.google.com" },
    Action: "sts:AssumeRoleWithWebIdentity" }),
    undefined],
  ["{", "This policy contains invalid Json"],
  [documentOf(trust, { Version: "2020-01-01" }), "The policy must contain a valid version string"],
  [documentOf([]), "Could not parse the policy: Statement is empty!"],
  [documentOf({ ...trust, Effect: undefined }), "Missing required field Effect"],
  [documentOf({ ...trust, Effect: "allow" }), "Invalid effect: allow"],
  [documentOf({ ...trust, Principal: undefined }), "Missing required field Principal"],
  [documentOf({ ...trust, Principal: {} }), "Missing required field Principal cannot be empty!"],
  [documentOf({ ...trust, Action: undefined }), "Missing required field Action"],
  [documentOf({ ...trust, Resource: "*" }), "Has prohibited field Resource"],
  [documentOf({ ...trust, Action: "s3:GetObject" }),
    "AssumeRole policy may only specify STS AssumeRole actions."],
  [documentOf({ ...trust, Action: "*" }), "AssumeRole policy may only specify STS AssumeRole actions."],
  [documentOf({ ...trust, Principal: { AWS: "arn:aws:iam::*:root" } }),
    invalidPrincipal("AWS", "arn:aws:iam::*:root")],
  [documentOf({ ...trust, Principal: { AWS: "arn:aws:iam::111122223333:user/*" } }),
    invalidPrincipal("AWS", "arn:aws:iam::111122223333:user/*")],
  [documentOf({ ...trust, Principal: { Service: "lambda" } }), invalidPrincipal("SERVICE", "lambda")],
  [documentOf([{ ...trust, Sid: "a" }, { ...trust, Sid: "a" }]),
    "The Statement Ids in the policy are not unique"],
  [documentOf({ ...trust, Condition: { StringIs: { a: "b" } } }), syntax],
];

for (const [text, message] of trusts) {
  test(`a trust policy ${text.slice(0, 150)}: ${message ?? "accepted"}`, () => {
    assert.equal(firstProblem(text, "trust"), message);
  });
}

test("a resource policy needs a principal and a resource", () => {
  const statement = { Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" };
  assert.equal(firstProblem(documentOf(statement), "resource"), undefined);
  assert.equal(firstProblem(documentOf({ ...statement, Principal: undefined }), "resource"),
    "Missing required field Principal");
  const withoutResource = documentOf({ ...statement, Resource: undefined });
  assert.equal(firstProblem(withoutResource, "resource"), "Missing required field Resource");
  assert.deepEqual(validatePolicy(withoutResource, "resource", { resourceElement: "optional" }), []);
});

test("all problems are told, with the statements they are in", () => {
  const text = documentOf([allow, { ...allow, Action: "bad" }, { ...allow, Resource: "bad" }]);
  assert.deepEqual(validatePolicy(text, "identity"), [
    { message: 'Resource bad must be in ARN format or "*".', statement: 2 },
    { message: vendor, statement: 1 },
  ]);
});

test("a document is read into statements", () => {
  const { statements } = parsePolicy(documentOf({ ...allow, Sid: "A",
    Condition: { Bool: { "a:b": true } } }));
  assert.deepEqual(statements[0], {
    sid: "A", effect: "Allow", effectText: "Allow", principal: undefined, notPrincipal: undefined,
    actions: ["s3:ListBucket"], notActions: undefined, resources: [bucket], notResources: undefined,
    conditions: [{ operator: "Bool", key: "a:b", values: ["true"] }],
  });
});

test("a document that is too long or too deep is refused", () => {
  assert.equal(firstProblem(documentOf({ ...allow, Sid: "a".repeat(300_000) })), syntax);
  assert.equal(firstProblem("[".repeat(100_000)), syntax);
  const deep = `${'{"Statement":'.repeat(5000)}1${"}".repeat(5000)}`;
  assert.equal(firstProblem(deep), syntax);
  assert.throws(() => parsePolicy(deep), PolicySyntaxError);
});

test("damaged policies are refused or read, and none brings the process down", () => {
  const chance = chanceOf(99);
  const seeds = [...refused.map(([text]) => text), ...accepted, ...trusts.map(([text]) => text)];
  const pieces = ["*", "?", ":", "${", "}", "\"", "[", "]", "{", ",", "\\u0000", "__proto__", "arn:",
    "1e999", "null",
    "ForAllValues:", "IfExists", "'", "\ud800", "-", "9999999999999999999999", "constructor", "::", "/"];
  const pick = (count: number) => Math.floor(chance() * count);
  const context = contextOf({ a: "2020-01-01", "aws:username": "ana", "aws:TagKeys": ["x", "y"] });
  let refusals = 0;
  for (let round = 0; round < rounds(100_000); round++) {
    let text = seeds[pick(seeds.length)] ?? "";
    for (let change = pick(4); change >= 0; change--) {
      const at = pick(text.length + 1);
      const until = at + pick(chance() < 0.5 ? 2 : 12);
      text = text.slice(0, at) + (pieces[pick(pieces.length)] ?? "") + text.slice(until);
    }
    const kind = (["identity", "resource", "trust"] as const)[pick(3)] ?? "identity";
    if (validatePolicy(text, kind).length > 0) refusals++;
    const policy = { kind: "identity-inline" as const, id: "x", document: text };
    decide(requestOf({ context, action: "s3:ListBucket", resource: bucket }), { identity: [policy] });
  }
  assert(refusals > rounds(50_000) && refusals < rounds(100_000), String(refusals));
  assert.equal(Object.keys(Object.prototype).length, 0);
});
