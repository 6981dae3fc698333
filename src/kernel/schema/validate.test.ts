import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError } from "../errors.ts";
import { Models } from "../model/load.ts";
import type { Value } from "../protocol/protocol.ts";
import { validate } from "./validate.ts";

const models = new Models();

function refusal(service: string, operation: string, input: Value): string {
  const model = models.get(service);
  const operationModel = model.operations[operation];
  assert.ok(operationModel, `${service} has no ${operation}`);
  try {
    validate(input, operationModel, model);
  } catch (error) {
    assert.ok(error instanceof AwsError, String(error));
    assert.equal(error.status, 400);
    return `${error.code}: ${error.message}`;
  }
  return "accepted";
}

/** What the framework says of one value: the value as shown, its path, and the constraint it misses. */
type Said = readonly [shown: string, path: string, constraint: string];

function framework(code: string, ...said: readonly Said[]): string {
  const sentences = said.map(
    ([shown, path, constraint]) =>
      `Value${shown} at '${path}' failed to satisfy constraint: Member ${constraint}`,
  );
  const errors = said.length === 1 ? "1 validation error" : `${said.length} validation errors`;
  return `${code}: ${errors} detected: ${sentences.join("; ")}`;
}

const json = framework.bind(undefined, "ValidationException");
const query = framework.bind(undefined, "ValidationError");
const notNull = "must not be null";
const longer = "must have length greater than or equal to";
const shorter = "must have length less than or equal to";
const valueSet = "must satisfy enum value set:";
const regular = "must satisfy regular expression pattern:";

const key2049 = "k".repeat(2049);
const role65 = "r".repeat(65);
/** Each is one character of two units; STS's pattern for ARNs leaves them out. */
const long2048 = "𐐷".repeat(2048);
const arnPattern =
  `${regular} [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+`;
const roleArn = "arn:aws:iam::123456789012:role/r";

type Case = readonly [service: string, operation: string, input: Value, answer: string];

/** @evidence KMS, Secrets Manager, SSM: ValidationException with the framework's sentence (reports) */
const jsonCases: readonly Case[] = [
  ["kms", "DescribeKey", {}, json([" null", "keyId", notNull])],
  ["kms", "DescribeKey", { KeyId: "" }, json([" ''", "keyId", `${longer} 1`])],
  ["kms", "DescribeKey", { KeyId: key2049 }, json([` '${key2049}'`, "keyId", `${shorter} 2048`])],
  ["kms", "ListKeys", { Limit: 0 }, json([" '0'", "limit", "must have value greater than or equal to 1"])],
  ["kms", "ListKeys", { Limit: 1001 },
    json([" '1001'", "limit", "must have value less than or equal to 1000"])],
  ["kms", "CreateAlias", { AliasName: "alias/a b", TargetKeyId: "k" },
    json([" 'alias/a b'", "aliasName", `${regular} ^[a-zA-Z0-9:/_-]+$`])],
  // The order in a tag is that of answers recorded from SES and DynamoDB: value before key.
  ["kms", "TagResource", { KeyId: "k", Tags: [{}] },
    json([" null", "tags.1.member.tagValue", notNull], [" null", "tags.1.member.tagKey", notNull])],
  // What is sensitive is not shown, not even as null.
  ["kms", "Encrypt", { KeyId: "k", Plaintext: Buffer.alloc(0) }, json(["", "plaintext", `${longer} 1`])],
  ["ssm", "PutParameter", { Name: "n" }, json(["", "value", notNull])],
  ["ssm", "PutParameter", { Name: "n", Value: "v", Type: "Text" },
    json([" 'Text'", "type", `${valueSet} [SecureString, StringList, String]`])],
  ["ssm", "GetParameters", { Names: [] }, json([" '[]'", "names", `${longer} 1`])],
  // Of list elements all constraints are named, the longest first, as in ACM's answers to RequestCertificate.
  ["ssm", "GetParameters", { Names: ["a", ""] },
    json([" '[a, ]'", "names", `must satisfy constraint: [Member ${shorter} 2048, Member ${longer} 1]`])],
  ["secrets-manager", "CreateSecret", { Name: "s", SecretString: "" },
    json(["", "secretString", `${longer} 1`])],
  ["secrets-manager", "GetSecretValue", {}, json([" null", "secretId", notNull])],
  ["cloudtrail", "LookupEvents", { MaxResults: 51 },
    json([" '51'", "maxResults", "must have value less than or equal to 50"])],
  ["cloudtrail", "LookupEvents", { LookupAttributes: [{ AttributeKey: "EventId" }] },
    json([" null", "lookupAttributes.1.member.attributeValue", notNull])],
  ["cloudtrail", "CreateTrail", {}, json([" null", "s3BucketName", notNull], [" null", "name", notNull])],
];

