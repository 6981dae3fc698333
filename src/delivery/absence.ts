/**
 * Whether what refuses a service is there at all. A service without a role is let in by the policy of the
 * resource alone, and what is not there has none: to the service both look alike, and AWS tells them apart.
 */

import * as lambda from "../generated/lambda.ts";
import * as sns from "../generated/sns.ts";
import * as sqs from "../generated/sqs.ts";
import { parseArn } from "../kernel/arn.ts";
import { rootCaller } from "../kernel/auth/authenticate.ts";
import type { BodyContext } from "../kernel/context.ts";
import { AwsError } from "../kernel/errors.ts";

/** The queue's, topic's or function's own account is asked. Undefined when it is there, or none of these. */
export async function absenceOf(ctx: BodyContext, target: string): Promise<AwsError | undefined> {
  const { service, account = "", region = "", resource = "" } = parseArn(target) ?? {};
  const options = { as: { for: rootCaller(account) }, region };
  try {
    if (service === "sqs") {
      await ctx.call(sqs.GetQueueUrl, { QueueName: resource, QueueOwnerAWSAccountId: account }, options);
    } else if (service === "sns") {
      await ctx.call(sns.GetTopicAttributes, { TopicArn: target }, options);
    } else if (service === "lambda") {
      await ctx.call(lambda.GetFunctionConfiguration, { FunctionName: target }, options);
    }
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}
