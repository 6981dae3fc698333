import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchClient, DeleteAlarmMuteRuleCommand, DescribeAlarmHistoryCommand, GetAlarmMuteRuleCommand,
  ListAlarmMuteRulesCommand, ListTagsForResourceCommand, PutAlarmMuteRuleCommand, PutMetricAlarmCommand,
  SetAlarmStateCommand, type PutAlarmMuteRuleCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { effort } from "../../../test/effort.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { mutedUntil, statusOf, type MuteRule } from "./mute-rule-rows.ts";

const region = await startRegion();
after(() => region.stop());
const cloudwatch = region.client(CloudWatchClient);
const { TopicArn = "" } = await region.client(SNSClient).send(new CreateTopicCommand({ Name: "t" }));
await cloudwatch.send(new PutMetricAlarmCommand({
  AlarmName: "a", MetricName: "m", Namespace: "n", Statistic: "Sum", Period: 60, EvaluationPeriods: 1,
    Threshold: 1,
  ComparisonOperator: "GreaterThanThreshold", AlarmActions: [TopicArn], TreatMissingData: "ignore",
}));

const set = (StateValue: "ALARM" | "OK") =>
  cloudwatch.send(new SetAlarmStateCommand({ AlarmName: "a", StateValue, StateReason: "test" }));

async function actions(): Promise<string[]> {
  await region.settled();
  const { AlarmHistoryItems = [] } = await cloudwatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: "a", HistoryItemType: "Action",
      ScanBy: "TimestampAscending" }));
  return AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary ?? "");
}

type Given = Partial<PutAlarmMuteRuleCommandInput> & { Expression?: string; Duration?: string };

const put = (more: Given = {}) => {
  const { Expression = "cron(0 2 * * *)", Duration = "PT2H", ...rest } = more;
  return cloudwatch.send(new PutAlarmMuteRuleCommand({
    Name: "nightly", Rule: { Schedule: { Expression, Duration } }, MuteTargets: { AlarmNames: ["a"] },
      ...rest,
  }));
};

const status = async (AlarmMuteRuleName = "nightly") =>
  (await cloudwatch.send(new GetAlarmMuteRuleCommand({ AlarmMuteRuleName }))).Status;

