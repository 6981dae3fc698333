import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CloudTrailClient, DeleteTrailCommand, GetInsightSelectorsCommand, GetTrailCommand, GetTrailStatusCommand,
  ListInsightsDataCommand, ListInsightsMetricDataCommand, LookupEventsCommand, PutEventSelectorsCommand,
  PutInsightSelectorsCommand, StartLoggingCommand, paginateListInsightsData, type InsightSelector,
  type ListInsightsMetricDataCommandOutput,
} from "@aws-sdk/client-cloudtrail";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand, GetQueueUrlCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient,
} from "@aws-sdk/client-sqs";
import { allow, trust } from "../../../test/policies.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { insightCounts, keyOf } from "./insight-counts.ts";
import { bucket, refusal, trailFixture, type TrailFixture } from "./trail-fixture.ts";

interface InsightRecord {
  readonly eventTime: string;
  readonly eventID: string;
  readonly sharedEventID: string;
  readonly insightDetails: {
    readonly state: string;
    readonly eventName: string;
    readonly errorCode?: string;
    readonly insightContext: {
      readonly statistics: object;
      readonly attributions: readonly { readonly attribute: string; readonly insight: object[] }[];
    };
  };
}

const policy = JSON.stringify({
  Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${bucket}/*`,
  }],
});
const arnOf = (name: string): string => `arn:aws:cloudtrail:us-east-1:000000000000:trail/${name}`;
const root = "arn:aws:iam::000000000000:root";

let region: TestRegion;
let it: TrailFixture;
let sqs: SQSClient;

before(async () => {
  region = await startRegion();
  it = await trailFixture(region, policy);
  sqs = region.client(SQSClient);
});
after(() => region.stop());

const insights = (TrailName: string, InsightSelectors: InsightSelector[]): Promise<unknown> =>
  it.cloudtrail.send(new PutInsightSelectorsCommand({ TrailName, InsightSelectors }));
const advance = (minutes: number): Promise<unknown> => region.clock.advance({ minutes });
async function many(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += 1) await work().catch(() => undefined);
}
const makeQueue = (): Promise<unknown> => sqs.send(new CreateQueueCommand({ QueueName: "again" }));

async function lookedUp(EventName?: string): Promise<InsightRecord[]> {
  const { Events = [] } = await it.cloudtrail.send(new LookupEventsCommand({
    EventCategory: "insight",
    ...(EventName !== undefined && {
      LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: EventName }],
    }),
  }));
  return Events.map(({ CloudTrailEvent = "" }) => JSON.parse(CloudTrailEvent) as InsightRecord);
}

/** A log group and a role for a trail, and a queue that gets Insights events. */
async function makeTargets(): Promise<{ group: object; received: () => Promise<InsightRecord[]> }> {
  const logs = region.client(CloudWatchLogsClient);
  const iam = region.client(IAMClient);
  const events = region.client(EventBridgeClient);
  await logs.send(new CreateLogGroupCommand({ logGroupName: "audit" }));
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName: "trail", AssumeRolePolicyDocument: trust("cloudtrail.amazonaws.com"),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "trail", PolicyName: "write",
    PolicyDocument: JSON.stringify(allow(["logs:CreateLogStream", "logs:PutLogEvents"])),
  }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "told" }));
  const Policy = JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage",
      Resource: "*",
    }],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await events.send(new PutRuleCommand({
    Name: "unusual", EventPattern: JSON.stringify({ "detail-type": ["AWS Insight via CloudTrail"] }),
  }));
  await events.send(new PutTargetsCommand({
    Rule: "unusual",
    Targets: [{ Id: "q", Arn: "arn:aws:sqs:us-east-1:000000000000:told", InputPath: "$.detail" }],
  }));
  return {
    group: {
      CloudWatchLogsLogGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:audit:*",
      CloudWatchLogsRoleArn: Role?.Arn,
    },
    async received() {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
        QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600,
      }));
      return Messages.map(({ Body = "" }) => JSON.parse(Body) as InsightRecord);
    },
  };
}

