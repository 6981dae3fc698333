import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchClient, DeleteInsightRulesCommand, DescribeInsightRulesCommand, DisableInsightRulesCommand,
  DescribeAlarmsCommand, EnableInsightRulesCommand, GetInsightRuleReportCommand, GetMetricDataCommand,
  PutMetricAlarmCommand, PutInsightRuleCommand, TagResourceCommand,
  type GetInsightRuleReportCommandInput,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
after(() => region.stop());
const cloudwatch = region.client(CloudWatchClient);
const logs = region.client(CloudWatchLogsClient);
for (const logGroupName of ["json", "clf"]) {
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
}

const minutes = (from: number, to: number) =>
  ({ StartTime: new Date(testEpoch + from * 60_000), EndTime: new Date(testEpoch + to * 60_000) });

const log = (logGroupName: string, ...events: (readonly [minute: number, message: string])[]) =>
  logs.send(new PutLogEventsCommand({
    logGroupName, logStreamName: "s",
    logEvents: events.map(([minute, message]) => ({ timestamp: testEpoch + minute * 60_000, message })),
  }));

const base = { Schema: { Name: "CloudWatchLogRule", Version: 1 }, LogGroupNames: ["json"],
  LogFormat: "JSON" };

const put = (RuleName: string, definition: object) => cloudwatch.send(new PutInsightRuleCommand({
  RuleName, RuleDefinition: JSON.stringify({ ...base, ...definition }),
}));

const report = async (RuleName: string, more: Partial<GetInsightRuleReportCommandInput> = {}) => {
  const { $metadata: _, ...found } = await cloudwatch.send(new GetInsightRuleReportCommand({
    RuleName, StartTime: new Date(testEpoch), EndTime: new Date(testEpoch + 3_600_000), Period: 60, ...more,
  }));
  return found;
};

test("a rule counts contributors in log events, and its report shows the greatest", async () => {
  await put("bytes", {
    AggregateOn: "Sum",
    Contribution: {
      Keys: ["$.ip", "$.user.name"], ValueOf: "$.bytes",
      Filters: [{ Match: "$.status", GreaterThan: 399 }, { Match: "$.path", StartsWith: ["/api", "/v1"] }],
    },
  });
  const event = (ip: string, bytes: number, status = 500, path = "/api/x") =>
    JSON.stringify({ ip, bytes, status, path, user: { name: "u" } });
  await log("json", [0, event("1", 10)], [0, event("2", 5)], [0, event("1", 1)], [1, event("2", 100)],
    [1, event("3", 7, 200)], [1, event("3", 7, 500, "/other")], [2, "{\"ip\":\"1\",\"status\":500}"],
      [3, "no json"]);
  assert.deepEqual(await report("bytes", { Metrics: ["UniqueContributors", "MaxContributorValue",
    "Average"] }), {
    KeyLabels: ["$.ip", "$.user.name"], AggregationStatistic: "Sum", AggregateValue: 116,
      ApproximateUniqueCount: 2,
    Contributors: [
      {
        Keys: ["2", "u"], ApproximateAggregateValue: 105, Datapoints: [
          { Timestamp: new Date(testEpoch), ApproximateValue: 5 },
          { Timestamp: new Date(testEpoch + 60_000), ApproximateValue: 100 },
        ],
      },
      {
        Keys: ["1", "u"], ApproximateAggregateValue: 11,
        Datapoints: [{ Timestamp: new Date(testEpoch), ApproximateValue: 11 }],
      },
    ],
    MetricDatapoints: [
      { Timestamp: new Date(testEpoch), UniqueContributors: 2, MaxContributorValue: 11, Average: 16 / 3 },
      { Timestamp: new Date(testEpoch + 60_000), UniqueContributors: 1, MaxContributorValue: 100,
        Average: 100 },
    ],
  });
  const one = await report("bytes", { MaxContributorCount: 1, Period: 3_600 });
  assert.deepEqual(one.Contributors?.map(({ Keys, ApproximateAggregateValue }) =>
    [Keys, ApproximateAggregateValue]),
    [[["2", "u"], 105]]);
});

