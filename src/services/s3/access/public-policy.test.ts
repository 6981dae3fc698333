import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublicPolicy } from "./public-policy.ts";

function isPublic(more: object): boolean {
  const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" };
  return isPublicPolicy(JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, ...more }] }));
}

const conditions: readonly (readonly [isPublic: boolean, condition: object])[] = [
  [false, { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } }],
  [false, { IpAddress: { "aws:SourceIp": ["10.0.0.0/7", "203.0.113.7"] } }],
  [true, { IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }],
  [true, { IpAddress: { "aws:SourceIp": "200.0.0.0/7" } }],
  [true, { IpAddress: { "aws:SourceIp": ["203.0.113.0/24", "::/0"] } }],
  [true, { NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } }],
  [false, { StringEquals: { "aws:SourceVpc": "vpc-91237329" } }],
  [true, { StringLike: { "aws:SourceVpc": "vpc-*" } }],
  [true, { StringEqualsIfExists: { "aws:SourceVpce": "vpce-1" } }],
  [true, { StringNotEquals: { "aws:SourceAccount": "111122223333" } }],
  [false, { StringEquals: { "aws:PrincipalOrgID": "o-1" } }],
  [true, { StringEquals: { "aws:SourceArn": "arn:aws:s3:::${aws:username}" } }],
  [false, { StringLike: { "aws:userid": "AROAEXAMPLEID:*" } }],
  [true, { StringLike: { "aws:userid": "*" } }],
  [false, { ArnLike: { "s3:DataAccessPointArn": "arn:aws:s3:us-west-2:111122223333:accesspoint/*" } }],
  [true, { ArnLike: { "s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/name" } }],
  [false, { StringEquals: { "s3:DataAccessPointAccount": "111122223333" } }],
  [true, { StringEquals: { "s3:x-amz-acl": "private" } }],
  [true, { Bool: { "aws:SecureTransport": "true" } }],
];

for (const [expected, Condition] of conditions) {
  test(`everybody with ${JSON.stringify(Condition)} is ${expected ? "" : "not "}the public`, () => {
    assert.equal(isPublic({ Condition }), expected);
  });
}

test("fixed principals are not the public, patterns of them are, and denials let nobody in", () => {
  assert.equal(isPublic({}), true);
  assert.equal(isPublic({ Principal: { AWS: "*" } }), true);
  assert.equal(isPublic({ Principal: { AWS: ["111122223333", "*"] } }), true);
  assert.equal(isPublic({ Principal: { AWS: "111122223333" } }), false);
  assert.equal(isPublic({ Principal: { Service: "logging.s3.amazonaws.com" } }), false);
  assert.equal(isPublic({ Principal: undefined, NotPrincipal: { AWS: "111122223333" } }), true);
  assert.equal(isPublic({ Effect: "Deny" }), false);
});
