/** Works metric math out. */

import { notImplemented } from "../../kernel/errors.ts";
import { validationError } from "./errors.ts";
import { functions, type Times } from "./math-functions.ts";
import type { Expression } from "./math-parse.ts";
import { mapped, number, timesOf, withoutUndefined, type MathValue, type TimeSeries } from "./math-values.ts";

/** What an expression can see beyond itself. */
export interface Scope {
  /** The value of the query with this id. */
  find(id: string): MathValue | undefined;
  /** Metrics of the request, with their ids: those whose id holds the text, where there is one. */
  metrics(holding: string | undefined): readonly TimeSeries[];
  search(query: string, stat: string, periodSeconds: number | undefined): readonly TimeSeries[];
  /** What an insight rule counted. */
  insightRule(rule: string, metric: string): TimeSeries;
  band(series: TimeSeries, deviations: number): readonly TimeSeries[];
  readonly times: Times;
  /** Data points were left out, since there is no number for them. */
  noteDropped(): void;
  readonly periodSeconds: number;
}

/** Functions over what this region has not. */
const missing = ["DB_PERF_INSIGHTS", "LAMBDA", "SERVICE_QUOTA"];
/** Names that are arguments of functions. */
const words = ["REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MAX", "MIN", "SUM", "STDDEV"];

const operators: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "^": (left, right) => left ** right,
  "==": (left, right) => Number(left === right),
  "!=": (left, right) => Number(left !== right),
  "<": (left, right) => Number(left < right),
  "<=": (left, right) => Number(left <= right),
  ">": (left, right) => Number(left > right),
  ">=": (left, right) => Number(left >= right),
  "&&": (left, right) => Number(left !== 0 && right !== 0),
  "||": (left, right) => Number(left !== 0 || right !== 0),
};

const typeNames = {
  number: "Scalar", series: "TimeSeries", list: "Array[TimeSeries]", text: "String",
} as const;

export function evaluate(expression: Expression, scope: Scope): MathValue {
  return withoutUndefined(evaluated(expression, scope), () => scope.noteDropped());
}

function evaluated(expression: Expression, scope: Scope): MathValue {
  switch (expression.kind) {
    case "number": return number(expression.value);
    case "text": return { kind: "text", value: expression.value };
    case "name": return named(expression.name, scope);
    case "negative": return binary("*", number(-1), evaluate(expression.of, scope));
    case "list": return {
      kind: "list", items: listed(expression.items.map((item) => evaluate(item, scope)), scope),
    };
    case "binary": {
      return binary(expression.operator, evaluate(expression.left, scope), evaluate(expression.right, scope));
    }
    case "call": return called(expression.name, expression.items, scope);
  }
}

function named(name: string, scope: Scope): MathValue {
  const value = scope.find(name);
  if (value) return value;
  if (words.includes(name)) return { kind: "text", value: name };
  throw validationError(`Unknown identifier: ${name}`);
}

/** Numbers in a list are constant time series. */
function listed(items: readonly MathValue[], scope: Scope): TimeSeries[] {
  return items.flatMap((item) => {
    if (item.kind === "series") return [item];
    if (item.kind === "list") return [...item.items];
    if (item.kind === "number") return [constant(item.value, scope)];
    throw validationError("Arrays can only contain time series");
  });
}

function constant(value: number, scope: Scope): TimeSeries {
  const { periodSeconds } = scope;
  const points = new Map(scope.times(periodSeconds).map((at) => [at, value]));
  return { kind: "series", periodSeconds, points, label: "" };
}

function binary(operator: string, left: MathValue, right: MathValue): MathValue {
  const apply = operators[operator];
  if (
    !apply || left.kind === "text" || right.kind === "text" || (left.kind === "list" && right.kind === "list")
  ) {
    const types = `[${typeNames[left.kind]}, ${typeNames[right.kind]}]`;
    throw validationError(`Unsupported operand type(s) for ${operator}: '${types}'`);
  }
  if (left.kind === "list") {
    return { kind: "list", items: left.items.map((item) => binary(operator, item, right) as TimeSeries) };
  }
  if (right.kind === "list") {
    return { kind: "list", items: right.items.map((item) => binary(operator, left, item) as TimeSeries) };
  }
  if (left.kind === "number") {
    if (right.kind === "number") return number(apply(left.value, right.value));
    return mapped(right, (value) => apply(left.value, value));
  }
  if (right.kind === "number") return mapped(left, (value) => apply(value, right.value));
  return combined(left, right, apply);
}

