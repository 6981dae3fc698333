/** What the recovery suite kills: a region under load, which says each write once it is acknowledged. */

import { writeSync } from "node:fs";
import { startRegion } from "../region.ts";
import { tableInput } from "./listings.ts";
import { making, type Make } from "./making.ts";
import { isBuiltOperation } from "./services.ts";

/** What has been acknowledged, a line of JSON each. */
export type Acknowledged = readonly [kind: string, id: string];

const [folder = "", round = "0"] = process.argv.slice(2);

/** Written at once: what is only in a buffer would die with the process. */
function say(...acknowledged: Acknowledged): void {
  writeSync(1, `${JSON.stringify(acknowledged)}\n`);
}

async function load(work: (number: number) => Promise<void>): Promise<never> {
  for (let number = 0; ; number += 1) await work(number);
}

function loads(make: Make, queueUrl: unknown): (() => Promise<never>)[] {
  const running = [
    () =>
      load(async (number) => {
        const UserName = `user-${round}-${number}`;
        await make("iam:CreateUser", { UserName, Tags: [{ Key: "round", Value: round }] });
        say("user", UserName);
      }),
    () =>
      load(async () => {
        const { KeyMetadata } = await make("kms:CreateKey", { Description: round });
        say("key", (KeyMetadata as { KeyId: string }).KeyId);
      }),
  ];
  if (queueUrl !== undefined)
    running.push(() =>
      load(async (number) => {
        const MessageBody = `message-${round}-${number}`;
        await make("sqs:SendMessage", { QueueUrl: queueUrl, MessageBody });
        say("message", MessageBody);
      }),
    );
  if (isBuiltOperation("ssm:PutParameter"))
    running.push(() =>
      load(async (number) => {
        await make("ssm:PutParameter", {
          Name: `counter-${round}`,
          Value: String(number),
          Type: "String",
          Overwrite: true,
        });
        say("parameter", String(number));
      }),
    );
  if (isBuiltOperation("dynamodb:PutItem"))
    running.push(() =>
      load(async (number) => {
        const id = `item-${round}-${number}`;
        await make("dynamodb:PutItem", { TableName: "load", Item: { pk: { S: "load" }, sk: { S: id } } });
        say("item", id);
      }),
    );
  if (isBuiltOperation("cloudwatch-logs:PutLogEvents"))
    running.push(() =>
      load(async (number) => {
        const message = `event-${round}-${number}`;
        const logEvents = [{ timestamp: region.clock.now(), message }];
        const stream = { logGroupName: "load", logStreamName: "load" };
        await make("cloudwatch-logs:PutLogEvents", { ...stream, logEvents });
        say("event", message);
      }),
    );
  return running;
}

const region = await startRegion({ dataDir: folder, seed: `recovery ${round}` });
const make = making(region);
const { KeyMetadata } = await make("kms:CreateKey", {});
const { KeyId } = KeyMetadata as { KeyId: string };
await make("kms:ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
say("deletion", KeyId);
const queueUrl = isBuiltOperation("sqs:SendMessage")
  ? (await make("sqs:CreateQueue", { QueueName: "load" }))["QueueUrl"]
  : undefined;
if (isBuiltOperation("dynamodb:PutItem") && round === "0") {
  await make("dynamodb:CreateTable", tableInput("load"));
  await region.clock.advance({ seconds: 1 });
}
if (isBuiltOperation("cloudwatch-logs:PutLogEvents") && round === "0") {
  await make("cloudwatch-logs:CreateLogGroup", { logGroupName: "load" });
  await make("cloudwatch-logs:CreateLogStream", { logGroupName: "load", logStreamName: "load" });
}
await Promise.all(loads(make, queueUrl).map((start) => start()));
