/** A stream for a test, through the real SDK. */

import {
  CreateStreamCommand, DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand, KinesisClient,
  ListShardsCommand, PutRecordCommand, type CreateStreamCommandInput, type GetRecordsCommandOutput,
  type GetShardIteratorCommandInput, type Shard,
} from "@aws-sdk/client-kinesis";

/** As much of a test's region as is wanted here. */
interface Region {
  client<Client>(type: new (options: never) => Client): Client;
  readonly clock: { advance(duration: { seconds?: number }): Promise<void> };
}

export class StreamFixture {
  readonly region: Region;
  readonly client: KinesisClient;
  readonly name: string;

  constructor(region: Region, name = "stream", client = region.client(KinesisClient)) {
    this.region = region;
    this.client = client;
    this.name = name;
  }

  static async create(
    region: Region, more: Partial<CreateStreamCommandInput> = { ShardCount: 1 },
  ): Promise<StreamFixture> {
    const stream = new StreamFixture(region, more.StreamName);
    await stream.client.send(new CreateStreamCommand({ StreamName: stream.name, ...more }));
    await region.clock.advance({ seconds: 1 });
    return stream;
  }

  async put(data: string, PartitionKey = "key", ExplicitHashKey?: string) {
    const StreamName = this.name;
    return this.client.send(
      new PutRecordCommand({ StreamName, Data: Buffer.from(data), PartitionKey, ExplicitHashKey }),
    );
  }

  async status(): Promise<string | undefined> {
    const StreamName = this.name;
    const { StreamDescription } = await this.client.send(new DescribeStreamCommand({ StreamName }));
    return StreamDescription?.StreamStatus;
  }

  async shards(more: object = {}): Promise<Shard[]> {
    return (await this.client.send(new ListShardsCommand({ StreamName: this.name, ...more }))).Shards ?? [];
  }

  async iterator(more: Partial<GetShardIteratorCommandInput> = {}): Promise<string> {
    const { ShardIterator } = await this.client.send(new GetShardIteratorCommand({
      StreamName: this.name, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON", ...more,
    }));
    return ShardIterator ?? "";
  }

  async read(ShardIterator: string, Limit?: number): Promise<GetRecordsCommandOutput> {
    return this.client.send(new GetRecordsCommand({ ShardIterator, Limit }));
  }

  /** The texts of what a shard has. */
  async texts(more: Partial<GetShardIteratorCommandInput> = {}): Promise<string[]> {
    return textsOf(await this.read(await this.iterator(more)));
  }
}

export function textsOf({ Records }: Pick<GetRecordsCommandOutput, "Records">): string[] {
  return (Records ?? []).map(({ Data }) => Buffer.from(Data ?? []).toString());
}

export async function refusal(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return "accepted";
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}
