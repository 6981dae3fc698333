/** The aws CLI, the event history of an account, and the borders between regions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, startWorkstation, without, type Workstation } from "./clients.ts";

const skip = without("aws");

interface TrailRecord {
  readonly eventName: string;
  readonly eventSource: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly userIdentity: { readonly type: string; readonly userName?: string; readonly arn: string };
  readonly requestParameters: unknown;
  readonly errorCode?: string;
  readonly readOnly: boolean;
}

/** The records of one attribute's value, newest first. */
async function history(station: Workstation, key: string, value: string): Promise<TrailRecord[]> {
  const events = await station.aws<string[]>`cloudtrail lookup-events --query Events[].CloudTrailEvent
    --lookup-attributes ${`AttributeKey=${key},AttributeValue=${value}`}`;
  return events.map((event) => JSON.parse(event) as TrailRecord);
}

test(
  "cloudtrail-audit-api-calls: who called what, from where, with what, and how it ended",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const ana = station.as(await station.user("ana", allow("sqs:CreateQueue")));
    await ana.aws`sqs create-queue --queue-name orders --attributes DelaySeconds=5`;
    await ana.refusal`iam list-users`;

    const [created] = await history(station, "EventName", "CreateQueue");
    assert.deepEqual(created?.requestParameters, { queueName: "orders", attributes: { DelaySeconds: "5" } });
    assert.equal(created?.eventSource, "sqs.amazonaws.com");
    assert.equal(created?.sourceIPAddress, "127.0.0.1");
    assert.equal(created?.userIdentity.type, "IAMUser");
    assert.equal(created?.userIdentity.userName, "ana");
    assert.equal(created?.errorCode, undefined);
    const [denied] = await history(station, "Username", "ana");
    assert.equal(denied?.eventName, "ListUsers");
    assert.equal(denied?.errorCode, "AccessDenied");
  },
);

test(
  "cloudtrail-event-sources: the history tells the CLI from an SDK",
  { skip: skip || without("boto3") },
  async () => {
    await using station = await startWorkstation();
    await station.aws`sqs list-queues --queue-name-prefix of-cli`;
    await station.python(`boto3.client("sqs").list_queues(QueueNamePrefix="of-sdk")`);
    const [ofSdk, ofCli] = await history(station, "EventName", "ListQueues");
    assert.match(ofCli?.userAgent ?? "", /^\[?aws-cli\/1\.\d+\.\d+ .*Botocore\/1\.\d+/i);
    assert.match(ofSdk?.userAgent ?? "", /^\[?Boto3\/1\.\d+\.\d+ .*Botocore\/1\.\d+/i);
  },
);

test("cli-uses-boto3: the CLI names botocore as what it is built on", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`kms list-keys`;
  const [listed] = await history(station, "EventName", "ListKeys");
  assert.match(listed?.userAgent ?? "", /aws-cli\/.* botocore\//);
});

test("cloudtrail-find-resource-changes: who changed a resource, when and how", { skip }, async () => {
  await using station = await startWorkstation();
  const ana = station.as(await station.user("ana", allow(["sqs:*", "iam:*"])));
  const url = await station.aws`sqs create-queue --queue-name orders --query QueueUrl`;
  await ana.aws`sqs set-queue-attributes --queue-url ${url} --attributes VisibilityTimeout=60`;
  await ana.aws`iam create-user --user-name bob`;
  await ana.aws`iam delete-user --user-name bob`;

  const queue = await history(station, "ResourceName", "arn:aws:sqs:us-east-1:000000000000:orders");
  const change = queue.find(({ eventName }) => eventName === "SetQueueAttributes");
  assert.equal(change?.userIdentity.userName, "ana");
  assert.deepEqual(change?.requestParameters, { queueUrl: url, attributes: { VisibilityTimeout: "60" } });
  const bob = await history(station, "ResourceName", "bob");
  assert.deepEqual(
    bob.map(({ eventName, userIdentity }) => [eventName, userIdentity.userName]),
    [
      ["DeleteUser", "ana"],
      ["CreateUser", "ana"],
    ],
  );
});

test("cloudtrail-90-days: events leave the history after 90 days", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`sqs create-queue --queue-name orders`;
  const created = async () => (await history(station, "EventName", "CreateQueue")).length;
  await station.region.clock.advance({ days: 89, hours: 23 });
  // The CLI signs by the machine's clock, which stayed where it was.
  station.region.clock.run();
  assert.equal(await created(), 1);
  await station.region.clock.advance({ hours: 2 });
  assert.equal(await created(), 0);
});

test("regions-console-scoped: what is made in one region is not seen in another", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`sqs create-queue --queue-name orders`;
  await station.aws`ssm put-parameter --name p --type String --value v`;
  await station.aws`iam create-user --user-name everywhere`;
  const europe = station.with({ AWS_DEFAULT_REGION: "eu-west-1" });
  assert.equal(await europe.aws`sqs list-queues`, undefined);
  assert.deepEqual(await europe.aws`ssm describe-parameters --query Parameters`, []);
  assert.deepEqual(await europe.aws`iam list-users --query Users[].UserName`, ["everywhere"]);
  assert.deepEqual(await station.aws`ssm describe-parameters --query Parameters[].Name`, ["p"]);
});

test("regions-no-implicit-data-flow: data stays in the region in which it was put", { skip }, async () => {
  await using station = await startWorkstation();
  const url = await station.aws`sqs create-queue --queue-name orders --query QueueUrl`;
  await station.aws`sqs send-message --queue-url ${url} --message-body hello`;
  await station.aws`ssm put-parameter --name p --type String --value v`;
  const europe = station.with({ AWS_DEFAULT_REGION: "eu-west-1" });
  assert.equal(
    await europe.refusal`ssm get-parameter --name p`,
    "An error occurred (ParameterNotFound) when calling the GetParameter operation:",
  );
  assert.equal(
    await europe.refusal`sqs get-queue-url --queue-name orders`,
    "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: " +
      "The specified queue does not exist.",
  );
  const other = await europe.aws`sqs create-queue --queue-name orders --query QueueUrl`;
  assert.equal(await europe.aws`sqs receive-message --queue-url ${other}`, undefined);
  assert.deepEqual(
    await station.aws`sqs receive-message --queue-url ${url}
    --query Messages[].Body`,
    ["hello"],
  );
});
