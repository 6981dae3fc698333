import assert from "node:assert/strict";
import { test } from "node:test";
import {
  customerRetryDelaySeconds, effectiveSubscriptionPolicy, managedRetryDelaySeconds, readSubscriptionPolicy,
  readTopicPolicy, retryDelaySeconds, type RetryPolicy,
} from "./delivery-policy.ts";

function delays(policy: Partial<RetryPolicy>): (number | undefined)[] {
  const whole: RetryPolicy = {
    minDelayTarget: 10, maxDelayTarget: 30, numRetries: 4, numMaxDelayRetries: 0, numNoDelayRetries: 0,
    numMinDelayRetries: 0, backoffFunction: "linear", ...policy,
  };
  return Array.from({ length: whole.numRetries + 1 }, (_, index) => retryDelaySeconds(whole, index + 1));
}

test("retries go through four phases, and then are given up", () => {
  const phases = {
    numRetries: 8, numNoDelayRetries: 2, numMinDelayRetries: 1, numMaxDelayRetries: 3, maxDelayTarget: 20,
  };
  assert.deepEqual(delays(phases), [0, 0, 10, 15, 20, 20, 20, 20, undefined]);
  assert.deepEqual(delays({ numRetries: 0 }), [undefined]);
});

test("each function leads from the smallest to the largest delay, the later the steeper", () => {
  const rounded = (backoffFunction: string) =>
    delays({ backoffFunction }).map((delay) => delay && Math.round(delay * 10) / 10);
  assert.deepEqual(rounded("linear"), [15, 20, 25, 30, undefined]);
  assert.deepEqual(rounded("arithmetic"), [12, 16, 22, 30, undefined]);
  assert.deepEqual(rounded("geometric"), [13.2, 17.3, 22.8, 30, undefined]);
  assert.deepEqual(rounded("exponential"), [11.3, 14, 19.3, 30, undefined]);
  assert.deepEqual(delays({ backoffFunction: "geometric", maxDelayTarget: 10 }), [10, 10, 10, 10, undefined]);
});

test("what AWS runs is tried 100,015 times over 23 days, what customers run 50 times over 6 hours", () => {
  const total = (delay: (attempt: number) => number | undefined): [attempts: number, seconds: number] => {
    let [attempt, seconds] = [1, 0];
    for (let next = delay(attempt); next !== undefined; next = delay(attempt)) {
      seconds += next;
      attempt += 1;
    }
    return [attempt - 1, seconds];
  };
  const [managed, days] = total(managedRetryDelaySeconds);
  assert.deepEqual([managed, Math.round(days / 86_400)], [100_015, 23]);
  const [customers, hours] = total(customerRetryDelaySeconds);
  assert.deepEqual([customers, Math.floor(hours / 3_600)], [50, 6]);
});

test("a subscription's policy counts, unless its topic forbids that", () => {
  const own = readSubscriptionPolicy('{"healthyRetryPolicy":{"numRetries":0}}');
  const open = readTopicPolicy('{"http":{"defaultRequestPolicy":{"headerContentType":"text/csv"}}}');
  const closed = readTopicPolicy('{"http":{"disableSubscriptionOverrides":true}}');
  const effective = effectiveSubscriptionPolicy(open, own);
  assert.equal(effective.healthyRetryPolicy.numRetries, 0);
  assert.equal(effective.requestPolicy.headerContentType, "text/csv");
  assert.equal(effectiveSubscriptionPolicy(closed, own).healthyRetryPolicy.numRetries, 3);
});

test("policies out of their ranges are refused", () => {
  const refused = (policy: object, message: string) => {
    assert.throws(() => readSubscriptionPolicy(JSON.stringify(policy)), {
      message: `Invalid parameter: DeliveryPolicy: ${message}`,
    });
  };
  refused(
    { healthyRetryPolicy: { numRetries: 101 } }, "healthyRetryPolicy.numRetries must be between 0 and 100",
  );
  refused(
    { healthyRetryPolicy: { minDelayTarget: 30 } },
    "healthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget",
  );
  refused(
    { healthyRetryPolicy: { numNoDelayRetries: 4 } },
    "healthyRetryPolicy.numRetries must be greater than or equal to total of numMinDelayRetries, " +
      "numNoDelayRetries and numMaxDelayRetries",
  );
  refused({ healthyRetryPolicy: { backoffFunction: "quadratic" } }, "healthyRetryPolicy.backoffFunction");
  refused({ requestPolicy: { headerContentType: "x/y" } }, "requestPolicy.headerContentType is invalid");
  refused(
    { throttlePolicy: { maxReceivesPerSecond: 0 } },
    "throttlePolicy.maxReceivesPerSecond must be greater than or equal to 1",
  );
});
