/** A region with a queue and a role that Scheduler may assume, for tests of schedules. */

import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateScheduleCommand, SchedulerClient, type CreateScheduleCommandInput, type Target,
} from "@aws-sdk/client-scheduler";
import {
  CreateQueueCommand, DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand, SQSClient,
  type Message,
} from "@aws-sdk/client-sqs";

export const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
export const roleArn = "arn:aws:iam::000000000000:role/runner";

export const trust = (principal: string, condition?: object): string => JSON.stringify({
  Version: "2012-10-17",
  Statement: [{
    Effect: "Allow", Principal: { Service: principal }, Action: "sts:AssumeRole",
    ...(condition && { Condition: condition }),
  }],
});

type Client = SchedulerClient | IAMClient | SQSClient;

/** A region, as far as clients are concerned. */
export interface ClientSource {
  client<Made extends Client>(construct: new (configuration: never) => Made): Made;
}

export interface SchedulerFixture {
  readonly scheduler: SchedulerClient;
  readonly iam: IAMClient;
  readonly sqs: SQSClient;
  /** Makes a schedule that sends to the queue `work`, changed by what is given. */
  create(
    name: string, change?: Partial<CreateScheduleCommandInput>, target?: Partial<Target>,
  ): Promise<string>;
  /** Takes everything out of a queue. */
  drain(name?: string): Promise<Message[]>;
  bodies(name?: string): Promise<(string | undefined)[]>;
  url(name: string): Promise<string>;
}

export async function schedulerFixture(region: ClientSource): Promise<SchedulerFixture> {
  const scheduler = region.client(SchedulerClient);
  const iam = region.client(IAMClient);
  const sqs = region.client(SQSClient);
  for (const QueueName of ["work", "dead"]) await sqs.send(new CreateQueueCommand({ QueueName }));
  const AssumeRolePolicyDocument = trust("scheduler.amazonaws.com");
  await iam.send(new CreateRoleCommand({ RoleName: "runner", AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "runner", PolicyName: "send", PolicyDocument: JSON.stringify({
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sqs:SendMessage", Resource: "*" }],
    }),
  }));
  const url = async (QueueName: string): Promise<string> =>
    (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? "";
  const drain = async (name = "work"): Promise<Message[]> => {
    const messages: Message[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
        QueueUrl: await url(name), MaxNumberOfMessages: 10, MessageAttributeNames: ["All"],
      }));
      if (Messages.length === 0) return messages;
      messages.push(...Messages);
      for (const { ReceiptHandle } of Messages) {
        await sqs.send(new DeleteMessageCommand({ QueueUrl: await url(name), ReceiptHandle }));
      }
    }
  };
  return {
    scheduler, iam, sqs, drain, url,
    async create(name, change, target) {
      const { ScheduleArn } = await scheduler.send(new CreateScheduleCommand({
        Name: name, ScheduleExpression: "rate(5 minutes)", FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn: queueArn("work"), RoleArn: roleArn, Input: name, ...target }, ...change,
      }));
      return ScheduleArn ?? "";
    },
    bodies: async (name) => (await drain(name)).map(({ Body }) => Body),
  };
}

/** An error as `Name: message`. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "nothing was refused";
  } catch (cause) {
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  }
}
