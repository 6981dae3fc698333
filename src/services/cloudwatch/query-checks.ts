/** What queries of metric data must be, in GetMetricData and in alarms. */

import type { MetricDataQuery } from "../../generated/cloudwatch.ts";
import { validationError } from "./errors.ts";
import { isInsightsQuery, parseInsights } from "./metrics-insights-parse.ts";
import { isPeriod } from "./periods.ts";
import { parseStatistic } from "./statistics.ts";

/** @evidence CloudWatch API Reference, MetricDataQuery, Id */
const idForm = /^[a-z][A-Za-z0-9_]*$/;

export function requireQueries(queries: readonly MetricDataQuery[], parameter: string): void {
  const ids = new Set<string>();
  queries.forEach((query, index) => {
    const path = `${parameter}.member.${index + 1}`;
    const { Id: id, MetricStat: stat, Expression: expression } = query;
    if (!idForm.test(id)) throw validationError(`The value ${id} for parameter ${path}.Id is invalid.`);
    if (ids.has(id)) {
      throw validationError(
        `The values for parameter id in ${parameter} are not unique ` +
          `because the id '${id}' is used more than once`,
      );
    }
    ids.add(id);
    if (stat && expression !== undefined) {
      throw validationError(
        `The parameters ${path}.MetricStat and ${path}.Expression are mutually exclusive ` +
          "and you have specified both.",
      );
    }
    if (!stat && expression === undefined) {
      throw validationError(
        `Either the parameter ${path}.MetricStat or ${path}.Expression must be specified.`,
      );
    }
    // @evidence CloudWatch API Reference, MetricDataQuery, Period: required for Metrics Insights
    if (expression !== undefined && isInsightsQuery(expression)) {
      if (query.Period === undefined) throw validationError(`The parameter ${path}.Period is required.`);
      parseInsights(expression);
    }
    if (query.Period !== undefined && !isPeriod(query.Period)) {
      throw validationError(`The parameter ${path}.Period must be 1, 5, 10, 20, 30, or a multiple of 60.`);
    }
    if (stat && !isPeriod(stat.Period)) {
      throw validationError(
        `The parameter ${path}.MetricStat.Period must be 1, 5, 10, 20, 30, or a multiple of 60.`,
      );
    }
    if (stat && !parseStatistic(stat.Stat)) {
      throw validationError(`The value ${stat.Stat} for parameter ${path}.MetricStat.Stat is invalid.`);
    }
    if (stat && (!stat.Metric.Namespace || !stat.Metric.MetricName)) {
      throw validationError(
        `The parameters ${path}.MetricStat.Metric.Namespace and MetricName are required.`,
      );
    }
  });
}
