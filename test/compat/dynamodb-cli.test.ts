/** The aws CLI and DynamoDB: what its user guide types, with expressions, pages, transactions and streams. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorkstation, without, type RegionWorkstation } from "./clients.ts";

const skip = without("aws");

const tableArn = "arn:aws:dynamodb:us-east-1:000000000000:table/Music";

/** The guide's own table: artists and their songs. */
async function music(station: RegionWorkstation, ...options: readonly string[]): Promise<void> {
  station.write("table.json", JSON.stringify({
    TableName: "Music",
    AttributeDefinitions: [
      { AttributeName: "Artist", AttributeType: "S" },
      { AttributeName: "SongTitle", AttributeType: "S" },
      { AttributeName: "Genre", AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "Artist", KeyType: "HASH" },
      { AttributeName: "SongTitle", KeyType: "RANGE" },
    ],
    GlobalSecondaryIndexes: [{
      IndexName: "ByGenre",
      KeySchema: [{ AttributeName: "Genre", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" },
    }],
    BillingMode: "PAY_PER_REQUEST",
    ...(options.includes("stream") && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  }));
  await station.aws`dynamodb create-table --cli-input-json file://table.json`;
  await station.aws`dynamodb wait table-exists --table-name Music`;
}

/** `[artist, title, more]` as a request of batch-write-item. */
function songs(...titles: readonly (readonly [artist: string, title: string])[]): string {
  return JSON.stringify({
    Music: titles.map(([artist, title], index) => ({
      PutRequest: { Item: song(artist, title, { Year: { N: String(2000 + index) } }) },
    })),
  });
}

function song(artist: string, title: string, more: object = {}): object {
  return { Artist: { S: artist }, SongTitle: { S: title }, ...more };
}

test("a table is made from a file, waited for, described, changed and deleted", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station);
  assert.deepEqual(await station.aws`dynamodb describe-table --table-name ${tableArn}
    --query Table.[TableStatus,TableArn,BillingModeSummary.BillingMode,GlobalSecondaryIndexes[].IndexName]`, [
    "ACTIVE", tableArn, "PAY_PER_REQUEST", ["ByGenre"],
  ]);
  assert.deepEqual(await station.aws`dynamodb list-tables`, { TableNames: ["Music"] });
  await station.aws`dynamodb update-table --table-name Music --deletion-protection-enabled`;
  await station.aws`dynamodb wait table-exists --table-name Music`;
  assert.equal(
    await station.refusal`dynamodb delete-table --table-name Music`,
    "An error occurred (ValidationException) when calling the DeleteTable operation: Resource cannot be " +
      `deleted as it is currently protected against deletion. Disable deletion protection first.`,
  );
  await station.aws`dynamodb update-table --table-name Music --no-deletion-protection-enabled`;
  await station.aws`dynamodb wait table-exists --table-name Music`;
  await station.aws`dynamodb delete-table --table-name Music`;
  await station.aws`dynamodb wait table-not-exists --table-name Music`;
  assert.equal(
    await station.refusal`dynamodb describe-table --table-name Music`,
    "An error occurred (ResourceNotFoundException) when calling the DescribeTable operation: Requested " +
      "resource not found: Table: Music not found",
  );
  assert.deepEqual(await station.aws`dynamodb describe-limits`, {
    AccountMaxReadCapacityUnits: 80_000,
    AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000,
    TableMaxWriteCapacityUnits: 40_000,
  });
});

test("an item is put, read, changed on a condition and deleted", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station);
  const key = JSON.stringify(song("Acme Band", "Happy Day"));
  station.write("item.json", JSON.stringify(song("Acme Band", "Happy Day", {
    AlbumTitle: { S: "Songs About Life" },
    Awards: { N: "10" },
    // Version 1 of the CLI takes the text of a blob as its bytes, and answers base64.
    Cover: { B: "raw" },
    Notes: { M: { languages: { SS: ["en", "sv"] }, empty: { NULL: true } } },
  })));
  const { ConsumedCapacity } = await station.aws<{ ConsumedCapacity: object }>`dynamodb put-item
    --table-name Music --item file://item.json --return-consumed-capacity TOTAL`;
  assert.deepEqual(ConsumedCapacity, { TableName: "Music", CapacityUnits: 1 });
  assert.equal(
    await station.refusal`dynamodb put-item --table-name Music --item file://item.json
      --condition-expression ${"attribute_not_exists(Artist)"}`,
    "An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: The " +
      "conditional request failed",
  );
  assert.deepEqual(
    await station.aws`dynamodb update-item --table-name Music --key ${key} --return-values UPDATED_NEW
      --update-expression ${"SET #y = :y, Notes.languages = :l ADD Awards :one REMOVE Notes.#e"}
      --condition-expression ${"Awards BETWEEN :one AND :y AND size(Cover) = :three"}
      --expression-attribute-names ${JSON.stringify({ "#y": "Year", "#e": "empty" })}
      --expression-attribute-values ${JSON.stringify({
        ":y": { N: "2015" }, ":one": { N: "1" }, ":three": { N: "3" }, ":l": { SS: ["fi"] },
      })} --query Attributes`,
    { Year: { N: "2015" }, Awards: { N: "11" }, Notes: { M: { languages: { SS: ["fi"] } } } },
  );
  assert.deepEqual(
    await station.aws`dynamodb get-item --table-name Music --key ${key} --consistent-read --query Item
      --projection-expression ${"Cover, Notes.languages, #y"}
      --expression-attribute-names ${JSON.stringify({ "#y": "Year" })}`,
    {
      Cover: { B: Buffer.from("raw").toString("base64") },
      Notes: { M: { languages: { SS: ["fi"] } } },
      Year: { N: "2015" },
    },
  );
  assert.equal(
    await station.aws`dynamodb delete-item --table-name Music --key ${key} --return-values ALL_OLD
      --query Attributes.AlbumTitle.S --output text`,
    "Songs About Life",
  );
  assert.equal(await station.aws`dynamodb get-item --table-name Music --key ${key}`, undefined);
  assert.equal(
    await station.refusal`dynamodb get-item --table-name Music
      --key ${JSON.stringify({ Artist: { S: "a" } })}`,
    "An error occurred (ValidationException) when calling the GetItem operation: The provided key element " +
      "does not match the schema",
  );
});

