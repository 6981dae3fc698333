/** A bucket, a role and a delivery stream for a test, through the real SDKs. */

import {
  CreateDeliveryStreamCommand, FirehoseClient, PutRecordBatchCommand, PutRecordCommand,
  type CreateDeliveryStreamCommandInput, type ExtendedS3DestinationConfiguration,
} from "@aws-sdk/client-firehose";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client,
} from "@aws-sdk/client-s3";

/** As much of a test's region as is wanted here. */
interface Region {
  client<Client>(type: new (options: never) => Client): Client;
  readonly clock: { advance(duration: { seconds?: number }): Promise<void> };
}

const Bucket = "deliveries";
export const BucketARN = `arn:aws:s3:::${Bucket}`;
export const RoleARN = "arn:aws:iam::000000000000:role/firehose";

export class Deliveries {
  readonly region: Region;
  readonly client: FirehoseClient;
  readonly s3: S3Client;

  private constructor(region: Region) {
    this.region = region;
    this.client = region.client(FirehoseClient);
    this.s3 = region.client(S3Client);
  }

  static async prepare(
    region: Region, actions: readonly string[] = ["s3:*", "kinesis:*", "lambda:*"],
  ): Promise<Deliveries> {
    const deliveries = new Deliveries(region);
    await deliveries.s3.send(new CreateBucketCommand({ Bucket }));
    const iam = region.client(IAMClient);
    await iam.send(new CreateRoleCommand({
      RoleName: "firehose",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
          Effect: "Allow", Principal: { Service: "firehose.amazonaws.com" }, Action: "sts:AssumeRole",
        }],
      }),
    }));
    await deliveries.allow(actions);
    return deliveries;
  }

  async allow(actions: readonly string[]): Promise<void> {
    await this.region.client(IAMClient).send(new PutRolePolicyCommand({
      RoleName: "firehose", PolicyName: "p",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }],
      }),
    }));
  }

  async create(
    settings: Partial<ExtendedS3DestinationConfiguration> = {},
    more: Partial<CreateDeliveryStreamCommandInput> = {},
  ): Promise<void> {
    await this.client.send(new CreateDeliveryStreamCommand({
      DeliveryStreamName: "stream",
      ExtendedS3DestinationConfiguration: { RoleARN, BucketARN, ...settings },
      ...more,
    }));
    await this.region.clock.advance({ seconds: 1 });
  }

  async put(...texts: string[]): Promise<void> {
    const Records = texts.map((text) => ({ Data: Buffer.from(text) }));
    const [Record] = Records;
    const DeliveryStreamName = "stream";
    if (Records.length > 1) {
      await this.client.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }));
    } else await this.client.send(new PutRecordCommand({ DeliveryStreamName, Record }));
  }

  /** The bodies of all objects by their keys, the random ends of names left out. */
  async objects(): Promise<[key: string, body: Buffer][]> {
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket }));
    return Promise.all(Contents.map(async ({ Key = "" }): Promise<[string, Buffer]> => {
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key }));
      const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
      return [Key.replace(uuid, "UUID"), Buffer.from(await Body?.transformToByteArray() ?? [])];
    }));
  }

  async texts(): Promise<[string, string][]> {
    return (await this.objects()).map(([key, body]) => [key, body.toString()]);
  }
}

export async function refusal(answer: Promise<unknown>): Promise<string> {
  return answer.then(() => "accepted", (error: Error) => `${error.name}: ${error.message}`);
}
