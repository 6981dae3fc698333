/**
 * What is wrong with a request about backups, policies or settings is complained of in AWS's order. Each
 * operation begins with a request in which everything is wrong; each row mends something of the one before,
 * and has what is said then.
 *
 * @evidence the recorded answers that the tests of each operation have
 */

import {
  arn, badName, climb, invalid, missed, missingArn, noArn,
} from "../../../test/ladders.ts";

climb({
  CreateBackup: [
    [{ TableName: "x!", BackupName: "x!" }, badName("backupName")],
    [{ BackupName: "backup" }, "TableNotFoundException: Table not found: x!"],
    [{ TableName: "missing" }, "TableNotFoundException: Table not found: missing"],
    [{ TableName: "table" }, "OK"],
  ],
  DeleteBackup: [
    [{ BackupArn: "x" }, missed("x", "backupArn", "Member must have length greater than or equal to 37")],
    [{ BackupArn: noArn }, invalid + `Invalid Backup ARN: ${noArn}`],
    [{ BackupArn: `${arn}/backup/01489602797149-73d8d5bc` },
      `BackupNotFoundException: Backup not found: ${arn}/backup/01489602797149-73d8d5bc`],
  ],
  DescribeBackup: [
    [{ BackupArn: "x" }, missed("x", "backupArn", "Member must have length greater than or equal to 37")],
    [{ BackupArn: noArn }, invalid + `Invalid Backup ARN: ${noArn}`],
    [{ BackupArn: `${arn}/backup/01489602797149-73d8d5bc` },
      `BackupNotFoundException: Backup not found: ${arn}/backup/01489602797149-73d8d5bc`],
  ],
  ListBackups: [
    [{ Limit: 0, TableName: "x!", BackupType: "x" },
      invalid + "2 validation errors detected: Value '0' at 'limit' failed to satisfy constraint: Member " +
        "must have value greater than or equal to 1; Value 'x' at 'backupType' failed to satisfy " +
        "constraint: Member must satisfy enum value set: [ALL, AWS_BACKUP, USER, SYSTEM]"],
    [{ Limit: undefined, BackupType: undefined }, "OK"],
    [{ TableName: "table", ExclusiveStartBackupArn: noArn }, invalid + `Invalid Backup ARN: ${noArn}`],
    [{ ExclusiveStartBackupArn: undefined }, "OK"],
  ],
  RestoreTableFromBackup: [
    [{ TargetTableName: "x!", BackupArn: "x" },
      invalid + "3 validation errors detected: Value 'x' at 'backupArn' failed to satisfy constraint: " +
        "Member must have length greater than or equal to 37; Value 'x!' at 'targetTableName' " +
        "failed to satisfy constraint: Member must satisfy regular expression pattern: " +
        "[a-zA-Z0-9_.-]+; Value 'x!' at 'targetTableName' failed to satisfy constraint: Member " +
        "must have length greater than or equal to 3"],
    [{ BackupArn: `${arn}/backup/01489602797149-73d8d5bc` }, badName("targetTableName")],
    [{ TargetTableName: "table" },
      `BackupNotFoundException: Backup not found: ${arn}/backup/01489602797149-73d8d5bc`],
    [{ TargetTableName: "fresh" },
      `BackupNotFoundException: Backup not found: ${arn}/backup/01489602797149-73d8d5bc`],
  ],
  RestoreTableToPointInTime: [
    [{ TargetTableName: "x!" }, badName("targetTableName")],
    [{ TargetTableName: "table" },
      invalid + "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be " +
        "specified, but not both"],
    [{ SourceTableName: "missing" },
      invalid + "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be " +
        "specified, but not both"],
    [{ UseLatestRestorableTime: true, RestoreDateTime: 1 },
      invalid + "Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for " +
        "point-in-time restore request. Please specify only one of them"],
    [{ RestoreDateTime: undefined }, "TableNotFoundException: Table not found: missing"],
    [{ SourceTableName: "table" },
      "PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for " +
        "table 'table'"],
    [{ TargetTableName: "fresh" },
      "PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for " +
        "table 'table'"],
  ],
  DescribeContinuousBackups: [
    [{ TableName: "x!" }, "TableNotFoundException: Table not found: x!"],
    [{ TableName: "missing" }, "TableNotFoundException: Table not found: missing"],
    [{ TableName: "table" }, "OK"],
  ],
  UpdateContinuousBackups: [
    [
      {
        TableName: "x!",
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false, RecoveryPeriodInDays: 0 },
      },
      missed(
        "0", "pointInTimeRecoverySpecification.recoveryPeriodInDays",
        "Member must have value greater than or equal to 1",
      ),
    ],
    [{ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false, RecoveryPeriodInDays: 5 } },
      invalid + "RecoveryPeriodInDays cannot be specified when PointInTimeRecoveryEnabled is false"],
    [{ TableName: "missing" },
      invalid + "RecoveryPeriodInDays cannot be specified when PointInTimeRecoveryEnabled is false"],
    [{ TableName: "table" },
      invalid + "RecoveryPeriodInDays cannot be specified when PointInTimeRecoveryEnabled is false"],
    [{ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }, "OK"],
  ],
  DescribeContributorInsights: [
    [{ TableName: "x!", IndexName: "x!" }, badName("indexName")],
    [{ IndexName: "missing" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" },
      "ResourceNotFoundException: Requested resource not found: Index: missing not found for table: table"],
    [{ IndexName: undefined }, "OK"],
  ],
  UpdateContributorInsights: [
    [{ TableName: "x!", ContributorInsightsAction: "x" },
      missed("x", "contributorInsightsAction", "Member must satisfy enum value set: [ENABLE, DISABLE]")],
    [{ ContributorInsightsAction: "ENABLE" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table", IndexName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Index: missing not found for table: table"],
    [{ IndexName: undefined }, "OK"],
  ],
  ListContributorInsights: [
    [{ TableName: "x!", MaxResults: 101 },
      missed("101", "maxResults", "Member must have value less than or equal to 100")],
    [{ MaxResults: 1 }, badName("tableName")],
    [{ TableName: "table", NextToken: "x" }, invalid + "The provided NextToken is invalid"],
    [{ NextToken: undefined }, "OK"],
  ],
  DescribeKinesisStreamingDestination: [
    [{ TableName: "x!" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" }, "OK"],
  ],
  EnableKinesisStreamingDestination: [
    [{ TableName: "x!", StreamArn: "x" },
      missed("x", "streamArn", "Member must have length greater than or equal to 37")],
    [{ StreamArn: "arn:aws:kinesis:us-east-1:000000000000:stream/missing" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" },
      "ResourceNotFoundException: Stream missing under account 000000000000 not found."],
  ],
  DisableKinesisStreamingDestination: [
    [{ TableName: "x!", StreamArn: "x" },
      missed("x", "streamArn", "Member must have length greater than or equal to 37")],
    [{ StreamArn: "arn:aws:kinesis:us-east-1:000000000000:stream/missing" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" },
      invalid + "Table is not in a valid state to disable Kinesis Streaming Destination: " +
        "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."],
  ],
  UpdateKinesisStreamingDestination: [
    [{ TableName: "x!", StreamArn: "x" },
      missed("x", "streamArn", "Member must have length greater than or equal to 37")],
    [{ StreamArn: "arn:aws:kinesis:us-east-1:000000000000:stream/missing" }, badName("tableName")],
    [{ TableName: "missing" },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ UpdateKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: "MICROSECOND" } },
      "ResourceNotFoundException: Requested resource not found: Table: missing not found"],
    [{ TableName: "table" },
      invalid + "Table is not in a valid state to update Kinesis Streaming Destination: " +
        "KinesisStreamingDestination must be ACTIVE to perform UPDATE operation."],
  ],
  PutResourcePolicy: [
    [{ ResourceArn: "x", Policy: "x" },
      invalid + "One or more parameter values were invalid: ARNs must start with 'arn:': x"],
    [{ ResourceArn: missingArn },
      `ResourceNotFoundException: Requested resource not found: ResourceArn: ${missingArn} not ` +
        "found"],
    [{ ResourceArn: arn },
      invalid + "One or more parameter values were invalid: Invalid policy document: This policy " +
        "contains invalid Json"],
    [{ Policy: "{}" },
      invalid + "One or more parameter values were invalid: Invalid policy document: Could not parse the " +
        "policy: Statement is empty!"],
  ],
  GetResourcePolicy: [
    [{ ResourceArn: "x" },
      invalid + "One or more parameter values were invalid: ARNs must start with 'arn:': x"],
    [{ ResourceArn: missingArn },
      `ResourceNotFoundException: Requested resource not found: ResourceArn: ${missingArn} not ` +
        "found"],
    [{ ResourceArn: arn },
      "PolicyNotFoundException: Resource-based policy not found for the provided ResourceArn: " +
        `${arn}`],
  ],
  DeleteResourcePolicy: [
    [{ ResourceArn: "x" },
      invalid + "One or more parameter values were invalid: ARNs must start with 'arn:': x"],
    [{ ResourceArn: missingArn },
      `ResourceNotFoundException: Requested resource not found: ResourceArn: ${missingArn} not ` +
        "found"],
    [{ ResourceArn: arn }, "OK"],
  ],
  CreateGlobalTable: [
    [{ GlobalTableName: "x!", ReplicationGroup: [] }, badName("globalTableName")],
    [{ GlobalTableName: "table" },
      invalid + "One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is " +
        "not supported. We recommend using DynamoDB global tables version 2019.11.21, instead of " +
        "version 2017.11.29 (Legacy)."],
  ],
  UpdateGlobalTable: [
    [{ GlobalTableName: "x!", ReplicaUpdates: [] }, badName("globalTableName")],
    [{ GlobalTableName: "table", ReplicaUpdates: [{ Create: { RegionName: "us-west-2" } }] },
      invalid + "One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is " +
        "not supported. We recommend using DynamoDB global tables version 2019.11.21, instead of " +
        "version 2017.11.29 (Legacy)."],
    [{ ReplicaUpdates: [{ Delete: { RegionName: "us-west-2" } }] },
      "GlobalTableNotFoundException: Global table with name: 'table' does not exist."],
  ],
  DescribeGlobalTable: [
    [{ GlobalTableName: "x!" }, badName("globalTableName")],
    [{ GlobalTableName: "table" },
      "GlobalTableNotFoundException: Global table not found: Global table with name: 'table' " +
        "does not exist."],
  ],
  DescribeGlobalTableSettings: [
    [{ GlobalTableName: "x!" }, badName("globalTableName")],
    [{ GlobalTableName: "table" },
      "GlobalTableNotFoundException: Global table with name: 'table' does not exist."],
  ],
  UpdateGlobalTableSettings: [
    [{ GlobalTableName: "x!" }, badName("globalTableName")],
    [{ GlobalTableName: "table" },
      "GlobalTableNotFoundException: Global table with name: 'table' does not exist."],
  ],
  ListGlobalTables: [
    [{ Limit: 0 }, missed("0", "limit", "Member must have value greater than or equal to 1")],
    [{ Limit: 1 }, "OK"],
  ],
  DescribeTableReplicaAutoScaling: [
    [{ TableName: "x!" }, "ResourceNotFoundException: Global table with name: 'x!' does not exist."],
    [{ TableName: "table" }, "ResourceNotFoundException: Global table with name: 'table' does not exist."],
  ],
  UpdateTableReplicaAutoScaling: [
    [{ TableName: "x!" }, "ResourceNotFoundException: Global table with name: 'x!' does not exist."],
    [{ TableName: "table" }, "ResourceNotFoundException: Global table with name: 'table' does not exist."],
  ],
  DescribeExport: [
    [{ ExportArn: "x" }, missed("x", "exportArn", "Member must have length greater than or equal to 37")],
    [{ ExportArn: noArn }, invalid + "Invalid Export ARN"],
    [{ ExportArn: `${arn}/export/01489602797149-73d8d5bc` },
      `ExportNotFoundException: Export not found: Export not found: ${arn}/export/01489602797149-73d8d5bc`],
  ],
  DescribeImport: [
    [{ ImportArn: "x" }, missed("x", "importArn", "Member must have length greater than or equal to 37")],
    [{ ImportArn: noArn }, invalid + "Invalid Import ARN"],
    [{ ImportArn: `${arn}/import/01489602797149-73d8d5bc` },
      `ImportNotFoundException: Import not found: Import not found: ${arn}/import/01489602797149-73d8d5bc`],
  ],
  ListExports: [
    [{ MaxResults: 0, TableArn: "x" },
      missed("0", "maxResults", "Member must have value greater than or equal to 1")],
    [{ MaxResults: 1 }, "OK"],
    [{ TableArn: arn, NextToken: "x" }, invalid + "Invalid Request: Provided nextToken is invalid: x"],
    [{ NextToken: undefined }, "OK"],
  ],
  ListImports: [
    [{ PageSize: 0, TableArn: "x" },
      missed("0", "pageSize", "Member must have value greater than or equal to 1")],
    [{ PageSize: 1 }, "OK"],
    [{ TableArn: arn }, "OK"],
  ],
  ExportTableToPointInTime: [
    [{ TableArn: "x", S3Bucket: "!" },
      missed(
        "!", "s3Bucket",
        "Member must satisfy regular expression pattern: ^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$",
      )],
    [{ S3Bucket: "bucket-of-mine" },
      invalid + "One or more parameter values were invalid: tableArn is not a valid ARN"],
    [{ TableArn: missingArn }, `TableNotFoundException: Table not found: ${missingArn}`],
    [{ TableArn: arn }, "OK"],
  ],
  ImportTable: [
    [
      {
        S3BucketSource: { S3Bucket: "!" },
        InputFormat: "x",
        TableCreationParameters: { TableName: "x!", AttributeDefinitions: [], KeySchema: [] },
      },
      invalid + "5 validation errors detected: Value '[]' at 'tableCreationParameters.keySchema' failed " +
        "to satisfy constraint: Member must have length greater than or equal to 1; Value 'x!' " +
        "at 'tableCreationParameters.tableName' failed to satisfy constraint: Member must " +
        "satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'x!' at " +
        "'tableCreationParameters.tableName' failed to satisfy constraint: Member must have " +
        "length greater than or equal to 3; Value '!' at 's3BucketSource.s3Bucket' failed to " +
        "satisfy constraint: Member must satisfy regular expression pattern: " +
        "^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$; Value 'x' at 'inputFormat' failed to satisfy " +
        "constraint: Member must satisfy enum value set: [CSV, ION, DYNAMODB_JSON]",
    ],
    [{ InputFormat: "CSV", S3BucketSource: { S3Bucket: "bucket-of-mine" } },
      invalid + "3 validation errors detected: Value '[]' at 'tableCreationParameters.keySchema' failed " +
        "to satisfy constraint: Member must have length greater than or equal to 1; Value 'x!' " +
        "at 'tableCreationParameters.tableName' failed to satisfy constraint: Member must " +
        "satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'x!' at " +
        "'tableCreationParameters.tableName' failed to satisfy constraint: Member must have " +
        "length greater than or equal to 3"],
    [
      {
        TableCreationParameters: {
          TableName: "x!",
          AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "a", KeyType: "HASH" }],
        },
      },
      badName("tableCreationParameters.tableName"),
    ],
    [
      {
        TableCreationParameters: {
          TableName: "table",
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "a", KeyType: "HASH" }],
        },
      },
      "ResourceInUseException: Table already exists: table",
    ],
  ],
  DescribeLimits: [
    [{}, "OK"],
  ],
  DescribeEndpoints: [
    [{}, "OK"],
  ],
});
