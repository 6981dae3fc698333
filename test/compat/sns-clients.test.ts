/** SNS through Terraform, the aws CLI and boto3. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startWorkstation, without } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const topicArn = "arn:aws:sns:us-east-1:000000000000:orders";

suite("SNS", { concurrency: 2 }, () => {
  test("Terraform: topics, policies, subscriptions, applications", { skip: withoutTerraform() }, async () => {
    await using station = await startWorkstation();
    const topics = await Terraform.open(station, "sns");
    await topics.apply();
    assert.equal(await topics.drift(), "");
    assert.deepEqual(await topics.outputs(), { arn: topicArn });
    const changed = { display_name: "Sales", identifier: "IpAddress" };
    await topics.apply(changed);
    assert.equal(await topics.drift(changed), "");
    await topics.reimportAll({
      "aws_sns_topic.orders": topicArn,
      "aws_sns_topic_policy.orders": topicArn,
      "aws_sns_topic_data_protection_policy.orders": topicArn,
    }, changed);
    await topics.destroy(changed);
    assert.deepEqual(await station.aws`sns list-topics --query Topics`, []);
  });

  test("aws CLI: a message with attributes arrives in a queue", { skip: without("aws") }, async () => {
    await using station = await startWorkstation();
    await station.aws`sns create-topic --name orders --tags Key=team,Value=shop`;
    const url = await station.aws`sqs create-queue --queue-name orders --query QueueUrl`;
    const queueArn = topicArn.replace("sns", "sqs");
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage",
        Resource: queueArn, Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
      },
    });
    await station.aws`sqs set-queue-attributes --queue-url ${url} --attributes ${JSON.stringify({ Policy })}`;
    const arn = await station.aws<string>`sns subscribe --topic-arn ${topicArn} --protocol sqs
      --notification-endpoint ${queueArn} --query SubscriptionArn`;
    assert.match(arn, /^arn:aws:sns:us-east-1:000000000000:orders:[0-9a-f-]{36}$/);
    const attributes = { colour: { DataType: "String", StringValue: "red" } };
    const id = await station.aws`sns publish --topic-arn ${topicArn} --subject S --message hello
      --message-attributes ${JSON.stringify(attributes)} --query MessageId`;
    const { Messages } = await station.aws<{ Messages: { Body: string }[] }>`sqs receive-message
      --queue-url ${url} --wait-time-seconds 5`;
    const body = JSON.parse(Messages[0]?.Body ?? "") as Record<string, unknown>;
    assert.deepEqual([body["MessageId"], body["Subject"], body["Message"]], [id, "S", "hello"]);
    assert.deepEqual(body["MessageAttributes"], { colour: { Type: "String", Value: "red" } });
    assert.equal(
      await station.refusal`sns publish --topic-arn ${`${topicArn}x`} --message m`,
      "An error occurred (NotFound) when calling the Publish operation: Topic does not exist",
    );
  });

  test("boto3: a topic resource publishes, pages and is deleted", { skip: without("boto3") }, async () => {
    await using station = await startWorkstation();
    assert.deepEqual(
      await station.python(`
      sns = boto3.resource("sns")
      topic = sns.create_topic(Name="orders")
      for n in range(120):
          topic.subscribe(Protocol="email", Endpoint=f"user{n}@example.com")
      pages = boto3.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic.arn)
      sizes = [len(page["Subscriptions"]) for page in pages]
      message = topic.publish(Message="hello", MessageAttributes={
          "blob": {"DataType": "Binary", "BinaryValue": b"\\x00\\xff"}})
      batch = boto3.client("sns").publish_batch(TopicArn=topic.arn, PublishBatchRequestEntries=[
          {"Id": str(n), "Message": f"n{n}"} for n in range(3)])
      topic.delete()
      answer([sizes, len(message["MessageId"]), [each["Id"] for each in batch["Successful"]],
              len(list(sns.topics.all()))])
    `),
      [[100, 20], 36, ["0", "1", "2"], 0],
    );
  });
});