test("queries, scans and their pages: --max-items, --page-size and a starting token", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station);
  const titles = ["a1", "a2", "a3", "a4", "b1"].map((title) => ["Acme", title] as const);
  await station.aws`dynamodb batch-write-item --request-items ${songs(...titles, ["Bolt", "a1"])}`;
  await station.aws`dynamodb put-item --table-name Music
    --item ${JSON.stringify(song("Bolt", "a2", { Genre: { S: "Rock" } }))}`;

  assert.deepEqual(
    await station.aws`dynamodb query --table-name Music --no-scan-index-forward
      --key-condition-expression ${"Artist = :a AND begins_with(SongTitle, :t)"}
      --filter-expression ${"#y > :y"} --expression-attribute-names ${JSON.stringify({ "#y": "Year" })}
      --expression-attribute-values ${JSON.stringify({
        ":a": { S: "Acme" }, ":t": { S: "a" }, ":y": { N: "2000" },
      })} --query ${"[Items[].SongTitle.S, Count, ScannedCount]"}`,
    [["a4", "a3", "a2"], 3, 4],
  );
  assert.deepEqual(
    await station.aws`dynamodb query --table-name Music --index-name ByGenre
      --key-condition-expression ${"Genre = :g"}
      --expression-attribute-values ${JSON.stringify({ ":g": { S: "Rock" } })} --query Items`,
    [song("Bolt", "a2", { Genre: { S: "Rock" } })],
  );

  const page = (...token: string[]) => station.aws<{ Items: unknown[]; NextToken?: string }>`dynamodb query
    --table-name Music --key-condition-expression ${"Artist = :a"} --max-items 2 --page-size 1
    --expression-attribute-values ${JSON.stringify({ ":a": { S: "Acme" } })}
    --projection-expression SongTitle --starting-token ${token[0] ?? "None"}`;
  const seen: unknown[][] = [];
  let answer = await page();
  while (answer.NextToken !== undefined) {
    seen.push(answer.Items);
    answer = await page(answer.NextToken);
  }
  seen.push(answer.Items);
  const title = (name: string) => ({ SongTitle: { S: name } });
  assert.deepEqual(seen, [
    [title("a1"), title("a2")], [title("a3"), title("a4")], [title("b1")],
  ]);
  assert.deepEqual(
    await station.aws`dynamodb scan --table-name Music --page-size 2 --query ${"[Count, length(Items)]"}`,
    [7, 7],
  );
  const segment = (number: number) => station.aws<number>`dynamodb scan --table-name Music
    --total-segments 2 --segment ${number} --select COUNT --query Count`;
  assert.equal((await segment(0)) + (await segment(1)), 7);
});

