import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import nodeTest from "node:test";
import {
  AddTagsCommand, DeleteTrailCommand, DescribeTrailsCommand, GetEventSelectorsCommand,
  GetInsightSelectorsCommand, GetTrailCommand, GetTrailStatusCommand, ListPublicKeysCommand, ListTagsCommand,
  ListTrailsCommand, PutEventSelectorsCommand, StartLoggingCommand, StopLoggingCommand, UpdateTrailCommand,
  CloudTrailClient,
} from "@aws-sdk/client-cloudtrail";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, GetLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient, ListKeysCommand, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import {
  GetObjectCommand, HeadObjectCommand, PutBucketPolicyCommand, PutObjectCommand,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { bucket, refusal, trailFixture, type TrailFixture } from "./trail-fixture.ts";

/** @evidence CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail" */
const bucketPolicy = (source = "arn:aws:cloudtrail:us-east-1:000000000000:trail/*"): string => {
  const Condition = { StringLike: { "aws:SourceArn": source } };
  const Principal = { Service: "cloudtrail.amazonaws.com" };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow", Principal, Action: "s3:GetBucketAcl", Resource: `arn:aws:s3:::${bucket}`, Condition,
      },
      {
        Effect: "Allow", Principal, Action: "s3:PutObject",
        Resource: `arn:aws:s3:::${bucket}/AWSLogs/000000000000/*`,
        Condition: { ...Condition, StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } },
      },
    ],
  });
};

let region: TestRegion;
let it: TrailFixture;

/** Each in a region of its own. */
function test(name: string, body: () => Promise<void>): void {
  nodeTest(name, async () => {
    region = await startRegion();
    it = await trailFixture(region, bucketPolicy());
    await body();
    await region.stop();
  });
}

const start = (Name: string): Promise<unknown> => it.cloudtrail.send(new StartLoggingCommand({ Name }));
const minutes = (count: number): Promise<unknown> => region.clock.advance({ minutes: count });
const names = async (prefix?: string): Promise<string[]> =>
  (await it.records(prefix)).map(({ eventName }) => eventName);
const queue = (QueueName: string, awsRegion = "us-east-1"): Promise<unknown> =>
  region.client(SQSClient, { region: awsRegion }).send(new CreateQueueCommand({ QueueName }));
const arnOf = (name: string): string => `arn:aws:cloudtrail:us-east-1:000000000000:trail/${name}`;

test(
  "cloudtrail-export-logs-s3: what happens is in files of the bucket and in the log group, under AWS's names",
  async () => {
    const logs = region.client(CloudWatchLogsClient);
    const iam = region.client(IAMClient);
    await logs.send(new CreateLogGroupCommand({ logGroupName: "audit" }));
    const { Role } = await iam.send(new CreateRoleCommand({
      RoleName: "trail", AssumeRolePolicyDocument: trust("cloudtrail.amazonaws.com"),
    }));
    const logTo = {
      CloudWatchLogsLogGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:audit:*",
      CloudWatchLogsRoleArn: Role?.Arn,
    };
    assert.equal(
      await refusal(it.create("both", logTo)),
      "InvalidCloudWatchLogsLogGroupArnException: Access denied. Check the permissions for your role.",
    );
    await iam.send(new PutRolePolicyCommand({
      RoleName: "trail", PolicyName: "write",
      PolicyDocument: JSON.stringify(allow(["logs:CreateLogStream", "logs:PutLogEvents"])),
    }));
    await it.create("both", logTo);
    await start("both");
    await queue("seen");
    await minutes(4);
    assert.deepEqual(await it.keys("AWSLogs/"), []);
    await minutes(1);
    const [key = ""] = await it.keys("AWSLogs/");
    assert.match(key, new RegExp(
      "^AWSLogs/000000000000/CloudTrail/us-east-1/2026/01/01/"
      + "000000000000_CloudTrail_us-east-1_20260101T0005Z_"
      + "[A-Za-z0-9]{16}\\.json\\.gz$",
    ));
    assert.deepEqual(await names(), ["StartLogging", "CreateQueue"]);
    const { ContentType, ContentEncoding, ServerSideEncryption } = await it.s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key }),
    );
    assert.deepEqual(
      [ContentType, ContentEncoding, ServerSideEncryption], ["application/json", "gzip", "AES256"],
    );
    const { events = [] } = await logs.send(new GetLogEventsCommand({
      logGroupName: "audit", logStreamName: "000000000000_CloudTrail_us-east-1",
    }));
    const logged = events.map(
      ({ message }) => (JSON.parse(message ?? "") as { eventName: string }).eventName,
    );
    assert.deepEqual(logged, ["StartLogging", "CreateQueue"]);
    const status = await it.cloudtrail.send(new GetTrailStatusCommand({ Name: "both" }));
    assert.equal(status.IsLogging, true);
    assert.deepEqual(status.LatestDeliveryTime, new Date(Date.UTC(2026, 0, 1, 0, 5)));
    assert.deepEqual(status.LatestCloudWatchLogsDeliveryTime, new Date(Date.UTC(2026, 0, 1, 0, 5)));
    assert.equal(status.LatestDeliveryError, undefined);
  });

