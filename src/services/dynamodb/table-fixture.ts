/** A table as tests use it: few words a call, over the real client. */

import {
  BatchGetItemCommand, BatchWriteItemCommand, CreateTableCommand, DeleteItemCommand, DescribeTableCommand,
  DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand, UpdateItemCommand,
  type AttributeValue, type CreateTableCommandInput, type DeleteItemCommandInput,
  type DeleteItemCommandOutput, type GetItemCommandInput, type GetItemCommandOutput,
  type PutItemCommandInput, type PutItemCommandOutput, type QueryCommandInput, type QueryCommandOutput,
  type ScanCommandInput, type ScanCommandOutput, type TableDescription, type UpdateItemCommandInput,
  type UpdateItemCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

/** A region, as far as clients are concerned. */
export interface ClientSource {
  client(construct: new (configuration: never) => DynamoDBClient): DynamoDBClient;
  readonly clock: { advance(duration: { readonly seconds: number }): Promise<void> };
}

export type Plain = Record<string, unknown>;
type Values = Record<string, AttributeValue>;

/** A plain object as attribute values: numbers, texts, sets, bytes, lists, maps. */
export function values(plain: Plain): Values {
  return marshall(plain, { convertEmptyValues: false, removeUndefinedValues: true });
}

export function plain(item: Values | undefined): Plain | undefined {
  return item && unmarshall(item);
}

export interface TableFixture {
  readonly db: DynamoDBClient;
  readonly name: string;
  put(item: Plain, more?: Partial<PutItemCommandInput>): Promise<PutItemCommandOutput>;
  get(key: Plain, more?: Partial<GetItemCommandInput>): Promise<GetItemCommandOutput>;
  /** The item itself. */
  item(key: Plain): Promise<Plain | undefined>;
  /** @param expression `SET …`; `:name` is taken from `given` */
  update(
    key: Plain, expression: string, given?: Plain, more?: Partial<UpdateItemCommandInput>,
  ): Promise<UpdateItemCommandOutput>;
  delete(key: Plain, more?: Partial<DeleteItemCommandInput>): Promise<DeleteItemCommandOutput>;
  /** @param condition a KeyConditionExpression */
  query(condition: string, given: Plain, more?: Partial<QueryCommandInput>): Promise<QueryCommandOutput>;
  scan(more?: Partial<ScanCommandInput>): Promise<ScanCommandOutput>;
  /** All items of a scan, page by page. */
  all(more?: Partial<ScanCommandInput>): Promise<Plain[]>;
  /** Puts many, 25 at a time. */
  fill(items: readonly Plain[]): Promise<void>;
  many(keys: readonly Plain[]): Promise<Plain[]>;
  description(): Promise<TableDescription>;
}

/** `pk`, or `pk` and `sk`, as `S`, `N` or `B`: `"pk:S sk:N"`. */
export function keyOf(text: string): Pick<CreateTableCommandInput, "KeySchema" | "AttributeDefinitions"> {
  const attributes = text.split(" ").map((each) => each.split(":") as [string, "S" | "N" | "B"]);
  return {
    AttributeDefinitions: attributes.map(([AttributeName, AttributeType]) => ({
      AttributeName, AttributeType,
    })),
    KeySchema: attributes.map(([AttributeName], index) => ({
      AttributeName, KeyType: index === 0 ? "HASH" : "RANGE",
    })),
  };
}

/** An ACTIVE table that is paid by request. */
export async function createTable(
  region: ClientSource, key = "pk:S", more: Partial<CreateTableCommandInput> = {},
  db = region.client(DynamoDBClient),
): Promise<TableFixture> {
  const name = more.TableName ?? "table";
  await db.send(new CreateTableCommand({
    TableName: name, BillingMode: "PAY_PER_REQUEST", ...keyOf(key), ...more,
  }));
  await region.clock.advance({ seconds: 1 });
  return fixtureOf(db, name);
}

export function fixtureOf(db: DynamoDBClient, name: string): TableFixture {
  const TableName = name;
  const fixture: TableFixture = {
    db,
    name,
    put: (item, more) => db.send(new PutItemCommand({ TableName, Item: values(item), ...more })),
    get: (key, more) => db.send(new GetItemCommand({ TableName, Key: values(key), ...more })),
    item: async (key) => plain((await fixture.get(key, { ConsistentRead: true })).Item),
    update: (key, UpdateExpression, given, more) => db.send(new UpdateItemCommand({
      TableName, Key: values(key), UpdateExpression,
      ...(given && { ExpressionAttributeValues: values(given) }), ...more,
    })),
    delete: (key, more) => db.send(new DeleteItemCommand({ TableName, Key: values(key), ...more })),
    query: (KeyConditionExpression, given, more) => db.send(new QueryCommand({
      TableName, KeyConditionExpression, ExpressionAttributeValues: values(given), ...more,
    })),
    scan: (more) => db.send(new ScanCommand({ TableName, ...more })),
    all: async (more) => {
      const found: Plain[] = [];
      let start: Values | undefined;
      do {
        const page: ScanCommandOutput = await fixture.scan({ ...more, ExclusiveStartKey: start });
        found.push(...(page.Items ?? []).map((item) => unmarshall(item)));
        start = page.LastEvaluatedKey;
      } while (start);
      return found;
    },
    fill: async (items) => {
      for (let start = 0; start < items.length; start += 25) {
        const requests = items.slice(start, start + 25).map(
          (item) => ({ PutRequest: { Item: values(item) } }),
        );
        await db.send(new BatchWriteItemCommand({ RequestItems: { [name]: requests } }));
      }
    },
    many: async (keys) => {
      const { Responses } = await db.send(
        new BatchGetItemCommand({ RequestItems: { [name]: { Keys: keys.map(values) } } }),
      );
      return (Responses?.[name] ?? []).map((item) => unmarshall(item));
    },
    description: async () => (await db.send(new DescribeTableCommand({ TableName }))).Table ?? {},
  };
  return fixture;
}
