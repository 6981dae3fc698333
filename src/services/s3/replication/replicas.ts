/**
 * What replication does under its own permissions: reading a version to replicate it, writing the replica,
 * marking it as deleted or changing what is said of it; and what sets it off for versions that are there. The
 * operations are those of everybody: GetObject, PutObject, DeleteObject, PutObjectTagging, PutObjectAcl,
 * PutObjectRetention, PutObjectLegalHold and HeadObject. That they are meant so is said by a member which no
 * request over the wire can have.
 */

import type * as s3 from "../../../generated/s3.ts";
import type { StoredPart } from "../bodies/table.ts";
import type { RestingBody } from "../bodies/resting-bodies.ts";
import type { ObjectVersion } from "../objects/version.ts";

const source = Symbol("a version is read to be replicated");
const initiation = Symbol("a version that is there is replicated now");
const replica = Symbol("a replica is written");
const change = Symbol("a replica is changed as its source was");

/** What a replica has of the version that it is made from. */
export interface ReplicaFacts
  extends Pick<
    ObjectVersion,
    "versionId" | "order" | "modifiedAt" | "owner" | "acl" | "changes" | "partsCount" | "checksum"
  > {
  /** Absent for delete markers, and where the encryption makes another. */
  readonly etag?: string;
  readonly parts?: readonly StoredPart[];
  /** Its body comes as it rests, under a key that nobody here has. */
  readonly resting?: RestingBody;
  /** The replica is the destination's, whoever the source's owner is. */
  readonly changesOwner?: boolean;
}

export function asSource<Input extends object>(input: Input): Input {
  return Object.assign(input, { [source]: true });
}

export function asReplica<Input extends object>(input: Input, facts: ReplicaFacts): Input {
  return Object.assign(input, { [replica]: facts });
}

/** A change of a replica's tags, list or lock, and the list itself: no request can say all that it may. */
export interface ReplicaChange {
  /** When it was made at the source, by the order of writing. */
  readonly order: number;
  readonly acl?: s3.AccessControlPolicy | undefined;
}

export function asReplicaChange<Input extends object>(input: Input, made: ReplicaChange): Input {
  return Object.assign(input, { [change]: made });
}

export function replicaChange(input: object): ReplicaChange | undefined {
  return (input as { readonly [change]?: ReplicaChange })[change];
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

/**
 * `s3:ReplicateObject` stands for tags and lists, too.
 *
 * @evidence S3 User Guide, "Setting up permissions for live replication", note on `s3:ReplicateTags`
 */
export function replicaActions({ changesOwner }: ReplicaFacts): readonly string[] {
  return ["s3:ReplicateObject", ...(changesOwner ? ["s3:ObjectOwnerOverrideToBucketOwner"] : [])];
}

/** The action of an operation that replication may be the caller of. */
export function orReplicates<Input extends object, Ctx>(
  action: string | ((input: Input, ctx: Ctx) => string),
): (input: Input, ctx: Ctx) => string {
  return (input, ctx) => {
    if (replicaChange(input)) return "s3:ReplicateObject";
    return typeof action === "string" ? action : action(input, ctx);
  };
}
