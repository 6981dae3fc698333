/** Streams as tests read them: whole, in order. */

import {
  DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand,
  type Shard, type ShardIteratorType, type _Record,
} from "@aws-sdk/client-dynamodb-streams";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { TableFixture } from "../dynamodb/table-fixture.ts";

export interface StreamFixture {
  readonly client: DynamoDBStreamsClient;
  readonly arn: string;
  shards(): Promise<Shard[]>;
  iterator(shard: Shard, type: ShardIteratorType, sequenceNumber?: string): Promise<string>;
  /** One page from an iterator. */
  page(iterator: string, limit?: number): Promise<{ records: _Record[]; next: string | undefined }>;
  /** All that is in the stream, shard after shard. */
  records(): Promise<_Record[]>;
}

export async function streamOf(table: TableFixture, client: DynamoDBStreamsClient): Promise<StreamFixture> {
  const { LatestStreamArn: arn = "" } = await table.description();
  const stream: StreamFixture = {
    client,
    arn,
    shards: async () => {
      const all: Shard[] = [];
      let start: string | undefined;
      do {
        const { StreamDescription: shown } = await client.send(
          new DescribeStreamCommand({ StreamArn: arn, ExclusiveStartShardId: start }),
        );
        all.push(...(shown?.Shards ?? []));
        start = shown?.LastEvaluatedShardId;
      } while (start !== undefined);
      return all;
    },
    iterator: async (shard, ShardIteratorType, SequenceNumber) => {
      const { ShardIterator = "" } = await client.send(new GetShardIteratorCommand({
        StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType, SequenceNumber,
      }));
      return ShardIterator;
    },
    page: async (ShardIterator, Limit) => {
      const { Records, NextShardIterator } = await client.send(
        new GetRecordsCommand({ ShardIterator, Limit }),
      );
      return { records: Records ?? [], next: NextShardIterator };
    },
    records: async () => {
      const all: _Record[] = [];
      for (const shard of await stream.shards()) {
        let next: string | undefined = await stream.iterator(shard, "TRIM_HORIZON");
        while (next !== undefined) {
          const page: { records: _Record[]; next: string | undefined } = await stream.page(next);
          all.push(...page.records);
          // An open shard never ends: an empty page is as far as it goes for now.
          next = page.records.length === 0 && shard.SequenceNumberRange?.EndingSequenceNumber === undefined
            ? undefined : page.next;
        }
      }
      return all;
    },
  };
  return stream;
}

type Image = Parameters<typeof unmarshall>[0] | undefined;

/** A record as event, key and images. */
export function shownRecord({ eventName, dynamodb }: _Record): readonly unknown[] {
  const shown = (image: unknown): unknown => image && unmarshall(image as NonNullable<Image>);
  return [eventName, shown(dynamodb?.Keys), shown(dynamodb?.OldImage), shown(dynamodb?.NewImage)];
}
