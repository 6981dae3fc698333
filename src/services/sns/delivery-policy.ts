/**
 * How often, and after how long, what an endpoint did not take is sent again. All pure.
 *
 * @evidence SNS Developer Guide, "Amazon SNS message delivery retries" and "Creating an HTTP/S delivery
 *   policy"; what is shown of it, recorded
 */

import { invalidParameter } from "./errors.ts";

export interface RetryPolicy {
  /** Seconds, as is the next. */
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numMaxDelayRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly backoffFunction: string;
}

export interface Throttle {
  readonly maxReceivesPerSecond: number;
}

export interface RequestPolicy {
  readonly headerContentType: string;
}

interface TopicPolicy {
  readonly http: {
    readonly defaultHealthyRetryPolicy?: Partial<RetryPolicy>;
    readonly disableSubscriptionOverrides: boolean;
    readonly defaultThrottlePolicy?: Throttle;
    readonly defaultRequestPolicy?: RequestPolicy;
  };
}

export interface SubscriptionPolicy {
  readonly healthyRetryPolicy: RetryPolicy | null;
  readonly sicklyRetryPolicy: null;
  readonly throttlePolicy: Throttle | null;
  readonly requestPolicy: RequestPolicy | null;
  readonly guaranteed: false;
}

const defaults: RetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: "linear",
};
const defaultContentType = "text/plain; charset=UTF-8";

const functions = new Set(["arithmetic", "exponential", "geometric", "linear"]);

/** @evidence SNS Developer Guide, "Creating an HTTP/S delivery policy": the supported types */
const contentTypes = new Set([
  "text/plain; charset=UTF-8", "application/json", "text/plain", "text/csv", "text/css", "text/html",
  "text/javascript", "text/xml", "application/atom+xml", "application/octet-stream", "application/pdf",
  "application/soap+xml", "application/vnd.api+json", "application/x-www-form-urlencoded", "application/xml",
]);

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidParameter(`${name}: must be a JSON object`);
  }
  return value as Fields;
}

function parsed(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidParameter("DeliveryPolicy: failed to parse JSON.");
  }
  return fieldsOf(value, "DeliveryPolicy");
}

const ranges: Readonly<Record<string, readonly [min: number, max: number]>> = {
  minDelayTarget: [1, 3_600],
  maxDelayTarget: [1, 3_600],
  numRetries: [0, 100],
  numMaxDelayRetries: [0, 100],
  numNoDelayRetries: [0, 100],
  numMinDelayRetries: [0, 100],
};

function readRetryPolicy(value: unknown, name: string): Partial<RetryPolicy> | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = fieldsOf(value, `DeliveryPolicy: ${name}`);
  const policy: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(fields)) {
    const range = Object.hasOwn(ranges, key) ? ranges[key] : undefined;
    if (key === "backoffFunction" && typeof given === "string" && functions.has(given)) policy[key] = given;
    else if (!range || given === null) {
      if (!range) throw invalidParameter(`DeliveryPolicy: ${name}.${key}`);
    } else if (!Number.isInteger(given) || Number(given) < range[0] || Number(given) > range[1]) {
      throw invalidParameter(`DeliveryPolicy: ${name}.${key} must be between ${range[0]} and ${range[1]}`);
    } else policy[key] = given;
  }
  const whole = { ...defaults, ...policy } as RetryPolicy;
  const { minDelayTarget, maxDelayTarget, numRetries } = whole;
  if (minDelayTarget > maxDelayTarget) {
    throw invalidParameter(
      `DeliveryPolicy: ${name}.maxDelayTarget must be greater than or equal to minDelayTarget`,
    );
  }
  if (whole.numNoDelayRetries + whole.numMinDelayRetries + whole.numMaxDelayRetries > numRetries) {
    throw invalidParameter(
      `DeliveryPolicy: ${name}.numRetries must be greater than or equal to total of ` +
        "numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries",
    );
  }
  return policy as Partial<RetryPolicy>;
}

function readThrottle(value: unknown, name: string): Throttle | undefined {
  if (value === undefined || value === null) return undefined;
  const { maxReceivesPerSecond } = fieldsOf(value, `DeliveryPolicy: ${name}`);
  if (maxReceivesPerSecond === undefined) return undefined;
  if (!Number.isInteger(maxReceivesPerSecond) || (maxReceivesPerSecond as number) < 1) {
    throw invalidParameter(`DeliveryPolicy: ${name}.maxReceivesPerSecond must be greater than or equal to 1`);
  }
  return { maxReceivesPerSecond: maxReceivesPerSecond as number };
}

function readRequestPolicy(value: unknown, name: string): RequestPolicy | undefined {
  if (value === undefined || value === null) return undefined;
  const { headerContentType } = fieldsOf(value, `DeliveryPolicy: ${name}`);
  if (headerContentType === undefined) return undefined;
  if (typeof headerContentType !== "string" || !contentTypes.has(headerContentType)) {
    throw invalidParameter(`DeliveryPolicy: ${name}.headerContentType is invalid`);
  }
  return { headerContentType };
}

/** As it is stored and shown; undefined where nothing is left of it. */
export function readTopicPolicy(text: string): string | undefined {
  if (text === "") return undefined;
  const { http } = parsed(text);
  if (http === undefined || http === null) return undefined;
  const fields = fieldsOf(http, "DeliveryPolicy: http");
  const retry = readRetryPolicy(fields["defaultHealthyRetryPolicy"], "http.defaultHealthyRetryPolicy");
  const throttle = readThrottle(fields["defaultThrottlePolicy"], "http.defaultThrottlePolicy");
  const request = readRequestPolicy(fields["defaultRequestPolicy"], "http.defaultRequestPolicy");
  const policy: TopicPolicy = {
    http: {
      ...(retry && { defaultHealthyRetryPolicy: retry }),
      disableSubscriptionOverrides: fields["disableSubscriptionOverrides"] === true,
      ...(throttle && { defaultThrottlePolicy: throttle }),
      ...(request && { defaultRequestPolicy: request }),
    },
  };
  return JSON.stringify(policy);
}

