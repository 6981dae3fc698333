/** RotateSecret and CancelRotateSecret. What a rotation does is in rotation-jobs.ts. */

import * as lambda from "../../generated/lambda.ts";
import * as sm from "../../generated/secrets-manager.ts";
import type { RotateSecretRequest } from "../../generated/secrets-manager.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { secretRules } from "./conditions.ts";
import {
  functionNotInvocable, noRotationFunction, rotationInProgress, tokenRequiredToRotate,
} from "./errors.ts";
import { asRotation, expectRotation, openVersion, startRotation, takeStep } from "./rotation-jobs.ts";
import { requireRules, windowAfter } from "./rotation-rules.ts";
import {
  requireChangeable, secretArn, secrets, touch, versions, withStage, type Secret,
} from "./secret-rows.ts";
import { current, pending } from "./stages.ts";

/** What the request says, or what was said before. @throws InvalidRequestException where nothing was */
function functionOf({ RotationLambdaARN: given }: RotateSecretRequest, { rotation }: Secret): string {
  const functionArn = given || rotation?.functionArn;
  if (functionArn === undefined) throw noRotationFunction();
  return functionArn;
}

/** A rotation that waits is tried again, also when it is refused to begin another. */
function requireNoneWaiting(ctx: BodyContext, secret: Secret): void {
  const isWaiting = ctx.transaction((within) => {
    const waiting = withStage(within, secret.name, pending);
    if (!waiting || waiting.stages.includes(current)) return false;
    if (secret.rotation?.isEnabled) startRotation(within, secret, waiting.versionId);
    return true;
  });
  if (isWaiting) throw rotationInProgress();
}

async function requireInvocable(ctx: BodyContext, secret: Secret, functionArn: string): Promise<void> {
  const input = { FunctionName: functionArn, InvocationType: "DryRun" } as const;
  try {
    await ctx.call(lambda.Invoke, input, asRotation(ctx, secret, functionArn));
  } catch (cause) {
    throw cause instanceof AwsError && cause.code !== "NotImplemented" ? functionNotInvocable() : cause;
  }
}

/**
 * A function that can't be invoked leaves the secret as it was, without a rotation.
 *
 * @evidence recorded AWS answers to RotateSecret with a function that is not there, and DescribeSecret
 *   thereafter
 */
export const RotateSecret = operation(sm.RotateSecret, {
  ...secretRules<RotateSecretRequest>(),

  async body(input, ctx) {
    const token = input.ClientRequestToken;
    if (token === undefined) throw tokenRequiredToRotate();
    const secret = ctx.transaction((within) => requireChangeable(within, input.SecretId));
    if (input.ExternalSecretRotationRoleArn || input.ExternalSecretRotationMetadata) {
      throw notImplemented("Rotation of managed external secrets of Secrets Manager");
    }
    requireRules(input.RotationRules ?? {});
    const answer = { ARN: secretArn(ctx, secret), Name: secret.name, VersionId: token };
    const isRepetition = ctx.transaction((within) => within.db(versions).has([secret.name, token]));
    if (isRepetition) return answer;
    requireNoneWaiting(ctx, secret);
    const functionArn = functionOf(input, secret);
    await requireInvocable(ctx, secret, functionArn);
    const isImmediate = input.RotateImmediately ?? true;
    const configured = ctx.transaction((within) => configure(within, input, functionArn));
    if (isImmediate) {
      ctx.transaction((within) => {
        openVersion(within, requireChangeable(within, input.SecretId), token);
        startRotation(within, configured, token);
      });
    } else await tryOut(ctx, configured, functionArn, token);
    return answer;
  },
});

function configure(ctx: Context, input: RotateSecretRequest, functionArn: string): Secret {
  const { rotation: before, ...secret } = requireChangeable(ctx, input.SecretId);
  const rules = input.RotationRules ?? before?.rules ?? {};
  const window = windowAfter(rules, ctx.clock.now());
  const rotatedAt = before?.rotatedAt;
  const rotation = {
    functionArn, rules, isEnabled: true, ...window, ...(rotatedAt !== undefined && { rotatedAt }),
  };
  const configured = touch(ctx, { ...secret, rotation });
  expectRotation(ctx, configured);
  return configured;
}

/**
 * A rotation that is to wait for its schedule is tried out by its third step, on a version that goes again.
 *
 * @evidence Secrets Manager API Reference, RotateSecret, RotateImmediately
 */
async function tryOut(ctx: BodyContext, secret: Secret, functionArn: string, token: string): Promise<void> {
  ctx.transaction((within) => openVersion(within, requireChangeable(within, secret.name), token));
  try {
    await takeStep(ctx, secret, functionArn, { step: "testSecret", token });
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
  } finally {
    ctx.transaction((within) => {
      const tried = within.db(versions).get([secret.name, token]);
      if (!tried?.stages.includes(current)) within.db(versions).delete([secret.name, token]);
    });
  }
}

export const CancelRotateSecret = operation(sm.CancelRotateSecret, {
  ...secretRules<sm.CancelRotateSecretRequest>(),
  run(input, ctx) {
    const secret = requireChangeable(ctx, input.SecretId);
    const VersionId = withStage(ctx, secret.name, pending)?.versionId;
    if (secret.rotation) {
      const { opensAt: _, closesAt: __, ...rotation } = secret.rotation;
      expectRotation(ctx, ctx.db(secrets).put({ ...secret, rotation: { ...rotation, isEnabled: false } }));
    }
    return { ARN: secretArn(ctx, secret), Name: secret.name, VersionId };
  },
});
