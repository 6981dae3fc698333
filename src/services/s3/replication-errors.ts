/** What S3 says of replication. @evidence S3 API Reference, PutBucketReplication; recorded refusals */

import { AwsError } from "../../kernel/errors.ts";
import { invalidArgument, invalidRequest } from "./errors.ts";

export function noReplication(bucket: string): AwsError {
  return new AwsError({
    code: "ReplicationConfigurationNotFoundError",
    message: "The replication configuration was not found",
    status: 404,
    members: { BucketName: bucket },
  });
}

export function sourceUnversioned(): AwsError {
  return invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration");
}

export function destinationMissing(): AwsError {
  return invalidRequest("Destination bucket must exist.");
}

export function destinationUnversioned(): AwsError {
  return invalidRequest("Destination bucket must have versioning enabled.");
}

export function invalidReplicationRole(role: string): AwsError {
  return invalidArgument("Invalid Role ARN specified in the replication configuration", "Role", role);
}

export function ruleTwice(id: string): AwsError {
  return invalidArgument("Rule ID must be unique. Found same ID for more than one rule", "ID", id);
}

export function priorityTwice(priority: number): AwsError {
  return invalidRequest(`Found duplicate priority ${priority}`);
}

export function tagsWithDeleteMarkers(): AwsError {
  return invalidRequest(
    "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 " +
      "Developer Guide for more information.",
  );
}
