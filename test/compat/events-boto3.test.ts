/**
 * boto3's paginators and waiters of functions, logs, metrics, topics, events, schedules, pipes, streams and
 * trails: all that there are of what is built, page by page.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { zipOf } from "../zip-archive.ts";
import { startWorkstation, without } from "./clients.ts";

const skip = without("boto3");

const prelude = `
    def paged(client, name, size=2, **parameters):
        """How many each page of a paginator holds."""
        paginator = client.get_paginator(name)
        key = paginator.result_keys[0]
        pages = paginator.paginate(**parameters, PaginationConfig={"PageSize": size})
        return [len(key.search(page) or []) for page in pages]
`;

const twoAndOne = [2, 1];

test("boto3 pages through what Logs lists", { skip }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python<Record<string, number[]>>(`
${prelude}
    import time
    logs, events, s3, iam = (boto3.client(name) for name in ("logs", "events", "s3", "iam"))
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": "logs.amazonaws.com"}}]}))["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="all", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    stream = boto3.client("kinesis")
    stream.create_stream(StreamName="all", ShardCount=1)
    stream.get_waiter("stream_exists").wait(StreamName="all", WaiterConfig={"Delay": 1})
    streamArn = "arn:aws:kinesis:us-east-1:000000000000:stream/all"
    group = "arn:aws:logs:us-east-1:000000000000:log-group:"
    s3.create_bucket(Bucket="exports")
    s3.put_bucket_policy(Bucket="exports", Policy=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*",
            "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
            "Resource": ["arn:aws:s3:::exports", "arn:aws:s3:::exports/*"]}]}))
    now = int(time.time() * 1000)
    for n in range(3):
        name = f"group-{n}"
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        logs.put_metric_filter(logGroupName="group-0", filterName=name, filterPattern="x",
            metricTransformations=[{"metricName": "m", "metricNamespace": "N", "metricValue": "1"}])
        logs.put_destination(destinationName=name, targetArn=streamArn, roleArn=role)
        logs.put_resource_policy(policyName=name, policyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents",
                "Principal": {"Service": "events.amazonaws.com"}, "Resource": "*"}]}))
        logs.start_query(logGroupName=name, startTime=now // 1000 - 60, endTime=now // 1000,
            queryString="limit 1")
        logs.create_log_anomaly_detector(logGroupArnList=[group + name], detectorName=name)
        bus = events.create_event_bus(Name=name)["EventBusArn"]
        logs.put_delivery_source(name=name, resourceArn=bus, logType="ERROR_LOGS")
        destination = logs.put_delivery_destination(name=name, deliveryDestinationConfiguration={
            "destinationResourceArn": group + name})["deliveryDestination"]["arn"]
        logs.create_delivery(deliverySourceName=name, deliveryDestinationArn=destination)
    for n in range(2):
        logs.put_subscription_filter(logGroupName="group-0", filterName=f"f{n}", filterPattern="",
            destinationArn=streamArn, roleArn=role)
    logs.create_export_task(logGroupName="group-0", fromTime=0, to=now, destination="exports")
    found = {}
    for name in ("describe_log_groups", "describe_metric_filters", "describe_destinations",
            "describe_resource_policies", "describe_queries", "list_log_anomaly_detectors",
            "describe_delivery_sources", "describe_delivery_destinations", "describe_deliveries"):
        found[name] = paged(logs, name)
    found["describe_subscription_filters"] = paged(
        logs, "describe_subscription_filters", 1, logGroupName="group-0")
    found["describe_export_tasks"] = paged(logs, "describe_export_tasks")
    found["list_anomalies"] = paged(logs, "list_anomalies")
    found["describe_configuration_templates"] = paged(logs, "describe_configuration_templates", 4)
    found["list_scheduled_queries"] = paged(logs, "list_scheduled_queries")
    answer(found)
`);
  const { describe_subscription_filters, describe_export_tasks, list_anomalies, list_scheduled_queries,
    describe_configuration_templates, ...rest } = answer;
  for (const [name, sizes] of Object.entries(rest)) assert.deepEqual(sizes, twoAndOne, name);
  assert.deepEqual(
    [describe_subscription_filters, describe_export_tasks, list_anomalies, list_scheduled_queries],
    [[1, 1], [1], [0], [0]],
  );
  assert.deepEqual(describe_configuration_templates, [4, 4, 1]);
});

test("boto3 pages through metrics, alarms, topics and events", { skip }, async () => {
  await using station = await startWorkstation();
  const answer = await station.python<Record<string, number[]>>(`
${prelude}
    import datetime
    cloudwatch, sns, events, schemas = (
        boto3.client(name) for name in ("cloudwatch", "sns", "events", "schemas"))
    now = datetime.datetime.now(datetime.timezone.utc)
    for n in range(3):
        name = f"alarm-{n}"
        cloudwatch.put_metric_alarm(AlarmName=name, Namespace="N", MetricName="m", Statistic="Sum",
            Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
        cloudwatch.put_composite_alarm(AlarmName=f"composite-{n}", AlarmRule=f"ALARM({name})")
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')
        cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector={
            "Namespace": "N", "MetricName": f"m{n}", "Stat": "Sum"})
        cloudwatch.put_alarm_mute_rule(Name=name, Rule={
            "Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT2H"}})
        cloudwatch.put_metric_data(Namespace="N", MetricData=[
            {"MetricName": "m", "Value": n, "Timestamp": now - datetime.timedelta(minutes=n + 1)}])
    quick = {"Delay": 1, "MaxAttempts": 10}
    cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=["alarm-0"], WaiterConfig=quick)
    cloudwatch.get_waiter("composite_alarm_exists").wait(
        AlarmNames=["composite-0"], AlarmTypes=["CompositeAlarm"], WaiterConfig=quick)
    cloudwatch.get_waiter("alarm_mute_rule_exists").wait(AlarmMuteRuleName="alarm-0", WaiterConfig=quick)
    found = {
        "describe_alarms": paged(cloudwatch, "describe_alarms", AlarmTypes=["MetricAlarm"]),
        "describe_anomaly_detectors": paged(cloudwatch, "describe_anomaly_detectors"),
        "list_alarm_mute_rules": paged(cloudwatch, "list_alarm_mute_rules"),
        "history": paged(cloudwatch, "describe_alarm_history", HistoryItemType="ConfigurationUpdate",
            AlarmName="alarm-0"),
        "list_dashboards": [len(page["DashboardEntries"]) for page
            in cloudwatch.get_paginator("list_dashboards").paginate()],
        "list_metrics": [len(page["Metrics"]) for page
            in cloudwatch.get_paginator("list_metrics").paginate(Namespace="N")],
        "get_metric_data": [len(page["MetricDataResults"][0]["Values"]) for page
            in cloudwatch.get_paginator("get_metric_data").paginate(
                StartTime=now - datetime.timedelta(hours=1), EndTime=now, PaginationConfig={"PageSize": 2},
                MetricDataQueries=[{"Id": "q", "MetricStat": {"Stat": "Sum", "Period": 60,
                    "Metric": {"Namespace": "N", "MetricName": "m"}}}])],
    }
    application = sns.create_platform_application(
        Name="phones", Platform="GCM", Attributes={"PlatformCredential": "x"})["PlatformApplicationArn"]
    topics = [sns.create_topic(Name=f"t{n}")["TopicArn"] for n in range(101)]
    for n in range(101):
        sns.create_platform_endpoint(PlatformApplicationArn=application, Token=f"token-{n}")
    sns.create_sms_sandbox_phone_number(PhoneNumber="+15005550006")
    sizes = lambda name, key, **parameters: [
        len(page[key]) for page in sns.get_paginator(name).paginate(**parameters)]
    found["sns"] = [
        sizes("list_topics", "Topics"), sizes("list_platform_applications", "PlatformApplications"),
        sizes("list_endpoints_by_platform_application", "Endpoints", PlatformApplicationArn=application),
        sizes("list_phone_numbers_opted_out", "phoneNumbers"),
        sizes("list_origination_numbers", "PhoneNumbers"),
        sizes("list_sms_sandbox_phone_numbers", "PhoneNumbers"), sizes("list_subscriptions", "Subscriptions"),
    ]
    target = "arn:aws:sqs:us-east-1:000000000000:q"
    for n in range(3):
        events.put_rule(Name=f"rule-{n}", ScheduleExpression="rate(1 hour)")
        events.put_targets(Rule=f"rule-{n}", Targets=[{"Id": "all", "Arn": target}])
        events.put_targets(Rule="rule-0", Targets=[{"Id": f"t{n}", "Arn": f"{target}{n}"}])
        schemas.create_registry(RegistryName=f"r{n}")
        schemas.create_schema(RegistryName="r0", SchemaName=f"s{n}", Type="JSONSchemaDraft4",
            Content='{"$schema": "http://json-schema.org/draft-04/schema#", "title": "order"}')
        bus = events.create_event_bus(Name=f"bus-{n}")["EventBusArn"]
        schemas.create_discoverer(SourceArn=bus)
    found["list_rules"] = paged(events, "list_rules")
    found["list_rule_names_by_target"] = paged(events, "list_rule_names_by_target", TargetArn=target)
    found["list_targets_by_rule"] = paged(events, "list_targets_by_rule", Rule="rule-0")
    found["list_registries"] = paged(schemas, "list_registries")
    found["list_schemas"] = paged(schemas, "list_schemas", RegistryName="r0")
    found["list_schema_versions"] = paged(
        schemas, "list_schema_versions", RegistryName="r0", SchemaName="s0")
    found["search_schemas"] = paged(schemas, "search_schemas", RegistryName="r0", Keywords="order")
    found["list_discoverers"] = paged(schemas, "list_discoverers")
    answer(found)
`);
  const {
    sns, history, list_dashboards, list_metrics, list_targets_by_rule, list_registries, list_schema_versions,
    ...rest
  } = answer;
  for (const [name, sizes] of Object.entries(rest)) assert.deepEqual(sizes, twoAndOne, name);
  assert.deepEqual(sns, [[100, 1], [1], [100, 1], [0], [0], [1], [0]]);
  assert.deepEqual([history, list_dashboards, list_metrics], [[1], [3], [1]]);
  assert.deepEqual([list_targets_by_rule, list_schema_versions], [[2, 2], [1]]);
  // With that of discovered schemas, which the first discoverer makes.
  assert.deepEqual(list_registries, [2, 2]);
});

test("boto3 pages through functions, streams, schedules, pipes and trails", { skip }, async () => {
  await using station = await startWorkstation();
  station.write("code.zip", zipOf({ "index.py": "def handler(event, context):\n    return 1\n" }));
  const answer = await station.python<Record<string, number[]>>(`
${prelude}
    import pathlib
    functions, kinesis, scheduler, pipes, sqs, iam, trails, s3 = (boto3.client(name) for name in (
        "lambda", "kinesis", "scheduler", "pipes", "sqs", "iam", "cloudtrail", "s3"))
    code = pathlib.Path("code.zip").read_bytes()
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {
            "Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com", "pipes.amazonaws.com"]}}]
        }))["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="all", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    quick = {"Delay": 1, "MaxAttempts": 20}
    queues = []
    signing = []
    for n in range(3):
        sqs.create_queue(QueueName=f"q{n}")
        queues.append(f"arn:aws:sqs:us-east-1:000000000000:q{n}")
        signing.append(functions.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [
            "arn:aws:signer:us-east-1:000000000000:/signing-profiles/a/abcdefghij"
        ]})["CodeSigningConfig"]["CodeSigningConfigArn"])
        functions.create_function(FunctionName=f"f{n}", Runtime="python3.12", Handler="index.handler",
            Role=role, Code={"ZipFile": code}, CodeSigningConfigArn=signing[0])
        functions.publish_layer_version(LayerName=f"l{n}", Content={"ZipFile": code})
        functions.publish_layer_version(LayerName="l0", Content={"ZipFile": code})
    for n in range(3):
        wait = lambda name, **more: functions.get_waiter(name).wait(
            FunctionName=f"f{n}", WaiterConfig=quick, **more)
        wait("function_exists")
        wait("function_active")
        wait("function_active_v2")
        functions.update_function_configuration(FunctionName=f"f{n}", Timeout=n + 5)
        wait("function_updated")
        wait("function_updated_v2")
    for n in range(3):
        functions.publish_version(FunctionName="f0")
        functions.get_waiter("published_version_active").wait(
            FunctionName="f0", Qualifier="1", WaiterConfig=quick)
        functions.update_function_configuration(FunctionName="f0", Timeout=n + 10)
        functions.get_waiter("function_updated_v2").wait(FunctionName="f0", WaiterConfig=quick)
    for n in range(3):
        functions.create_alias(FunctionName="f0", Name=f"a{n}", FunctionVersion=f"{n + 1}")
        functions.create_function_url_config(FunctionName="f0", Qualifier=f"a{n}", AuthType="NONE")
        functions.put_function_event_invoke_config(
            FunctionName="f0", Qualifier=f"a{n}", MaximumRetryAttempts=1)
        functions.put_provisioned_concurrency_config(
            FunctionName="f0", Qualifier=f"a{n}", ProvisionedConcurrentExecutions=1)
        functions.create_event_source_mapping(FunctionName="f0", EventSourceArn=queues[n])
        kinesis.create_stream(StreamName=f"k{n}", ShardCount=3)
        scheduler.create_schedule_group(Name=f"g{n}")
        scheduler.create_schedule(Name=f"s{n}", ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"}, Target={"Arn": queues[0], "RoleArn": role})
        pipes.create_pipe(Name=f"p{n}", Source=queues[0], Target=queues[1], RoleArn=role,
            DesiredState="STOPPED")
    kinesis.get_waiter("stream_exists").wait(StreamName="k0", WaiterConfig=quick)
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/k0"
    for n in range(3):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{n}")
    s3.create_bucket(Bucket="trails")
    s3.put_bucket_policy(Bucket="trails", Policy=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Resource": ["arn:aws:s3:::trails", "arn:aws:s3:::trails/*"]}]}))
    trail = trails.create_trail(Name="all-of-it", S3BucketName="trails")["TrailARN"]
    found = {name: paged(functions, name) for name in (
        "list_functions", "list_layers", "list_event_source_mappings", "list_code_signing_configs")}
    for name in ("list_aliases", "list_function_url_configs", "list_function_event_invoke_configs",
            "list_provisioned_concurrency_configs", "list_versions_by_function"):
        found[name] = paged(functions, name, FunctionName="f0")
    found["list_functions_by_code_signing_config"] = paged(
        functions, "list_functions_by_code_signing_config", CodeSigningConfigArn=signing[0])
    found["list_layer_versions"] = paged(functions, "list_layer_versions", LayerName="l0")
    found["list_streams"] = paged(kinesis, "list_streams")
    found["describe_stream"] = paged(kinesis, "describe_stream", StreamName="k0")
    # A second page is refused, as AWS refuses it: the paginator sends the name along with its token.
    found["list_shards"] = paged(kinesis, "list_shards", 3, StreamName="k0")
    found["list_stream_consumers"] = paged(kinesis, "list_stream_consumers", StreamARN=arn)
    found["list_schedule_groups"] = paged(scheduler, "list_schedule_groups")
    found["list_schedules"] = paged(scheduler, "list_schedules")
    found["list_pipes"] = paged(pipes, "list_pipes")
    found["lookup_events"] = paged(trails, "lookup_events", LookupAttributes=[
        {"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}])
    found["trails"] = [len(trails.get_paginator(name).paginate(**parameters).build_full_result()[key])
        for name, key, parameters in (
            ("list_trails", "Trails", {}), ("list_public_keys", "PublicKeyList", {}),
            ("list_tags", "ResourceTagList", {"ResourceIdList": [trail]}))]
    kinesis.delete_stream(StreamName="k0", EnforceConsumerDeletion=True)
    kinesis.get_waiter("stream_not_exists").wait(StreamName="k0", WaiterConfig=quick)
    answer(found)
`);
  const {
    list_layer_versions, list_schedule_groups, list_shards, list_versions_by_function, trails, ...rest
  } = answer;
  for (const [name, sizes] of Object.entries(rest)) assert.deepEqual(sizes, twoAndOne, name);
  const withTheirFirst = [list_layer_versions, list_schedule_groups, list_versions_by_function];
  assert.deepEqual([...withTheirFirst, list_shards], [[2, 2], [2, 2], [2, 2], [3]]);
  // A key to sign with is made with the first digest.
  assert.deepEqual(trails, [1, 0, 1]);
});
