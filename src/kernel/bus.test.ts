import assert from "node:assert/strict";
import { test } from "node:test";
import { Bus, type BusEvent } from "./bus.ts";

const event: BusEvent = {
  id: "1",
  account: "000000000000",
  region: "us-east-1",
  time: 0,
  source: "aws.test",
  detailType: "Test",
  resources: [],
  detail: {},
};

test("everyone who listens hears an event once, until they stop", () => {
  const bus = new Bus();
  assert.equal(bus.heard, false);
  const heard: string[] = [];
  const stopFirst = bus.listen(({ id }) => heard.push(`first ${id}`));
  bus.listen(({ id }) => heard.push(`second ${id}`));
  assert.equal(bus.heard, true);
  bus.emit(event);
  stopFirst();
  stopFirst();
  bus.emit({ ...event, id: "2" });
  assert.deepEqual(heard, ["first 1", "second 1", "second 2"]);
});
