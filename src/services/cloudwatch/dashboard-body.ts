/**
 * What the body of a dashboard must be.
 *
 * @evidence CloudWatch API Reference, "Dashboard Body Structure and Syntax"
 */

import type { DashboardMessage } from "./errors.ts";

const widgetsMax = 500;
const metricsMax = 500;
const types = ["metric", "text", "log", "alarm", "explorer", "custom"];
/** Least and greatest values. */
const places = { x: [0, 23], y: [0, 1_000_000], width: [1, 24], height: [1, 1_000] } as const;

export interface DashboardMessages {
  /** The dashboard is refused. */
  readonly errors: DashboardMessage[];
  /** It is kept, and they are answered. */
  readonly warnings: DashboardMessage[];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function dashboardMessages(text: string): DashboardMessages {
  const found: DashboardMessages = { errors: [], warnings: [] };
  const fail = (DataPath: string, Message: string): void => void found.errors.push({ DataPath, Message });
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    fail("/", "The field DashboardBody must be a valid JSON object");
    return found;
  }
  if (!isObject(body)) {
    fail("/", "The field DashboardBody must be a valid JSON object");
    return found;
  }
  const { widgets } = body;
  if (widgets === undefined) fail("/", "Should have required property 'widgets'");
  else if (!Array.isArray(widgets)) fail("/widgets", "Should be array");
  else {
    if (widgets.length > widgetsMax) fail("/widgets", `Should NOT have more than ${widgetsMax} items`);
    widgets.forEach((widget: unknown, index) => checkWidget(widget, `/widgets/${index}`, fail));
  }
  const known = ["widgets", "start", "end", "periodOverride", "variables"];
  for (const name of Object.keys(body)) {
    if (known.includes(name)) continue;
    found.warnings.push({ DataPath: `/${name}`, Message: "Unexpected property, it is ignored" });
  }
  return found;
}

type Fail = (path: string, message: string) => void;

function checkWidget(widget: unknown, path: string, fail: Fail): void {
  if (!isObject(widget)) return fail(path, "Should be object");
  for (const name of ["type", "properties"]) {
    if (widget[name] === undefined) fail(path, `Should have required property '${name}'`);
  }
  const { type, properties } = widget;
  if (type !== undefined && !types.includes(type as string)) {
    fail(`${path}/type`, "Should be equal to one of the allowed values");
  }
  for (const [name, [least, greatest]] of Object.entries(places)) checkNumber(
    widget[name], `${path}/${name}`, least, greatest, fail
  );
  if (properties === undefined) return;
  if (!isObject(properties)) return fail(`${path}/properties`, "Should be object");
  if (type === "metric") checkMetric(properties, `${path}/properties`, fail);
  if (type === "text" && typeof properties["markdown"] !== "string") {
    fail(`${path}/properties`, "Should have required property 'markdown'");
  }
  if (type === "alarm" && !Array.isArray(properties["alarms"])) {
    fail(`${path}/properties`, "Should have required property 'alarms'");
  }
}

function checkNumber(value: unknown, path: string, least: number, greatest: number, fail: Fail): void {
  if (value === undefined) return;
  if (typeof value !== "number" || !Number.isInteger(value)) fail(path, "Should be integer");
  else if (value < least) fail(path, `Should be >= ${least}`);
  else if (value > greatest) fail(path, `Should be <= ${greatest}`);
}

function checkMetric(properties: Readonly<Record<string, unknown>>, path: string, fail: Fail): void {
  const { metrics, region, annotations } = properties;
  const hasAlarms = isObject(annotations) && Array.isArray(annotations["alarms"]);
  if (metrics === undefined && !hasAlarms) fail(path, "Should have required property 'metrics'");
  if (region === undefined && !hasAlarms) fail(path, "Should have required property 'region'");
  if (metrics === undefined) return;
  if (!Array.isArray(metrics)) return fail(`${path}/metrics`, "Should be array");
  if (metrics.length > metricsMax) fail(`${path}/metrics`, `Should NOT have more than ${metricsMax} items`);
  metrics.forEach((metric: unknown, index) => {
    const at = `${path}/metrics/${index}`;
    if (!Array.isArray(metric) || metric.length === 0) fail(at, "Should be array");
    else if (!metric.every((part) => typeof part === "string" || isObject(part))) {
      fail(at, "Should contain strings, and an object at its end");
    }
  });
}
