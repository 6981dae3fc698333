/** A topic that ten queues subscribe to: a publish is to cost less than ten sends. */

import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { BenchOperation } from "./operations.ts";

interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export const queueCount = 10;

function queueNameOf(index: number): string {
  return `bench-topic-${index}`;
}

export function queueUrlOf(port: number, index: number): string {
  return `http://127.0.0.1:${port}/000000000000/${queueNameOf(index)}`;
}

export async function publishOperation(options: ClientOptions): Promise<BenchOperation> {
  const sns = new SNSClient(options);
  const sqs = new SQSClient(options);
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "bench" }));
  for (let index = 0; index < queueCount; index += 1) {
    const QueueName = queueNameOf(index);
    const Endpoint = `arn:aws:sqs:us-east-1:000000000000:${QueueName}`;
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage",
        Resource: Endpoint, Condition: { ArnEquals: { "aws:SourceArn": TopicArn } },
      },
    });
    await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
  }
  const form = new URLSearchParams({
    Action: "Publish", Version: "2010-03-31", TopicArn, Message: "a message of the usual size ".repeat(8),
  });
  return {
    name: `sns Publish to ${queueCount} queues`,
    service: "sns",
    // A tenth of what is promised of sending.
    floorShare: 0.04,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    bodies: [form.toString()],
  };
}
