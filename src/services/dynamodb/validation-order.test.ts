/**
 * What is wrong with a request is complained of in AWS's order: a ladder begins with a request in which
 * everything is wrong, and each row has what is said of it and the fix that leads to the next.
 *
 * @evidence dynalite's recorded tests of each operation; dynamodb-conformance, validation-ordering;
 *   dynoxide's table of what is enveloped
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../../test/region.ts";
import { builtOperation } from "../../../test/suites/services.ts";
import { client } from "../../../test/suites/wire.ts";
import { createTable, keyOf, values } from "./table-fixture.ts";

type Input = Readonly<Record<string, unknown>>;

interface Ladder {
  readonly worst: Input;
  readonly rungs: readonly (readonly [text: string, fix: Input])[];
}

const invalid = "ValidationException: ";
const enveloped = `${invalid}1 validation error detected: `;
const parameters = "One or more parameter values were invalid: ";
const notFound = "ResourceNotFoundException: Requested resource not found";
const failed = "ConditionalCheckFailedException: The conditional request failed";
const nameText = `${enveloped}Value 'x!' at 'tableName' failed to satisfy constraint: ` +
  "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
const notANumber = "The parameter cannot be converted to a numeric value: x";
const mismatch = `${invalid}The provided key element does not match the schema`;

function constraint(value: string, member: string, text: string): string {
  return `Value '${value}' at '${member}' failed to satisfy constraint: ${text}`;
}

function anyOf(member: string, allowed: string): string {
  return constraint("x", member, `Member must satisfy enum value set: [${allowed}]`);
}

const capacity = anyOf("returnConsumedCapacity", "INDEXES, TOTAL, NONE");

function styles(legacy: string, expression: string): string {
  return "Can not use both expression and non-expression parameters in the same request: " +
    `Non-expression parameters: {${legacy}} Expression parameters: {${expression}}`;
}

function empty(expression: string): string {
  return `Invalid ${expression}: The expression can not be empty;`;
}

function undefinedValue(expression: string): string {
  return `Invalid ${expression}: An expression attribute value used in expression is not defined; ` +
    "attribute value: :v";
}

function emptyKey(key: string): string {
  return `${invalid}One or more parameter values are not valid. ` +
    `The AttributeValue for a key attribute cannot contain an empty string value. Key: ${key}`;
}

const value = { ":v": { S: "v" } };
const large = { S: "x".repeat(409_600) };
const right = values({ pk: "a", sk: "b" });

const ladders: Readonly<Record<string, Ladder>> = {
  PutItem: {
    worst: {
      ReturnConsumedCapacity: "x", TableName: "x!", Expected: {}, ConditionExpression: "",
      Item: { pk: { N: "x" } }, ReturnValues: "ALL_NEW",
    },
    rungs: [
      [`${enveloped}${capacity}`, { ReturnConsumedCapacity: undefined }],
      [nameText, { TableName: "missing" }],
      [`${enveloped}${styles("Expected", "ConditionExpression")}`, { Expected: undefined }],
      [`${enveloped}${notANumber}`, { Item: { big: large, pk: { N: "1" } } }],
      [`${enveloped}ReturnValues can only be ALL_OLD or NONE`, { ReturnValues: "ALL_OLD" }],
      [`${enveloped}${empty("ConditionExpression")}`, { ConditionExpression: "a = :v" }],
      [`${enveloped}${undefinedValue("ConditionExpression")}`, { ExpressionAttributeValues: value }],
      [`${invalid}Item size has exceeded the maximum allowed size`, { Item: { pk: { N: "1" } } }],
      [notFound, { TableName: "table" }],
      [`${invalid}${parameters}Type mismatch for key pk expected: S actual: N`, { Item: { pk: { S: "" } } }],
      [emptyKey("pk"), { Item: { pk: { S: "a" } } }],
      [`${invalid}${parameters}Missing the key sk in the item`, { Item: { ...right, color: { N: "1" } } }],
      [`${invalid}${parameters}Type mismatch for Index Key color Expected: S Actual: N IndexName: by-color`,
        { Item: right }],
      [failed, { ConditionExpression: "a <> :v" }],
    ],
  },
  GetItem: {
    worst: {
      ReturnConsumedCapacity: "x", TableName: "x!", AttributesToGet: ["a"], ProjectionExpression: "",
      Key: { pk: { N: "x" } },
    },
    rungs: [
      [`${enveloped}${capacity}`, { ReturnConsumedCapacity: undefined }],
      [nameText, { TableName: "missing" }],
      [`${invalid}${styles("AttributesToGet", "ProjectionExpression")}`, { AttributesToGet: undefined }],
      [`${invalid}${notANumber}`, { Key: { pk: { N: "1" } } }],
      [`${invalid}${empty("ProjectionExpression")}`, { ProjectionExpression: "pk.a" }],
      [notFound, { TableName: "table" }],
      [mismatch, { Key: { pk: { S: "" }, sk: { S: "b" } } }],
      [emptyKey("pk"), { Key: { pk: { S: "a" }, sk: { S: "x".repeat(1_025) } } }],
      [`${invalid}${parameters}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`,
        { Key: right, ProjectionExpression: "a" }],
    ],
  },
  UpdateItem: {
    worst: {
      ReturnConsumedCapacity: "x", ReturnValues: "x", TableName: "x!", AttributeUpdates: {},
      UpdateExpression: "", Key: { pk: { N: "x" } },
    },
    rungs: [
      [`${invalid}2 validation errors detected: ${capacity}; ` +
        anyOf("returnValues", "ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW"),
      { ReturnConsumedCapacity: undefined, ReturnValues: undefined }],
      [nameText, { TableName: "missing" }],
      [`${enveloped}${styles("AttributeUpdates", "UpdateExpression")}`, { AttributeUpdates: undefined }],
      [`${enveloped}${notANumber}`, { Key: { pk: { N: "1" } } }],
      [`${enveloped}${empty("UpdateExpression")}`, { UpdateExpression: "SET pk = :v" }],
      [`${enveloped}${undefinedValue("UpdateExpression")}`, { ExpressionAttributeValues: value }],
      [notFound, { TableName: "table" }],
      [mismatch, { Key: right }],
      [`${invalid}${parameters}Cannot update attribute pk. This attribute is part of the key`,
        { UpdateExpression: "SET a.b = :v", ConditionExpression: "a = :v" }],
      [failed, { ConditionExpression: "attribute_not_exists(a)" }],
      [`${invalid}The document path provided in the update expression is invalid for update`,
        { UpdateExpression: "SET color = :v", ExpressionAttributeValues: { ":v": { N: "1" } } }],
      [`${invalid}${parameters}Type mismatch for Index Key color Expected: S Actual: N IndexName: by-color`,
        { ExpressionAttributeValues: value }],
    ],
  },
  DeleteItem: {
    worst: {
      ReturnConsumedCapacity: "x", TableName: "x!", Expected: {}, ConditionExpression: "",
      Key: { pk: { N: "x" } }, ReturnValues: "ALL_NEW",
    },
    rungs: [
      [`${enveloped}${capacity}`, { ReturnConsumedCapacity: undefined }],
      [nameText, { TableName: "missing" }],
      [`${enveloped}${styles("Expected", "ConditionExpression")}`, { Expected: undefined }],
      [`${enveloped}${notANumber}`, { Key: { pk: { N: "1" } } }],
      [`${enveloped}ReturnValues can only be ALL_OLD or NONE`, { ReturnValues: undefined }],
      [`${enveloped}${empty("ConditionExpression")}`, { ConditionExpression: "attribute_exists(a)" }],
      [notFound, { TableName: "table" }],
      [mismatch, { Key: right }],
      [failed, { ConditionExpression: undefined }],
    ],
  },
  Query: {
    worst: {
      Limit: 0, TableName: "x!", KeyConditions: {}, KeyConditionExpression: "", FilterExpression: "",
      ExclusiveStartKey: { pk: { N: "x" } }, Select: "ALL_PROJECTED_ATTRIBUTES",
    },
    rungs: [
      [`${enveloped}${constraint("0", "limit", "Member must have value greater than or equal to 1")}`,
        { Limit: undefined }],
      [nameText, { TableName: "missing" }],
      [`${invalid}${styles("KeyConditions", "FilterExpression, KeyConditionExpression")}`,
        { KeyConditions: undefined }],
      [`${invalid}The provided starting key is invalid: ${notANumber}`,
        { ExclusiveStartKey: { pk: { S: "a" } } }],
      [`${invalid}${empty("KeyConditionExpression")}`, { KeyConditionExpression: "foo = :v" }],
      [`${invalid}${undefinedValue("KeyConditionExpression")}`, { ExpressionAttributeValues: value }],
      [`${invalid}${empty("FilterExpression")}`, { FilterExpression: "pk = :v" }],
      [`${invalid}ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName`,
        { Select: undefined, IndexName: "none" }],
      [notFound, { TableName: "table" }],
      [`${invalid}The table does not have the specified index: none`,
        { IndexName: "by-color", ConsistentRead: true }],
      [`${invalid}Consistent reads are not supported on global secondary indexes`,
        { IndexName: undefined, ConsistentRead: undefined }],
      [`${invalid}The provided starting key is invalid: The provided key element does not match the schema`,
        { ExclusiveStartKey: right }],
      [`${invalid}Query condition missed key schema element: pk`, { KeyConditionExpression: "pk = :v" }],
      [`${invalid}The provided starting key is outside query boundaries based on provided conditions`,
        { ExclusiveStartKey: undefined }],
      [`${invalid}Filter Expression can only contain non-primary key attributes: Primary key attribute: pk`,
        { FilterExpression: undefined }],
    ],
  },
  Scan: {
    worst: {
      TotalSegments: 0, TableName: "x!", ScanFilter: {}, FilterExpression: "", Segment: 3,
      ExclusiveStartKey: { pk: { N: "x" } }, Select: "SPECIFIC_ATTRIBUTES",
    },
    rungs: [
      [`${enveloped}${constraint("0", "totalSegments", "Member must have value greater than or equal to 1")}`,
        { TotalSegments: 2 }],
      [nameText, { TableName: "missing" }],
      [`${invalid}${styles("ScanFilter", "FilterExpression")}`, { ScanFilter: undefined }],
      [`${invalid}The provided starting key is invalid: ${notANumber}`,
        { ExclusiveStartKey: { pk: { S: "a" } } }],
      [`${invalid}The Segment parameter is zero-based and must be less than parameter TotalSegments: ` +
        "Segment: 3 is not less than TotalSegments: 2", { Segment: undefined }],
      [`${invalid}The Segment parameter is required but was not present in the request ` +
        "when parameter TotalSegments is present", { TotalSegments: undefined }],
      [`${invalid}${empty("FilterExpression")}`, { FilterExpression: "a = :v" }],
      [`${invalid}${undefinedValue("FilterExpression")}`, { ExpressionAttributeValues: value }],
      [`${invalid}Must specify the AttributesToGet or ProjectionExpression when choosing to get ` +
        "SPECIFIC_ATTRIBUTES", { Select: undefined, IndexName: "none" }],
      [notFound, { TableName: "table" }],
      [`${invalid}The table does not have the specified index: none`, { IndexName: undefined }],
      [`${invalid}The provided starting key is invalid: The provided key element does not match the schema`,
        { ExclusiveStartKey: right }],
    ],
  },
  BatchGetItem: {
    worst: { RequestItems: {} },
    rungs: [
      [`${invalid}The requestItems parameter is required for BatchGetItem`,
        { RequestItems: { missing: { Keys: [{ pk: { N: "x" } }] } } }],
      [`${invalid}${notANumber}`,
        { RequestItems: { missing: { Keys: [right], ProjectionExpression: "" } } }],
      [`${invalid}${empty("ProjectionExpression")}`, { RequestItems: { missing: { Keys: [right] } } }],
      [notFound, { RequestItems: { table: { Keys: [{ pk: { S: "a" } }] } } }],
      [mismatch, { RequestItems: { table: { Keys: [right, right] } } }],
      [`${invalid}Provided list of item keys contains duplicates`,
        { RequestItems: { table: { Keys: [right] } } }],
    ],
  },
  BatchWriteItem: {
    worst: { RequestItems: {} },
    rungs: [
      [`${invalid}The requestItems parameter is required for BatchWriteItem`,
        { RequestItems: { missing: [{ PutRequest: { Item: { pk: { N: "x" } } } }] } }],
      [
        `${invalid}${notANumber}`,
        { RequestItems: { missing: [{ PutRequest: { Item: { ...right, large } } }] } },
      ],
      [`${invalid}Item size has exceeded the maximum allowed size`,
        { RequestItems: { missing: [{ PutRequest: { Item: right } }] } }],
      [notFound, { RequestItems: { table: [{ DeleteRequest: { Key: { pk: { S: "a" } } } }] } }],
      [
        mismatch,
        { RequestItems: { table: [{ DeleteRequest: { Key: right } }, { PutRequest: { Item: right } }] } },
      ],
      [`${invalid}Provided list of item keys contains duplicates`,
        { RequestItems: { table: [{ PutRequest: { Item: right } }] } }],
    ],
  },
  TransactWriteItems: {
    worst: { TransactItems: [{}] },
    rungs: [
      [`${invalid}TransactItems can only contain one of Check, Put, Update or Delete`,
        { TransactItems: [{ Put: { TableName: "missing", Item: { pk: { N: "x" } } } }] }],
      [`${invalid}${notANumber}`,
        { TransactItems: [{ Put: { TableName: "missing", Item: right, ConditionExpression: "" } }] }],
      [`${invalid}${empty("ConditionExpression")}`,
        { TransactItems: [{ Put: { TableName: "missing", Item: right } }] }],
      [notFound, { TransactItems: [
        { Put: { TableName: "table", Item: right } }, { Delete: { TableName: "table", Key: right } },
      ] }],
      [`${invalid}Transaction request cannot include multiple operations on one item`,
        { TransactItems: [{ Put: { TableName: "table", Item: right } }] }],
    ],
  },
};

for (const [operation, { worst, rungs }] of Object.entries(ladders)) {
  test(`${operation} complains in order`, async () => {
    await using region = await startRegion();
    const table = await createTable(region, "pk:S sk:S", {
      AttributeDefinitions: keyOf("pk:S sk:S color:S").AttributeDefinitions,
      GlobalSecondaryIndexes: [{
        IndexName: "by-color", KeySchema: keyOf("color:S").KeySchema, Projection: { ProjectionType: "ALL" },
      }],
    });
    await table.put({ pk: "a", sk: "b" });
    const caller = client(region);
    let input = worst;
    for (const [text, fix] of rungs) {
      const { code, output } = await caller.call(builtOperation(`dynamodb:${operation}`), input);
      assert.equal(`${code}: ${String(output["message"])}`, text);
      input = { ...input, ...fix };
    }
    const { status, text } = await caller.call(builtOperation(`dynamodb:${operation}`), input);
    assert.equal(status, 200, text);
  });
}
