import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchClient, DescribeAlarmHistoryCommand, PutMetricAlarmCommand, SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { AddPermissionCommand } from "@aws-sdk/client-lambda";
import { startBench } from "../../../test/lambda-bench.ts";

test("an alarm invokes a function that lets it, and says so where it may not", async () => {
  const bench = await startBench();
  await using region = bench.region;
  const arn = await bench.make("fixer");
  const client = region.client(CloudWatchClient);
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName: "loud", Namespace: "app", MetricName: "m", Statistic: "Sum", Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1, ComparisonOperator: "GreaterThanThreshold", AlarmActions: [arn], OKActions: [arn],
    }),
  );
  const set = async (StateValue: "OK" | "ALARM") => {
    await client.send(new SetAlarmStateCommand({ AlarmName: "loud", StateValue, StateReason: "testing" }));
    await region.clock.advance({ seconds: 1 });
    const { AlarmHistoryItems: [item] = [] } = await client.send(
      new DescribeAlarmHistoryCommand({ AlarmName: "loud", HistoryItemType: "Action" }),
    );
    return item?.HistorySummary ?? "";
  };
  assert.match(await set("ALARM"), /^Failed to execute action arn:aws:lambda:.*not authorized/s);
  await bench.lambda.send(
    new AddPermissionCommand({
      FunctionName: "fixer", StatementId: "alarms", Action: "lambda:InvokeFunction",
      Principal: "lambda.alarms.cloudwatch.amazonaws.com", SourceAccount: "000000000000",
      SourceArn: "arn:aws:cloudwatch:us-east-1:000000000000:alarm:loud",
    }),
  );
  assert.equal(await set("OK"), `Successfully executed action ${arn}`);
});
