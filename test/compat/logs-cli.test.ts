/** The aws CLI and boto3 with CloudWatch Logs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorkstation, without } from "./clients.ts";

test("aws logs: a group, its events, a query and a subscription's refusal", {
  skip: without("aws"),
}, async () => {
  await using station = await startWorkstation();
  await station.aws`logs create-log-group --log-group-name app --tags team=shop`;
  await station.aws`logs create-log-stream --log-group-name app --log-stream-name s`;
  const now = Date.now();
  const events = [
    {
      timestamp: now - 2, message: JSON.stringify({ status: 500 }),
    }, { timestamp: now - 1, message: "ERROR here" },
    { timestamp: now, message: "ERROR debug" },
  ];
  const put = await station.aws<Record<string, string>>`logs put-log-events --log-group-name app
    --log-stream-name s --log-events ${JSON.stringify(events)}`;
  assert.match(put["nextSequenceToken"] ?? "", /^\d{56}$/);
  assert.deepEqual(
    await station.aws`logs get-log-events --log-group-name app --log-stream-name s --start-from-head
      --query events[].message`,
    events.map(({ message }) => message),
  );
  assert.deepEqual(
    await station.aws`logs filter-log-events --log-group-name app --filter-pattern ${"ERROR -debug"}
      --query events[].message`,
    ["ERROR here"],
  );
  assert.deepEqual(
    await station.aws`logs filter-log-events --log-group-name app --filter-pattern ${"{ $.status = 500 }"}
      --query events[].message`,
    ["{\"status\":500}"],
  );
  await station.aws`logs put-retention-policy --log-group-name app --retention-in-days 30`;
  assert.deepEqual(
    await station.aws`logs describe-log-groups --log-group-name-prefix app
      --query ${"logGroups[].[logGroupName,retentionInDays]"}`,
    [["app", 30]],
  );
  const seconds = Math.ceil(now / 1000);
  const queryId = await station.aws<string>`logs start-query --log-group-name app
    --start-time ${String(seconds - 60)}
    --end-time ${String(
      seconds + 60
    )} --query-string ${"filter @message like /ERROR/ | stats count(*) as errors"}
    --query queryId`;
  let results: { status?: string; results?: unknown } = {};
  while (results.status !== "Complete") {
    results = await station.aws<typeof results>`logs get-query-results --query-id ${queryId}`;
  }
  assert.deepEqual(results.results, [[{ field: "errors", value: "2" }]]);
  assert.equal(
    await station.refusal`logs create-log-group --log-group-name app`,
    "An error occurred (ResourceAlreadyExistsException) when calling the CreateLogGroup operation: " +
      "The specified log group already exists",
  );
});

test("boto3: paginators, live tail as an event stream", { skip: without("boto3") }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python(`
    import time
    from botocore.config import Config
    # Hosts in front of localhost are known to few machines.
    logs = boto3.client("logs", config=Config(inject_host_prefix=False))
    logs.create_log_group(logGroupName="app")
    for name in ["a", "b", "c"]:
        logs.create_log_stream(logGroupName="app", logStreamName=name)
    now = int(time.time() * 1000)
    for name in ["a", "b", "c"]:
        logs.put_log_events(logGroupName="app", logStreamName=name,
                            logEvents=[{"timestamp": now + i, "message": f"{name}{i}"} for i in range(3)])
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="app", PaginationConfig={"PageSize": 2})
    found = [event["message"] for page in pages for event in page["events"]]
    streams = [stream["logStreamName"] for page in logs.get_paginator("describe_log_streams").paginate(
        logGroupName="app", PaginationConfig={"PageSize": 2}) for stream in page["logStreams"]]
    arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
    kinds = []
    for event in logs.start_live_tail(logGroupIdentifiers=[arn])["responseStream"]:
        if "sessionStart" in event:
            kinds.append("start")
            logs.put_log_events(logGroupName="app", logStreamName="a",
                                logEvents=[{"timestamp": now, "message": "live"}])
        elif event["sessionUpdate"]["sessionResults"]:
            kinds.append(event["sessionUpdate"]["sessionResults"][0]["message"])
            break
    answer([sorted(found), streams, kinds])
`);
  assert.deepEqual(answer, [
    ["a0", "a1", "a2", "b0", "b1", "b2", "c0", "c1", "c2"], ["a", "b", "c"], ["start", "live"],
  ]);
});

test("aws logs: a transformer, a lookup table in a query, and the deliveries of a bus's logs", {
  skip: without("aws"),
}, async () => {
  await using station = await startWorkstation();
  await station.aws`logs create-log-group --log-group-name app`;
  await station.aws`logs create-log-stream --log-group-name app --log-stream-name s`;
  const transformer = JSON.stringify([{ parseKeyValue: {} }]);
  await station.aws`logs put-transformer --log-group-identifier app --transformer-config ${transformer}`;
  assert.deepEqual(
    await station.aws`logs test-transformer --transformer-config ${transformer}
      --log-event-messages ${"user=u1&ms=3"} --query transformedLogs[].transformedEventMessage`,
    ["{\"user\":\"u1\",\"ms\":\"3\"}"],
  );
  const now = Date.now();
  await station.aws`logs put-log-events --log-group-name app --log-stream-name s
    --log-events ${JSON.stringify([{ timestamp: now, message: "user=u1&ms=3" }])}`;
  const seconds = Math.ceil(now / 1000);
  const queryId = await station.aws<string>`logs start-query --start-time ${String(seconds - 60)}
    --end-time ${String(seconds + 60)} --query-string ${"SOURCE 'app' | display user, ms"} --query queryId`;
  let results: { status?: string; results?: unknown[][] } = {};
  while (results.status !== "Complete") {
    results = await station.aws<typeof results>`logs get-query-results --query-id ${queryId}`;
  }
  assert.deepEqual(results.results?.[0]?.slice(0, 2),
    [{ field: "user", value: "u1" }, { field: "ms", value: "3" }]);

  await station.aws`events create-event-bus --name orders --log-config Level=INFO,IncludeDetail=FULL`;
  const bus = "arn:aws:events:us-east-1:000000000000:event-bus/orders";
  await station.aws`logs put-delivery-source --name info --log-type INFO_LOGS --resource-arn ${bus}`;
  const group = "destinationResourceArn=arn:aws:logs:us-east-1:000000000000:log-group:app";
  const destination = await station.aws<string>`logs put-delivery-destination --name group
    --delivery-destination-configuration ${group} --query deliveryDestination.arn`;
  await station.aws`logs create-delivery --delivery-source-name info
    --delivery-destination-arn ${destination}`;
  const entry = JSON.stringify([{ Source: "shop", DetailType: "x", Detail: "{}", EventBusName: "orders" }]);
  await station.aws`events put-events --entries ${entry}`;
  let steps: string[] = [];
  while (steps.length < 2) {
    steps = await station.aws<string[]>`logs filter-log-events --log-group-name app
      --filter-pattern ${"{ $.event_bus_name = \"orders\" }"} --query events[].message`;
  }
  assert.deepEqual(steps.map((step) => (JSON.parse(step) as { message_type: string }).message_type).sort(),
    ["EVENT_RECEIPT", "NO_STANDARD_RULES_MATCHED"]);
});
