/** Puts changes into their stream, in their order, under DynamoDB's service-linked role. */

import { sessionOf } from "../../../delivery/role-session.ts";
import * as kinesis from "../../../generated/kinesis.ts";
import { job } from "../../../jobs/job.ts";
import { reconciler, type Reconciled } from "../../../jobs/reconciler.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { tableArn } from "../tables/names.ts";
import { destinations, outgoingChanges, type OutgoingChange } from "./changes.ts";

/** @evidence Developer Guide, "Using service-linked roles for DynamoDB": Kinesis Data Streams replication */
export const replicationPrincipal = "kinesisreplication.dynamodb.amazonaws.com";
const roleName = "AWSServiceRoleForDynamoDBKinesisDataStreamsReplication";
const recordsAtOnce = 100;
const retryMilliseconds = 1_000;

function sessionFor(ctx: BodyContext, sourceArn: string): Promise<string> {
  const roleArn = `arn:aws:iam::${ctx.account}:role/aws-service-role/${replicationPrincipal}/${roleName}`;
  const sessionName = "DynamoDBKinesisReplication";
  return sessionOf(ctx, { roleArn, principal: replicationPrincipal, sourceArn, sessionName });
}

interface Way {
  readonly name: string;
  readonly number: number;
  readonly streamArn: string;
}

function nextChanges(ctx: Context, { number, streamArn }: Way): OutgoingChange[] {
  return [...ctx.db(outgoingChanges).list({ prefix: [number, streamArn], limit: recordsAtOnce })];
}

/** Up to the first that was not taken: what follows must not overtake it. */
async function put(
  ctx: BodyContext, { streamArn }: Way, changes: readonly OutgoingChange[], session: string,
): Promise<number> {
  const { Records } = await ctx.call(
    kinesis.PutRecords,
    {
      StreamARN: streamArn,
      Records: changes.map(({ record, partitionKey }) =>
        ({ Data: Buffer.from(record), PartitionKey: partitionKey })),
    },
    { as: { session } },
  );
  const failed = Records.findIndex(({ ErrorCode }) => ErrorCode !== undefined);
  return failed < 0 ? changes.length : failed;
}

function forget(ctx: Context, changes: readonly OutgoingChange[]): void {
  for (const { number, streamArn, sequence } of changes) {
    ctx.db(outgoingChanges).delete([number, streamArn, sequence]);
  }
}

export const sendToKinesis = reconciler<Way>("dynamodb.sendToKinesis", sendAll);

async function sendAll(way: Way, ctx: BodyContext): Promise<Reconciled> {
  let session: string | undefined;
  for (;;) {
    const changes = ctx.transaction((within) => nextChanges(within, way));
    if (changes.length === 0) return undefined;
    if (!ctx.reading(() => ctx.db(destinations).has([way.number, way.streamArn]))) return undefined;
    try {
      session ??= await sessionFor(ctx, tableArn(ctx, way.name));
      const taken = await put(ctx, way, changes, session);
      ctx.transaction((within) => forget(within, changes.slice(0, taken)));
      if (taken < changes.length) return { againAfterMilliseconds: retryMilliseconds };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // The stream or its key is away: it is tried again, as long as there is a destination.
      return { againAfterMilliseconds: 60_000 };
    }
  }
}

const rowsAtOnce = 500;

/** What was to be sent of a table that is gone, or to a stream that it was taken from. */
export const forgetChanges = job<{ readonly number: number; readonly streamArn?: string }>(
  "dynamodb.forgetKinesisChanges", ({ number, streamArn }, ctx) => {
    const prefix = streamArn === undefined ? [number] : [number, streamArn];
    const some = [...ctx.db(outgoingChanges).list({ prefix, limit: rowsAtOnce })];
    forget(ctx, some);
    if (streamArn === undefined) {
      for (const row of ctx.db(destinations).list({ prefix })) {
        ctx.db(destinations).delete([row.number, row.streamArn]);
      }
    }
    if (some.length < rowsAtOnce) return;
    ctx.schedule(forgetChanges, {
      at: ctx.clock.now() + 1, input: { number, ...(streamArn !== undefined && { streamArn }) },
    });
  },
);
