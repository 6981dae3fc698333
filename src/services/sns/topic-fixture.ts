/** Topics, queues and endpoints as tests use them: few words a call, over the real clients. */

import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import {
  CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand, type PublishCommandInput,
  type PublishCommandOutput,
} from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient, type Message } from "@aws-sdk/client-sqs";

/** A region, as far as tests of topics are concerned. */
export interface TopicRegion {
  client<Client>(construct: new (configuration: never) => Client): Client;
  settled(): Promise<void>;
}

export interface TopicFixture {
  readonly sns: SNSClient;
  readonly arn: string;
  publish(message: string, more?: Partial<PublishCommandInput>): Promise<PublishCommandOutput>;
  /** @returns the ARN */
  subscribe(protocol: string, endpoint: string, attributes?: Record<string, string>): Promise<string>;
}

export async function createTopic(
  region: TopicRegion, name: string, attributes: Record<string, string> = {},
): Promise<TopicFixture> {
  const sns = region.client(SNSClient);
  const fifo = name.endsWith(".fifo") ? { FifoTopic: "true" } : {};
  const { TopicArn = "" } = await sns.send(
    new CreateTopicCommand({ Name: name, Attributes: { ...fifo, ...attributes } }),
  );
  return {
    sns,
    arn: TopicArn,
    publish: (Message, more) => sns.send(new PublishCommand({ TopicArn, Message, ...more })),
    subscribe: async (Protocol, Endpoint, Attributes) => {
      const { SubscriptionArn = "" } = await sns.send(
        new SubscribeCommand({ TopicArn, Protocol, Endpoint, Attributes, ReturnSubscriptionArn: true }),
      );
      return SubscriptionArn;
    },
  };
}

export interface QueueFixture {
  readonly arn: string;
  readonly url: string;
  /** Up to ten messages, once nothing is under way. */
  receive(): Promise<Message[]>;
  /** Their bodies. */
  bodies(): Promise<string[]>;
  /** Their bodies as JSON. */
  notifications(): Promise<Record<string, unknown>[]>;
}

/** A queue whose policy lets SNS in, unless it is told not to. */
export async function createQueue(region: TopicRegion, name: string, isOpen = true): Promise<QueueFixture> {
  const sqs = region.client(SQSClient);
  const arn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: arn,
      Condition: { ArnLike: { "aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:*" } },
    },
  });
  const fifo = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
  const { QueueUrl = "" } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { ...fifo, ...(isOpen && { Policy }) } }),
  );
  const fixture: QueueFixture = {
    arn,
    url: QueueUrl,
    receive: async () => {
      await region.settled();
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"], AttributeNames: ["All"],
          VisibilityTimeout: 40_000,
        }),
      );
      return Messages;
    },
    bodies: async () => (await fixture.receive()).map(({ Body = "" }) => Body),
    notifications: async () =>
      (await fixture.bodies()).map((body) => JSON.parse(body) as Record<string, unknown>),
  };
  return fixture;
}

export interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface EndpointFixture extends AsyncDisposable {
  readonly url: string;
  readonly posts: Posted[];
  /** What it answers from now on. */
  answers(status: number): void;
}

/** Somebody's server of HTTP or, with a certificate, of HTTPS. */
export async function startEndpoint(
  certificate?: { readonly key: string; readonly cert: string },
): Promise<EndpointFixture> {
  const posts: Posted[] = [];
  let status = 200;
  const take: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      posts.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end();
    });
  };
  const { key, cert } = certificate ?? {};
  const server = certificate ? createSecureServer({ key, cert }, take) : createServer(take);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${certificate ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}/path`,
    posts,
    answers: (next) => {
      status = next;
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