test("lines of the Common Log Format have their fields by place", async () => {
  await put("lines", {
    LogGroupNames: ["clf"], LogFormat: "CLF", Fields: { "1": "IpAddress", "6": "StatusCode" },
    Contribution: { Keys: ["IpAddress"], Filters: [{ Match: "StatusCode", In: [404, 403] }] },
  });
  const line = (ip: string, status: number) =>
    `${ip} - - [10/Oct/2000:13:55:36 -0700] "GET /a b" ${status} 23`;
  await log("clf", [0, line("10.0.0.1", 404)], [0, line("10.0.0.1", 200)], [1, line("10.0.0.2", 403)],
    [2, line("10.0.0.1", 404)]);
  const { Contributors, AggregationStatistic } = await report("lines");
  assert.equal(AggregationStatistic, "SampleCount");
  assert.deepEqual(Contributors?.map(({ Keys, ApproximateAggregateValue }) =>
    [Keys?.[0], ApproximateAggregateValue]),
    [["10.0.0.1", 2], ["10.0.0.2", 1]]);
});

test("every operator of filters", async () => {
  const events = ["{\"k\":1,\"a\":5,\"t\":\"abc\"}", "{\"k\":2,\"a\":6,\"t\":\"xyz\"}",
    "{\"k\":3,\"t\":\"abd\"}"];
  const cases: [object, string[]][] = [
    [{ Match: "$.t", In: ["abc"] }, ["1"]], [{ Match: "$.t", NotIn: ["abc"] }, ["2", "3"]],
    [{ Match: "$.t", StartsWith: ["ab"] }, ["1", "3"]], [{ Match: "$.t", NotStartsWith: ["ab"] }, ["2"]],
    [{ Match: "$.a", GreaterThan: 5 }, ["2"]], [{ Match: "$.a", LessThan: 6 }, ["1"]],
    [{ Match: "$.a", EqualTo: 5 }, ["1"]], [{ Match: "$.a", NotEqualTo: 5 }, ["2"]],
    [{ Match: "$.a", IsPresent: false }, ["3"]], [{ Match: "$.a", IsPresent: true }, ["1", "2"]],
  ];
  for (const [index, [filter]] of cases.entries()) {
    await put(`op${index}`, { Contribution: { Keys: ["$.k"], Filters: [filter] } });
  }
  await region.clock.advance({ minutes: 1 });
  await log("json", ...events.map((message) => [30, message] as const));
  for (const [index, [filter, expected]] of cases.entries()) {
    const { Contributors = [] } = await report(`op${index}`, { StartTime: new Date(testEpoch + 1_800_000) });
    assert.deepEqual(Contributors.map(({ Keys }) => Keys?.[0]).sort(), expected, JSON.stringify(filter));
  }
});

test("rules count only what comes while they are enabled, and are listed and deleted", async () => {
  const count = { Contribution: { Keys: ["$.who"] } };
  await put("who", count);
  const unique = async () => (await report("who")).AggregateValue;
  await log("json", [40, "{\"who\":\"a\"}"]);
  await region.clock.advance({ seconds: 1 });
  const { Failures } = await cloudwatch.send(new DisableInsightRulesCommand({ RuleNames: ["who", "none"] }));
  assert.deepEqual(Failures, [{
    FailureResource: "none", ExceptionType: "ResourceNotFoundException", FailureCode: "404",
    FailureDescription: "Insight rule none does not exist.",
  }]);
  await log("json", [41, "{\"who\":\"b\"}"]);
  await region.clock.advance({ seconds: 1 });
  assert.equal(await unique(), 1);
  await cloudwatch.send(new EnableInsightRulesCommand({ RuleNames: ["who"] }));
  await log("json", [42, "{\"who\":\"c\"}"]);
  assert.equal(await unique(), 2);
  const { InsightRules = [] } = await cloudwatch.send(new DescribeInsightRulesCommand({}));
  assert.deepEqual(InsightRules.find(({ Name }) => Name === "who"), {
    Name: "who", State: "ENABLED", Schema: "{\"Name\":\"CloudWatchLogRule\",\"Version\":1}",
    Definition: JSON.stringify({ ...base, ...count }), ManagedRule: false,
  });
  await cloudwatch.send(new TagResourceCommand({
    ResourceARN: "arn:aws:cloudwatch:us-east-1:000000000000:insight-rule/who",
      Tags: [{ Key: "a", Value: "b" }],
  }));
  await cloudwatch.send(new DeleteInsightRulesCommand({ RuleNames: ["who"] }));
  assert.equal(await refusal(report("who")),
    "ResourceNotFoundException: The specified resource does not exist.");
});

