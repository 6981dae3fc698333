import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import {
  CloudWatchClient, GetMetricWidgetImageCommand, PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
test.after(() => region.stop());
const client = region.client(CloudWatchClient);
const minute = 60_000;

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Places of a colour, by columns from the left. */
  placesOf(colour: number): readonly (readonly [x: number, y: number])[];
}

/** Of a picture with the chunks IHDR, IDAT and IEND, of three bytes a dot, whose rows have no filters. */
function read(png: Uint8Array): Picture {
  const bytes = Buffer.from(png);
  assert.equal(bytes.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const length = bytes.readUInt32BE(33);
  assert.equal(bytes.toString("latin1", 37, 41), "IDAT");
  const rows = inflateSync(bytes.subarray(41, 41 + length));
  assert.equal(rows.length, height * (width * 3 + 1));
  const colourAt = (x: number, y: number): number => rows.readUIntBE(y * (width * 3 + 1) + 1 + x * 3, 3);
  const placesOf = (colour: number): [number, number][] => Array.from({ length: width * height },
    (_, at): [number, number] => [Math.floor(at / height), at % height],
  ).filter(([x, y]) => colourAt(x, y) === colour);
  return { width, height, placesOf };
}

async function draw(widget: object): Promise<Picture> {
  const { MetricWidgetImage } = await client.send(
    new GetMetricWidgetImageCommand({ MetricWidget: JSON.stringify(widget) }));
  return read(MetricWidgetImage ?? Buffer.alloc(0));
}

async function put(host: string, ...values: (number | undefined)[]): Promise<void> {
  const MetricData = values.flatMap((Value, index) => (Value === undefined ? [] : [{
    MetricName: "load", Value, Timestamp: new Date(testEpoch - (values.length - index) * minute),
    Dimensions: [{ Name: "host", Value: host }],
  }]));
  await client.send(new PutMetricDataCommand({ Namespace: "app", MetricData }));
}

const red = 0xff0000;
const green = 0x00ff00;

test("cloudwatch-dashboards: a picture of metrics is a PNG that shows their data", async () => {
  await put("a", 10, 20, 30, 40, 50);
  await put("b", 100, 100, undefined, 100, 100);
  const picture = await draw({
    width: 300, height: 200, title: "Load", period: 60, start: "-PT5M", stat: "Maximum",
    legend: { position: "hidden" }, yAxis: { left: { min: 0, max: 100 } },
    metrics: [["app", "load", "host", "a", { color: "#ff0000" }], ["...", "b", { color: "#00ff00" }]],
  });
  assert.deepEqual([picture.width, picture.height], [300, 200]);
  const rising = picture.placesOf(red);
  const [first, last] = [rising[0] ?? [0, 0], rising.at(-1) ?? [0, 0]];
  assert.ok(last[0] - first[0] > 150, "it goes over most of the width");
  assert.ok(first[1] - last[1] > 50, "it rises");
  const level = picture.placesOf(green);
  assert.ok(Math.max(...level.map(([, y]) => y)) < last[1], "100 is above 50");
  const columns = new Set(level.map(([x]) => x));
  const from = Math.min(...columns);
  const wanted = Math.max(...columns) - from;
  assert.ok(columns.size < wanted * 0.7, "the line is broken where there is no data");
});

test("metric math, hidden metrics, the right axis, stacks and annotations are drawn", async () => {
  await put("c", 1, 1, 1, 1, 1);
  const metric = (options: object) => ["app", "load", "host", "c", { period: 60, ...options }];
  const hidden = await draw({ start: "-PT5M", metrics: [metric({ visible: false, color: "#ff0000" })] });
  assert.deepEqual([hidden.width, hidden.height, hidden.placesOf(red).length], [600, 400, 0]);
  const math = await draw({
    start: "-PT5M", theme: "dark", yAxis: { left: { min: 0, max: 10 } },
    metrics: [
      metric({ id: "m", visible: false }), [{ expression: "m * 2", color: "#ff0000", yAxis: "right" }],
    ],
    annotations: {
      horizontal: [{ value: 1, color: "#00ff00", label: "limit" }, { value: 2, visible: false }],
      vertical: [{ value: new Date(testEpoch - 2 * minute).toISOString() }],
    },
  });
  assert.ok(math.placesOf(red).length > 100);
  assert.ok(math.placesOf(green).length > 100);
  const size = (picture: Picture) => picture.placesOf(red).length;
  const two = { start: "-PT5M", metrics: [metric({}), metric({ color: "#ff0000", id: "n" })] };
  assert.ok(size(await draw({ ...two, stacked: true })) > 10 * size(await draw(two)), "an area, not a line");
});

test("what can't be drawn is refused", async () => {
  const metrics = [["app", "load"]];
  const cases: readonly [object | string, string][] = [
    ["{", "it is no JSON"], [{}, "metrics must be an array of 1 to 100 metrics"],
    [{ metrics, width: 2_001 }, "width must be between 1 and 2000"],
    [{ metrics, start: "yesterday" }, "start yesterday"],
    [{ metrics, start: "PT0H" }, "start must be before end"],
    [{ metrics, timezone: "CET" }, "timezone CET"],
    [{ metrics: [["app"]] },
      "metrics[0] must hold a namespace, a name, and names and values of dimensions"],
    [{ metrics: [["app", "load", { color: "red" }]] }, "color red"],
  ];
  for (const [widget, what] of cases) {
    const MetricWidget = typeof widget === "string" ? widget : JSON.stringify(widget);
    assert.equal(await refusal(client.send(new GetMetricWidgetImageCommand({ MetricWidget }))),
      `ValidationException: The value for parameter MetricWidget is invalid: ${what}.`);
  }
  const send = (widget: object, OutputFormat?: string) => refusal(client.send(
    new GetMetricWidgetImageCommand({ MetricWidget: JSON.stringify(widget), OutputFormat })));
  assert.equal(await send({ metrics: [[{ expression: "m9" }]] }),
    "ValidationException: Error in expression 'e1': Unknown identifier: m9");
  assert.match(await send({ metrics, view: "pie" }), /^NotImplemented: /);
  assert.match(await send({ metrics: [["app", "load", { region: "eu-west-1" }]] }), /^NotImplemented: /);
  assert.equal(await send({ metrics }, "jpg"),
    "InvalidParameterValueException: The value jpg for parameter OutputFormat is invalid.");
});

test("strange ranges end in a picture", async () => {
  const metrics = [["app", "load", "host", "a"]];
  const strange: readonly object[] = [
    { width: 1, height: 1 }, { yAxis: { left: { min: 100, max: 1 } } }, { yAxis: { left: { min: 1e300 } } },
    { annotations: { horizontal: [{ value: 1e308 }, { value: -1e308 }] } },
    { annotations: { horizontal: [{ value: 1e-320 }, { value: 0 }] } },
    { annotations: { horizontal: [{ value: 1e18 }, { value: 1e18 + 128 }] } },
    { start: "1970-01-01T00:00:00Z", period: 86_400 }, { title: "ü🙂 ".repeat(300), width: 50 },
  ];
  for (const options of strange) {
    const { width } = await draw({ metrics, ...options });
    assert.ok(width > 0);
  }
});
