/** The aws CLI with logs, metrics, events, streams and delivery streams: what other tests do not run. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startWorkstation, without, type Workstation } from "./clients.ts";

const skip = without("aws");

const role = "arn:aws:iam::000000000000:role/worker";

async function withRole(station: Workstation, ...services: string[]): Promise<void> {
  const trust = {
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: { Service: services }, Action: "sts:AssumeRole" },
  };
  await station.aws`iam create-role --role-name worker
    --assume-role-policy-document ${JSON.stringify(trust)}`;
  await station.aws`iam attach-role-policy --role-name worker
    --policy-arn arn:aws:iam::aws:policy/AdministratorAccess`;
}

suite("aws CLI", { concurrency: 2 }, () => {
  test("logs-cli-tail: pages of filter-log-events, and a tail that goes on", { skip }, async () => {
    await using station = await startWorkstation();
    await station.aws`logs create-log-group --log-group-name app`;
    await station.aws`logs create-log-stream --log-group-name app --log-stream-name s`;
    const now = Date.now();
    const events = [0, 1, 2, 3, 4].map((n) => ({ timestamp: now + n, message: `m${n}` }));
    const put = (texts: object): Promise<unknown> => station.aws`logs put-log-events --log-group-name app
      --log-stream-name s --log-events ${JSON.stringify(texts)}`;
    await put(events);
    assert.deepEqual(
      await station.aws`logs filter-log-events --log-group-name app --page-size 2 --query events[].message`,
      ["m0", "m1", "m2", "m3", "m4"],
    );
    const first = await station.aws<{ events: { message: string }[]; NextToken: string }>`logs
      filter-log-events --log-group-name app --page-size 2 --max-items 3`;
    assert.deepEqual(first.events.map(({ message }) => message), ["m0", "m1", "m2"]);
    assert.deepEqual(
      await station.aws`logs filter-log-events --log-group-name app --page-size 2
        --starting-token ${first.NextToken} --query events[].message`,
      ["m3", "m4"],
    );

    // It goes on until it is interrupted; version 2 has `logs tail` besides. Hosts in front of localhost are
    // known to few machines.
    const arn = "arn:aws:logs:us-east-1:000000000000:log-group:app";
    const script = `
      aws logs start-live-tail --log-group-identifiers ${arn} --log-event-filter-pattern live > tail &
      until grep -q live tail; do sleep 0.2; done
      kill $!
      wait
      cat tail`;
    let isOver = false;
    const tail = station.with({ AWS_DISABLE_HOST_PREFIX_INJECTION: "true" })
      .run("timeout", ["300", "bash", "-c", script]).finally(() => {
        isOver = true;
      });
    while (!isOver) await put(["live", "x"].map((message) => ({ timestamp: Date.now(), message })));
    const { stdout, stderr } = await tail;
    assert.match(stdout, /^(live\n)+/, stderr);
  });

  test("cloudwatch: alarms of a metric, detectors, streams, waiters", { skip }, async () => {
    await using station = await startWorkstation();
    station.region.clock.freeze();
    await station.aws`cloudwatch put-metric-alarm --alarm-name high --namespace app --metric-name load
      --statistic Sum --period 60 --evaluation-periods 1 --threshold 1
      --comparison-operator GreaterThanThreshold`;
    await station.aws`cloudwatch wait alarm-exists --alarm-names high`;
    assert.deepEqual(
      await station.aws`cloudwatch describe-alarms-for-metric --namespace app --metric-name load
        --query MetricAlarms[].AlarmName`,
      ["high"],
    );
    await station.aws`cloudwatch put-composite-alarm --alarm-name any --alarm-rule ${'ALARM("high")'}
      --no-actions-enabled`;
    await station.aws`cloudwatch enable-alarm-actions --alarm-names any`;
    assert.deepEqual(
      await station.aws`cloudwatch describe-alarms --alarm-types CompositeAlarm
        --query CompositeAlarms[].[AlarmName,ActionsEnabled,AlarmRule]`,
      [["any", true, 'ALARM("high")']],
    );
    assert.match(
      await station.refusal`cloudwatch delete-alarms --alarm-names high`,
      /^An error occurred \(ValidationError\) when calling the DeleteAlarms operation: Cannot delete high /,
    );
    await station.aws`cloudwatch put-anomaly-detector --single-metric-anomaly-detector
      Namespace=app,MetricName=load,Stat=Average`;
    assert.deepEqual(
      await station.aws`cloudwatch describe-anomaly-detectors --namespace app
        --query AnomalyDetectors[].SingleMetricAnomalyDetector.[MetricName,Stat]`,
      [["load", "Average"]],
    );
    await station.aws`cloudwatch put-metric-data --namespace app --metric-name load
      --statistic-values Sum=6,Minimum=1,Maximum=3,SampleCount=3`;
    const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
    assert.deepEqual(
      await station.aws`cloudwatch get-metric-statistics --namespace app --metric-name load
        --start-time ${at(-60)} --end-time ${at(60)} --period 7200 --statistics Average
        --query Datapoints[].Average`,
      [2],
    );
    const widget = JSON.stringify({ metrics: [["app", "load"]] });
    const picture = await station.aws<{ MetricWidgetImage: string }>`cloudwatch get-metric-widget-image
      --metric-widget ${widget}`;
    assert.match(picture.MetricWidgetImage, /^iVBORw0KGgo/);
  });

  test("events: rules, archives, replays, connections and permissions", { skip }, async () => {
    await using station = await startWorkstation();
    const bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    const queue = "arn:aws:sqs:us-east-1:000000000000:orders";
    await station.aws`events put-rule --name orders --event-pattern ${'{"source":["shop"]}'}
      --state DISABLED --tags Key=team,Value=shop`;
    await station.aws`events enable-rule --name orders`;
    assert.deepEqual(
      await station.aws`events describe-rule --name orders --query [Name,State,EventPattern,EventBusName]`,
      ["orders", "ENABLED", '{"source":["shop"]}', "default"],
    );
    await station.aws`events put-targets --rule orders --targets ${`Id=q,Arn=${queue}`}`;
    assert.deepEqual(
      await station.aws`events list-rule-names-by-target --target-arn ${queue} --query RuleNames`, ["orders"],
    );
    assert.match(
      await station.refusal`events delete-rule --name orders`,
      /\(ValidationException\) when calling the DeleteRule operation: Rule can't be deleted/,
    );
    await station.aws`events remove-targets --rule orders --ids q`;
    await station.aws`events delete-rule --name orders`;
    await station.aws`events put-permission --action events:PutEvents --principal 111111111111
      --statement-id friend`;
    const policy = JSON.parse(
      await station.aws<string>`events describe-event-bus --query Policy`,
    ) as { Statement: { Sid: string }[] };
    assert.deepEqual(policy.Statement.map(({ Sid }) => Sid), ["friend"]);
    await station.aws`events create-archive --archive-name all --event-source-arn ${bus}`;
    await station.aws`events start-replay --replay-name again --event-source-arn
      arn:aws:events:us-east-1:000000000000:archive/all --event-start-time 2026-01-01T00:00:00Z
      --event-end-time 2026-01-02T00:00:00Z --destination ${`Arn=${bus}`}`;
    assert.deepEqual(await station.aws`events list-replays --query Replays[].ReplayName`, ["again"]);
    const parameters = { ApiKeyAuthParameters: { ApiKeyName: "x-key", ApiKeyValue: "secret" } };
    const connection = await station.aws<string>`events create-connection --name partner
      --authorization-type API_KEY --auth-parameters ${JSON.stringify(parameters)} --query ConnectionArn`;
    // Version 1 of the CLI takes an address for where the value is.
    station.write("endpoint", "https://partner.example.com/*");
    await station.aws`events create-api-destination --name partner --connection-arn ${connection}
      --invocation-endpoint file://endpoint --http-method POST`;
    assert.deepEqual(
      await station.aws`events list-api-destinations --query ApiDestinations[].[Name,ApiDestinationState]`,
      [["partner", "ACTIVE"]],
    );
  });

  test("kinesis: shards split and merged, consumers, retention, encryption", { skip }, async () => {
    await using station = await startWorkstation();
    const stream = "arn:aws:kinesis:us-east-1:000000000000:stream/orders";
    const settled = (): Promise<unknown> => station.aws`kinesis wait stream-exists --stream-name orders`;
    await station.aws`kinesis create-stream --stream-name orders --shard-count 1`;
    await settled();
    await station.aws`kinesis split-shard --stream-name orders --shard-to-split shardId-000000000000
      --new-starting-hash-key 1000`;
    await settled();
    await station.aws`kinesis merge-shards --stream-name orders --shard-to-merge shardId-000000000001
      --adjacent-shard-to-merge shardId-000000000002`;
    await settled();
    assert.deepEqual(
      await station.aws`kinesis list-shards --stream-name orders --query Shards[].[ShardId,ParentShardId]`,
      [
        ["shardId-000000000000", null], ["shardId-000000000001", "shardId-000000000000"],
        ["shardId-000000000002", "shardId-000000000000"], ["shardId-000000000003", "shardId-000000000001"],
      ],
    );
    const records = [{ Data: "MQ==", PartitionKey: "a" }, { Data: "Mg==", PartitionKey: "b" }];
    assert.deepEqual(
      await station.aws`kinesis put-records --stream-name orders --records ${JSON.stringify(records)}
        --query Records[].ShardId`,
      ["shardId-000000000003", "shardId-000000000003"],
    );
    await station.aws`kinesis increase-stream-retention-period --stream-name orders
      --retention-period-hours 48`;
    await settled();
    await station.aws`kinesis start-stream-encryption --stream-name orders --encryption-type KMS
      --key-id alias/aws/kinesis`;
    await settled();
    await station.aws`kinesis register-stream-consumer --stream-arn ${stream} --consumer-name reader`;
    assert.deepEqual(
      await station.aws`kinesis describe-stream-summary --stream-name orders --query
        StreamDescriptionSummary.[RetentionPeriodHours,EncryptionType,OpenShardCount,ConsumerCount]`,
      [48, "KMS", 1, 1],
    );
    await station.aws`kinesis delete-stream --stream-name orders --enforce-consumer-deletion`;
    await station.aws`kinesis wait stream-not-exists --stream-name orders`;
  });

  test("firehose: records go to a bucket, settings are changed", { skip }, async () => {
    await using station = await startWorkstation();
    await withRole(station, "firehose.amazonaws.com");
    await station.aws`s3api create-bucket --bucket deliveries`;
    const configuration = {
      RoleARN: role, BucketARN: "arn:aws:s3:::deliveries",
      BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 1 },
    };
    assert.equal(
      await station.aws`firehose create-delivery-stream --delivery-stream-name orders
        --extended-s3-destination-configuration ${JSON.stringify(configuration)} --query DeliveryStreamARN`,
      "arn:aws:firehose:us-east-1:000000000000:deliverystream/orders",
    );
    await station.region.clock.advance({ seconds: 2 });
    const { DeliveryStreamStatus, VersionId, Destinations: [destination] } = await station.aws<{
      DeliveryStreamStatus: string; VersionId: string; Destinations: { DestinationId: string }[];
    }>`firehose describe-delivery-stream --delivery-stream-name orders --query DeliveryStreamDescription`;
    assert.equal(DeliveryStreamStatus, "ACTIVE");
    station.write("data", "hello");
    await station.aws`firehose put-record --delivery-stream-name orders --record Data@=fileb://data`;
    // Version 1 of the CLI takes texts for bytes, version 2 base64.
    assert.equal(
      await station.aws`firehose put-record-batch --delivery-stream-name orders
        --records ${JSON.stringify([{ Data: "abcd" }, { Data: "efgh" }])} --query FailedPutCount`,
      0,
    );
    await station.region.clock.advance({ seconds: 61 });
    const [key] = await station.aws<string[]>`s3api list-objects-v2 --bucket deliveries
      --query Contents[].Key`;
    await station.aws`s3api get-object --bucket deliveries --key ${key} file`;
    assert.match((await station.run("cat", ["file"])).stdout, /^hello/);
    await station.aws`firehose update-destination --delivery-stream-name orders
      --current-delivery-stream-version-id ${VersionId} --destination-id ${destination?.DestinationId}
      --extended-s3-destination-update Prefix=all/`;
    await station.aws`firehose tag-delivery-stream --delivery-stream-name orders --tags Key=team,Value=shop`;
    assert.deepEqual(
      await station.aws`firehose describe-delivery-stream --delivery-stream-name orders --query
        ${"DeliveryStreamDescription.Destinations[].ExtendedS3DestinationDescription.Prefix"}`,
      ["all/"],
    );
    await station.aws`firehose delete-delivery-stream --delivery-stream-name orders`;
  });
});