test("delivery comes to an end when nothing happens", async () => {
  await it.create("quiet");
  await start("quiet");
  await minutes(60);
  const before = await it.keys();
  assert.equal(before.length, 1);
  await minutes(60);
  // Only the listing since is new.
  assert.equal((await it.keys()).length, 1);
});

test("cloudtrail-management-events: a trail that logs what is written leaves out what is read", async () => {
  const kms = region.client(KMSClient);
  await it.create("writes");
  await it.cloudtrail.send(new PutEventSelectorsCommand({
    TrailName: "writes", EventSelectors: [{ ReadWriteType: "WriteOnly", IncludeManagementEvents: true }],
  }));
  await start("writes");
  await kms.send(new CreateKeyCommand({}));
  await kms.send(new ListKeysCommand({}));
  await minutes(5);
  assert.deepEqual(await names(), ["StartLogging", "CreateKey"]);
  await it.cloudtrail.send(new PutEventSelectorsCommand({
    TrailName: "writes", EventSelectors: [{
      ReadWriteType: "All", IncludeManagementEvents: true,
      ExcludeManagementEventSources: ["kms.amazonaws.com"],
    }],
  }));
  await kms.send(new ListKeysCommand({}));
  await it.cloudtrail.send(new ListTrailsCommand({}));
  await minutes(5);
  assert.deepEqual((await names()).slice(2), ["PutEventSelectors", "ListTrails"]);
});

test("cloudtrail-data-events: reading an object leaves an event only where a trail wants it", async () => {
  const object = { Bucket: bucket, Key: "file" };
  await it.create("data");
  await start("data");
  await it.s3.send(new PutObjectCommand({ ...object, Body: "x" }));
  await it.s3.send(new GetObjectCommand(object));
  await minutes(5);
  assert.deepEqual((await names()).filter((name) => name.endsWith("Object")), []);
  await it.cloudtrail.send(new PutEventSelectorsCommand({
    TrailName: "data", EventSelectors: [{
      ReadWriteType: "ReadOnly", IncludeManagementEvents: true,
      DataResources: [{ Type: "AWS::S3::Object", Values: [`arn:aws:s3:::${bucket}/fi`] }],
    }],
  }));
  await it.s3.send(new PutObjectCommand({ ...object, Body: "x" }));
  await it.s3.send(new GetObjectCommand(object));
  await it.s3.send(new GetObjectCommand({ ...object, Key: "other" })).catch(() => undefined);
  await minutes(5);
  const delivered = (await it.records()).filter(({ eventCategory }) => eventCategory === "Data");
  assert.deepEqual(delivered.map(
    ({ eventName, managementEvent, resources }) => [eventName, managementEvent, resources],
  ), [
    ["GetObject", false, [
      { accountId: "000000000000", type: "AWS::S3::Object", ARN: `arn:aws:s3:::${bucket}/file` },
      { accountId: "000000000000", type: "AWS::S3::Bucket", ARN: `arn:aws:s3:::${bucket}` },
    ]],
  ]);
});

test("advanced selectors choose by the fields of an event", async () => {
  await it.create("advanced");
  const field = (Field: string, operators: object): object => ({ Field, ...operators });
  const AdvancedEventSelectors = [
    {
      Name: "queues", FieldSelectors: [
        field("eventCategory", { Equals: ["Data"] }),
        field("resources.type", { Equals: ["AWS::SQS::Queue"] }),
        field("resources.ARN", { EndsWith: [":wanted"] }), field("readOnly", { Equals: ["false"] }),
      ],
    },
  ] as never;
  await it.cloudtrail.send(new PutEventSelectorsCommand({ TrailName: "advanced", AdvancedEventSelectors }));
  const shown = await it.cloudtrail.send(new GetEventSelectorsCommand({ TrailName: "advanced" }));
  assert.deepEqual([shown.EventSelectors, shown.AdvancedEventSelectors], [undefined, AdvancedEventSelectors]);
  await start("advanced");
  const sqs = region.client(SQSClient);
  const { SendMessageCommand } = await import("@aws-sdk/client-sqs");
  for (const QueueName of ["wanted", "unwanted"]) {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  }
  await minutes(5);
  assert.deepEqual(
    (await it.records()).map(({ eventName, resources }) => [eventName, resources?.[0]?.ARN]),
    [["SendMessage", "arn:aws:sqs:us-east-1:000000000000:wanted"]],
  );
});

