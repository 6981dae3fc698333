/**
 * RotateSecret and CancelRotateSecret. Rotation is the work of a Lambda function; see NOTES.md for what waits
 * for it.
 */

import * as sm from "../../generated/secrets-manager.ts";
import type { RotateSecretRequest, RotationRulesType } from "../../generated/secrets-manager.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { parseSchedule } from "../../kernel/schedule-expression.ts";
import { secretRules } from "./conditions.ts";
import {
  functionNotInvocable, invalidRotationRules, noRotationFunction, rotationInProgress, tokenRequiredToRotate,
} from "./errors.ts";
import { requireChangeable, secretArn, withStage } from "./secret-rows.ts";
import { current, pending } from "./stages.ts";

/**
 * Rates of hours and days; cron by the hour, every year.
 *
 * @evidence Secrets Manager User Guide, "Schedule expressions in Secrets Manager rotation"
 */
const rateHoursMin = 4;
const rateMax = 999;

function requireSchedule(text: string): void {
  const expression = parseSchedule(text);
  if (expression?.kind === "rate" && expression.unit !== "minute") {
    const isTooOften = expression.unit === "hour" && expression.value < rateHoursMin;
    if (isTooOften || expression.value > rateMax) {
      throw invalidRotationRules("The rate of a rotation must be at least 4 hours and at most 999 days.");
    }
    return;
  }
  const isValid = expression?.kind === "cron" && expression.minutes.join() === "0" && text.endsWith(" *)");
  if (!isValid) throw invalidRotationRules(`Invalid ScheduleExpression: ${text}`);
}

function requireRules(rules: RotationRulesType): void {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression } = rules;
  if (days !== undefined && expression !== undefined) {
    throw invalidRotationRules("You can't specify both AutomaticallyAfterDays and ScheduleExpression.");
  }
  if (expression !== undefined) requireSchedule(expression);
}

/** There are no functions here yet, so that none can be invoked: nothing of the request is kept. */
function requireFunction(input: RotateSecretRequest): never {
  if (input.RotationLambdaARN) throw functionNotInvocable();
  throw noRotationFunction();
}

/**
 * A function that can't be invoked leaves the secret as it was, without a rotation.
 *
 * @evidence recorded AWS answers to RotateSecret with a function that is not there, and DescribeSecret
 *   thereafter
 */
export const RotateSecret = operation(sm.RotateSecret, {
  ...secretRules<RotateSecretRequest>(),

  run(input, ctx) {
    if (input.ClientRequestToken === undefined) throw tokenRequiredToRotate();
    const secret = requireChangeable(ctx, input.SecretId);
    if (input.ExternalSecretRotationRoleArn || input.ExternalSecretRotationMetadata) {
      throw notImplemented("Rotation of managed external secrets of Secrets Manager");
    }
    requireRules(input.RotationRules ?? {});
    const waiting = withStage(ctx, secret.name, pending);
    if (waiting && !waiting.stages.includes(current)) throw rotationInProgress();
    return requireFunction(input);
  },
});

export const CancelRotateSecret = operation(sm.CancelRotateSecret, {
  ...secretRules<sm.CancelRotateSecretRequest>(),
  run(input, ctx) {
    const secret = requireChangeable(ctx, input.SecretId);
    const VersionId = withStage(ctx, secret.name, pending)?.versionId;
    return { ARN: secretArn(ctx, secret), Name: secret.name, VersionId };
  },
});
