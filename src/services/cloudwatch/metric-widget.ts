/**
 * The text that says what a picture of metrics shows.
 *
 * @evidence CloudWatch API Reference, "GetMetricWidgetImage: Metric Widget Structure and Syntax"
 */

import type { MetricDataQuery } from "../../generated/cloudwatch.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { validationError } from "./errors.ts";
import type { ChartAnnotation, ChartAxis, Side } from "./images/chart.ts";

const sizeMax = 2_000;
const widthDefault = 600;
const heightDefault = 400;
const metricsMax = 100;
const periodDefault = 300;
const statDefault = "Average";
const startDefault = "-PT3H";
const endDefault = "PT0H";
const secondsOf = { days: 86_400, hours: 3_600, minutes: 60 };

type Fields = Readonly<Record<string, unknown>>;

export interface WidgetMetric {
  readonly query: MetricDataQuery;
  readonly isVisible: boolean;
  readonly side: Side;
  readonly colour: number | undefined;
}

export interface MetricWidget {
  readonly width: number;
  readonly height: number;
  readonly title: string | undefined;
  readonly isDark: boolean;
  readonly isStacked: boolean;
  readonly legend: "bottom" | "right" | "hidden";
  /** Epoch milliseconds. */
  readonly start: number;
  readonly end: number;
  /** `+0130`. */
  readonly timezone: string;
  readonly metrics: readonly WidgetMetric[];
  readonly axes: Readonly<Partial<Record<Side, ChartAxis>>>;
  readonly horizontal: readonly ChartAnnotation[];
  readonly vertical: readonly ChartAnnotation[];
}

