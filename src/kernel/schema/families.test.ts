import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError } from "../errors.ts";
import type { OperationModel, ProtocolName, ServiceModel, Shape } from "../model/model.ts";
import type { Value } from "../protocol/protocol.ts";
import { validate } from "./validate.ts";

const shapes: Record<string, Shape> = {
  Request: {
    type: "structure",
    required: ["ImageId"],
    members: {
      ImageId: { shape: "Text" }, Ids: { shape: "Ids" }, Weights: { shape: "Weights" },
      Choice: { shape: "Choice" }, Self: { shape: "Request" },
      Tables: { shape: "Tables" }, Secrets: { shape: "Secrets" },
    },
  },
  Text: { type: "string", min: 1 },
  Ids: { type: "list", member: { shape: "Id" } },
  Id: { type: "string", pattern: "[0-9]{12}" },
  Weights: { type: "map", key: { shape: "Version" }, value: { shape: "Weight" } },
  Version: { type: "string", max: 1024, min: 1, pattern: "[0-9]+" },
  Weight: { type: "double", max: 1, min: 0 },
  Choice: { type: "structure", union: true, members: { A: { shape: "Text" }, B: { shape: "Text" } } },
  Tables: { type: "map", key: { shape: "Text" }, value: { shape: "Writes" } },
  Writes: { type: "list", min: 1, max: 25, member: { shape: "Write" } },
  Write: { type: "structure", required: ["Key"], members: { Key: { shape: "Text" } } },
  Secrets: { type: "list", member: { shape: "Secret" }, max: 1 },
  Secret: { type: "string", sensitive: true, max: 2 },
};

function refusal(
  serviceId: string,
  protocol: ProtocolName,
  input: Value,
  more: Record<string, Shape> = {},
): string {
  const operation = { name: "Do", http: { method: "POST", requestUri: "/" }, input: { shape: "Request" } };
  const service = { serviceId, protocols: [protocol], shapes: { ...shapes, ...more } };
  try {
    validate(input, operation as unknown as OperationModel, service as unknown as ServiceModel);
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof AwsError, String(error));
    return `${error.code}${error.shape === undefined ? "" : " (modelled)"}: ${error.message}`;
  }
}

const one = "1 validation error detected: Value";

test("a missing member is refused in each family's own words", () => {
  const failed = `${one} null at 'imageId' failed to satisfy constraint: Member must not be null`;
  const exception: Shape = { type: "structure", exception: true };
  assert.equal(refusal("KMS", "json", {}), `ValidationException: ${failed}`);
  assert.equal(refusal("IAM", "query", {}), `ValidationError: ${failed.replace(" null", "")}`);
  assert.equal(refusal("CloudWatch Logs", "json", {}), `InvalidParameterException: ${failed}`);
  assert.equal(refusal("Route 53", "rest-xml", {}), `InvalidInput: ${failed}`);
  assert.equal(
    refusal("Kafka", "rest-json", {}, { BadRequestException: exception }),
    `BadRequestException (modelled): ${failed}`,
  );
  assert.equal(refusal("EC2", "ec2", {}), "MissingParameter: The request must contain the parameter ImageId");
  assert.equal(
    refusal("RDS", "query", {}),
    "MissingParameter: The request must contain the parameter ImageId.",
  );
  assert.equal(
    refusal("SNS", "query", {}),
    "InvalidParameter: Invalid parameter: ImageId Reason: no value for required parameter",
  );
  assert.equal(refusal("S3", "rest-xml", {}), "MissingRequestBodyError: Request Body is empty");
});

/** @evidence ECR's answer to a malformed registry id, quoted by the login action's documentation */
test("ECR quotes the constraint and not the value", () => {
  assert.equal(
    refusal("ECR", "json", { ImageId: "i", Ids: ["1"] }),
    "InvalidParameterException: Invalid parameter at 'ids' failed to satisfy constraint: " +
      "'Member must satisfy constraint: [Member must satisfy regular expression pattern: [0-9]{12}]'",
  );
});

/** @evidence Lambda CreateAlias `routingConfig.additionalVersionWeights` (recorded answers) */
test("keys and values of maps are refused as a whole, with floating limits as Java writes them", () => {
  assert.equal(
    refusal("Lambda", "rest-json", { ImageId: "i", Weights: { "1": 2 } }),
    `ValidationException: ${one} '{1=2.0}' at 'weights' failed to satisfy constraint: Map value must ` +
      "satisfy constraint: [Member must have value less than or equal to 1.0, " +
      "Member must have value greater than or equal to 0.0, Member must not be null]",
  );
  assert.equal(
    refusal("Lambda", "rest-json", { ImageId: "i", Weights: { live: 1 } }),
    `ValidationException: ${one} '{live=1.0}' at 'weights' failed to satisfy constraint: Map keys must ` +
      "satisfy constraint: [Member must have length less than or equal to 1024, " +
      "Member must have length greater than or equal to 1, " +
      "Member must satisfy regular expression pattern: [0-9]+, Member must not be null]",
  );
});

/** @evidence DynamoDB BatchWriteItem `requestItems` (recorded answers) */
test("lists in maps are refused at the map, and their elements where they are", () => {
  assert.equal(
    refusal("DynamoDB", "json", { ImageId: "i", Tables: { t: [] } }),
    `ValidationException: ${one} '{t=[]}' at 'tables' failed to satisfy constraint: Map value must satisfy ` +
      "constraint: [Member must have length less than or equal to 25, " +
      "Member must have length greater than or equal to 1]",
  );
  assert.equal(
    refusal("DynamoDB", "json", { ImageId: "i", Tables: { t: [{ Key: "k" }, {}] } }),
    `ValidationException: ${one} null at 'tables.t.member.2.member.key' failed to satisfy constraint: ` +
      "Member must not be null",
  );
});

test("shapes that contain themselves are checked at every depth", () => {
  const nested = { ImageId: "i", Self: { ImageId: "j", Self: { ImageId: "k" } } };
  assert.equal(refusal("KMS", "json", nested), "accepted");
  assert.equal(
    refusal("KMS", "json", { ImageId: "i", Self: { ImageId: "j", Self: {} } }),
    `ValidationException: ${one} null at 'self.self.imageId' failed to satisfy constraint: ` +
      "Member must not be null",
  );
});

test("a union must have exactly one of its members set", () => {
  assert.equal(refusal("KMS", "json", { ImageId: "i", Choice: { A: "a" } }), "accepted");
  for (const choice of [{}, { A: "a", B: "b" }]) {
    const answer = refusal("KMS", "json", { ImageId: "i", Choice: choice });
    assert.equal(answer.startsWith(`ValidationException: ${one} 'Choice(`), true, answer);
  }
});

test("what is sensitive is never shown, not in the list that holds it either", () => {
  assert.equal(
    refusal("KMS", "json", { ImageId: "i", Secrets: ["a", "b"] }),
    `ValidationException: ${one} '[***Sensitive Data Redacted***, ***Sensitive Data Redacted***]' at ` +
      "'secrets' failed to satisfy constraint: Member must have length less than or equal to 1",
  );
  assert.equal(
    refusal("KMS", "json", { ImageId: "i", Secrets: ["long"] }),
    `ValidationException: ${one} at 'secrets' failed to satisfy constraint: Member must satisfy ` +
      "constraint: [Member must have length less than or equal to 2]",
  );
});
