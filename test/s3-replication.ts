/** For tests of replication: a bucket, another one in another region, and a role that may replicate. */

import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand, DeletePublicAccessBlockCommand, HeadObjectCommand, PutBucketOwnershipControlsCommand,
  PutBucketReplicationCommand, PutBucketVersioningCommand, S3Client, type ReplicationRule,
} from "@aws-sdk/client-s3";
import type { TestRegion } from "./region.ts";

export const source = "source-bucket";
export const target = "target-bucket";
export const other = "111122223333";

/** @evidence S3 User Guide, "Setting up permissions for live replication": what a role needs at least */
export const onSource = [
  "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication",
  "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging",
];
export const onTarget = ["s3:ReplicateObject", "s3:ReplicateDelete"];
export const onLocks = ["s3:GetObjectRetention", "s3:GetObjectLegalHold"];

export function roleOf(account: string): string {
  return `arn:aws:iam::${account}:role/replication`;
}


interface Options {
  /** Whose the target is. */
  readonly account?: string;
  /** Lists count, also public ones. */
  readonly hasLists?: boolean;
  readonly isLocked?: boolean;
}

export class ReplicationStage {
  readonly region: TestRegion;
  readonly here: S3Client;
  readonly there: S3Client;
  readonly account: string;

  static async prepare(region: TestRegion, options: Options = {}): Promise<ReplicationStage> {
    const stage = new ReplicationStage(region, options.account ?? "000000000000");
    await stage.#makeBuckets(options);
    await stage.#makeRole("000000000000");
    if (options.account !== undefined) await stage.#makeRole(options.account);
    await stage.permit(...onSource, ...onTarget, ...onLocks);
    return stage;
  }

  private constructor(region: TestRegion, account: string) {
    this.region = region;
    this.account = account;
    this.here = region.client(S3Client);
    this.there = region.client(S3Client, { region: "eu-west-1", credentials: region.root(account) });
  }

  async #makeBuckets({ hasLists, isLocked }: Options): Promise<void> {
    const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" as const };
    for (const [s3, made] of [
      [this.here, { Bucket: source }], [this.there, { Bucket: target, CreateBucketConfiguration }],
    ] as const) {
      const { Bucket } = made;
      await s3.send(new CreateBucketCommand({ ...made, ObjectLockEnabledForBucket: isLocked }));
      const VersioningConfiguration = { Status: "Enabled" as const };
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      if (!hasLists) continue;
      const OwnershipControls = { Rules: [{ ObjectOwnership: "ObjectWriter" as const }] };
      await s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }));
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
    }
  }

  #iam(account: string): IAMClient {
    return this.region.client(IAMClient, { credentials: this.region.root(account) });
  }

  async #makeRole(account: string): Promise<void> {
    const statement = {
      Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sts:AssumeRole",
    };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    const role = { RoleName: "replication", AssumeRolePolicyDocument };
    await this.#iam(account).send(new CreateRoleCommand(role));
  }

  /** Lets the roles do so much and no more. */
  async permit(...Action: string[]): Promise<void> {
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" },
    });
    const policy = { RoleName: "replication", PolicyName: "p", PolicyDocument };
    for (const account of new Set(["000000000000", this.account])) {
      await this.#iam(account).send(new PutRolePolicyCommand(policy));
    }
  }

  /** From the source to the target. */
  configure(rule: Partial<ReplicationRule> = {}): Promise<unknown> {
    const Rules = [ruleTo(target, rule)];
    const ReplicationConfiguration = { Role: roleOf("000000000000"), Rules };
    return this.here.send(new PutBucketReplicationCommand({ Bucket: source, ReplicationConfiguration }));
  }

  /** From the target to the source. */
  configureBack(rule: Partial<ReplicationRule> = {}): Promise<unknown> {
    const Rules = [ruleTo(source, rule)];
    const ReplicationConfiguration = { Role: roleOf(this.account), Rules };
    return this.there.send(new PutBucketReplicationCommand({ Bucket: target, ReplicationConfiguration }));
  }

  async status(Key: string): Promise<string | undefined> {
    await this.region.settled();
    return (await this.here.send(new HeadObjectCommand({ Bucket: source, Key }))).ReplicationStatus;
  }

  async statusThere(Key: string): Promise<string | undefined> {
    await this.region.settled();
    return (await this.there.send(new HeadObjectCommand({ Bucket: target, Key }))).ReplicationStatus;
  }
}

export function ruleTo(bucket: string, rule: Partial<ReplicationRule> = {}): ReplicationRule {
  return {
    ID: "all", Status: "Enabled", Priority: 1, Filter: { Prefix: "" },
    DeleteMarkerReplication: { Status: "Disabled" },
    Destination: { Bucket: `arn:aws:s3:::${bucket}` },
    ...rule,
  };
}
