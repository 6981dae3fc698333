/** Rules and queues as tests use them: few words a call, over the real clients. */

import {
  EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand, type PutEventsRequestEntry,
  type Target,
} from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient, type Message,
} from "@aws-sdk/client-sqs";

/** A region, as far as clients are concerned. */
export interface ClientSource {
  client<Client>(construct: new (configuration: never) => Client, options?: object): Client;
  settled?(): Promise<void>;
}

export interface Inbox {
  readonly url: string;
  readonly arn: string;
  /** Takes the messages out. */
  messages(): Promise<Message[]>;
  /** Their bodies, read as JSON. */
  bodies(): Promise<unknown[]>;
}

interface InboxOptions {
  readonly account?: string;
  readonly region?: string;
  /** Principals that may send. Default: EventBridge. */
  readonly open?: boolean;
  readonly client?: object;
}

export async function createInbox(
  source: ClientSource, name: string, options: InboxOptions = {},
): Promise<Inbox> {
  const { account = "000000000000", region = "us-east-1", open = true } = options;
  const sqs = source.client(SQSClient, { region, ...options.client });
  const arn = `arn:aws:sqs:${region}:${account}:${name}`;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage",
        Resource: arn,
    }],
  });
  const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({
    QueueName: name,
    Attributes: { ...(open && { Policy }), ...(name.endsWith(".fifo") && { FifoQueue: "true" }) },
  }));
  const messages = async (): Promise<Message[]> => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
      QueueUrl: url, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"], AttributeNames: ["All"],
    }));
    for (const { ReceiptHandle } of Messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
    return Messages;
  };
  const bodies = async () => (await messages()).map(({ Body = "" }) => JSON.parse(Body) as unknown);
  return { url, arn, messages, bodies };
}

export async function rule(
  events: EventBridgeClient, name: string, pattern: object, targets: (Omit<Target,
    "Id"> & { Id?: string | undefined })[],
  EventBusName?: string,
): Promise<string> {
  const { RuleArn = "" } = await events.send(
    new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(pattern), EventBusName }),
  );
  const Targets = targets.map((target, index): Target => ({ Id: String(index + 1), ...target }));
  if (Targets.length > 0) await events.send(new PutTargetsCommand({ Rule: name, EventBusName, Targets }));
  return RuleArn;
}

export function put(events: EventBridgeClient, ...entries: PutEventsRequestEntry[]) {
  return events.send(new PutEventsCommand({ Entries: entries }));
}

/** An entry that only says what is different. */
export function entry(detail: object, more: PutEventsRequestEntry = {}): PutEventsRequestEntry {
  return { Source: "my.app", DetailType: "Order", Detail: JSON.stringify(detail), ...more };
}