test("cloudtrail-insights: an unusual rate of calls has a start and an end, and is delivered", async () => {
  const { group, received } = await makeTargets();
  await it.create("watch", group);
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "watch" }));
  assert.equal(
    await refusal(it.cloudtrail.send(new GetInsightSelectorsCommand({ TrailName: "watch" }))),
    `InsightNotEnabledException: Trail ${arnOf("watch")} does not have Insights enabled. Edit the trail `
    + "settings to enable Insights, and then try the operation again.",
  );
  await insights("watch", [{ InsightType: "ApiCallRateInsight" }, { InsightType: "ApiErrorRateInsight" }]);
  await many(8, makeQueue);
  await advance(36 * 60 - 5);
  await many(8, makeQueue);
  await advance(10);
  assert.deepEqual(await lookedUp(), [], "for 36 hours nothing is told");

  // Twice what there was in any five minutes so far, and some more in the next five.
  await many(16, makeQueue);
  await advance(5);
  const [started, ...others] = await lookedUp("CreateQueue");
  assert.deepEqual(others, []);
  assert.ok(started);
  const start = region.clock.now() - 5 * 60_000;
  const minutesSince = (start - (start % 3_600_000)) - 7 * 86_400_000;
  const baselineMinutes = (start - minutesSince) / 60_000;
  const baseline = Math.round((17 / baselineMinutes) * 1e10) / 1e10;
  assert.deepEqual(started, {
    eventVersion: "1.07", eventTime: "2026-01-02T12:05:00Z", awsRegion: "us-east-1", eventID: started.eventID,
    eventType: "AwsCloudTrailInsight", recipientAccountId: "000000000000",
    sharedEventID: started.sharedEventID,
    insightDetails: {
      state: "Start", eventSource: "sqs.amazonaws.com", eventName: "CreateQueue",
      insightType: "ApiCallRateInsight",
      insightContext: {
        statistics: {
          baseline: { average: baseline }, insight: { average: 3.2 }, insightDuration: 5,
          baselineDuration: baselineMinutes,
        },
        attributions: [
          {
            attribute: "userIdentityArn", insight: [{ value: root, average: 3.2 }],
            baseline: [{ value: root, average: baseline }],
          },
          started.insightDetails.insightContext.attributions[1],
          {
            attribute: "errorCode", insight: [{ value: "null", average: 3.2 }],
            baseline: [{ value: "null", average: baseline }],
          },
        ],
      },
    },
    eventCategory: "Insight",
  });
  const [, agents] = started.insightDetails.insightContext.attributions;
  assert.equal(agents?.attribute, "userAgent");

  await many(20, makeQueue);
  await advance(5);
  assert.equal((await lookedUp("CreateQueue")).length, 1, "it goes on");
  await advance(5);
  const [ended] = await lookedUp("CreateQueue");
  assert.equal(ended?.sharedEventID, started.sharedEventID);
  assert.equal(ended?.eventTime, "2026-01-02T12:15:00Z");
  assert.deepEqual(
    [ended?.insightDetails.state, ended?.insightDetails.insightContext.statistics],
    ["End", {
      baseline: { average: baseline }, insight: { average: 3.6 }, insightDuration: 10,
      baselineDuration: baselineMinutes,
    }],
  );

  const files = (await it.keys()).filter((key) => key.includes("Insight"));
  assert.match(files[0] ?? "", new RegExp(
    "^AWSLogs/000000000000/CloudTrail-Insight/us-east-1/2026/01/02/"
    + "000000000000_CloudTrail-Insight_us-east-1_20260102T1210Z_[A-Za-z0-9]{16}\\.json\\.gz$",
  ));
  const texts = await Promise.all(files.map(it.text));
  const delivered = texts.flatMap((each) => (JSON.parse(each) as { Records: InsightRecord[] }).Records);
  assert.deepEqual(delivered, [started, ended]);
  assert.deepEqual(await received(), [started, ended]);
  const { events = [] } = await region.client(CloudWatchLogsClient).send(new FilterLogEventsCommand({
    logGroupName: "audit", filterPattern: "{ $.eventType = AwsCloudTrailInsight }",
  }));
  assert.deepEqual(events.map(({ message = "" }) => JSON.parse(message) as InsightRecord), [started, ended]);
});