/**
 * What only one of the two has is 0 in the other.
 *
 * @evidence CloudWatch User Guide, "Basic arithmetic functions" and "Comparison and logical operators";
 *   https://github.com/compiler-explorer/infra/pull/1661 ("missing + 0" is 0)
 */
function combined(
  left: TimeSeries, right: TimeSeries, apply: (left: number, right: number) => number,
): TimeSeries {
  const periodSeconds = Math.max(left.periodSeconds, right.periodSeconds);
  // Of the shorter periods those that begin with a longer one.
  const coarsest = [left, right].filter((series) => series.periodSeconds === periodSeconds);
  const points = new Map<number, number>();
  for (const at of timesOf(coarsest)) {
    points.set(at, apply(left.points.get(at) ?? 0, right.points.get(at) ?? 0));
  }
  return { kind: "series", periodSeconds, points, label: left.label };
}

function called(name: string, items: readonly Expression[], scope: Scope): MathValue {
  if (missing.includes(name)) throw notImplemented(`The metric math function ${name}`);
  const values = items.map((item) => evaluate(item, scope));
  const [first, second, third] = values;
  const text = (value: MathValue | undefined): string | undefined => (
    value?.kind === "text" ? value.value : undefined
  );
  const amount = (value: MathValue | undefined): number | undefined => (
    value?.kind === "number" ? value.value : undefined
  );
  switch (name) {
    case "METRICS": return { kind: "list", items: scope.metrics(text(first)) };
    case "SEARCH": return {
      kind: "list", items: scope.search(text(first) ?? "", text(second) ?? "", amount(third)),
    };
    case "IF": return chosen(values, scope);
    case "INSIGHT_RULE_METRIC": {
      if (first?.kind !== "text" || second?.kind !== "text") {
        throw validationError(`Unsupported arguments for function ${name}`);
      }
      return scope.insightRule(first.value, second.value);
    }
    case "TIME_SERIES": return constant(amount(first) ?? Number.NaN, scope);
    case "ANOMALY_DETECTION_BAND": {
      if (first?.kind !== "series") throw validationError(`Unsupported arguments for function ${name}`);
      return { kind: "list", items: scope.band(first, amount(second) ?? 2) };
    }
    default: {
      const work = Object.hasOwn(functions, name) ? functions[name] : undefined;
      if (!work) throw validationError(`Unknown function: ${name}`);
      return work(values, name, scope.times);
    }
  }
}

/**
 * IF(condition, value where it is true, value where it is not). Where it is true and the first value is
 * missing it is 0; where it is false and the second is missing there is nothing.
 *
 * @evidence CloudWatch User Guide, "Using IF expressions"
 */
function chosen(values: readonly MathValue[], scope: Scope): MathValue {
  const [condition, yes, no] = values;
  if (!condition || !yes || condition.kind === "text") throw validationError(
    "Unsupported arguments for function IF"
  );
  if (condition.kind === "number") return condition.value !== 0 ? yes : (no ?? empty(yes, scope));
  if (condition.kind === "list") {
    const items = condition.items.map((item) => chosen([item, ...values.slice(1)], scope) as TimeSeries);
    return { kind: "list", items };
  }
  return mapped(condition, (truth, time) =>
    truth !== 0 ? (valueAt(yes, time) ?? 0) : no && valueAt(no, time));
}

function valueAt(value: MathValue, time: number): number | undefined {
  if (value.kind === "number") return value.value;
  return value.kind === "series" ? value.points.get(time) : undefined;
}

function empty(like: MathValue, { periodSeconds }: Scope): TimeSeries {
  const period = like.kind === "series" ? like.periodSeconds : periodSeconds;
  return { kind: "series", periodSeconds: period, points: new Map(), label: "" };
}