test("cloudtrail-all-regions: a trail of all regions logs those too, another its own only", async () => {
  await it.create("home");
  await it.create("everywhere", { IsMultiRegionTrail: true, S3KeyPrefix: undefined });
  await start("home");
  await queue("far", "eu-west-1");
  await queue("near");
  await minutes(5);
  assert.deepEqual((await it.records()).map(({ awsRegion }) => awsRegion), ["us-east-1", "us-east-1"]);
  await start("everywhere");
  await queue("further", "eu-west-1");
  await minutes(5);
  const far = await it.records("AWSLogs/000000000000/CloudTrail/eu-west-1/2026/01/01/");
  assert.deepEqual(
    far.map(({ eventName, awsRegion }) => [eventName, awsRegion]), [["CreateQueue", "eu-west-1"]],
  );
  const elsewhere = region.client(CloudTrailClient, { region: "eu-west-1" });
  const { trailList = [] } = await elsewhere.send(new DescribeTrailsCommand({}));
  assert.deepEqual(
    trailList.map(({ Name, HomeRegion }) => [Name, HomeRegion]), [["everywhere", "us-east-1"]],
  );
  const own = await elsewhere.send(new DescribeTrailsCommand({ includeShadowTrails: false }));
  assert.deepEqual(own.trailList, []);
  assert.match(
    await refusal(elsewhere.send(new StopLoggingCommand({ Name: arnOf("everywhere") }))),
    /^InvalidHomeRegionException/,
  );
});

test("digests list the files of each hour, and are signed and chained", async () => {
  await it.create("signed", { EnableLogFileValidation: true });
  await start("signed");
  for (const hour of [1, 2]) {
    await queue(`queue-${hour}`);
    await minutes(60);
  }
  const files = await it.keys("AWSLogs/000000000000/CloudTrail-Digest/us-east-1/");
  assert.deepEqual(files.map((key) => key.slice(-50)), [1, 2].map(
    (hour) => `Digest_us-east-1_signed_us-east-1_20260101T0${hour}0000Z.json.gz`.slice(-50),
  ));
  const { PublicKeyList = [] } = await it.cloudtrail.send(new ListPublicKeysCommand({}));
  const [key] = PublicKeyList;
  const publicKey = createPublicKey({ key: Buffer.from(key?.Value ?? []), format: "der", type: "pkcs1" });
  let previous = "null";
  for (const file of files) {
    const text = await it.text(file);
    const digest = JSON.parse(text) as Record<string, string> & { logFiles: Record<string, string>[] };
    const { Metadata } = await it.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: file }));
    const hash = createHash("sha256").update(text).digest("hex");
    const lines = [digest["digestEndTime"], `${bucket}/${file}`, hash, previous].join("\n");
    const signature = Metadata?.["signature"] ?? "";
    assert.ok(verify("sha256", Buffer.from(lines), publicKey, Buffer.from(signature, "hex")));
    assert.equal(digest["digestPublicKeyFingerprint"], key?.Fingerprint);
    for (const { s3Object = "", hashValue } of digest.logFiles) {
      assert.equal(hashValue, createHash("sha256").update(await it.text(s3Object)).digest("hex"));
    }
    assert.equal(digest.logFiles.length, 1);
    previous = signature;
  }
});

test("the bucket's policy decides, before a trail is made and with every file", async () => {
  const policy = (Policy: string): Promise<unknown> =>
    it.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  await policy(bucketPolicy(arnOf("other")));
  assert.equal(
    await refusal(it.create("mine")),
    `InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: ${bucket}`,
  );
  assert.equal(
    await refusal(it.create("mine", { S3BucketName: "not-there" })),
    "S3BucketDoesNotExistException: S3 bucket not-there does not exist!",
  );
  await policy(bucketPolicy(arnOf("mine")));
  await it.create("mine");
  assert.deepEqual(await it.keys(), []);
  await start("mine");
  await policy(bucketPolicy(arnOf("other")));
  await minutes(5);
  const { LatestDeliveryError } = await it.cloudtrail.send(new GetTrailStatusCommand({ Name: "mine" }));
  assert.equal(LatestDeliveryError, "AccessDenied");
});