export function effectiveTopicPolicy(text: string | undefined): string {
  const http = text === undefined ? undefined : (JSON.parse(text) as TopicPolicy).http;
  return JSON.stringify({
    http: {
      defaultHealthyRetryPolicy: { ...defaults, ...http?.defaultHealthyRetryPolicy },
      disableSubscriptionOverrides: http?.disableSubscriptionOverrides ?? false,
      ...(http?.defaultThrottlePolicy && { defaultThrottlePolicy: http.defaultThrottlePolicy }),
      defaultRequestPolicy: http?.defaultRequestPolicy ?? { headerContentType: defaultContentType },
    },
  });
}

export function readSubscriptionPolicy(text: string): string | undefined {
  if (text === "") return undefined;
  const fields = parsed(text);
  const retry = readRetryPolicy(fields["healthyRetryPolicy"], "healthyRetryPolicy");
  const policy: SubscriptionPolicy = {
    healthyRetryPolicy: retry ? { ...defaults, ...retry } : null,
    sicklyRetryPolicy: null,
    throttlePolicy: readThrottle(fields["throttlePolicy"], "throttlePolicy") ?? null,
    requestPolicy: readRequestPolicy(fields["requestPolicy"], "requestPolicy") ?? null,
    guaranteed: false,
  };
  return JSON.stringify(policy);
}

/** What counts for a subscription: its own, unless the topic forbids that, then the topic's. */
export function effectiveSubscriptionPolicy(
  topicText: string | undefined, ownText: string | undefined,
): SubscriptionPolicy & { readonly healthyRetryPolicy: RetryPolicy; readonly requestPolicy: RequestPolicy } {
  const { http } = JSON.parse(effectiveTopicPolicy(topicText)) as {
    http: Required<Omit<TopicPolicy["http"], "defaultThrottlePolicy">> & TopicPolicy["http"];
  };
  const own =
    ownText === undefined || http.disableSubscriptionOverrides
      ? undefined
      : (JSON.parse(ownText) as SubscriptionPolicy);
  return {
    healthyRetryPolicy: own?.healthyRetryPolicy ?? { ...defaults, ...http.defaultHealthyRetryPolicy },
    sicklyRetryPolicy: null,
    throttlePolicy: own?.throttlePolicy ?? http.defaultThrottlePolicy ?? null,
    requestPolicy: own?.requestPolicy ?? http.defaultRequestPolicy,
    guaranteed: false,
  };
}

/** Between the smallest and the largest delay; 0 at `from` 0, 1 at 1. */
const curves: Readonly<Record<string, (step: number, steps: number, ratio: number) => number>> = {
  linear: (step, steps) => step / steps,
  arithmetic: (step, steps) => (step * (step + 1)) / (steps * (steps + 1)),
  geometric: (step, steps, ratio) => (ratio === 1 ? 0 : (ratio ** (step / steps) - 1) / (ratio - 1)),
  exponential: (step, steps) => (2 ** step - 1) / (2 ** steps - 1),
};

/**
 * In four phases: at once, after the smallest delay, backing off, after the largest delay.
 *
 * @param attempt how many have failed: 1 before the first retry
 * @returns undefined when it is given up
 */
export function retryDelaySeconds(policy: RetryPolicy, attempt: number): number | undefined {
  const { numRetries, numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries } = policy;
  if (attempt > numRetries) return undefined;
  if (attempt <= numNoDelayRetries) return 0;
  if (attempt <= numNoDelayRetries + numMinDelayRetries) return policy.minDelayTarget;
  if (attempt > numRetries - numMaxDelayRetries) return policy.maxDelayTarget;
  const steps = numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries;
  const step = attempt - numNoDelayRetries - numMinDelayRetries;
  const { minDelayTarget: min, maxDelayTarget: max } = policy;
  const curve = curves[policy.backoffFunction] ?? curves["linear"];
  return min + (max - min) * (curve?.(step, steps, max / min) ?? 0);
}

/**
 * For what AWS itself runs: queues, functions, streams. 100,015 attempts over 23 days.
 *
 * @evidence SNS Developer Guide, "Message delivery retries": 3 at once, 2 after 1 second, 10 backing off from
 *   1 to 20 seconds, 100,000 every 20 seconds
 */
export function managedRetryDelaySeconds(attempt: number): number | undefined {
  if (attempt <= 3) return 0;
  if (attempt <= 5) return 1;
  if (attempt <= 15) return 1 + 19 * ((2 ** (attempt - 5) - 1) / (2 ** 10 - 1));
  return attempt <= 100_015 ? 20 : undefined;
}

/**
 * For mail, text messages and phones: 50 attempts over 6 hours.
 *
 * @evidence as above: 2 after 10 seconds, 10 backing off from 10 to 600, 38 every 600
 */
export function customerRetryDelaySeconds(attempt: number): number | undefined {
  if (attempt <= 2) return 10;
  if (attempt <= 12) return 10 + 590 * ((2 ** (attempt - 2) - 1) / (2 ** 10 - 1));
  return attempt <= 50 ? 600 : undefined;
}
