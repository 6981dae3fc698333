/** Where a trail delivers to: it is asked for before the trail is made, and decides for itself. */

import * as kms from "../../generated/kms.ts";
import * as sns from "../../generated/sns.ts";
import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { putFile } from "./bucket-files.ts";
import {
  invalidLogGroup, keyDisabled, keyNotFound, logsAccessDenied, noSuchBucket, roleNotAssumable,
  wrongBucketPolicy,
  wrongKeyPolicy, wrongTopicPolicy,
} from "./errors.ts";
import { createLogStream, logSession } from "./log-delivery.ts";
import { folderOf } from "./file-names.ts";
import { trailArn, type Trail } from "./trail-rows.ts";

const isConditional = new Set(["NoSuchKey", "PreconditionFailed"]);

/** As CloudTrail itself, on behalf of the trail. */
export function asTrail(ctx: ReadContext, trail: Trail): CallOptions {
  return { as: "service", account: ctx.account, sourceArn: trailArn(ctx, trail), region: trail.homeRegion };
}

export function topicArnOf(ctx: ReadContext, { topic, homeRegion }: Trail): string | undefined {
  if (topic === undefined || topic.startsWith("arn:")) return topic;
  return formatArn({ service: "sns", region: homeRegion, account: ctx.account, resource: topic });
}

function keyArnOf(ctx: ReadContext, { homeRegion }: Trail, key: string): string {
  if (key.startsWith("arn:")) return key;
  const resource = key.startsWith("alias/") ? key : `key/${key}`;
  return formatArn({ service: "kms", region: homeRegion, account: ctx.account, resource });
}

/** The key's own ARN, which its policy lets CloudTrail ask for. */
export async function resolvedKey(ctx: BodyContext, trail: Trail, key: string): Promise<string> {
  const arn = keyArnOf(ctx, trail, key);
  const options = { ...asTrail(ctx, trail), region: parseArn(arn)?.region ?? trail.homeRegion };
  try {
    const { KeyMetadata } = await ctx.call(kms.DescribeKey, { KeyId: arn }, options);
    if (KeyMetadata?.KeyState !== "Enabled") throw keyDisabled(arn);
    return KeyMetadata.Arn ?? arn;
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.code === "KmsKeyDisabledException") throw cause;
    throw cause.code === "NotFoundException" ? keyNotFound(arn) : wrongKeyPolicy(trail.bucket, arn);
  }
}

/** What has not changed is not asked for again. @throws the refusal of what does not take it */
export async function requireDestinations(
  ctx: BodyContext, before: Trail, after: Trail, isNew: boolean,
): Promise<void> {
  const isMoved = before.bucket !== after.bucket || before.prefix !== after.prefix;
  if (isNew || isMoved || before.kmsKeyArn !== after.kmsKeyArn) await requireBucket(ctx, after);
  if (after.topic !== undefined && after.topic !== before.topic) await requireTopic(ctx, after);
  const isLogChanged = after.logGroupArn !== before.logGroupArn || after.logRoleArn !== before.logRoleArn;
  if (after.logGroupArn !== undefined && isLogChanged) await requireLogGroup(ctx, after);
}

/**
 * S3 asks whether CloudTrail may write before it looks at conditions: a file that is to replace one that is
 * not there is refused for that alone, and nothing is left behind.
 */
async function requireBucket(ctx: BodyContext, trail: Trail): Promise<void> {
  const file = { key: `${folderOf(trail, ctx.account)}/`, body: Buffer.from("{}"), isCheck: true };
  const refusal = async (checked: Trail): Promise<AwsError | undefined> => {
    try {
      await putFile(ctx, checked, file);
      return undefined;
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      return isConditional.has(cause.code) ? undefined : cause;
    }
  };
  const { kmsKeyArn, ...plain } = trail;
  const refused = await refusal(plain);
  if (refused?.code === "NoSuchBucket") throw noSuchBucket(trail.bucket);
  if (refused) throw wrongBucketPolicy(trail.bucket);
  if (kmsKeyArn !== undefined && (await refusal(trail))) throw wrongKeyPolicy(trail.bucket, kmsKeyArn);
}

/** Whether the topic takes what CloudTrail publishes is seen by publishing. */
async function requireTopic(ctx: BodyContext, trail: Trail): Promise<void> {
  const TopicArn = topicArnOf(ctx, trail);
  const region = parseArn(TopicArn ?? "")?.region ?? trail.homeRegion;
  const Message = `CloudTrail validation message.`;
  try {
    await ctx.call(sns.Publish, { TopicArn, Message }, { ...asTrail(ctx, trail), region });
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.code === "NotImplemented") throw cause;
    throw wrongTopicPolicy();
  }
}

async function requireLogGroup(ctx: BodyContext, trail: Trail): Promise<void> {
  const arn = parseArn(trail.logGroupArn ?? "");
  if (arn?.service !== "logs" || !/^log-group:[^:]+(:\*)?$/.test(arn.resource)) {
    throw invalidLogGroup(trail.logGroupArn ?? "");
  }
  ctx.transaction((within) => within.authorize({
    action: "iam:PassRole",
    resource: trail.logRoleArn ?? "",
    conditions: { "iam:passedtoservice": "cloudtrail.amazonaws.com" },
  }));
  const session = await logSession(ctx, trail).catch((cause: unknown) => {
    throw cause instanceof AwsError ? roleNotAssumable() : cause;
  });
  await createLogStream(ctx, trail, session).catch((cause: unknown) => {
    throw cause instanceof AwsError && cause.code !== "NotImplemented" ? logsAccessDenied() : cause;
  });
}
