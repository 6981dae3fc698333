/** Where batches of streams go that the function did not take. */

import * as s3 from "../../generated/s3.ts";
import * as sns from "../../generated/sns.ts";
import * as sqs from "../../generated/sqs.ts";
import type { DestinationConfig } from "../../generated/lambda.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { roleMay } from "./dead-letters.ts";
import { destinationNotPermitted, invalidDestination } from "./errors.ts";
import type { EventSourceMapping } from "./event-source-table.ts";
import type { StreamEvent } from "./event-source-streams.ts";
import { roleCredentials } from "./execution-role.ts";
import { functionArn } from "./function-names.ts";
import { findVersion, type FunctionVersion } from "./function-table.ts";
import type { InvocationResult } from "./invocations.ts";

const actions: Readonly<Record<string, string>> = {
  sqs: "sqs:SendMessage", sns: "sns:Publish", s3: "s3:PutObject",
};

/** @throws AwsError for what is no destination, or what the role may not send to */
export async function requireFailureDestination(
  ctx: BodyContext, { name, settings }: FunctionVersion, destinations: DestinationConfig | undefined,
): Promise<void> {
  const arn = destinations?.OnFailure?.Destination;
  if (arn === undefined || arn === "") return;
  const service = parseArn(arn)?.service ?? "";
  const action = actions[service];
  if (action === undefined) throw invalidDestination(arn);
  const resource = service === "s3" ? `${arn}/*` : arn;
  if (await roleMay(ctx, { name, role: settings.Role }, action, resource)) return;
  throw destinationNotPermitted(arn, action.slice(action.indexOf(":") + 1));
}

export interface LostBatch {
  readonly shardId: string;
  readonly events: readonly StreamEvent[];
  readonly condition: "RetryAttemptsExhausted" | "RecordAgeExceeded";
  readonly attempts: number;
  readonly result?: InvocationResult | undefined;
}

/** @evidence the same examples: DynamoDB tells seconds, Kinesis milliseconds */
function arrivalOf({ kind }: EventSourceMapping, event: StreamEvent | undefined): string {
  const text = new Date(event?.at ?? 0).toISOString();
  return kind === "kinesis" ? text : text.replace(/\.\d{3}/, "");
}

/** @evidence Lambda Developer Guide, "Capture discarded batches": the record that says where they are */
function recordOf(ctx: BodyContext, mapping: EventSourceMapping, lost: LostBatch): object {
  const { events, condition, attempts, result, shardId } = lost;
  const [first, last] = [events[0], events.at(-1)];
  const info = {
    shardId,
    startSequenceNumber: first?.sequence,
    endSequenceNumber: last?.sequence,
    approximateArrivalOfFirstRecord: arrivalOf(mapping, first),
    approximateArrivalOfLastRecord: arrivalOf(mapping, last),
    batchSize: events.length,
    streamArn: mapping.source,
  };
  return {
    requestContext: {
      requestId: result?.requestId ?? ctx.ids.uuid(),
      functionArn: functionArn(ctx, mapping.name, mapping.qualifier),
      condition,
      approximateInvokeCount: attempts,
    },
    responseContext: {
      ["statusCode"]: 200,
      executedVersion: result?.executedVersion ?? "$LATEST",
      functionError: result?.outcome.functionError ?? null,
    },
    version: "1.0",
    timestamp: new Date(ctx.clock.now()).toISOString(),
    [mapping.kind === "kinesis" ? "KinesisBatchInfo" : "DDBStreamBatchInfo"]: info,
  };
}

/** `aws/lambda/<uuid of the mapping>/<shard>/2026/01/31/2026-01-31T23.59.58-<uuid>` */
function keyOf(ctx: BodyContext, { uuid }: EventSourceMapping, { shardId }: LostBatch): string {
  const time = new Date(ctx.clock.now()).toISOString().slice(0, 19);
  const [day = "", clock = ""] = time.split("T");
  const folder = `aws/lambda/${uuid}/${shardId}/${day.replaceAll("-", "/")}`;
  return `${folder}/${day}T${clock.replaceAll(":", ".")}-${ctx.ids.uuid()}`;
}

/**
 * What the destination does not take is lost, as it is in AWS.
 *
 * @returns whether it was taken
 */
export async function sendLost(
  ctx: BodyContext, mapping: EventSourceMapping, lost: LostBatch,
): Promise<boolean> {
  const destination = mapping.settings.destinations?.OnFailure?.Destination ?? "";
  const arn = parseArn(destination);
  const version = ctx.reading(() => findVersion(ctx, mapping.name));
  if (!arn || !version) return false;
  const record = recordOf(ctx, mapping, lost);
  try {
    const { sessionToken } = await roleCredentials(ctx, { name: mapping.name, role: version.settings.Role });
    const options = { as: { session: sessionToken }, ...(arn.region !== "" && { region: arn.region }) };
    if (arn.service === "sqs") {
      const QueueUrl = `/${arn.account}/${arn.resource}`;
      await ctx.call(sqs.SendMessage, { QueueUrl, MessageBody: JSON.stringify(record) }, options);
    } else if (arn.service === "sns") {
      await ctx.call(sns.Publish, { TopicArn: destination, Message: JSON.stringify(record) }, options);
    } else {
      const payload = JSON.stringify({ Records: lost.events.map(({ event }) => event) });
      const Body = Buffer.from(JSON.stringify({ ...record, payload }));
      await ctx.call(s3.PutObject, { Bucket: arn.resource, Key: keyOf(ctx, mapping, lost), Body }, options);
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return false;
  }
  return true;
}
