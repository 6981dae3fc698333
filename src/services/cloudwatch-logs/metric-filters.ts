/** Metric filters: events that match become values of a metric. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidNextToken, invalidParameter, limitExceeded, resourceNotFound } from "./errors.ts";
import { countMetricFilters, metricFilters, type MetricFilter } from "./filter-tables.ts";
import { aboutGroup, onGroup, requireGroup } from "./group-table.ts";
import { requireFewRegexes } from "./filter-limits.ts";
import { patternOf } from "./known-patterns.ts";
import { parseFilterPattern } from "./patterns/filter-pattern.ts";
import { readSelector } from "./patterns/selectors.ts";
import { readCriteria, requireSystemFields } from "./selection-criteria.ts";

/** @evidence CloudWatch Logs User Guide, quotas: 100 metric filters a log group */
const filtersMax = 100;
/** @evidence CloudWatch Logs API Reference, MetricTransformation, dimensions */
const dimensionsMax = 3;

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function requireTransformation(transformation: logs.MetricTransformation, kind: string): void {
  const { metricValue, dimensions = {}, defaultValue } = transformation;
  const selectors = Object.values(dimensions);
  if (!numberForm.test(metricValue)) {
    if (!metricValue.startsWith("$")) {
      throw invalidParameter(`Invalid metric transformation: metric value must be a number or a selector.`);
    }
    selectors.push(metricValue);
  }
  if (Object.keys(dimensions).length > 0) {
    if (defaultValue !== undefined) {
      throw invalidParameter(
        "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
      );
    }
    if (Object.keys(dimensions).length > dimensionsMax) {
      throw invalidParameter(
        `Invalid metric transformation: at most ${dimensionsMax} dimensions are allowed.`
      );
    }
  }
  for (const selector of selectors) {
    if (!readSelector(selector)) throw invalidParameter(`Invalid metric transformation: '${selector}'`);
    if (kind !== "json" && kind !== "fields") {
      throw invalidParameter(
        "Invalid metric transformation: values can only be extracted by JSON and space-delimited " +
          "filter patterns.",
      );
    }
  }
}

/** Events that are there already are not looked at. */
export const PutMetricFilter = operation(logs.PutMetricFilter, {
  ...onGroup,
  run(input, ctx) {
    const pattern = patternOf(ctx, input.filterPattern);
    for (const each of input.metricTransformations) requireTransformation(each, pattern.kind);
    readCriteria(input.fieldSelectionCriteria);
    requireSystemFields(input.emitSystemFieldDimensions, ["@aws.account", "@aws.region"]);
    const group = requireGroup(ctx, input.logGroupName);
    const known = ctx.db(metricFilters).get([group.name, input.filterName]);
    if (!known && countMetricFilters(ctx, group.name) >= filtersMax) throw limitExceeded();
    requireFewRegexes(ctx, group.name, input.filterPattern, ({ name }, kind) =>
      kind === "metric" && name === input.filterName);
    ctx.db(metricFilters).put({
      group: group.name,
      name: input.filterName,
      pattern: input.filterPattern,
      transformations: input.metricTransformations,
      createdAt: known?.createdAt ?? ctx.clock.now(),
      applyOnTransformedLogs: input.applyOnTransformedLogs ?? false,
      ...(input.fieldSelectionCriteria !== undefined && {
        fieldSelectionCriteria: input.fieldSelectionCriteria,
      }),
      ...(input.emitSystemFieldDimensions && { emitSystemFieldDimensions: input.emitSystemFieldDimensions }),
    });
  },
});

export const DeleteMetricFilter = operation(logs.DeleteMetricFilter, {
  ...onGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, input.logGroupName);
    if (!ctx.db(metricFilters).delete([group.name, input.filterName])) {
      throw resourceNotFound("The specified metric filter does not exist.");
    }
  },
});

function shown(filter: MetricFilter): logs.MetricFilter {
  return {
    filterName: filter.name,
    filterPattern: filter.pattern,
    metricTransformations: filter.transformations.map((each) => ({ ...each })),
    creationTime: filter.createdAt,
    logGroupName: filter.group,
    applyOnTransformedLogs: filter.applyOnTransformedLogs,
    ...(filter.fieldSelectionCriteria !== undefined && {
      fieldSelectionCriteria: filter.fieldSelectionCriteria,
    }),
    ...(filter.emitSystemFieldDimensions && {
      emitSystemFieldDimensions: [...filter.emitSystemFieldDimensions],
    }),
  };
}

/** @evidence CloudWatch Logs API Reference, DescribeMetricFilters: ASCII order by name; at most 50 */
export const DescribeMetricFilters = operation(logs.DescribeMetricFilters, {
  resource: (input, ctx) => aboutGroup(input.logGroupName ?? "", ctx),
  run(input, ctx) {
    const { logGroupName, filterNamePrefix = "", metricName, metricNamespace } = input;
    if ((metricName === undefined) !== (metricNamespace === undefined)) {
      throw invalidParameter("metricName and metricNamespace must be specified together.");
    }
    if (logGroupName !== undefined) requireGroup(ctx, logGroupName);
    const { items, next } = page({
      rows: ctx.db(metricFilters),
      range: logGroupName === undefined ? {} : { prefix: [logGroupName] },
      key: (filter) => [filter.group, filter.name],
      keep: (filter) => filter.name.startsWith(filterNamePrefix) && (metricName === undefined ||
        filter.transformations.some((each) =>
          each.metricName === metricName && each.metricNamespace === metricNamespace)),
      limit: input.limit ?? 50,
      token: input.nextToken,
      scope: `logs.DescribeMetricFilters ${JSON.stringify([logGroupName, filterNamePrefix, metricName])}`,
      invalid: invalidNextToken,
    });
    return { metricFilters: items.map(shown), nextToken: next };
  },
});

export const TestMetricFilter = operation(logs.TestMetricFilter, {
  run(input) {
    const { match } = parseFilterPattern(input.filterPattern);
    return {
      matches: input.logEventMessages.flatMap((eventMessage, index) => {
        const found = match(eventMessage);
        return found ? [{ eventNumber: index + 1, eventMessage, extractedValues: found.values() }] : [];
      }),
    };
  },
});