test("groups are named by name, by what names begin with, and by ARN; elsewhere are none", async () => {
  for (const logGroupName of ["star/a", "star/b", "stars"]) {
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
  }
  const count = async (definition: object): Promise<number | undefined> => {
    await put("stars", { Contribution: { Keys: ["$.k"] }, ...definition });
    for (const group of ["star/a", "star/b", "stars"]) await log(group, [0, "{\"k\":1}"]);
    const { AggregateValue } = await report("stars");
    await cloudwatch.send(new DeleteInsightRulesCommand({ RuleNames: ["stars"] }));
    await region.clock.advance({ seconds: 1 });
    return AggregateValue;
  };
  assert.equal(await count({ LogGroupNames: ["star/*"] }), 2);
  assert.equal(await count({ LogGroupNames: ["star/*", "star/a", "missing"] }), 2);
  const arns = (account: string, end: string) =>
    ({ LogGroupNames: undefined, LogGroupARNs: [`arn:aws:logs:us-east-1:${account}:log-group${end}`] });
  assert.equal(await count(arns("000000000000", ":star/a:*")), 1);
  assert.equal(await count(arns("*", "/star*")), 3);
  assert.equal(await count(arns("111111111111", ":star/a")), 0);
});

test("definitions and reports that can't be are refused", async () => {
  const refused = async (definition: object) => {
    const text = await refusal(put("wrong", definition));
    return text.replace(/^InvalidParameterValueException: The parameter RuleDefinition is invalid: /, "");
  };
  const Contribution = { Keys: ["$.a"] };
  assert.equal(await refused({ Contribution: { Keys: [] } }), "Contribution.Keys must have 1 to 4 keys.");
  assert.equal(await refused({ Contribution: { Keys: ["1", "2", "3", "4", "5"] } }),
    "Contribution.Keys must have 1 to 4 keys.");
  assert.equal(await refused({ Contribution, LogFormat: "XML" }), "LogFormat must be JSON or CLF.");
  assert.equal(await refused({ Contribution: { ...Contribution, Filters: [{ Match: "$.a", Like: 1 }] } }),
    "a filter must have Match and one operator.");
  assert.equal(await refused({ Contribution, Schema: { Name: "Other", Version: 1 } }),
    "Schema must be CloudWatchLogRule, version 1.");
  assert.match(await refusal(report("bytes", { Period: 61 })), /Period must be a multiple of 60/);
  assert.match(await refusal(report("bytes", { MaxContributorCount: 101 })), /between 1 and 100/);
  assert.match(await refusal(report("bytes", { OrderBy: "Average" })),
    /The value Average for parameter OrderBy/);
});