test("an unusual rate of an error is told with its code, and counted by it", async () => {
  const missing = (): Promise<unknown> => sqs.send(new GetQueueUrlCommand({ QueueName: "missing" }));
  const at = region.clock.now();
  await many(2, missing);
  await advance(15);
  await many(6, missing);
  await advance(15);
  const found = await lookedUp("GetQueueUrl");
  assert.deepEqual(
    found.map(({ insightDetails: { state, errorCode } }) => [state, errorCode]),
    ["End", "Start"].map((state) => [state, "AWS.SimpleQueueService.NonExistentQueue"]),
  );
  const metric = (more: object): Promise<ListInsightsMetricDataCommandOutput> => it.cloudtrail.send(
    new ListInsightsMetricDataCommand({
      EventSource: "sqs.amazonaws.com", EventName: "GetQueueUrl", InsightType: "ApiErrorRateInsight",
      ErrorCode: "AWS.SimpleQueueService.NonExistentQueue", StartTime: new Date(at), ...more,
    } as never),
  );
  const shown = (more: object): Promise<object> =>
    metric(more).then(({ Timestamps, Values }) => ({ Timestamps, Values }));
  const points = (...of: (readonly [number, number])[]): object => ({
    Timestamps: of.map(([minutes]) => new Date(at + minutes * 60_000)), Values: of.map(([, value]) => value),
  });
  assert.deepEqual(await shown({ Period: 300 }), points([0, 2], [15, 6]));
  assert.deepEqual(await shown({ Period: 60 }), points([0, 2], [15, 6]));
  assert.deepEqual(
    await shown({ Period: 300, DataType: "FillWithZeros", EndTime: new Date(at + 20 * 60_000) }),
    points([0, 2], [5, 0], [10, 0], [15, 6]),
  );
  const zeros = { Period: 300, DataType: "FillWithZeros", EndTime: new Date(at + 20 * 60_000) };
  const { Values, NextToken } = await metric({ ...zeros, MaxResults: 3 });
  assert.deepEqual(Values, [2, 0, 0]);
  assert.deepEqual((await metric({ ...zeros, MaxResults: 3, NextToken })).Values, [6]);
  const refused = (more: object): Promise<string> => refusal(metric(more));
  assert.match(await refused({ ...zeros, NextToken: "made-up" }), /^InvalidParameterException: /);
  assert.match(await refused({ Period: 60, NextToken }), /^InvalidParameterException: /);
  assert.equal(
    await refused({ ErrorCode: undefined }),
    "InvalidParameterException: ErrorCode is required for ApiErrorRateInsight.",
  );
  assert.equal(
    await refused({ Period: 120 }), "InvalidParameterException: Period must be 60, 300 or 3600.",
  );
});

test("what is usual is not told: up to five deviations more than the average of seven days", async () => {
  const told = async (): Promise<number> => (await lookedUp("CreateQueue")).length;
  const before = await told();
  await advance(60 - new Date(region.clock.now()).getUTCMinutes());
  const now = region.clock.now();
  const subject = keyOf({
    trail: "", type: "ApiCallRateInsight", source: "sqs.amazonaws.com", name: "CreateQueue", code: "",
  });
  // Ten calls in five minutes of each hour: 0.83 on average, with a deviation of 2.76.
  region.engine.store.transact({ account: "000000000000", region: "us-east-1" }, (transaction) => {
    for (let hour = 1; hour <= 7 * 24; hour += 1) {
      const at = now - hour * 3_600_000;
      const calls = { count: 10, squares: 100, identities: {}, agents: {}, codes: {} };
      transaction.rows(insightCounts).put({ subject, period: 3600, at, ...calls });
    }
  });
  await many(14, makeQueue);
  await advance(15);
  assert.equal(await told(), before);
  await many(17, makeQueue);
  await advance(15);
  assert.equal(await told(), before + 2);
});

test("Insights of data events are a trail's own, and found there", async () => {
  await it.create("objects");
  await it.cloudtrail.send(new PutEventSelectorsCommand({
    TrailName: "objects", EventSelectors: [{
      ReadWriteType: "All", IncludeManagementEvents: false,
      DataResources: [{ Type: "AWS::S3::Object", Values: [`arn:aws:s3:::${bucket}/`] }],
    }],
  }));
  assert.equal(
    await refusal(insights("objects", [{ InsightType: "ApiCallRateInsight" }])),
    "InvalidInsightSelectorsException: The trail must log write management events for ApiCallRateInsight.",
  );
  await insights("objects", [{ InsightType: "ApiCallRateInsight", EventCategories: ["Data"] }]);
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "objects" }));
  await advance(36 * 60);
  const known = (await lookedUp()).length;
  await many(9, () => it.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" })));
  await advance(15);
  assert.equal((await lookedUp()).length, known, "of management events there are no more");
  const list = (more: object = {}): Promise<(string | undefined)[]> => it.cloudtrail
    .send(new ListInsightsDataCommand({
      InsightSource: arnOf("objects"), DataType: "InsightsEvents", ...more,
    }))
    .then(({ Events = [] }) => Events.map(({ EventName }) => EventName));
  assert.deepEqual(await list(), ["PutObject", "PutObject"]);
  assert.deepEqual(await list({ Dimensions: { EventName: "GetObject" } }), []);
  const states: unknown[] = [];
  const pages = paginateListInsightsData(
    { client: it.cloudtrail, pageSize: 1 }, { InsightSource: arnOf("objects"), DataType: "InsightsEvents" },
  );
  for await (const { Events = [] } of pages) {
    assert.ok(Events.length <= 1);
    for (const { CloudTrailEvent = "" } of Events) {
      states.push((JSON.parse(CloudTrailEvent) as InsightRecord).insightDetails.state);
    }
  }
  assert.deepEqual(states, ["End", "Start"]);
  assert.deepEqual(await list({ InsightSource: arnOf("watch") }), []);
  assert.match(await refusal(list({ InsightSource: arnOf("none") })), /^InvalidParameterException: Unknown/);
  const { TrailARN, Values } = await it.cloudtrail.send(new ListInsightsMetricDataCommand({
    TrailName: "objects", EventSource: "s3.amazonaws.com", EventName: "PutObject",
    InsightType: "ApiCallRateInsight",
  }));
  assert.deepEqual([TrailARN, Values], [arnOf("objects"), [9]]);
});