test("actions do not run while a rule mutes, and run after it where the state is still the same",
  async () => {
  await put({ Tags: [{ Key: "k", Value: "v" }] });
  assert.equal(await status(), "SCHEDULED");
  const ran = `Successfully executed action ${TopicArn}`;
  await set("ALARM");
  assert.deepEqual(await actions(), [ran]);
  await set("OK");

  await region.clock.advance({ hours: 2, minutes: 1 });
  assert.equal(await status(), "ACTIVE");
  await set("ALARM");
  const muted = "Actions muted by alarm mute rule";
  assert.deepEqual(await actions(), [ran, muted]);
  await region.clock.advance({ hours: 1, minutes: 58 });
  assert.deepEqual(await actions(), [ran, muted]);
  await region.clock.advance({ minutes: 2 });
  assert.equal(await status(), "SCHEDULED");
  assert.deepEqual(await actions(), [ran, muted, ran]);

  await set("OK");
  await region.clock.advance({ hours: 23 });
  await set("ALARM");
  await set("OK");
  await region.clock.advance({ hours: 3 });
  assert.deepEqual(await actions(), [ran, muted, ran, muted]);

  const ResourceARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm-mute-rule:nightly";
  assert.deepEqual((await cloudwatch.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags,
    [{ Key: "k", Value: "v" }]);
});

test("rules are shown, listed by alarm and status, and deleted", async () => {
  const now = new Date(region.clock.now());
  const inAnHour = new Date(region.clock.now() + 3_600_000).toISOString().slice(0, 19);
  await put({
    Name: "once", Expression: `at(${inAnHour})`, Duration: "P1DT30M", Description: "move",
      MuteTargets: undefined,
    ExpireDate: new Date(testEpoch + 30 * 86_400_000),
  });
  const { $metadata: _,
    ...once } = await cloudwatch.send(new GetAlarmMuteRuleCommand({ AlarmMuteRuleName: "once" }));
  assert.deepEqual(once, {
    Name: "once", AlarmMuteRuleArn: "arn:aws:cloudwatch:us-east-1:000000000000:alarm-mute-rule:once",
    Description: "move", MuteType: "ONE_TIME", Status: "SCHEDULED", LastUpdatedTimestamp: now,
    ExpireDate: new Date(testEpoch + 30 * 86_400_000),
    Rule: { Schedule: { Expression: `at(${inAnHour})`, Duration: "P1DT30M", Timezone: "UTC" } },
  });
  await region.clock.advance({ hours: 2 });
  assert.equal(await status("once"), "ACTIVE");
  await region.clock.advance({ days: 2 });
  assert.equal(await status("once"), "EXPIRED");
  const list = async (input: object) =>
    ((await cloudwatch.send(new ListAlarmMuteRulesCommand(input))).AlarmMuteRuleSummaries ?? [])
      .map(({ AlarmMuteRuleArn }) => AlarmMuteRuleArn?.split(":").at(-1));
  assert.deepEqual(await list({}), ["nightly", "once"]);
  assert.deepEqual(await list({ AlarmName: "a" }), ["nightly"]);
  assert.deepEqual(await list({ Statuses: ["EXPIRED"] }), ["once"]);
  await cloudwatch.send(new DeleteAlarmMuteRuleCommand({ AlarmMuteRuleName: "once" }));
  assert.equal(await refusal(status("once")),
    "ResourceNotFoundException: The specified resource does not exist.");
});

test("schedules that are none are refused", async () => {
  const refused = (more: Parameters<typeof put>[0]) => refusal(put(more));
  for (const Duration of ["2h", "P", "PT", "PT0M", "P16D"]) {
    assert.equal(await refused({ Duration }),
      `ValidationException: The value ${Duration} for parameter Rule.Schedule.Duration is invalid.`);
  }
  for (const Expression of ["rate(1 hour)", "cron(0 25 * * *)", "daily"]) {
    assert.equal(await refused({ Expression }),
      `ValidationException: The value ${Expression} for parameter Rule.Schedule.Expression is invalid.`);
  }
  assert.equal(
    await refused({ StartDate: new Date(testEpoch), ExpireDate: new Date(testEpoch) }),
    "ValidationException: The parameter StartDate must be less than the parameter ExpireDate.");
});

test("who makes a rule must be allowed to for the rule and for each of its alarms", async () => {
  const arn = (kind: string, name: string) => `arn:aws:cloudwatch:us-east-1:000000000000:${kind}:${name}`;
  const outcome = async (name: string, ...Resource: string[]): Promise<string> => {
    const Statement = [{ Effect: "Allow", Action: "cloudwatch:PutAlarmMuteRule", Resource }];
    const credentials = await region.user(name, { Version: "2012-10-17", Statement });
    return refusal(region.client(CloudWatchClient, { credentials }).send(new PutAlarmMuteRuleCommand({
      Name: "mine", Rule: { Schedule: { Expression: "cron(0 2 * * *)", Duration: "PT1H" } },
      MuteTargets: { AlarmNames: ["a", "b"] },
    })));
  };
  const rule = arn("alarm-mute-rule", "mine");
  assert.match(await outcome("some", rule, arn("alarm", "a")), /:PutAlarmMuteRule on resource: \S+:alarm:b /);
  assert.equal(await outcome("all", rule, arn("alarm", "a"), arn("alarm", "b")), "no refusal");
});

test("when a rule mutes is found at once, however often it begins", () => {
  const minute = 60_000;
  const rule: MuteRule = {
    name: "often", expression: "cron(* 0-11 * * ? *)", shownExpression: "", duration: "P15D",
    durationMilliseconds: 15 * 24 * 60 * minute, timeZone: "UTC", updatedAt: 0,
  };
  const at = (hours: number, minutes: number) => testEpoch + (hours * 60 + minutes) * minute;
  const until = (begin: number) => begin + rule.durationMilliseconds;
  const before = effort();
  for (let round = 0; round < 50; round++) {
    assert.equal(mutedUntil(rule, at(11, 59)), until(at(11, 59)));
    assert.equal(mutedUntil(rule, at(23, 30) + 1), until(at(11, 59)));
    assert.equal(mutedUntil(rule, at(5, 0) - 1), until(at(4, 59)));
  }
  assert.ok(effort() - before < 2);
  const short = { ...rule, durationMilliseconds: minute };
  assert.equal(mutedUntil(short, at(12, 0)), undefined);
  assert.equal(mutedUntil(short, at(11, 59) + 1), at(12, 0));
  const past = { ...rule, expression: "cron(0 2 1 1 ? 2020)" };
  assert.deepEqual([statusOf(past, testEpoch), statusOf(rule, testEpoch)], ["EXPIRED", "ACTIVE"]);
});