test("INSIGHT_RULE_METRIC: what rules counted is a time series, and alarms go by it", async () => {
  await logs.send(new CreateLogGroupCommand({ logGroupName: "flow" }));
  await logs.send(new CreateLogStreamCommand({ logGroupName: "flow", logStreamName: "s" }));
  // As the User Guide has it: of a Sum that names no value, every event counts.
  const flow = (more: readonly object[]) => ({
    LogGroupNames: ["flow"], LogFormat: "CLF", AggregateOn: "Sum",
    Fields: { "3": "interfaceID", "4": "sourceAddress", "8": "protocol", "13": "action" },
    Contribution: {
      Keys: ["interfaceID", "sourceAddress"], Filters: [{ Match: "protocol", EqualTo: 6 }, ...more],
    },
  });
  await put("RejectedConnectionsRule", flow([{ Match: "action", In: ["REJECT"] }]));
  await put("TotalConnectionsRule", flow([]));
  const line = (source: string, action: string) =>
    `2 123456789010 eni-1 ${source} 10.0.0.2 1 2 6 20 4249 1418530010 1418530070 ${action} OK`;
  await log("flow", [100, line("1", "REJECT")], [100, line("2", "ACCEPT")], [102, line("1", "REJECT")],
    [102, line("1", "ACCEPT")], [102, line("1", "ACCEPT")], [102, line("2", "ACCEPT")]);
  const ask = async (...expressions: string[]) => {
    const { MetricDataResults = [] } = await cloudwatch.send(new GetMetricDataCommand({
      ...minutes(100, 104), ScanBy: "TimestampAscending",
      MetricDataQueries: expressions.map((Expression, index) =>
        ({ Id: `e${index + 1}`, Expression, Period: 60 })),
    }));
    return MetricDataResults.map(({ Timestamps = [], Values = [] }) =>
      Object.fromEntries(Timestamps.map((at, index) => [(+at - testEpoch) / 60_000, Values[index]])));
  };
  assert.deepEqual(await ask(
    'INSIGHT_RULE_METRIC("RejectedConnectionsRule", "Sum")',
    'INSIGHT_RULE_METRIC("TotalConnectionsRule", "Sum")', "(e1/e2)*100",
    "INSIGHT_RULE_METRIC('TotalConnectionsRule', 'UniqueContributors')",
    "INSIGHT_RULE_METRIC('TotalConnectionsRule', 'MaxContributorValue')",
  ), [
    { 100: 1, 102: 1 }, { 100: 2, 102: 4 }, { 100: 50, 102: 25 }, { 100: 2, 102: 2 }, { 100: 1, 102: 3 },
  ]);
  await assert.rejects(ask('INSIGHT_RULE_METRIC("None", "Sum")'), {
    message: "Error in expression 'e1': Insight rule None does not exist",
  });
  await assert.rejects(ask('INSIGHT_RULE_METRIC("TotalConnectionsRule", "Median")'), {
    message: "Error in expression 'e1': Unknown metric of insight rules: Median",
  });
  await assert.rejects(ask("INSIGHT_RULE_METRIC(1, 2)"), {
    message: "Error in expression 'e1': Unsupported arguments for function INSIGHT_RULE_METRIC",
  });

  await region.clock.set(testEpoch + 110 * 60_000);
  await cloudwatch.send(new PutMetricAlarmCommand({
    AlarmName: "rejected", EvaluationPeriods: 1, Threshold: 20, ComparisonOperator: "GreaterThanThreshold",
    Metrics: [
      { Id: "e1", Expression: 'INSIGHT_RULE_METRIC("RejectedConnectionsRule", "Sum")', Period: 60,
        ReturnData: false },
      { Id: "e2", Expression: 'INSIGHT_RULE_METRIC("TotalConnectionsRule", "Sum")', Period: 60,
        ReturnData: false },
      { Id: "e3", Expression: "(e1/e2)*100", Period: 60 },
    ],
  }));
  const state = async () => {
    const { MetricAlarms: [alarm] = [] } = await cloudwatch.send(new DescribeAlarmsCommand({
      AlarmNames: ["rejected"],
    }));
    return `${alarm?.StateValue}: ${alarm?.StateReason}`;
  };
  await region.clock.advance({ minutes: 5 });
  assert.equal(await state(), "INSUFFICIENT_DATA: Insufficient Data: 1 datapoint was unknown.");
  await log("flow", [115, line("1", "REJECT")], [115, line("2", "ACCEPT")]);
  await region.clock.advance({ minutes: 1 });
  assert.equal(await state(), "ALARM: Threshold Crossed: 1 datapoint [50.0 (01/01/26 01:55:00)] was " +
    "greater than the threshold (20.0).");
});

test("INSIGHT_RULE_METRIC needs the permission to read the report", async () => {
  const allowing = async (...Action: string[]) => {
    const Statement = [{ Effect: "Allow", Action, Resource: "*" }];
    const credentials = await region.user(`u${Action.length}`, { Version: "2012-10-17", Statement });
    return region.client(CloudWatchClient, { credentials });
  };
  const ask = async (client: CloudWatchClient) => client.send(new GetMetricDataCommand({
    ...minutes(0, 5),
    MetricDataQueries: [{ Id: "e1", Expression: "INSIGHT_RULE_METRIC('bytes', 'Sum')", Period: 60 }],
  }));
  await assert.rejects(ask(await allowing("cloudwatch:GetMetricData")), /cloudwatch:GetInsightRuleReport/);
  await ask(await allowing("cloudwatch:GetMetricData", "cloudwatch:GetInsightRuleReport"));
});