const badRoleName = "ValidationError: The specified value for roleName is invalid. ";
const nameForm = "It must contain only alphanumeric characters and/or the following: +=,.@_-";

/**
 * @evidence IAM: ValidationError with the framework's sentence, in users' reports, without values today;
 *   order of enumerations recorded for ListVirtualMFADevices. STS AssumeRole: pattern before length, lengths
 *   in code points (recorded answers).
 */
const queryCases: readonly Case[] = [
  ["iam", "CreateRole", { AssumeRolePolicyDocument: "{}" }, query(["", "roleName", notNull])],
  ["iam", "CreateRole", { RoleName: role65, AssumeRolePolicyDocument: "{}" },
    query(["", "roleName", `${shorter} 64`])],
  ["iam", "GetRole", { RoleName: "/service-role/visitor" }, `${badRoleName}${nameForm}`],
  ["iam", "AddRoleToInstanceProfile", { InstanceProfileName: "p", RoleName: `/${role65}` },
    `${badRoleName}${nameForm}`],
  ["iam", "CreateUser", { UserName: "u", Path: "team" },
    "ValidationError: The specified value for path is invalid. It must begin and end with / and contain only "
    + "alphanumeric characters and/or / characters."],
  ["iam", "ListUsers", { PathPrefix: "team" },
    "ValidationError: The specified value for pathPrefix is invalid. It must begin with the / character and "
    + "contain only alphanumeric characters and/or / characters."],
  ["iam", "ListVirtualMFADevices", { AssignmentStatus: "11111" },
    query(["", "assignmentStatus", `${valueSet} [Unassigned, Any, Assigned]`])],
  ["sts", "AssumeRole", { RoleArn: roleArn, RoleSessionName: "!" },
    query([" '!'", "roleSessionName", `${regular} [\\w+=,.@-]*`],
      [" '!'", "roleSessionName", `${longer} 2`])],
  ["sts", "AssumeRole", { RoleArn: long2048, RoleSessionName: "ok" },
    query([` '${long2048}'`, "roleArn", arnPattern])],
  ["sts", "AssumeRole", { RoleArn: `${long2048}𐐷`, RoleSessionName: "ok" },
    query([` '${long2048}𐐷'`, "roleArn", arnPattern], [` '${long2048}𐐷'`, "roleArn", `${shorter} 2048`])],
  ["sts", "AssumeRole", { RoleArn: key2049, RoleSessionName: "ok" },
    query([` '${key2049}'`, "roleArn", `${shorter} 2048`])],
];

/** @evidence SQS API Reference, Common Error Types, MissingParameter; SQS words every other limit itself */
const sqsCases: readonly Case[] = [
  ["sqs", "SendMessage", { MessageBody: "b" },
    "MissingParameter: The request must contain the parameter QueueUrl."],
  ["sqs", "SendMessage", { QueueUrl: "u" },
    "MissingParameter: The request must contain the parameter MessageBody."],
  ["sqs", "SendMessageBatch", { QueueUrl: "u", Entries: [{ Id: "1", MessageBody: "b" }, { Id: "2" }] },
    "MissingParameter: The request must contain the parameter SendMessageBatchRequestEntry.2.MessageBody."],
  ["sqs", "CreateQueue", { QueueName: "q", Attributes: { Nonsense: "1" } }, "accepted"],
];

test("inputs that miss a constraint are refused in the words of the service's family", () => {
  for (const [service, operation, input, expected] of [...jsonCases, ...queryCases, ...sqsCases]) {
    assert.equal(refusal(service, operation, input), expected, `${service} ${operation}`);
  }
});

test("a member set to null counts as absent", () => {
  const text =
    "ValidationException: 1 validation error detected: Value null at 'keyId' failed to satisfy constraint: " +
    "Member must not be null";
  assert.equal(refusal("kms", "DescribeKey", { KeyId: null }), text);
});

test("values of another type than the model's are left to the protocol", () => {
  assert.equal(refusal("kms", "ListKeys", { Limit: "many", Marker: ["m"] }), "accepted");
  assert.equal(refusal("kms", "TagResource", { KeyId: "k", Tags: "none" }), "accepted");
});

test("names of Object's own members are keys like any other", () => {
  const input = JSON.parse('{"KeyId":"k","__proto__":{"Tags":1},"Plaintext":"x","constructor":1}') as Value;
  assert.equal(refusal("kms", "Encrypt", input), "accepted");
  assert.equal(({} as Value)["Tags"], undefined);
});

test("an input with very many faults gets an answer of bounded size", () => {
  const tags = Array.from({ length: 200_000 }, () => ({}));
  assert.ok(refusal("kms", "TagResource", { KeyId: "k", Tags: tags }).length < 4_000_000);
});
