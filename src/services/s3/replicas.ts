/**
 * What replication does under its own permissions: reading a version to replicate it, and writing the replica
 * or marking it as deleted; and what sets it off for versions that are there. The operations are GetObject,
 * PutObject, DeleteObject and HeadObject; that they are meant so is said by a member which no request over
 * the wire can have.
 */

import type { ObjectVersion } from "./object-version.ts";

const source = Symbol("a version is read to be replicated");
const initiation = Symbol("a version that is there is replicated now");
const replica = Symbol("a replica is written");

/** What a replica has of the version that it is made from. */
export interface ReplicaFacts extends Pick<ObjectVersion, "versionId" | "order" | "modifiedAt"> {
  /** Absent for delete markers, and where the encryption makes another. */
  readonly etag?: string;
  readonly partsCount?: number;
  readonly tagged?: boolean;
  /** The replica is the destination's, whoever the source's owner is. */
  readonly changesOwner?: boolean;
}

export function asSource<Input extends object>(input: Input): Input {
  return Object.assign(input, { [source]: true });
}

export function asReplica<Input extends object>(input: Input, facts: ReplicaFacts): Input {
  return Object.assign(input, { [replica]: facts });
}

export function isSource(input: object): boolean {
  return (input as { readonly [source]?: true })[source] === true;
}

/** As HeadObject, which answers how the replication ended. */
export function asInitiation<Input extends object>(input: Input): Input {
  return Object.assign(input, { [initiation]: true });
}

export function isInitiation(input: object): boolean {
  return (input as { readonly [initiation]?: true })[initiation] === true;
}

export function replicaFacts(input: object): ReplicaFacts | undefined {
  return (input as { readonly [replica]?: ReplicaFacts })[replica];
}

/** @evidence S3 User Guide, "Setting up permissions for live replication" */
export function replicaActions({ tagged, changesOwner }: ReplicaFacts): readonly string[] {
  return [
    "s3:ReplicateObject",
    ...(tagged ? ["s3:ReplicateTags"] : []),
    ...(changesOwner ? ["s3:ObjectOwnerOverrideToBucketOwner"] : []),
  ];
}
