/**
 * The embedded metric format: metrics within structured log events. Pure: what reads logs gives the text of
 * an event, and publishes what it is given back (PutMetricData of CloudWatch, as the service of logs).
 *
 * @evidence CloudWatch User Guide, "Specification: Embedded metric format"
 */

export interface EmbeddedDatum {
  readonly MetricName: string;
  readonly Dimensions: { readonly Name: string; readonly Value: string }[];
  /** Epoch milliseconds. */
  readonly Timestamp: number;
  readonly Values: number[];
  readonly Unit?: string;
  readonly StorageResolution?: 1 | 60;
}

export interface EmbeddedMetrics {
  readonly Namespace: string;
  readonly MetricData: EmbeddedDatum[];
}

const dimensionsMax = 30;
const metricsMax = 100;
const valuesMax = 100;

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** White space may precede it. */
function mayBeginObject(letter: number): boolean {
  return letter === 0x7b || letter <= 0x20;
}

function parsed(text: string): Json | undefined {
  try {
    const root: unknown = JSON.parse(text);
    return isObject(root) ? root : undefined;
  } catch {
    return undefined;
  }
}

/** What an event holds, and what is wrong with one that calls itself of the format. */
export interface EmbeddedReading {
  readonly metrics: EmbeddedMetrics[];
  /** It is no JSON object; or it breaks the schema, in whole or in part. */
  readonly fault?: "parsing" | "validation";
}

const nothing: EmbeddedReading = { metrics: [] };

export function readEmbedded(text: string): EmbeddedReading {
  // Most events are none: it is cheap to say so.
  if (!mayBeginObject(text.charCodeAt(0))) return nothing;
  if (!text.includes('"_aws"') || !text.includes('"CloudWatchMetrics"')) return nothing;
  const root = parsed(text);
  if (!root) return { metrics: [], fault: "parsing" };
  const metadata = root["_aws"];
  if (!isObject(metadata)) return { metrics: [], fault: "validation" };
  const { Timestamp: at, CloudWatchMetrics: directives } = metadata;
  if (typeof at !== "number" || !Number.isInteger(at) || at < 0 || !Array.isArray(directives)) {
    return { metrics: [], fault: "validation" };
  }
  const found = directives.map((directive: unknown) =>
    (isObject(directive) ? ofDirective(root, directive, at) : undefined));
  const metrics = found.flatMap((each) => (each && each.metrics.MetricData.length > 0 ? [each.metrics] : []));
  return found.every((each) => each?.isWhole) ? { metrics } : { metrics, fault: "validation" };
}

/** Metrics of an event; none where it is not in the format, or breaks its schema. */
export function embeddedMetrics(text: string): EmbeddedMetrics[] {
  return readEmbedded(text).metrics;
}

interface OfDirective {
  readonly metrics: EmbeddedMetrics;
  /** Every metric is there, for every set of dimensions. */
  readonly isWhole: boolean;
}

function ofDirective(root: Json, directive: Json, at: number): OfDirective | undefined {
  const { Namespace, Dimensions: sets, Metrics: definitions } = directive;
  if (typeof Namespace !== "string" || !Array.isArray(sets) || !Array.isArray(definitions)) return undefined;
  if (definitions.length > metricsMax || !sets.every(isNames)) return undefined;
  const MetricData: EmbeddedDatum[] = [];
  for (const definition of definitions) {
    const metric = isObject(definition) && ofDefinition(root, definition, at);
    if (!metric) continue;
    for (const names of sets) {
      const Dimensions = dimensionsOf(root, names);
      if (Dimensions) MetricData.push({ ...metric, Dimensions });
    }
  }
  const isWhole = MetricData.length === definitions.length * sets.length;
  return { metrics: { Namespace, MetricData }, isWhole };
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= dimensionsMax && value.every(
    (name) => typeof name === "string",
  );
}

/** What a name of the schema points to: a member of the root. */
function memberOf(root: Json, name: string): unknown {
  return Object.hasOwn(root, name) ? root[name] : undefined;
}

/** A set whose members are not all there, as texts, is left out. */
function dimensionsOf(root: Json, names: readonly string[]): EmbeddedDatum["Dimensions"] | undefined {
  const found: EmbeddedDatum["Dimensions"] = [];
  for (const Name of names) {
    const Value = memberOf(root, Name);
    if (typeof Value !== "string" || Value === "") return undefined;
    found.push({ Name, Value });
  }
  return found;
}

function ofDefinition(
  root: Json, definition: Json, at: number,
): Omit<EmbeddedDatum, "Dimensions"> | undefined {
  const { Name, Unit, StorageResolution: resolution } = definition;
  if (typeof Name !== "string") return undefined;
  const target = memberOf(root, Name);
  const Values = (Array.isArray(target) ? target : [target]) as unknown[];
  const isNumbers = Values.every((value) => typeof value === "number" && Number.isFinite(value));
  if (!isNumbers || Values.length === 0 || Values.length > valuesMax) return undefined;
  return {
    MetricName: Name, Timestamp: at, Values: Values as number[],
    ...(typeof Unit === "string" && { Unit }),
    ...((resolution === 1 || resolution === 60) && { StorageResolution: resolution }),
  };
}
