/** EventBridge as people use it: aws CLI, boto3, Terraform. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreatePartnerEventSourceCommand, EventBridgeClient, ListEventBusesCommand, PutEventsCommand,
} from "@aws-sdk/client-eventbridge";
import { startWorkstation, without } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const queue = "arn:aws:sqs:us-east-1:000000000000:orders";
const allow = JSON.stringify({
  Version: "2012-10-17",
  Statement: {
    Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage",
      Resource: queue,
  },
});

test("the aws CLI makes a rule whose queue gets the event", { skip: without("aws") }, async () => {
  await using station = await startWorkstation();
  await station.aws`sqs create-queue --queue-name orders --attributes ${JSON.stringify({ Policy: allow })}`;
  const arn = await station.aws<string>`events put-rule --name orders --event-pattern ${'{"source":["shop"]}'}
    --query RuleArn --output text`;
  assert.equal(arn.trim(), "arn:aws:events:us-east-1:000000000000:rule/orders");
  await station.aws`events put-targets --rule orders --targets ${`Id=1,Arn=${queue},InputPath=$.detail`}`;
  const failed = await station.aws`events put-events --entries ${JSON.stringify([
    { Source: "shop", DetailType: "Order", Detail: '{"total":5}' }, { Source: "aws.shop", DetailType: "x",
      Detail: "{}" },
  ])} --query FailedEntryCount`;
  assert.equal(failed, 1);
  await station.region.engine.settled();
  const url = await station.aws<string>`sqs get-queue-url --queue-name orders --query QueueUrl --output text`;
  const bodies =
    await station.aws<string[]>`sqs receive-message --queue-url ${url.trim()} --query Messages[].Body`;
  assert.deepEqual(bodies, ['{"total":5}']);
  assert.match(
    await station.refusal`events put-rule --name bad --event-pattern ${'{"source":"shop"}'}`,
    /InvalidEventPatternException.*"source" must be an object or an array/,
  );
  const buses = await station.aws`events list-event-buses --query EventBuses[].Name`;
  assert.deepEqual(buses, ["default"]);
});

test("boto3 tests patterns, and replays an archive", { skip: without("boto3") }, async () => {
  await using station = await startWorkstation();
  const shown = await station.python<unknown>(`
    import json
    events = boto3.client("events")
    event = {"id": "1", "account": "1", "source": "shop", "time": "2026-01-01T00:00:00Z", "region": "r",
             "resources": [], "detail-type": "Order", "detail": {"total": 5}}
    matches = [events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"]
               for pattern in ({"source": ["shop"]}, {"detail": {"total": [{"numeric": ["<", 5]}]}})]
    events.create_archive(ArchiveName="all", RetentionDays=1,
                          EventSourceArn="arn:aws:events:us-east-1:000000000000:event-bus/default")
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}"}])
    answer([matches, events.describe_archive(ArchiveName="all")["EventCount"]])
  `);
  assert.deepEqual(shown, [[true, false], 1]);
});

test("boto3 keeps a bus under a key, and reads the log of a pipe", { skip: without("boto3") }, async () => {
  await using station = await startWorkstation();
  const shown = await station.python<unknown>(`
    import json
    kms, events, iam, logs, pipes, sqs = (boto3.client(name) for name in
                                          ("kms", "events", "iam", "logs", "pipes", "sqs"))
    allow = lambda principal, action: {"Effect": "Allow", "Principal": principal, "Action": action,
                                       "Resource": "*"}
    policy = lambda *statements: json.dumps({"Version": "2012-10-17", "Statement": statements})
    key = kms.create_key(Policy=policy(allow({"AWS": "arn:aws:iam::000000000000:root"}, "kms:*"),
                                       allow({"Service": "events.amazonaws.com"}, "kms:*")))
    arn = key["KeyMetadata"]["Arn"]
    dead = sqs.create_queue(QueueName="dead", Attributes={
        "Policy": policy(allow({"Service": "events.amazonaws.com"}, "sqs:SendMessage"))})["QueueUrl"]
    events.create_event_bus(Name="sealed", KmsKeyIdentifier=arn,
                            DeadLetterConfig={"Arn": "arn:aws:sqs:us-east-1:000000000000:dead"})
    kms.disable_key(KeyId=arn)
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": "{}",
                                "EventBusName": "sealed"}])
    letter = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=5,
                                 MessageAttributeNames=["All"])["Messages"][0]
    queue = sqs.create_queue(QueueName="work")["QueueUrl"]
    role = iam.create_role(RoleName="piper", AssumeRolePolicyDocument=policy(
        {"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}))
    iam.put_role_policy(RoleName="piper", PolicyName="p", PolicyDocument=policy(
        {"Effect": "Allow", "Action": "*", "Resource": "*"}))
    logs.create_log_group(logGroupName="pipe")
    group = "arn:aws:logs:us-east-1:000000000000:log-group:pipe"
    queues = "arn:aws:sqs:us-east-1:000000000000:"
    pipes.create_pipe(Name="p", Source=queues + "work", Target=queues + "dead",
                      RoleArn=role["Role"]["Arn"], LogConfiguration={
                          "Level": "INFO", "CloudwatchLogsLogDestination": {"LogGroupArn": group}})
    described = pipes.describe_pipe(Name="p")["LogConfiguration"]
    answer([letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"] == arn + " is disabled.", described])
  `);
  const LogGroupArn = "arn:aws:logs:us-east-1:000000000000:log-group:pipe";
  assert.deepEqual(shown, [true, { Level: "INFO", CloudwatchLogsLogDestination: { LogGroupArn } }]);
});

test("Terraform keeps buses, rules, targets and schemas", { skip: withoutTerraform() }, async () => {
  await using station = await startWorkstation();
  const terraform = await Terraform.open(station, "events");
  const events = station.region.client(EventBridgeClient);
  await events.send(new CreatePartnerEventSourceCommand({
    Name: "aws.partner/example.com/shop/1", Account: "000000000000",
  }));
  await terraform.apply();
  assert.equal(await terraform.drift(), "");
  const { rule, found } = await terraform.outputs();
  assert.equal(rule, "arn:aws:events:us-east-1:000000000000:rule/shop/orders");
  assert.deepEqual(found, {
    dead: "arn:aws:sqs:us-east-1:000000000000:dead", buses: ["shop"], how: "BASIC",
  });
  await events.send(new PutEventsCommand({
    Entries: [{ Source: "shop.orders", DetailType: "Order", Detail: '{"total":7}', EventBusName: "shop" }],
  }));
  await station.region.engine.settled();
  const changed = {
    pattern_source: "shop.returns", state: "DISABLED", retention: "30", password: "second",
    rate: "rate(10 minutes)", secret: "second",
  };
  await terraform.apply(changed);
  assert.equal(await terraform.drift(changed), "");
  await terraform.reimportAll({
    "aws_cloudwatch_event_rule.orders": "shop/orders",
    "aws_cloudwatch_event_target.orders": "shop/orders/orders",
    "aws_cloudwatch_event_archive.orders": "orders",
    "aws_cloudwatch_event_bus.sealed": "sealed",
    "aws_cloudwatch_event_bus_policy.open": "open",
    "aws_cloudwatch_event_permission.organization": "sealed/organization",
    "aws_cloudwatch_event_api_destination.partner": "partner",
    "aws_schemas_registry.shop": "shop",
    "aws_schemas_registry_policy.shop": "shop",
    "aws_schemas_schema.json": "json/shop",
  }, changed);
  await terraform.destroy(changed);
  const { EventBuses } = await events.send(new ListEventBusesCommand({}));
  assert.deepEqual(EventBuses?.map(({ Name }) => Name), ["default"]);
});
