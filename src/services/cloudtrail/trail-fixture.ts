/** A region with a bucket that CloudTrail may write to, for tests of trails. */

import { gunzipSync } from "node:zlib";
import {
  CloudTrailClient, CreateTrailCommand, type CreateTrailCommandInput,
} from "@aws-sdk/client-cloudtrail";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client,
} from "@aws-sdk/client-s3";

type Client = CloudTrailClient | S3Client;

/** A region, as far as clients are concerned. */
export interface ClientSource {
  client<Made extends Client>(construct: new (configuration: never) => Made): Made;
}

export interface DeliveredRecord {
  readonly eventName: string;
  readonly eventSource: string;
  readonly awsRegion: string;
  readonly eventCategory: string;
  readonly managementEvent: boolean;
  readonly readOnly: boolean;
  readonly resources?: readonly { readonly ARN: string; readonly type?: string }[];
}

export interface TrailFixture {
  readonly cloudtrail: CloudTrailClient;
  readonly s3: S3Client;
  create(name: string, more?: Partial<CreateTrailCommandInput>): Promise<void>;
  keys(prefix?: string): Promise<string[]>;
  /** The unpacked text of a file. */
  text(key: string): Promise<string>;
  /** All events in all files of logs, in order of their names. */
  records(prefix?: string): Promise<DeliveredRecord[]>;
}

export const bucket = "trail-files";

export async function trailFixture(region: ClientSource, Policy: string): Promise<TrailFixture> {
  const cloudtrail = region.client(CloudTrailClient);
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const keys = async (Prefix?: string): Promise<string[]> => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
    return Contents.map(({ Key }) => Key ?? "");
  };
  const text = async (Key: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return gunzipSync((await Body?.transformToByteArray()) ?? Buffer.alloc(0)).toString();
  };
  return {
    cloudtrail, s3, keys, text,
    async create(Name, more) {
      await cloudtrail.send(new CreateTrailCommand({ Name, S3BucketName: bucket, ...more }));
    },
    async records(prefix) {
      const files = (await keys(prefix)).filter((key) => key.includes("/CloudTrail/"));
      const texts = await Promise.all(files.map(text));
      return texts.flatMap((each) => (JSON.parse(each) as { Records: DeliveredRecord[] }).Records);
    },
  };
}

/** An error as `Name: message`. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "nothing was refused";
  } catch (cause) {
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  }
}
