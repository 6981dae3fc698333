/** Anomaly detectors: which metrics bands are kept for. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { AnomalyDetector, DeleteAnomalyDetectorInput } from "../../generated/cloudwatch.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { detectors, idOf, type Detector } from "./anomaly-detector-rows.ts";
import {
  bothSpecified, invalidNextToken, invalidParameterCombination, parameterRequired, resourceNotFound,
} from "./errors.ts";
import { points, seriesOf, sortedDimensions } from "./metric-rows.ts";
import { requireQueries } from "./query-checks.ts";

type Named = Pick<Detector, "id" | "single" | "queries">;

/** @evidence CloudWatch API Reference, PutAnomalyDetector: one of the three ways to name what is watched */
function named(input: DeleteAnomalyDetectorInput): Named {
  const { SingleMetricAnomalyDetector: given, MetricMathAnomalyDetector: math } = input;
  if (given && math) throw bothSpecified("SingleMetricAnomalyDetector", "MetricMathAnomalyDetector");
  const direct = input.Namespace ?? input.MetricName ?? input.Stat ?? input.Dimensions;
  if ((given ?? math) && direct !== undefined) {
    throw invalidParameterCombination(
      "Namespace, MetricName, Stat and Dimensions must not be specified with a nested detector.",
    );
  }
  if (math) {
    const queries = math.MetricDataQueries ?? [];
    if (queries.length === 0) throw parameterRequired("MetricMathAnomalyDetector.MetricDataQueries");
    requireQueries(queries, "MetricMathAnomalyDetector.MetricDataQueries");
    return { id: idOf(queries), queries };
  }
  const { Namespace, MetricName, Stat, Dimensions } = given ?? input;
  if (Namespace === undefined) throw parameterRequired("Namespace");
  if (MetricName === undefined) throw parameterRequired("MetricName");
  if (Stat === undefined) throw parameterRequired("Stat");
  const single = { Namespace, MetricName, Stat, Dimensions: sortedDimensions(Dimensions) };
  return { id: idOf(single), single };
}

export const PutAnomalyDetector = operation(cloudwatch.PutAnomalyDetector, {
  run(input, ctx) {
    const what = named(input);
    const existing = ctx.db(detectors).get(what.id);
    ctx.db(detectors).put({
      ...what,
      configuration: { ExcludedTimeRanges: [], ...input.Configuration },
      ...(input.MetricCharacteristics && { characteristics: input.MetricCharacteristics }),
      createdAt: existing?.createdAt ?? ctx.clock.now(),
    });
    return {};
  },
});

export const DeleteAnomalyDetector = operation(cloudwatch.DeleteAnomalyDetector, {
  run(input, ctx) {
    const { id } = named(input);
    if (!ctx.db(detectors).delete(id)) throw resourceNotFound("AnomalyDetector", id);
    return {};
  },
});

/** It is trained as soon as there is something to go by. */
function shown(ctx: ReadContext, detector: Detector): AnomalyDetector {
  const { single, queries, configuration, characteristics } = detector;
  const series = single && seriesOf({
    namespace: single.Namespace ?? "", name: single.MetricName ?? "", dimensions: single.Dimensions ?? [],
  });
  const isTrained = series !== undefined && ctx.db(points).first({ prefix: [series] }) !== undefined;
  return {
    ...single,
    Configuration: configuration,
    StateValue: isTrained ? "TRAINED" : "PENDING_TRAINING",
    ...(characteristics && { MetricCharacteristics: characteristics }),
    ...(single && { SingleMetricAnomalyDetector: single }),
    ...(queries && { MetricMathAnomalyDetector: { MetricDataQueries: [...queries] } }),
  };
}

export const DescribeAnomalyDetectors = operation(cloudwatch.DescribeAnomalyDetectors, {
  run(input, ctx) {
    const types = input.AnomalyDetectorTypes ?? ["SINGLE_METRIC"];
    const wanted = input.Dimensions && JSON.stringify(sortedDimensions(input.Dimensions));
    const { items, next } = page({
      rows: ctx.db(detectors),
      key: (row) => row.id,
      keep: ({ single }) =>
        types.includes(single ? "SINGLE_METRIC" : "METRIC_MATH") &&
        (input.Namespace === undefined || single?.Namespace === input.Namespace) &&
        (input.MetricName === undefined || single?.MetricName === input.MetricName) &&
        (wanted === undefined || JSON.stringify(single?.Dimensions) === wanted),
      limit: Math.min(input.MaxResults ?? 50, 50),
      token: input.NextToken,
      scope: "cloudwatch:DescribeAnomalyDetectors",
      invalid: invalidNextToken,
    });
    return { AnomalyDetectors: items.map((detector) => shown(ctx, detector)), NextToken: next };
  },
});
