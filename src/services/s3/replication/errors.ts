/** What S3 says of replication. @evidence S3 API Reference, PutBucketReplication; recorded refusals */

import { AwsError } from "../../../kernel/errors.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";

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

/** @evidence recorded: nozaq/terraform-aws-remote-state-s3-backend#59, with its status */
export function replicationKeepsVersioning(): AwsError {
  const message =
    "A replication configuration is present on this bucket, so you cannot change the versioning state. To " +
    "change the versioning state, first delete the replication configuration.";
  return new AwsError({ code: "InvalidBucketState", message, status: 409 });
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

/** @evidence recorded: crossplane-contrib/provider-aws#1117, pulumi/pulumi-aws#5806 */
export function thresholdWithoutTime(minutes: number | undefined): AwsError {
  return invalidArgument(
    "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled",
    "Minutes",
    String(minutes ?? ""),
  );
}

/** @evidence S3 API Reference, ReplicationTime: "Must be specified together with a Metrics block" */
export function timeWithoutMetrics(): AwsError {
  return invalidRequest("ReplicationTime must be specified together with Metrics");
}

/** @evidence S3 API Reference, ReplicationTimeValue: "Valid value: 15" */
export function invalidMinutes(minutes: number | undefined): AwsError {
  return invalidArgument("Minutes must be 15", "Minutes", String(minutes ?? ""));
}

/** @evidence recorded: the refusal quoted in Terraform modules that replicate backups */
export function keyForReplicasMissing(): AwsError {
  return invalidRequest("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.");
}

/** @evidence hashicorp/terraform-provider-aws#26241: that it is refused */
export function keyWithoutSelection(): AwsError {
  return invalidRequest("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.");
}

export function tagsWithDeleteMarkers(): AwsError {
  return invalidRequest(
    "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 " +
      "Developer Guide for more information.",
  );
}
