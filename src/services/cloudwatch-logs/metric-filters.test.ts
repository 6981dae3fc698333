import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteMetricFilterCommand, DescribeMetricFiltersCommand, PutMetricFilterCommand, TestMetricFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

test("logs-filter-expressions: terms, JSON and fields find the right events, and are tried out", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const bad = "{\"status\": 500, \"path\": \"/a\"}";
  const line = "1.2.3.4 ann [10/Oct/2026] \"GET / HTTP/1.1\" 503";
  await app.put(
    "s", bad, "{\"status\": 200}", "ERROR debug", "ERROR here", line, "1.2.3.4 bob x \"GET /\" 200"
  );
  assert.deepEqual(await app.filter("{ $.status = 500 }"), [bad]);
  assert.deepEqual(await app.filter("[ip, user, ts, req, status=5*]"), [line]);
  assert.deepEqual(await app.filter("ERROR -debug"), ["ERROR here"]);
  assert.equal(
    await refusal(app.filter("{ $.status }")), "InvalidParameterException: Invalid filter pattern"
  );
  const { matches } = await app.logs.send(new TestMetricFilterCommand({
    filterPattern: "{ $.status > 200 }", logEventMessages: ["{\"status\": 200}", bad, "500"],
  }));
  assert.deepEqual(matches, [{ eventNumber: 2, eventMessage: bad, extractedValues: { "$.status": "500" } }]);
});

const transformation = { metricName: "Errors", metricNamespace: "App", metricValue: "1" };

test("metric filters are put, listed and deleted", async () => {
  await using region = await startRegion();
  const { logs } = await createGroup(region, "app");
  const put = (filterName: string, more: object = {}, filterPattern = "ERROR") =>
    logs.send(new PutMetricFilterCommand({
      logGroupName: "app", filterName, filterPattern, metricTransformations: [{ ...transformation, ...more }],
    }));
  await put("b");
  await put("a", { defaultValue: 0, unit: "Count" });
  await put("a", { defaultValue: 0, unit: "Count" }, "WARN");
  const list = async (more: object = { logGroupName: "app" }) =>
    (await logs.send(new DescribeMetricFiltersCommand(more))).metricFilters ?? [];
  assert.deepEqual((await list())[0], {
    filterName: "a",
    filterPattern: "WARN",
    metricTransformations: [{ ...transformation, defaultValue: 0, unit: "Count" }],
    creationTime: testEpoch,
    logGroupName: "app",
    applyOnTransformedLogs: false,
  });
  assert.deepEqual((await list({ metricName: "Errors", metricNamespace: "App" })).length, 2);
  assert.deepEqual((await list({ metricName: "Other", metricNamespace: "App" })).length, 0);
  assert.deepEqual((await list({ filterNamePrefix: "b" })).map(({ filterName }) => filterName), ["b"]);
  const invalid = "InvalidParameterException: Invalid metric transformation: ";
  assert.equal(
    await refusal(put("c", { defaultValue: 0, dimensions: { x: "$.x" } }, "{ $.x = 1 }")),
    `${invalid}dimensions and default value are mutually exclusive properties.`,
  );
  assert.match(await refusal(put("c", { metricValue: "$.x" })), /can only be extracted/);
  assert.match(await refusal(put("c", { metricValue: "x" })), /must be a number or a selector/);
  await logs.send(new DeleteMetricFilterCommand({ logGroupName: "app", filterName: "a" }));
  assert.equal(
    await refusal(logs.send(new DeleteMetricFilterCommand({ logGroupName: "app", filterName: "a" }))),
    "ResourceNotFoundException: The specified metric filter does not exist.",
  );
  for (let index = 0; index < 5; index++) await put(`f${index}`, {}, `%E[0-9]{${index + 1}}%`);
  await put("f4", {}, "%ERR%");
  assert.equal(await refusal(put("more", {}, "{ $.code = %4[0-9]+% }")),
    "LimitExceededException: Resource limit exceeded.");
  for (let index = 0; index < 99; index++) await put(`f${index}`);
  assert.equal(await refusal(put("more")), "LimitExceededException: Resource limit exceeded.");
});