test("a trail's key must let CloudTrail encrypt for it", async () => {
  const kms = region.client(KMSClient);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KmsKeyId = KeyMetadata?.Arn ?? "";
  assert.equal(
    await refusal(it.create("sealed", { KmsKeyId })),
    "InsufficientEncryptionPolicyException: Insufficient permissions to access S3 bucket "
    + `${bucket} or KMS key ${KmsKeyId}.`,
  );
  const Principal = { Service: "cloudtrail.amazonaws.com" };
  await kms.send(new PutKeyPolicyCommand({
    KeyId: KmsKeyId, PolicyName: "default", Policy: JSON.stringify({
      Version: "2012-10-17", Statement: [
        {
          Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*",
          Resource: "*",
        },
        { Effect: "Allow", Principal, Action: "kms:DescribeKey", Resource: "*" },
        {
          Effect: "Allow", Principal, Action: "kms:GenerateDataKey*", Resource: "*",
          Condition: {
            StringEquals: { "aws:SourceArn": arnOf("sealed") },
            StringLike: { "kms:EncryptionContext:aws:cloudtrail:arn": arnOf("sealed") },
          },
        },
      ],
    }),
  }));
  await it.create("sealed", { KmsKeyId });
  await start("sealed");
  await minutes(5);
  const [Key = ""] = await it.keys();
  const { ServerSideEncryption, SSEKMSKeyId } = await it.s3.send(
    new HeadObjectCommand({ Bucket: bucket, Key }),
  );
  assert.deepEqual([ServerSideEncryption, SSEKMSKeyId], ["aws:kms", KmsKeyId]);
  assert.deepEqual(await names(), ["StartLogging"]);
});

test("what happens after a trail was stopped is not delivered", async () => {
  await it.create("stopped");
  await start("stopped");
  await queue("before");
  await minutes(1);
  await it.cloudtrail.send(new StopLoggingCommand({ Name: "stopped" }));
  await region.engine.settled();
  await minutes(1);
  await queue("after");
  await minutes(60);
  assert.deepEqual(await names(), ["StartLogging", "CreateQueue", "StopLogging"]);
  const { IsLogging, StopLoggingTime } = await it.cloudtrail.send(
    new GetTrailStatusCommand({ Name: "stopped" }),
  );
  assert.deepEqual([IsLogging, StopLoggingTime], [false, new Date(Date.UTC(2026, 0, 1, 0, 1))]);
});

test("trails are shown, changed, tagged and deleted", async () => {
  await it.create("shown", { TagsList: [{ Key: "team", Value: "a" }] });
  const { Trail } = await it.cloudtrail.send(new GetTrailCommand({ Name: "shown" }));
  assert.deepEqual(Trail, {
    Name: "shown", S3BucketName: bucket, IncludeGlobalServiceEvents: true, IsMultiRegionTrail: false,
    HomeRegion: "us-east-1", TrailARN: arnOf("shown"), LogFileValidationEnabled: false,
    HasCustomEventSelectors: false, HasInsightSelectors: false, IsOrganizationTrail: false,
  });
  const { EventSelectors } = await it.cloudtrail.send(
    new GetEventSelectorsCommand({ TrailName: arnOf("shown") }),
  );
  assert.deepEqual(EventSelectors, [{
    ReadWriteType: "All", IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [],
  }]);
  const changed = await it.cloudtrail.send(
    new UpdateTrailCommand({ Name: "shown", IsMultiRegionTrail: true }),
  );
  assert.equal(changed.IsMultiRegionTrail, true);
  await it.cloudtrail.send(
    new AddTagsCommand({ ResourceId: arnOf("shown"), TagsList: [{ Key: "more", Value: "b" }] }),
  );
  const { ResourceTagList } = await it.cloudtrail.send(
    new ListTagsCommand({ ResourceIdList: [arnOf("shown")] }),
  );
  assert.deepEqual(
    ResourceTagList?.[0]?.TagsList, [{ Key: "team", Value: "a" }, { Key: "more", Value: "b" }],
  );
  assert.match(
    await refusal(it.cloudtrail.send(new GetInsightSelectorsCommand({ TrailName: "shown" }))),
    /^InsightNotEnabledException: /,
  );
  await it.cloudtrail.send(new DeleteTrailCommand({ Name: "shown" }));
  assert.equal(
    await refusal(it.cloudtrail.send(new GetTrailCommand({ Name: "shown" }))),
    "TrailNotFoundException: Unknown trail: shown for the user: 000000000000",
  );
});
