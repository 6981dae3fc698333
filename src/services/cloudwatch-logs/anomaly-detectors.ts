/** Anomaly detectors: their settings, and the anomalies that they have found. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { evaluateDetector, trainDetector, trainingMilliseconds, windowOf } from "./anomaly-detecting.ts";
import {
  anomalyDetectors, anomalyModels, foundAnomalies, type AnomalyDetector,
} from "./anomaly-detector-table.ts";
import { invalidNextToken, invalidParameter, limitExceeded, resourceNotFound } from "./errors.ts";
import { groupNameOf, requireGroup } from "./group-table.ts";
import { setTags } from "./group-tags.ts";
import { patternOf } from "./known-patterns.ts";

/** @evidence CloudWatch Logs API Reference, CreateLogAnomalyDetector: 7 to 90 days, 21 by default */
const visibilityDaysDefault = 21;

export function detectorArn(ctx: Pick<ReadContext, "arn">, id: string): string {
  return ctx.arn(`anomaly-detector:${id}`);
}

export const onDetector = { resource: (input: { readonly anomalyDetectorArn: string }) =>
  input.anomalyDetectorArn };

export function requireDetector(ctx: Context, arn: string): AnomalyDetector {
  const id = arn.slice(arn.lastIndexOf(":") + 1);
  const found = ctx.db(anomalyDetectors).get(id);
  if (!found || detectorArn(ctx, id) !== arn) {
    throw resourceNotFound("The specified anomaly detector does not exist.");
  }
  return found;
}

/** @throws ResourceNotFoundException for what is another account's, or in another region, too */
function requireOwnGroup(ctx: Context, arn: string): void {
  const { account, region } = parseArn(arn) ?? {};
  if (account !== ctx.account || region !== ctx.region) {
    throw resourceNotFound("The specified log group does not exist.");
  }
  requireGroup(ctx, groupNameOf(arn));
}

export const CreateLogAnomalyDetector = operation(logs.CreateLogAnomalyDetector, {
  resource: (input) => input.logGroupArnList,
  run(input, ctx) {
    if (input.logGroupArnList.length !== 1) throw invalidParameter(
      "logGroupArnList must name one log group."
    );
    for (const arn of input.logGroupArnList) requireOwnGroup(ctx, arn);
    if (input.filterPattern !== undefined) patternOf(ctx, input.filterPattern);
    if (ctx.db(anomalyDetectors).count() >= 500) throw limitExceeded();
    const now = ctx.clock.now();
    const { id } = ctx.db(anomalyDetectors).put({
      id: ctx.ids.uuid(),
      ...(input.detectorName !== undefined && { name: input.detectorName }),
      groupArns: input.logGroupArnList,
      ...(input.evaluationFrequency !== undefined && { evaluationFrequency: input.evaluationFrequency }),
      ...(input.filterPattern !== undefined && { filterPattern: input.filterPattern }),
      ...(input.kmsKeyId !== undefined && { kmsKeyId: input.kmsKeyId }),
      visibilityDays: input.anomalyVisibilityTime ?? visibilityDaysDefault,
      isEnabled: true, createdAt: now, updatedAt: now, analyzesFrom: now + trainingMilliseconds,
    });
    ctx.schedule(trainDetector, { id, at: now + trainingMilliseconds, input: { id } });
    setTags(ctx, detectorArn(ctx, id), input.tags);
    return { anomalyDetectorArn: detectorArn(ctx, id) };
  },
});

export const UpdateLogAnomalyDetector = operation(logs.UpdateLogAnomalyDetector, {
  ...onDetector,
  run(input, ctx) {
    const detector = requireDetector(ctx, input.anomalyDetectorArn);
    if (input.filterPattern !== undefined) patternOf(ctx, input.filterPattern);
    const changed = ctx.db(anomalyDetectors).put({
      ...detector,
      ...(input.evaluationFrequency !== undefined && { evaluationFrequency: input.evaluationFrequency }),
      ...(input.filterPattern !== undefined && { filterPattern: input.filterPattern }),
      ...(input.anomalyVisibilityTime !== undefined && { visibilityDays: input.anomalyVisibilityTime }),
      isEnabled: input.enabled,
      updatedAt: ctx.clock.now(),
    });
    const { id } = detector;
    if (!input.enabled) ctx.unschedule(evaluateDetector, id);
    else if (ctx.db(anomalyModels).has(id)) {
      ctx.schedule(evaluateDetector, { id, at: ctx.clock.now() + windowOf(changed), input: { id } });
    }
  },
});

export const DeleteLogAnomalyDetector = operation(logs.DeleteLogAnomalyDetector, {
  ...onDetector,
  run(input, ctx) {
    const { id } = requireDetector(ctx, input.anomalyDetectorArn);
    ctx.db(anomalyDetectors).delete(id);
    ctx.db(anomalyModels).delete(id);
    for (const anomaly of [...ctx.db(foundAnomalies).list({ prefix: [id] })]) {
      ctx.db(foundAnomalies).delete([id, anomaly.id]);
    }
    ctx.unschedule(trainDetector, id);
    ctx.unschedule(evaluateDetector, id);
    ctx.tags(detectorArn(ctx, id)).clear();
  },
});

/** How long it takes until training begins is not documented. */
const initializingMilliseconds = 60_000;

function statusOf({ isEnabled, createdAt, analyzesFrom }: AnomalyDetector,
  now: number): logs.AnomalyDetectorStatus {
  if (!isEnabled) return "PAUSED";
  if (now >= analyzesFrom) return "ANALYZING";
  return now < createdAt + initializingMilliseconds ? "INITIALIZING" : "TRAINING";
}

function shown(detector: AnomalyDetector, now: number): logs.GetLogAnomalyDetectorResponse {
  return {
    ...(detector.name !== undefined && { detectorName: detector.name }),
    logGroupArnList: [...detector.groupArns],
    ...(detector.evaluationFrequency !== undefined && {
      evaluationFrequency: detector.evaluationFrequency as logs.EvaluationFrequency,
    }),
    ...(detector.filterPattern !== undefined && { filterPattern: detector.filterPattern }),
    anomalyDetectorStatus: statusOf(detector, now),
    ...(detector.kmsKeyId !== undefined && { kmsKeyId: detector.kmsKeyId }),
    creationTimeStamp: detector.createdAt,
    lastModifiedTimeStamp: detector.updatedAt,
    anomalyVisibilityTime: detector.visibilityDays,
  };
}

export const GetLogAnomalyDetector = operation(logs.GetLogAnomalyDetector, {
  ...onDetector,
  run: (input, ctx) => shown(requireDetector(ctx, input.anomalyDetectorArn), ctx.clock.now()),
});

export const ListLogAnomalyDetectors = operation(logs.ListLogAnomalyDetectors, {
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(anomalyDetectors),
      key: (detector) => detector.id,
      keep: ({ groupArns }) => input.filterLogGroupArn === undefined || groupArns.includes(
        input.filterLogGroupArn
      ),
      limit: input.limit ?? 50,
      token: input.nextToken,
      scope: `logs.ListLogAnomalyDetectors ${input.filterLogGroupArn ?? ""}`,
      invalid: invalidNextToken,
    });
    return {
      anomalyDetectors: items.map(
        (each) => ({ anomalyDetectorArn: detectorArn(ctx, each.id), ...shown(each, ctx.clock.now()) })
      ),
      nextToken: next,
    };
  },
});
