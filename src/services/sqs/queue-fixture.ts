/** A queue as tests use it: few words a call, over the real client. */

import {
  ChangeMessageVisibilityCommand, CreateQueueCommand, DeleteMessageCommand, GetQueueAttributesCommand,
  ReceiveMessageCommand, SendMessageCommand, SQSClient, type Message, type ReceiveMessageCommandInput,
  type SendMessageCommandInput, type SendMessageCommandOutput,
} from "@aws-sdk/client-sqs";

/** A region, as far as clients are concerned. */
interface ClientSource {
  client(construct: new (configuration: never) => SQSClient): SQSClient;
}

export interface QueueFixture {
  readonly sqs: SQSClient;
  readonly url: string;
  readonly arn: string;
  send(body: string, more?: Partial<SendMessageCommandInput>): Promise<SendMessageCommandOutput>;
  receive(more?: Partial<ReceiveMessageCommandInput>): Promise<Message[]>;
  /** The bodies of up to ten messages, which stay hidden. */
  bodies(more?: Partial<ReceiveMessageCommandInput>): Promise<(string | undefined)[]>;
  delete(message: Message | undefined): Promise<void>;
  hide(message: Message | undefined, seconds: number): Promise<void>;
  attributes(): Promise<Record<string, string>>;
  /** Visible, in flight, delayed. */
  counts(): Promise<readonly [number, number, number]>;
}

export async function createQueue(
  region: ClientSource, name: string, attributes: Record<string, string> = {}, sqs = region.client(SQSClient),
): Promise<QueueFixture> {
  const fifo = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
  const created = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { ...fifo, ...attributes } }),
  );
  const url = created.QueueUrl ?? "";
  const fixture: QueueFixture = {
    sqs,
    url,
    arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
    send: (body, more) => sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, ...more })),
    receive: async (more) =>
      (await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, ...more })))
        .Messages ?? [],
    bodies: async (more) => (await fixture.receive(more)).map((message) => message.Body),
    delete: async (message) => {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }));
    },
    hide: async (message, VisibilityTimeout) => {
      const { ReceiptHandle } = message ?? {};
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout }));
    },
    attributes: async () =>
      (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] })))
        .Attributes ?? {},
    counts: async () => {
      const all = await fixture.attributes();
      const count = (suffix: string) => Number(all[`ApproximateNumberOfMessages${suffix}`]);
      return [count(""), count("NotVisible"), count("Delayed")];
    },
  };
  return fixture;
}

/** For `assert.rejects`: the code that the Query protocol has for it, and the whole text. */
export function refusal(code: string, message: string): (error: unknown) => boolean {
  return (error) => {
    const { Code, message: text } = error as { Code?: string; message: string };
    if (Code === code && text === message) return true;
    throw new Error(`expected ${code}: ${message}\nbut got  ${String(Code)}: ${text}`, { cause: error });
  };
}
