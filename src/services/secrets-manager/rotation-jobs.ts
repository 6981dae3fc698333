/**
 * Rotation: the function takes four steps, each a synchronous invocation by Secrets Manager, which the
 * function's policy must let in.
 *
 * @evidence Secrets Manager User Guide, "Lambda rotation functions", "Troubleshoot rotation"
 */

import * as lambda from "../../generated/lambda.ts";
import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, CallOptions, Context } from "../../kernel/context.ts";
import { parseArn } from "../../kernel/arn.ts";
import { AwsError } from "../../kernel/errors.ts";
import { scheduleReplication } from "./replication-jobs.ts";
import { windowAfter } from "./rotation-rules.ts";
import {
  secretArn, secrets, versions, versionsOf, withStage, type Secret,
} from "./secret-rows.ts";
import { current, moveStage, pending } from "./stages.ts";
import { applyStages, shownKeyIds } from "./version-writing.ts";

interface RotationWork {
  readonly name: string;
  readonly suffix: string;
  /** The version that is being made; absent for a rotation that is due by its schedule. */
  readonly token?: string;
  readonly attempt: number;
}

/** A rotation that fails is tried again so many times, at growing intervals; then with the next schedule. */
const attemptsMax = 5;
const retryMilliseconds = 60_000;

const steps = ["createSecret", "setSecret", "testSecret", "finishSecret"] as const;
type Step = (typeof steps)[number];

export function asRotation(ctx: BodyContext, secret: Secret, functionArn: string): CallOptions {
  const region = parseArn(functionArn)?.region ?? ctx.region;
  return { as: "service", account: ctx.account, sourceArn: secretArn(ctx, secret), region };
}

/** The version that the function is to fill: it has a label, and no value yet. */
export function openVersion(ctx: Context, secret: Secret, versionId: string): void {
  const known = ctx.db(versions).get([secret.name, versionId]);
  if (!known) {
    ctx.db(versions).put({
      secret: secret.name, versionId, sequence: secret.versionsMade + 1, kind: "empty", sealed: {},
      kmsKeyIds: shownKeyIds(secret), stages: [], createdAt: ctx.clock.now(),
    });
    ctx.db(secrets).put({ ...secret, versionsMade: secret.versionsMade + 1 });
  }
  applyStages(ctx, secret.name, moveStage(versionsOf(ctx, secret.name), pending, versionId));
}

/** What is due next by the rules; nothing while rotation is off. */
export function expectRotation(ctx: Context, { name, suffix, rotation }: Secret): void {
  if (rotation?.isEnabled && rotation.opensAt !== undefined) {
    ctx.schedule(rotate, { at: rotation.opensAt, id: name, input: { name, suffix, attempt: 0 } });
  } else ctx.unschedule(rotate, name);
}

/** A rotation that is under way is apart from the next by the schedule. */
export function startRotation(ctx: Context, { name, suffix }: Secret, token: string): void {
  const input = { name, suffix, token, attempt: 0 };
  ctx.schedule(rotate, { at: ctx.clock.now(), id: `${name} now`, input });
}

export const rotate = asynchronousJob("secrets-manager.rotate", async (
  work: RotationWork, ctx: BodyContext,
) => {
  const begun = ctx.transaction((within) => begin(within, work));
  if (!begun) return;
  const { secret, token, functionArn } = begun;
  try {
    for (const step of steps) await takeStep(ctx, secret, functionArn, { step, token });
    ctx.transaction((within) => finish(within, secret, token));
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    ctx.transaction((within) => retry(within, { ...work, token }));
  }
});

interface Begun {
  readonly secret: Secret;
  readonly token: string;
  readonly functionArn: string;
}

function begin(ctx: Context, work: RotationWork): Begun | undefined {
  const secret = ctx.db(secrets).get(work.name);
  const { rotation } = secret ?? {};
  if (!secret || !rotation?.isEnabled || secret.suffix !== work.suffix || secret.deletionAt !== undefined) {
    return undefined;
  }
  const waiting = withStage(ctx, secret.name, pending);
  const isWaiting = waiting !== undefined && !waiting.stages.includes(current);
  const token = work.token ?? (isWaiting ? waiting.versionId : ctx.ids.uuid());
  if (work.token === undefined) {
    const { opensAt: _, closesAt: __, ...rest } = rotation;
    const window = windowAfter(rotation.rules, ctx.clock.now());
    expectRotation(ctx, ctx.db(secrets).put({ ...secret, rotation: { ...rest, ...window } }));
  }
  const now = ctx.db(secrets).get(secret.name) ?? secret;
  if (withStage(ctx, secret.name, current)?.versionId !== token) openVersion(ctx, now, token);
  return { secret: now, token, functionArn: rotation.functionArn };
}

/** @throws AwsError also when the function itself fails */
export async function takeStep(
  ctx: BodyContext, secret: Secret, functionArn: string, { step, token }: { step: Step; token: string },
): Promise<void> {
  const event = { Step: step, SecretId: secretArn(ctx, secret), ClientRequestToken: token };
  const { FunctionError, Payload } = await ctx.call(
    lambda.Invoke,
    {
      FunctionName: functionArn, InvocationType: "RequestResponse",
      Payload: Buffer.from(JSON.stringify(event)),
    },
    asRotation(ctx, secret, functionArn),
  );
  if (FunctionError === undefined) return;
  throw new AwsError({ code: "FunctionError", message: Payload?.toString() ?? FunctionError, status: 500 });
}

/** The function has moved AWSCURRENT to the new version, or it has not done its work. */
function finish(ctx: Context, { name }: Secret, token: string): void {
  const secret = ctx.db(secrets).get(name);
  if (!secret?.rotation) return;
  if (withStage(ctx, name, current)?.versionId !== token) {
    throw new AwsError(
      { code: "RotationUnfinished", message: "The version is not AWSCURRENT.", status: 500 },
    );
  }
  const version = ctx.db(versions).get([name, token]);
  if (version?.stages.includes(pending)) {
    applyStages(ctx, name, new Map([[token, version.stages.filter((stage) => stage !== pending)]]));
  }
  const rotation = { ...secret.rotation, rotatedAt: ctx.clock.now() };
  ctx.db(secrets).put({ ...secret, rotation });
  scheduleReplication(ctx, name);
}

function retry(ctx: Context, work: RotationWork & { readonly token: string }): void {
  if (work.attempt + 1 >= attemptsMax) return;
  const at = ctx.clock.now() + retryMilliseconds * 2 ** work.attempt;
  ctx.schedule(rotate, { at, id: `${work.name} now`, input: { ...work, attempt: work.attempt + 1 } });
}
