import assert from "node:assert/strict";
import { test } from "node:test";
import { embeddedMetrics } from "./embedded-metrics.ts";

const event = {
  _aws: {
    Timestamp: 1_574_109_732_004,
    CloudWatchMetrics: [
      {
        Namespace: "lambda-function-metrics",
        Dimensions: [["functionVersion"], ["functionVersion", "stage"], []],
        Metrics: [
          { Name: "time", Unit: "Milliseconds", StorageResolution: 1 }, { Name: "sizes" }, { Name: "absent" },
        ],
      },
    ],
  },
  functionVersion: "$LATEST", stage: "dev", time: 100, sizes: [1, 2.5], requestId: "989ffbf8",
};

test("each metric is there for each set of dimensions", () => {
  const at = { Timestamp: 1_574_109_732_004 };
  const version = { Name: "functionVersion", Value: "$LATEST" };
  const stage = { Name: "stage", Value: "dev" };
  const time = { MetricName: "time", ...at, Values: [100], Unit: "Milliseconds", StorageResolution: 1 };
  const sizes = { MetricName: "sizes", ...at, Values: [1, 2.5] };
  assert.deepEqual(embeddedMetrics(JSON.stringify(event)), [
    {
      Namespace: "lambda-function-metrics",
      MetricData: [time, sizes].flatMap((metric) => {
        return [[version], [version, stage], []].map((Dimensions) => ({ ...metric, Dimensions }));
      }),
    },
  ]);
});

test("what is not in the format has no metrics", () => {
  const { _aws, ...members } = event;
  const [directive] = _aws.CloudWatchMetrics;
  const made = (changes: object, more: object = {}): string => {
    const CloudWatchMetrics = [{ ...directive, ...changes }];
    return JSON.stringify({ ...members, ...more, _aws: { ..._aws, CloudWatchMetrics } });
  };
  const none: Record<string, string> = {
    text: "INFO \"_aws\" \"CloudWatchMetrics\"",
    list: '[{"_aws":{"CloudWatchMetrics":[]}}]',
    plain: JSON.stringify(members),
    namespace: made({ Namespace: 1 }),
    dimensions: made({ Dimensions: ["stage"] }),
    "dimension that is not there": made({ Dimensions: [["nowhere"]] }),
    "dimension that is a number": made({ Dimensions: [["time"]] }),
    "31 dimensions": made({ Dimensions: [Array.from({ length: 31 }, (_, index) => `d${index}`)] }),
    "101 metrics": made({ Metrics: Array.from({ length: 101 }, () => ({ Name: "time" })) }),
    "101 values": made({ Metrics: [{ Name: "time" }] }, { time: Array.from({ length: 101 }, () => 1) }),
    "text for a value": made({ Metrics: [{ Name: "stage" }] }),
    "inherited member": made({ Metrics: [{ Name: "constructor" }] }),
    "no time": JSON.stringify({ ...members, _aws: { CloudWatchMetrics: [directive] } }),
  };
  for (const [what, text] of Object.entries(none)) assert.deepEqual(embeddedMetrics(text), [], what);
});
