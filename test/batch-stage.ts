/** Buckets, a role, and jobs of Batch Operations over rows of a manifest. */

import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateJobCommand, DescribeJobCommand, S3ControlClient, type CreateJobCommandInput, type JobDescriptor,
  type JobManifestFieldName, type JobOperation,
} from "@aws-sdk/client-s3-control";
import type { TestRegion } from "./region.ts";

export const AccountId = "000000000000";
export const RoleArn = "arn:aws:iam::000000000000:role/batch";
export const Bucket = "bucket";

export function trusting(...Service: string[]): string {
  const statement = { Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" };
  return JSON.stringify({ Version: "2012-10-17", Statement: statement });
}

export class Stage {
  readonly region: TestRegion;
  readonly s3: S3Client;
  readonly control: S3ControlClient;
  readonly iam: IAMClient;

  constructor(region: TestRegion) {
    this.region = region;
    this.s3 = region.client(S3Client);
    this.control = region.client(S3ControlClient);
    this.iam = region.client(IAMClient);
  }

  async prepare(...actions: string[]): Promise<this> {
    for (const name of [Bucket, "other"]) {
      const ObjectLockEnabledForBucket = name === Bucket;
      await this.s3.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket }));
    }
    const AssumeRolePolicyDocument = trusting("batchoperations.s3.amazonaws.com");
    await this.iam.send(new CreateRoleCommand({ RoleName: "batch", AssumeRolePolicyDocument }));
    await this.permit(...(actions.length > 0 ? actions : ["s3:*"]));
    return this;
  }

  permit(...Action: string[]): Promise<unknown> {
    const statement = { Effect: "Allow", Action, Resource: "*" };
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    return this.iam.send(new PutRolePolicyCommand({ RoleName: "batch", PolicyName: "p", PolicyDocument }));
  }

  put(Key: string, Body = "body", name = Bucket): Promise<unknown> {
    return this.s3.send(new PutObjectCommand({ Bucket: name, Key, Body }));
  }

  /** A job over the rows of a manifest. */
  async create(
    Operation: JobOperation,
    rows: readonly string[],
    more: Partial<CreateJobCommandInput> = {},
    Fields: JobManifestFieldName[] = ["Bucket", "Key"],
  ): Promise<string> {
    const Body = rows.map((row) => `${row}\n`).join("");
    const { ETag } = await this.s3.send(new PutObjectCommand({ Bucket: "other", Key: "manifest.csv", Body }));
    const Location = { ObjectArn: "arn:aws:s3:::other/manifest.csv", ETag };
    const Manifest = { Spec: { Format: "S3BatchOperations_CSV_20180820" as const, Fields }, Location };
    return this.make({ Operation, Manifest, ...more });
  }

  async make(input: Partial<CreateJobCommandInput>): Promise<string> {
    const given = { AccountId, Priority: 10, RoleArn, Report: { Enabled: false }, ...input };
    const { JobId = "" } = await this.control.send(new CreateJobCommand(given as CreateJobCommandInput));
    return JobId;
  }

  /** Steps follow each other at one time of the clock. */
  async describe(JobId: string): Promise<JobDescriptor> {
    await this.region.clock.advance({ seconds: 0 });
    const { Job = {} } = await this.control.send(new DescribeJobCommand({ AccountId, JobId }));
    return Job;
  }

  /** Status, tasks, succeeded, failed. */
  async outcome(JobId: string): Promise<unknown[]> {
    const { Status, ProgressSummary = {} } = await this.describe(JobId);
    const { TotalNumberOfTasks, NumberOfTasksSucceeded, NumberOfTasksFailed } = ProgressSummary;
    return [Status, TotalNumberOfTasks, NumberOfTasksSucceeded, NumberOfTasksFailed];
  }

  async text(Key: string): Promise<string> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: "other", Key }));
    return (await Body?.transformToString()) ?? "";
  }
}

export const Report = {
  Enabled: true, Bucket: "arn:aws:s3:::other", Prefix: "reports", Format: "Report_CSV_20180820" as const,
  ReportScope: "AllTasks" as const,
};