function invalid(what: string): Error {
  return validationError(`The value for parameter MetricWidget is invalid: ${what}.`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsOf(within: Fields, name: string): Fields {
  const value = within[name] ?? {};
  if (!isFields(value)) throw invalid(`${name} must be an object`);
  return value;
}

function textOf(within: Fields, name: string): string | undefined {
  const value = within[name];
  if (value !== undefined && typeof value !== "string") throw invalid(`${name} must be a string`);
  return value;
}

function numberOf(within: Fields, name: string): number | undefined {
  const value = within[name];
  if (value !== undefined && typeof value !== "number") throw invalid(`${name} must be a number`);
  return value;
}

/** The first is meant where nothing is said. */
function oneOf<Value extends string>(
  within: Fields, name: string, values: readonly [Value, ...Value[]],
): Value {
  const text = textOf(within, name) ?? values[0];
  const found = values.find((value) => value === text);
  if (found === undefined) throw invalid(`${name} must be one of ${values.join(", ")}`);
  return found;
}

function sizeOf(widget: Fields, name: string, fallback: number): number {
  const size = numberOf(widget, name) ?? fallback;
  if (!Number.isInteger(size) || size < 1 || size > sizeMax) {
    throw invalid(`${name} must be between 1 and ${sizeMax}`);
  }
  return size;
}

function colourOf(within: Fields): number | undefined {
  const text = textOf(within, "color");
  if (text === undefined) return undefined;
  if (!/^#[0-9a-f]{6}$/i.test(text)) throw invalid(`color ${text}`);
  return Number.parseInt(text.slice(1), 16);
}

const durationForm = /^-?P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/;

/** A time, or how long ago it is: `2026-01-31T12:00:00Z`, `-PT3H`. */
function timeOf(text: string, name: string, now: number): number {
  const [whole, days = 0, hours = 0, minutes = 0, seconds = 0] = durationForm.exec(text) ?? [];
  const at = whole === undefined ? Date.parse(text) : now - 1_000 * (
    Number(days) * secondsOf.days + Number(hours) * secondsOf.hours + Number(minutes) * secondsOf.minutes +
    Number(seconds));
  if (!(at >= 0)) throw invalid(`${name} ${text}`);
  return at;
}

/** `.` stands for what is above it, and `...` for as much of the row above as is left out. */
function written(row: readonly unknown[], above: readonly string[]): string[] {
  const texts = row.filter((part) => !isFields(part));
  if (!texts.every((part) => typeof part === "string")) throw invalid("metrics must hold strings");
  const at = texts.indexOf("...");
  const left = Math.max(0, above.length - (texts.length - 1));
  const repeated = above.slice(at, at + left);
  const full = at < 0 ? texts : [...texts.slice(0, at), ...repeated, ...texts.slice(at + 1)];
  return full.map((text, index) => (text === "." ? above[index] ?? text : text));
}

function metricsOf(widget: Fields, region: string): WidgetMetric[] {
  const { metrics } = widget;
  if (!Array.isArray(metrics) || metrics.length < 1 || metrics.length > metricsMax) {
    throw invalid(`metrics must be an array of 1 to ${metricsMax} metrics`);
  }
  let above: string[] = [];
  return metrics.map((row: unknown, index): WidgetMetric => {
    if (!Array.isArray(row)) throw invalid("metrics must hold arrays");
    const options: unknown = row.find(isFields) ?? {};
    if (!isFields(options)) throw invalid("metrics must hold arrays");
    const elsewhere = textOf(options, "region") ?? textOf(widget, "region") ?? region;
    if (elsewhere !== region) throw notImplemented("Pictures of CloudWatch of other regions' metrics");
    const names = written(row, above);
    const query = queryOf(widget, options, names, index);
    if (query.MetricStat) above = names;
    return {
      query, isVisible: options["visible"] !== false, side: oneOf(options, "yAxis", ["left", "right"]),
      colour: colourOf(options),
    };
  });
}

function queryOf(widget: Fields, options: Fields, names: readonly string[], index: number): MetricDataQuery {
  const Label = textOf(options, "label");
  const period = numberOf(options, "period") ?? numberOf(widget, "period");
  const expression = textOf(options, "expression");
  const Id = textOf(options, "id") ?? `${expression === undefined ? "m" : "e"}${index + 1}`;
  if (expression !== undefined) {
    const Period = /^\s*SELECT\b/i.test(expression) ? period ?? periodDefault : period;
    return { Id, Expression: expression, Label, ...(Period !== undefined && { Period }) };
  }
  const [Namespace = "", MetricName = "", ...pairs] = names;
  if (Namespace === "" || MetricName === "" || pairs.length % 2 !== 0) {
    throw invalid(`metrics[${index}] must hold a namespace, a name, and names and values of dimensions`);
  }
  const Dimensions = pairs.flatMap((Name, at) => (at % 2 === 0 ? { Name, Value: pairs[at + 1] ?? "" } : []));
  const Stat = textOf(options, "stat") ?? textOf(widget, "stat") ?? statDefault;
  const MetricStat = { Metric: { Namespace, MetricName, Dimensions }, Period: period ?? periodDefault, Stat };
  return { Id, Label, MetricStat };
}

function axesOf(widget: Fields): Partial<Record<Side, ChartAxis>> {
  const both = fieldsOf(widget, "yAxis");
  const axis = (side: Side): ChartAxis => {
    const fields = fieldsOf(both, side);
    return { min: numberOf(fields, "min"), max: numberOf(fields, "max"), label: textOf(fields, "label") };
  };
  return { left: axis("left"), right: axis("right") };
}

/** Bands are two lines. */
function annotationsOf(widget: Fields, kind: "horizontal" | "vertical", now: number): ChartAnnotation[] {
  const all = fieldsOf(widget, "annotations")[kind] ?? [];
  if (!Array.isArray(all)) throw invalid(`annotations.${kind} must be an array`);
  return all.flat().flatMap((each: unknown): ChartAnnotation[] => {
    if (!isFields(each)) throw invalid(`annotations.${kind} must hold objects`);
    if (each["visible"] === false) return [];
    const value = kind === "vertical"
      ? timeOf(textOf(each, "value") ?? "", "value", now)
      : numberOf(each, "value");
    if (value === undefined) throw invalid(`annotations.${kind} must have values`);
    const side = oneOf(each, "yAxis", ["left", "right"]);
    return [{ value, label: textOf(each, "label"), colour: colourOf(each), side }];
  });
}

/** @throws ValidationError */
export function parseWidget(text: string, now: number, region: string): MetricWidget {
  let widget: unknown;
  try {
    widget = JSON.parse(text);
  } catch {
    throw invalid("it is no JSON");
  }
  if (!isFields(widget)) throw invalid("it must be an object");
  const view = oneOf(widget, "view", ["timeSeries", "bar", "pie", "singleValue", "gauge"]);
  if (view !== "timeSeries") throw notImplemented(`Pictures of CloudWatch with the view ${view}`);
  const start = timeOf(textOf(widget, "start") ?? startDefault, "start", now);
  const end = timeOf(textOf(widget, "end") ?? endDefault, "end", now);
  if (start >= end) throw invalid("start must be before end");
  const timezone = textOf(widget, "timezone") ?? "+0000";
  if (!/^[+-]\d{4}$/.test(timezone)) throw invalid(`timezone ${timezone}`);
  return {
    width: sizeOf(widget, "width", widthDefault), height: sizeOf(widget, "height", heightDefault),
    title: textOf(widget, "title"), isDark: oneOf(widget, "theme", ["light", "dark"]) === "dark",
    isStacked: widget["stacked"] === true,
    legend: oneOf(fieldsOf(widget, "legend"), "position", ["bottom", "right", "hidden"]),
    start, end, timezone, metrics: metricsOf(widget, region), axes: axesOf(widget),
    horizontal: annotationsOf(widget, "horizontal", now), vertical: annotationsOf(widget, "vertical", now),
  };
}