test("batches, transactions and PartiQL", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station);
  await station.aws`dynamodb batch-write-item
    --request-items ${songs(["Acme", "one"], ["Acme", "two"])}`;
  assert.deepEqual(
    await station.aws`dynamodb batch-get-item --query Responses.Music[].SongTitle.S
      --request-items ${JSON.stringify({
        Music: { Keys: [song("Acme", "two"), song("Acme", "three")], ProjectionExpression: "SongTitle" },
      })}`,
    ["two"],
  );
  const write = (title: string) => JSON.stringify([
    { ConditionCheck: {
      TableName: "Music", Key: song("Acme", title), ConditionExpression: "attribute_exists(Artist)",
    } },
    { Put: { TableName: "Music", Item: song("Acme", "three") } },
  ]);
  assert.equal(
    await station.refusal`dynamodb transact-write-items --transact-items ${write("none")}`,
    "An error occurred (TransactionCanceledException) when calling the TransactWriteItems operation: " +
      "Transaction cancelled, please refer cancellation reasons for specific reasons " +
      "[ConditionalCheckFailed, None]",
  );
  await station.aws`dynamodb transact-write-items --transact-items ${write("one")}
    --client-request-token twice`;
  await station.aws`dynamodb transact-write-items --transact-items ${write("one")}
    --client-request-token twice`;
  assert.deepEqual(
    await station.aws`dynamodb transact-get-items --query Responses[].Item.SongTitle.S
      --transact-items ${JSON.stringify(["three", "none"].map(
        (title) => ({ Get: { TableName: "Music", Key: song("Acme", title) } }),
      ))}`,
    ["three"],
  );

  await station.aws`dynamodb execute-statement
    --statement ${`INSERT INTO "Music" VALUE {'Artist': 'Acme', 'SongTitle': ?, 'Awards': 1}`}
    --parameters ${JSON.stringify([{ S: "four" }])}`;
  await station.aws`dynamodb execute-statement --statement
    ${`UPDATE "Music" SET Awards = Awards + 1 WHERE Artist = 'Acme' AND SongTitle = 'four'`}`;
  assert.deepEqual(
    await station.aws`dynamodb execute-statement --query Items --statement
      ${`SELECT SongTitle, Awards FROM "Music" WHERE Artist = 'Acme' AND Awards >= 2`}`,
    [{ SongTitle: { S: "four" }, Awards: { N: "2" } }],
  );
  assert.deepEqual(
    await station.aws`dynamodb batch-execute-statement --query Responses[].[TableName,Error.Code]
      --statements ${JSON.stringify(["five", "four"].map(
        (title) => ({ Statement: `INSERT INTO "Music" VALUE {'Artist': 'Acme', 'SongTitle': '${title}'}` }),
      ))}`,
    [["Music", null], ["Music", "DuplicateItem"]],
  );
});

test("times to live, tags, recovery and policies of a table", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station);
  await station.aws`dynamodb update-time-to-live --table-name Music
    --time-to-live-specification ${"Enabled=true,AttributeName=Expires"}`;
  assert.deepEqual(
    await station.aws`dynamodb describe-time-to-live --table-name Music
      --query TimeToLiveDescription.AttributeName`,
    "Expires",
  );
  await station.aws`dynamodb tag-resource --resource-arn ${tableArn}
    --tags Key=team,Value=shop Key=stage,Value=test`;
  await station.aws`dynamodb untag-resource --resource-arn ${tableArn} --tag-keys stage`;
  assert.deepEqual(await station.aws`dynamodb list-tags-of-resource --resource-arn ${tableArn}`, {
    Tags: [{ Key: "team", Value: "shop" }],
  });
  await station.aws`dynamodb update-continuous-backups --table-name Music
    --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`;
  const recovery = "ContinuousBackupsDescription.PointInTimeRecoveryDescription";
  assert.deepEqual(
    await station.aws`dynamodb describe-continuous-backups --table-name Music
      --query ${`${recovery}.[PointInTimeRecoveryStatus, RecoveryPeriodInDays]`}`,
    ["ENABLED", 35],
  );
  const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "dynamodb:GetItem",
      Resource: tableArn,
    }],
  });
  const revision = await station.aws`dynamodb put-resource-policy --resource-arn ${tableArn}
    --policy ${policy} --query RevisionId --output text`;
  assert.deepEqual(
    await station.aws`dynamodb get-resource-policy --resource-arn ${tableArn}
      --query ${"[Policy, RevisionId]"}`,
    [policy, String(revision)],
  );
});