test("Insights are turned on, shown, and turned off", async () => {
  const shown = async (): Promise<unknown> => {
    const command = new GetInsightSelectorsCommand({ TrailName: "watch" });
    return (await it.cloudtrail.send(command)).InsightSelectors;
  };
  const Management = { EventCategories: ["Management"] };
  assert.deepEqual(await shown(), [
    { InsightType: "ApiCallRateInsight", ...Management },
    { InsightType: "ApiErrorRateInsight", ...Management },
  ]);
  const flag = async (): Promise<unknown> =>
    (await it.cloudtrail.send(new GetTrailCommand({ Name: "watch" }))).Trail?.HasInsightSelectors;
  assert.equal(await flag(), true);
  await insights("watch", []);
  assert.match(await refusal(shown()), /^InsightNotEnabledException: /);
  assert.equal(await flag(), false);
  const { LatestDeliveryError } = await it.cloudtrail.send(new GetTrailStatusCommand({ Name: "watch" }));
  assert.equal(LatestDeliveryError, undefined);
  const twice = { InsightType: "ApiCallRateInsight" } as const;
  assert.match(await refusal(insights("watch", [twice, twice])), /^InvalidInsightSelectorsException: /);
  assert.match(await refusal(insights("watch", [{}])), /^InvalidInsightSelectorsException: /);
  const put = (more: object): Promise<string> =>
    refusal(it.cloudtrail.send(new PutInsightSelectorsCommand({ InsightSelectors: [], ...more })));
  assert.match(await put({}), /^InvalidParameterCombinationException: /);
  const store = "arn:aws:cloudtrail:us-east-1:000000000000:eventdatastore/x";
  assert.match(await put({ TrailName: "watch", EventDataStore: store }), /^InvalidParameterCombination/);
  assert.match(await put({ EventDataStore: store }), /^NotImplemented: /);
  assert.match(
    await refusal(it.cloudtrail.send(new LookupEventsCommand({
      EventCategory: "insight", LookupAttributes: [{ AttributeKey: "Username", AttributeValue: "x" }],
    }))),
    /^InvalidLookupAttributesException: /,
  );
});

test("a trail of all regions is told of each, where it happened", async () => {
  const awsRegion = "eu-west-1";
  await it.create("everywhere", { IsMultiRegionTrail: true, S3KeyPrefix: "all" });
  await insights("everywhere", [{ InsightType: "ApiCallRateInsight" }]);
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "everywhere" }));
  await advance(36 * 60);
  const far = region.client(SQSClient, { region: awsRegion });
  await many(5, () => far.send(new CreateQueueCommand({ QueueName: "far" })));
  await advance(10);
  const lookup = async (where: string): Promise<(string | undefined)[]> => {
    const client = region.client(CloudTrailClient, { region: where });
    const StartTime = new Date(region.clock.now() - 3_600_000);
    const command = new LookupEventsCommand({ EventCategory: "insight", StartTime });
    const { Events = [] } = await client.send(command);
    return Events.map(({ EventName }) => EventName);
  };
  assert.deepEqual(await lookup(awsRegion), ["CreateQueue", "CreateQueue"]);
  assert.deepEqual((await lookup("us-east-1")).filter((name) => name === "CreateQueue"), []);
  const files = (await it.keys("all/")).filter((key) => key.includes("/CloudTrail-Insight/eu-west-1/"));
  assert.equal(files.length, 2);
});

test("what starts and is not watched any more has no end", async () => {
  await many(30, makeQueue);
  await advance(5);
  const before = await lookedUp("CreateQueue");
  assert.equal(before[0]?.insightDetails.state, "Start");
  await it.cloudtrail.send(new DeleteTrailCommand({ Name: "everywhere" }));
  await advance(30);
  assert.deepEqual(await lookedUp("CreateQueue"), before);
});
