/**
 * What is wrong with a request about tables and statements is complained of in AWS's order.
 * Each operation begins with a request in which everything is wrong; each row mends something of the one
 * before, and has what is said then.
 *
 * @evidence the recorded answers that the tests of each operation have
 */

import {
  arn, badName, climb, invalid, missed, missingArn, nothingAsked, right,
} from "../../../test/ladders.ts";

climb({
  TransactGetItems: [
    [
      {
        TransactItems: [{ Get: { TableName: "x!", Key: { pk: { N: "x" } }, ProjectionExpression: "" } }],
        ReturnConsumedCapacity: "x",
      },
      missed(
        "x", "returnConsumedCapacity",
        "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
      ),
    ],
    [{ ReturnConsumedCapacity: undefined },
      invalid + "The parameter cannot be converted to a numeric value: x"],
    [
      {
        TransactItems: [
          { Get: { TableName: "missing", Key: { pk: { N: "x" } }, ProjectionExpression: "" } },
        ],
      },
      invalid + "The parameter cannot be converted to a numeric value: x",
    ],
    [
      {
        TransactItems: [
          { Get: { TableName: "missing", Key: { pk: { N: "1" } }, ProjectionExpression: "" } },
        ],
      },
      invalid + "Invalid ProjectionExpression: The expression can not be empty;",
    ],
    [{ TransactItems: [{ Get: { TableName: "missing", Key: { pk: { N: "1" } } } }] },
      "ResourceNotFoundException: Requested resource not found"],
    [{ TransactItems: [{ Get: { TableName: "table", Key: { pk: { N: "1" } } } }] },
      "TransactionCanceledException: The provided key element does not match the schema"],
    [
      {
        TransactItems: [
          { Get: { TableName: "table", Key: right } },
          { Get: { TableName: "table", Key: right } },
        ],
      },
      invalid + "Transaction request cannot include multiple operations on one item",
    ],
    [{ TransactItems: [{ Get: { TableName: "table", Key: right } }] }, "OK"],
  ],
  ExecuteStatement: [
    [{ Statement: "SELEC", Limit: 0, Parameters: [{ N: "x" }] },
      missed("0", "limit", "Member must have value greater than or equal to 1")],
    [{ Limit: undefined }, invalid + "The parameter cannot be converted to a numeric value: x"],
    [{ Parameters: undefined }, invalid + "Unsupported operation: Id"],
    [{ Statement: "SELECT * FROM absent WHERE pk = ?" },
      invalid + "Number of parameters in request and statement don't match."],
    [{ Statement: 'SELECT * FROM "table" WHERE pk = ?' },
      invalid + "Number of parameters in request and statement don't match."],
    [{ Parameters: [{ S: "a" }], NextToken: "x" }, invalid + "Invalid NextToken"],
    [{ NextToken: undefined }, "OK"],
  ],
  BatchExecuteStatement: [
    [{ Statements: [] }, missed("[]", "statements", "Member must have length greater than or equal to 1")],
    [{ Statements: [{ Statement: "SELEC" }] }, "OK"],
    [
      {
        Statements: [
          { Statement: `SELECT * FROM "table" WHERE pk = 'a' AND sk = 'b'` },
          { Statement: `DELETE FROM "table" WHERE pk = 'a' AND sk = 'b'` },
        ],
      },
      invalid + "Read and write requests together in the same batch is not supported.",
    ],
    [{ Statements: [{ Statement: `SELECT * FROM "table" WHERE pk = 'a' AND sk = 'b'` }] }, "OK"],
  ],
  ExecuteTransaction: [
    [{ TransactStatements: [] },
      missed("[]", "transactStatements", "Member must have length greater than or equal to 1")],
    [{ TransactStatements: [{ Statement: "SELEC" }] },
      invalid + "Validation failed in TransactStatements[0]: Unsupported operation: Id"],
    [{ TransactStatements: [{ Statement: "DELETE FROM absent WHERE pk = 'a'" }] },
      "ResourceNotFoundException: Requested resource not found"],
    [{ TransactStatements: [{ Statement: `DELETE FROM "table" WHERE pk = 'a'` }] },
      "TransactionCanceledException: The provided key element does not match the schema"],
    [
      {
        TransactStatements: [
          { Statement: `DELETE FROM "table" WHERE pk = 'a' AND sk = 'b'` },
          { Statement: `DELETE FROM "table" WHERE pk = 'a' AND sk = 'b'` },
        ],
      },
      invalid + "Transaction request cannot include multiple operations on one item",
    ],
    [{ TransactStatements: [{ Statement: `DELETE FROM "table" WHERE pk = 'a' AND sk = 'b'` }] }, "OK"],
  ],
  CreateTable: [
    [
      {
        TableName: "x!",
        BillingMode: "x",
        KeySchema: [{ AttributeName: "a", KeyType: "RANGE" }],
        AttributeDefinitions: [
          { AttributeName: "a", AttributeType: "S" },
          { AttributeName: "b", AttributeType: "S" },
        ],
        StreamSpecification: { StreamEnabled: true },
      },
      missed("x", "billingMode", "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"),
    ],
    [{ BillingMode: undefined }, badName("tableName")],
    [{ TableName: "table" },
      invalid + "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits " +
        "must both be specified when BillingMode is PROVISIONED"],
    [{ ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 2000000000000 } },
      invalid + "Given value 2000000000000 for WriteCapacityUnits is out of bounds"],
    [{ ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } },
      invalid + "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"],
    [{ KeySchema: [{ AttributeName: "a", KeyType: "HASH" }] },
      invalid + "One or more parameter values were invalid: Number of attributes in KeySchema does not " +
        "exactly match number of attributes defined in AttributeDefinitions"],
    [{ AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }], GlobalSecondaryIndexes: [] },
      invalid + "One or more parameter values were invalid: List of GlobalSecondaryIndexes is empty"],
    [{ GlobalSecondaryIndexes: undefined },
      invalid + "One or more parameter values were invalid: Table is being created with a stream " +
        "enabled, UpdateViewType is required"],
    [{ StreamSpecification: undefined, Tags: [{ Key: "aws:x", Value: "y" }] },
      invalid + "Tag Key cannot be prefixed with aws:, Key: aws:x"],
    [{ Tags: undefined }, "ResourceInUseException: Table already exists: table"],
    [{ TableName: "fresh" }, "OK"],
  ],
  UpdateTable: [
    [{ TableName: "x!", BillingMode: "x" },
      missed("x", "billingMode", "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]")],
    [{ BillingMode: undefined }, nothingAsked],
    [{ TableName: "missing", GlobalSecondaryIndexUpdates: [], TableClass: "STANDARD" },
      invalid + "One or more parameter values were invalid: List of GlobalSecondaryIndexUpdates is empty"],
    [{ TableClass: undefined }, nothingAsked],
    [{ GlobalSecondaryIndexUpdates: [], DeletionProtectionEnabled: true },
      invalid + "One or more parameter values were invalid: List of GlobalSecondaryIndexUpdates is empty"],
    [{ GlobalSecondaryIndexUpdates: undefined, TableClass: "STANDARD" },
      invalid + "One or more parameter values were invalid: TableClass modification must be the only " +
        "operation in the request"],
    [{ TableClass: undefined },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
  ],
  DescribeTable: [
    [{ TableName: "x!" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" }, "OK"],
  ],
  ListTables: [
    [{ Limit: 0, ExclusiveStartTableName: "x!" },
      invalid + "3 validation errors detected: Value 'x!' at 'exclusiveStartTableName' failed to satisfy " +
        "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'x!' " +
        "at 'exclusiveStartTableName' failed to satisfy constraint: Member must have length " +
        "greater than or equal to 3; Value '0' at 'limit' failed to satisfy constraint: Member " +
        "must have value greater than or equal to 1"],
    [{ Limit: 1 }, badName("exclusiveStartTableName")],
    [{ ExclusiveStartTableName: undefined }, "OK"],
  ],
  DescribeTimeToLive: [
    [{ TableName: "x!" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" }, "OK"],
  ],
  UpdateTimeToLive: [
    [{ TableName: "x!", TimeToLiveSpecification: { Enabled: false, AttributeName: "" } },
      missed(
        "", "timeToLiveSpecification.attributeName",
        "Member must have length greater than or equal to 1",
      )],
    [{ TimeToLiveSpecification: { Enabled: false, AttributeName: "a" } }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" }, invalid + "TimeToLive is already disabled"],
    [{ TimeToLiveSpecification: { Enabled: true, AttributeName: "a" } }, "OK"],
  ],
  TagResource: [
    [{ ResourceArn: "x", Tags: [{ Key: "", Value: "" }] },
      invalid + "The Tag Key provided is invalid, Key: "],
    [{ Tags: [{ Key: "aws:x", Value: "" }] }, invalid + "Tag Key cannot be prefixed with aws:, Key: aws:x"],
    [{ Tags: [{ Key: "x", Value: "" }] },
      invalid + "One or more parameter values were invalid: ARNs must start with 'arn:': x"],
    [{ ResourceArn: missingArn },
      `ResourceNotFoundException: Requested resource not found: ResourceArn: ${missingArn} not ` +
        "found"],
    [{ ResourceArn: arn }, "OK"],
  ],
  UntagResource: [
    [{ ResourceArn: "x", TagKeys: [] }, invalid + "Atleast one Tag Key needs to be provided as Input."],
    [{ TagKeys: ["a"] },
      invalid + "One or more parameter values were invalid: ARNs must start with 'arn:': x"],
    [{ ResourceArn: missingArn },
      `ResourceNotFoundException: Requested resource not found: ResourceArn: ${missingArn} not ` +
        "found"],
    [{ ResourceArn: arn }, "OK"],
  ],
  ListTagsOfResource: [
    [{ ResourceArn: "x", NextToken: "x" },
      invalid + "One or more parameter values were invalid: ARNs must start with 'arn:': x"],
    [{ ResourceArn: missingArn },
      `ResourceNotFoundException: Requested resource not found: ResourceArn: ${missingArn} not ` +
        "found"],
    [{ ResourceArn: arn }, "OK"],
    [{ NextToken: undefined }, "OK"],
  ],
  DeleteTable: [
    [{ TableName: "x!" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" }, "OK"],
  ],
});
