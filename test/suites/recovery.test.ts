/** What was acknowledged has happened, also when the process is killed in the middle of its work. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startRegion } from "../region.ts";
import { killed } from "./killed-load.ts";
import { asking, making, type Make } from "./making.ts";
import { isBuiltOperation } from "./services.ts";
import type { Acknowledged } from "./recovery-load.ts";

const program = fileURLToPath(import.meta.url).replace("recovery.test.", "recovery-load.");

function idsOf(said: readonly Acknowledged[], kind: string): string[] {
  return said.filter(([each]) => each === kind).map(([, id]) => id);
}

async function all(
  make: Make,
  operation: string,
  key: string,
  name: string,
  token: readonly [string, string],
): Promise<string[]> {
  const found: string[] = [];
  let next: unknown;
  do {
    const output = await make(operation, next === undefined ? {} : { [token[1]]: next });
    found.push(...(output[key] as Record<string, string>[]).map((item) => item[name] ?? ""));
    next = output[token[0]];
  } while (next !== undefined);
  return found;
}

function missing(expected: readonly string[], found: readonly string[]): string[] {
  const there = new Set(found);
  return expected.filter((each) => !there.has(each));
}

async function messages(make: Make): Promise<string[]> {
  const found: string[] = [];
  const { QueueUrl } = await make("sqs:GetQueueUrl", { QueueName: "load" });
  for (;;) {
    const { Messages } = await make("sqs:ReceiveMessage", {
      QueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 43_200,
    });
    if (!Messages) return found;
    found.push(...(Messages as { Body: string }[]).map(({ Body }) => Body));
  }
}

/** The sort keys of the items, which the table has counted right. */
async function itemsOf(make: Make): Promise<string[]> {
  const found: string[] = [];
  let ExclusiveStartKey: unknown;
  do {
    const page = await make("dynamodb:Scan", {
      TableName: "load",
      ...(ExclusiveStartKey !== undefined && { ExclusiveStartKey }),
    });
    found.push(...(page["Items"] as { sk: { S: string } }[]).map(({ sk }) => sk.S));
    ExclusiveStartKey = page["LastEvaluatedKey"];
  } while (ExclusiveStartKey !== undefined);
  const { Table } = await make("dynamodb:DescribeTable", { TableName: "load" });
  assert.equal((Table as { ItemCount: number }).ItemCount, found.length, "a count differs from the items");
  return found;
}

async function eventsOf(make: Make): Promise<string[]> {
  const found: string[] = [];
  let nextToken: unknown;
  do {
    const page = await make("cloudwatch-logs:FilterLogEvents", {
      logGroupName: "load", ...(nextToken !== undefined && { nextToken }),
    });
    found.push(...(page["events"] as { message: string }[]).map(({ message }) => message));
    nextToken = page["nextToken"];
  } while (nextToken !== undefined);
  return found;
}

/** The names in the trail's events of one operation. */
async function recorded(
  make: Make,
  operation: string,
  name: (event: Record<string, never>) => unknown,
): Promise<string[]> {
  const found: string[] = [];
  let NextToken: unknown;
  do {
    const page = await make("cloudtrail:LookupEvents", {
      LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: operation }],
      MaxResults: 50,
      ...(NextToken !== undefined && { NextToken }),
    });
    const events = page["Events"] as { CloudTrailEvent: string }[];
    found.push(
      ...events.map(({ CloudTrailEvent }) =>
        String(name(JSON.parse(CloudTrailEvent) as Record<string, never>)),
      ),
    );
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  return found;
}

async function check(folder: string, round: number, said: readonly Acknowledged[]): Promise<void> {
  await using region = await startRegion({ dataDir: folder });
  // The load moved its clock on.
  await region.clock.advance({ seconds: 2 });
  const make = making(region);
  const users = idsOf(said, "user");
  const keys = idsOf(said, "key");
  assert.ok(users.length > 0 && keys.length > 0, "the load did too little of something");
  assert.deepEqual(
    missing(users, await all(make, "iam:ListUsers", "Users", "UserName", ["Marker", "Marker"])),
    [],
  );
  assert.deepEqual(
    missing(keys, await all(make, "kms:ListKeys", "Keys", "KeyId", ["NextMarker", "Marker"])),
    [],
  );
  for (const UserName of users.slice(-2)) {
    assert.equal((await make("iam:ListUserTags", { UserName }))["Tags"] instanceof Array, true);
  }
  assert.deepEqual(
    missing(users, await recorded(make, "CreateUser", (event) => event["requestParameters"]?.["userName"])),
    [],
  );
  assert.deepEqual(
    missing(
      keys,
      await recorded(
        make,
        "CreateKey",
        (event) => (event["responseElements"]?.["keyMetadata"] as { keyId?: string } | undefined)?.keyId,
      ),
    ),
    [],
  );
  if (isBuiltOperation("sqs:SendMessage"))
    assert.deepEqual(missing(idsOf(said, "message"), await messages(make)), []);
  if (isBuiltOperation("dynamodb:PutItem")) {
    assert.deepEqual(missing(idsOf(said, "item"), await itemsOf(make)), []);
  }
  if (isBuiltOperation("cloudwatch-logs:PutLogEvents")) {
    assert.deepEqual(missing(idsOf(said, "event"), await eventsOf(make)), []);
  }
  const parameter = idsOf(said, "parameter").at(-1);
  if (parameter !== undefined) {
    const { Parameter } = await make("ssm:GetParameter", { Name: `counter-${round}` });
    // One more may have been written than could be said.
    assert.ok(Number((Parameter as { Value: string }).Value) >= Number(parameter));
  }
}

test(
  "a region that is killed has every acknowledged write and its event when it is opened again",
  { timeout: 600_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "us-local-1-recovery-"));
    const pending: string[] = [];
    try {
      for (const [round, saidMin] of [40, 150, 400].entries()) {
        const said = await killed<Acknowledged>(program, folder, round, saidMin);
        pending.push(...idsOf(said, "deletion"));
        await check(folder, round, said);
      }
      await using region = await startRegion({ dataDir: folder });
      const ask = asking(region);
      for (const KeyId of pending) assert.equal((await ask("kms:DescribeKey", { KeyId })).status, 200);
      await region.clock.advance({ days: 8 });
      for (const KeyId of pending) {
        assert.equal(
          (await ask("kms:DescribeKey", { KeyId })).code,
          "NotFoundException",
          "the job did not survive",
        );
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
