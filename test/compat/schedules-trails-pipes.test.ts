/** Schedules, trails and pipes as people use them: aws CLI, boto3, Terraform. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startWorkstation, without, type RegionWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = without("aws");

function trust(service: string): string {
  const statement = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
  return JSON.stringify({ Version: "2012-10-17", Statement: statement });
}

async function withRole(station: RegionWorkstation): Promise<void> {
  const policy = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "sqs:*", Resource: "*" } };
  await station.aws`sqs create-queue --queue-name work`;
  await station.aws`iam create-role --role-name planner --assume-role-policy-document
    ${trust("scheduler.amazonaws.com")}`;
  await station.aws`iam put-role-policy --role-name planner --policy-name send --policy-document
    ${JSON.stringify(policy)}`;
}

const target = {
  Arn: "arn:aws:sqs:us-east-1:000000000000:work", RoleArn: "arn:aws:iam::000000000000:role/planner",
  Input: "<aws.scheduler.execution-id>",
};

test("the aws CLI makes a schedule that sends a message", { skip }, async () => {
  await using station = await startWorkstation();
  await withRole(station);
  await station.aws`scheduler create-schedule-group --name team --tags Key=team,Value=shop`;
  await station.aws`scheduler create-schedule --name once --group-name team
    --schedule-expression ${`at(${new Date(Date.now() + 600_000).toISOString().slice(0, 19)})`}
    --flexible-time-window Mode=OFF --action-after-completion DELETE --target ${JSON.stringify(target)}`;
  const names = await station.aws`scheduler list-schedules --group-name team --query Schedules[].Name`;
  assert.deepEqual(names, ["once"]);
  await station.region.clock.advance({ minutes: 11 });
  const url = await station.aws<string>`sqs get-queue-url --queue-name work --query QueueUrl --output text`;
  const body = await station.aws<string[]>`sqs receive-message --queue-url ${url} --query Messages[].Body`;
  assert.match(body[0] ?? "", /^[0-9a-f]{16}$/);
  assert.match(
    await station.refusal`scheduler get-schedule --name once --group-name team`,
    /ResourceNotFoundException.* Schedule once does not exist\.$/,
  );
});

test("boto3 reads back what it has made", { skip: without("boto3") }, async () => {
  await using station = await startWorkstation();
  await withRole(station);
  const shown = await station.python<Record<string, unknown>>(`
    scheduler = boto3.client("scheduler")
    scheduler.create_schedule(
        Name="nightly", ScheduleExpression="cron(30 2 * * ? *)",
        ScheduleExpressionTimezone="America/New_York",
        FlexibleTimeWindow={
          "Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5,
        }, Target=${JSON.stringify(target)})
    shown = scheduler.get_schedule(Name="nightly")
    answer({key: shown[key] for key in ("Arn", "State", "ScheduleExpressionTimezone", "FlexibleTimeWindow")})
  `);
  assert.deepEqual(shown, {
    Arn: "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly", State: "ENABLED",
    ScheduleExpressionTimezone: "America/New_York",
    FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 5 },
  });
});

async function makeTrailBucket(station: RegionWorkstation): Promise<void> {
  await station.aws`s3api create-bucket --bucket trail-files`;
  const policy = {
    Version: "2012-10-17", Statement: {
      Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" },
      Action: ["s3:PutObject", "s3:GetBucketAcl"],
      Resource: ["arn:aws:s3:::trail-files", "arn:aws:s3:::trail-files/*"],
    },
  };
  await station.aws`s3api put-bucket-policy --bucket trail-files --policy ${JSON.stringify(policy)}`;
}

test("the aws CLI validates the files of a trail by their digests", { skip }, async () => {
  await using station = await startWorkstation();
  await makeTrailBucket(station);
  const begun = new Date(Date.now() - 60_000).toISOString();
  await station.aws`cloudtrail create-trail --name audit --s3-bucket-name trail-files
    --enable-log-file-validation`;
  await station.aws`cloudtrail start-logging --name audit`;
  for (const hour of [1, 2, 3]) {
    await station.aws`sqs create-queue --queue-name ${`queue-${hour}`}`;
    await station.region.clock.advance({ hours: 1 });
  }
  const until = new Date(Date.now() + 4 * 3_600_000).toISOString();
  const arn = "arn:aws:cloudtrail:us-east-1:000000000000:trail/audit";
  const told = await station.aws<string>`cloudtrail validate-logs --verbose
    --trail-arn ${arn} --start-time ${begun} --end-time ${until}`;
  assert.match(told, /3\/3 digest files valid/);
  assert.match(told, /3\/3 log files valid/);

  const [key] = await station.aws<string[]>`s3api list-objects-v2 --bucket trail-files
    --prefix AWSLogs/000000000000/CloudTrail/ --query Contents[].Key`;
  const forged = station.write("forged", "x");
  await station.aws`s3api put-object --bucket trail-files --key ${key} --body ${forged}`;
  const status = await station.run("aws", [
    "cloudtrail", "validate-logs", "--trail-arn", arn,
    "--start-time", begun, "--end-time", until,
  ]);
  assert.match(status.stdout, /2\/3 log files valid, 1\/3 log files INVALID/);
});

test("cloudtrail-insights: the aws CLI asks for Insights, and finds a burst of calls", { skip }, async () => {
  await using station = await startWorkstation();
  await makeTrailBucket(station);
  await station.aws`cloudtrail create-trail --name audit --s3-bucket-name trail-files`;
  await station.aws`cloudtrail start-logging --name audit`;
  assert.match(
    await station.refusal`cloudtrail get-insight-selectors --trail-name audit`,
    /\(InsightNotEnabledException\) .* Trail arn:aws:cloudtrail:us-east-1:000000000000:trail\/audit does not/,
  );
  const selectors = JSON.stringify([{ InsightType: "ApiCallRateInsight" }]);
  await station.aws`cloudtrail put-insight-selectors --trail-name audit --insight-selectors ${selectors}`;
  assert.deepEqual(
    await station.aws`cloudtrail get-insight-selectors --trail-name audit
      --query InsightSelectors[].InsightType`,
    ["ApiCallRateInsight"],
  );
  await station.region.clock.advance({ hours: 36, minutes: 5 });
  // What is counted together has happened in the same five minutes.
  const { clock } = station.region;
  await clock.advance({ milliseconds: 300_000 - clock.now() % 300_000 });
  // The CLI signs by the machine's clock, which stayed where it was.
  station.region.clock.run();
  for (const name of ["one", "two", "three", "four"]) {
    await station.aws`sqs create-queue --queue-name ${name}`;
  }
  await station.region.clock.advance({ minutes: 15 });
  station.region.clock.run();
  const found = await station.aws`cloudtrail lookup-events --event-category insight
    --lookup-attributes AttributeKey=EventName,AttributeValue=CreateQueue
    --query Events[].EventSource`;
  assert.deepEqual(found, ["sqs.amazonaws.com", "sqs.amazonaws.com"]);
  const values = await station.aws`cloudtrail list-insights-metric-data --event-source sqs.amazonaws.com
    --event-name CreateQueue --insight-type ApiCallRateInsight --query Values`;
  assert.deepEqual(values, [4]);
});

/** At the same time, because the provider waits 25 seconds for a queue. */
suite("Terraform", { concurrency: 3 }, () => {
  test("Terraform keeps schedules and their groups", { skip: withoutTerraform() }, async () => {
    await using station = await startWorkstation();
    const schedules = await Terraform.open(station, "scheduler");
    await schedules.apply();
    assert.equal(await schedules.drift(), "");
    assert.deepEqual(await schedules.outputs(), {
      schedule_arn: "arn:aws:scheduler:us-east-1:000000000000:schedule/team/report",
    });
    const changed = { schedule: "rate(5 minutes)", state: "DISABLED" };
    await schedules.apply(changed);
    assert.equal(await schedules.drift(changed), "");
    await schedules.reimportAll({
      "aws_scheduler_schedule_group.team": "team",
      "aws_scheduler_schedule.report": "team/report",
      "aws_scheduler_schedule.event": "default/event",
      "aws_scheduler_schedule.record": "default/record",
    }, changed);
    await schedules.destroy(changed);
  });

  test("Terraform keeps trails", { skip: withoutTerraform() }, async () => {
    await using station = await startWorkstation();
    const trails = await Terraform.open(station, "cloudtrail");
    await trails.apply();
    assert.equal(await trails.drift(), "");
    const changed = { logging: "false", insights: "[]", excluded: "rdsdata.amazonaws.com" };
    await trails.apply(changed);
    assert.equal(await trails.drift(changed), "");
    const arn = "arn:aws:cloudtrail:us-east-1:000000000000:trail";
    await trails.reimportAll(
      { "aws_cloudtrail.logged": `${arn}/logged`, "aws_cloudtrail.data": `${arn}/data` }, changed,
    );
    await trails.destroy(changed);
  });

  test("Terraform keeps pipes of each source and target", { skip: withoutTerraform() }, async () => {
    await using station = await startWorkstation();
    const pipes = await Terraform.open(station, "pipes");
    await pipes.apply();
    assert.equal(await pipes.drift(), "");
    const changed = { state: "STOPPED", batch: "20" };
    await pipes.apply(changed);
    assert.equal(await pipes.drift(changed), "");
    await pipes.reimportAll({
      "aws_pipes_pipe.orders": "orders",
      "aws_pipes_pipe.ordered": "ordered",
      "aws_pipes_pipe.stream": "stream",
    }, changed);
    await pipes.destroy(changed);
  });
});
