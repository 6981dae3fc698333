/**
 * Where outcomes of asynchronous invocations go, under the function's role.
 *
 * @evidence Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"
 */

import * as eventbridge from "../../generated/eventbridge.ts";
import * as lambda from "../../generated/lambda.ts";
import * as s3 from "../../generated/s3.ts";
import * as sns from "../../generated/sns.ts";
import * as sqs from "../../generated/sqs.ts";
import type { DestinationConfig } from "../../generated/lambda.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { roleMay } from "./dead-letters.ts";
import { destinationIsSelf, destinationNotPermitted, invalidDestination } from "./errors.ts";
import { roleCredentials } from "./execution-role.ts";
import { functionInArn } from "./function-names.ts";
import { functions, type FunctionVersion } from "./function-table.ts";
import type { InvocationResult } from "./invocations.ts";

export type Condition = "Success" | "RetriesExhausted" | "EventAgeExceeded" | "ZeroReservedConcurrency";

/** How it went with an event. */
export interface Ending {
  readonly requestId: string;
  /** With its qualifier, `$LATEST` where the event named none. */
  readonly functionArn: string;
  readonly name: string;
  readonly condition: Condition;
  readonly attempts: number;
  readonly payload: Buffer;
  readonly result?: InvocationResult | undefined;
}

/** The action that the role must be allowed, by the service of the destination. */
const actions: Readonly<Record<string, string>> = {
  sqs: "sqs:SendMessage", sns: "sns:Publish", lambda: "lambda:InvokeFunction", events: "events:PutEvents",
  s3: "s3:PutObject",
};

/** @throws AwsError for what is no destination, or what the role may not send to */
export async function requireDestinations(
  ctx: BodyContext, { name, settings }: FunctionVersion, { OnSuccess, OnFailure }: DestinationConfig,
): Promise<void> {
  for (const [arn, isFailure] of [[OnSuccess?.Destination, false], [OnFailure?.Destination, true]] as const) {
    if (arn === undefined || arn === "") continue;
    const { service = "", resource: target = "" } = parseArn(arn) ?? {};
    const action = actions[service];
    if (action === undefined || (service === "s3" && !isFailure)) throw invalidDestination(arn);
    if (target.endsWith(".fifo")) throw invalidDestination(arn);
    if (service === "lambda") requireOtherFunction(ctx, name, arn);
    const resource = service === "s3" ? `${arn}/*` : arn;
    if (!(await roleMay(ctx, { name, role: settings.Role }, action, resource))) {
      throw destinationNotPermitted(arn, action.slice(action.indexOf(":") + 1));
    }
  }
}

/** @throws AwsError for the function itself, and for one that is not there */
function requireOtherFunction(ctx: BodyContext, name: string, arn: string): void {
  const other = functionInArn(arn);
  if (!other) throw invalidDestination(arn);
  if (other.account !== ctx.account || other.region !== ctx.region) return;
  if (other.name === name) throw destinationIsSelf();
  if (!ctx.reading(() => ctx.db(functions).has(other.name))) throw invalidDestination(arn);
}

/** @throws AwsError where the destination does not take it */
export async function sendToDestination(
  ctx: BodyContext, { name, settings }: FunctionVersion, destination: string, ending: Ending,
): Promise<void> {
  const arn = parseArn(destination);
  if (!arn) return;
  const { sessionToken } = await roleCredentials(ctx, { name, role: settings.Role });
  const as: CallOptions = { as: { session: sessionToken }, ...(arn.region !== "" && { region: arn.region }) };
  const record = recordOf(ctx, ending);
  switch (arn.service) {
    case "sqs":
      await ctx.call(
        sqs.SendMessage, { QueueUrl: `/${arn.account}/${arn.resource}`, MessageBody: record }, as,
      );
      return;
    case "sns":
      await ctx.call(sns.Publish, { TopicArn: destination, Message: record }, as);
      return;
    case "lambda":
      await ctx.call(
        lambda.Invoke,
        { FunctionName: destination, InvocationType: "Event", Payload: Buffer.from(record) },
        as,
      );
      return;
    case "events":
      await toBus(ctx, destination, ending, record, as);
      return;
    case "s3":
      await ctx.call(
        s3.PutObject, { Bucket: arn.resource, Key: keyOf(ctx, ending), Body: Buffer.from(record) }, as,
      );
  }
}

function recordOf(ctx: BodyContext, ending: Ending): string {
  const { requestId, functionArn, condition, attempts, payload, result } = ending;
  return JSON.stringify({
    version: "1.0",
    timestamp: new Date(ctx.clock.now()).toISOString(),
    requestContext: { requestId, functionArn, condition, approximateInvokeCount: attempts },
    requestPayload: jsonOf(payload),
    ...(result && {
      responseContext: {
        "statusCode": 200,
        executedVersion: result.executedVersion,
        ...(result.outcome.functionError && { functionError: result.outcome.functionError }),
      },
      responsePayload: jsonOf(result.outcome.payload),
    }),
  });
}

function jsonOf(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  const text = Buffer.from(bytes).toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function toBus(
  ctx: BodyContext, bus: string, { condition, functionArn }: Ending, record: string, as: CallOptions,
): Promise<void> {
  const outcome = condition === "Success" ? "Success" : "Failure";
  const { Entries } = await ctx.call(eventbridge.PutEvents, {
    Entries: [{
      EventBusName: bus,
      Source: "lambda",
      DetailType: `Lambda Function Invocation Result - ${outcome}`,
      Resources: [bus, functionArn],
      Detail: record,
    }],
  }, as);
  const code = Entries?.[0]?.ErrorCode;
  if (code !== undefined) {
    throw new AwsError({ code, message: Entries?.[0]?.ErrorMessage ?? "", status: 400 });
  }
}

/** `aws/lambda/async/my-function/2026/01/31/2026-01-31T23.59.58-<uuid>` */
function keyOf(ctx: BodyContext, { name }: Ending): string {
  const time = new Date(ctx.clock.now()).toISOString().slice(0, 19);
  const [day = "", clock = ""] = time.split("T");
  const folder = `aws/lambda/async/${name}/${day.replaceAll("-", "/")}`;
  return `${folder}/${day}T${clock.replaceAll(":", ".")}-${ctx.ids.uuid()}`;
}

