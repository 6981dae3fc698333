/** GetMetricWidgetImage. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { invalidFor } from "./errors.ts";
import { drawChart, type ChartSeries } from "./images/chart.ts";
import { askedInsights } from "./insight-rule-metrics.ts";
import { defaultLabels, shownLabel, zoneOffsetOf } from "./labels.ts";
import { parseWidget, type MetricWidget } from "./metric-widget.ts";
import { alignedStart } from "./periods.ts";
import { requireQueries } from "./query-checks.ts";
import { QueryRun } from "./query-run.ts";

async function runOf(ctx: BodyContext, { metrics, start, end }: MetricWidget): Promise<QueryRun> {
  const now = ctx.clock.now();
  const queries = metrics.map(({ query }) => query);
  const window = { end, startFor: (period: number) => alignedStart(start, period, now) };
  return new QueryRun(ctx, queries, window, await askedInsights(ctx, queries, window));
}

function seriesOf(ctx: BodyContext, { metrics, timezone }: MetricWidget, run: QueryRun): ChartSeries[] {
  const queries = metrics.map(({ query }) => query);
  const labels = defaultLabels(queries);
  const facts = { account: ctx.account, region: ctx.region, timezone, now: ctx.clock.now() };
  return metrics.flatMap(({ query, isVisible, side, colour }) => {
    const all = run.resultsOf(query);
    if (!isVisible) return [];
    return all.map((series): ChartSeries => ({
      label: shownLabel({ query, series, all }, labels, facts), side, colour,
      periodMilliseconds: series.periodSeconds * 1_000,
      points: [...series.points].sort(([left], [right]) => left - right),
    }));
  });
}

/** @evidence CloudWatch API Reference, GetMetricWidgetImage: `image/png` is for requests of one's own */
export const GetMetricWidgetImage = operation(cloudwatch.GetMetricWidgetImage, {
  async body({ MetricWidget: text, OutputFormat: format = "png" }, ctx) {
    if (format === "image/png") throw notImplemented("The output format image/png of CloudWatch");
    if (format !== "png") throw invalidFor(format, "OutputFormat");
    const widget = parseWidget(text, ctx.clock.now(), ctx.region);
    requireQueries(widget.metrics.map(({ query }) => query), "MetricWidget.metrics");
    ctx.kernel.metrics.flushCell(ctx);
    const run = await runOf(ctx, widget);
    const series = ctx.reading(() => seriesOf(ctx, widget, run));
    const { start: from, end: to, timezone, ...shown } = widget;
    const raster = drawChart({ ...shown, from, to, zoneOffset: zoneOffsetOf(timezone), series });
    return { MetricWidgetImage: await raster.png() };
  },
});