test("what happened to the items of a table is read from the shards of its stream", { skip }, async () => {
  await using station = await startWorkstation();
  await music(station, "stream");
  const arn = await station.aws<string>`dynamodbstreams list-streams --table-name Music
    --query Streams[0].StreamArn`;
  const key = JSON.stringify(song("Acme", "one"));
  await station.aws`dynamodb put-item --table-name Music --item ${key}`;
  await station.aws`dynamodb update-item --table-name Music --key ${key}
    --update-expression ${"SET Plays = :p"}
    --expression-attribute-values ${JSON.stringify({ ":p": { N: "1" } })}`;
  await station.aws`dynamodb delete-item --table-name Music --key ${key}`;
  const shards = await station.aws<{ ShardId: string }[]>`dynamodbstreams describe-stream
    --stream-arn ${arn} --query StreamDescription.Shards`;
  const records: unknown[] = [];
  for (const { ShardId } of shards) {
    const iterator = await station.aws`dynamodbstreams get-shard-iterator --stream-arn ${arn}
      --shard-id ${ShardId} --shard-iterator-type TRIM_HORIZON --query ShardIterator --output text`;
    const found = await station.aws<unknown[]>`dynamodbstreams get-records --shard-iterator ${iterator}
      --query ${"Records[].[eventName, dynamodb.OldImage.Plays.N, dynamodb.NewImage.Plays.N]"}`;
    records.push(...found);
  }
  assert.deepEqual(records, [["INSERT", null, null], ["MODIFY", null, "1"], ["REMOVE", "1", null]]);
});

test("a strongly consistent table and its witness, as AWS's own example makes them", { skip }, async () => {
  await using station = await startWorkstation();
  const ohio = "us-east-2";
  const virginia = "us-east-1";
  await station.aws`dynamodb create-table --table-name MusicTable --region ${ohio}
    --attribute-definitions AttributeName=Artist,AttributeType=S AttributeName=SongTitle,AttributeType=S
    --key-schema AttributeName=Artist,KeyType=HASH AttributeName=SongTitle,KeyType=RANGE
    --billing-mode PAY_PER_REQUEST`;
  await station.aws`dynamodb wait table-exists --table-name MusicTable --region ${ohio}`;
  const both = (action: string): readonly [string, string] => [
    JSON.stringify([{ [action]: { RegionName: virginia } }]),
    JSON.stringify([{ [action]: { RegionName: "us-west-2" } }]),
  ];
  const [replica, witness] = both("Create");
  await station.aws`dynamodb update-table --table-name MusicTable --region ${ohio}
    --replica-updates ${replica} --global-table-witness-updates ${witness}
    --multi-region-consistency STRONG`;
  await station.region.clock.advance({ seconds: 5 });
  assert.deepEqual(
    await station.aws`dynamodb describe-table --table-name MusicTable --region ${ohio}
      --query ${"Table.[TableStatus, MultiRegionConsistency, Replicas[].RegionName, GlobalTableWitnesses]"}`,
    ["ACTIVE", "STRONG", [virginia], [{ RegionName: "us-west-2", WitnessStatus: "ACTIVE" }]],
  );
  const key = JSON.stringify(song("The Beatles", "Hey Jude"));
  const item = JSON.stringify(song("The Beatles", "Hey Jude", { Year: { N: "1968" } }));
  await station.aws`dynamodb put-item --table-name MusicTable --region ${ohio} --item ${item}`;
  assert.equal(
    await station.aws`dynamodb get-item --table-name MusicTable --region ${virginia} --key ${key}
      --consistent-read --query Item.Year.N`,
    "1968",
  );
  const [gone, unwitnessed] = both("Delete");
  await station.aws`dynamodb update-table --table-name MusicTable --region ${ohio}
    --replica-updates ${gone} --global-table-witness-updates ${unwitnessed}`;
  await station.region.clock.advance({ seconds: 5 });
  await station.aws`dynamodb delete-table --table-name MusicTable --region ${ohio}`;
  await station.aws`dynamodb wait table-not-exists --table-name MusicTable --region ${ohio}`;
});
