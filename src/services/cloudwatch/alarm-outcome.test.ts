/** The tables of the CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data". */

import assert from "node:assert/strict";
import { test } from "node:test";
import { outcomeOf, type Slot, type Treatment } from "./alarm-outcome.ts";

const treatments: readonly Treatment[] = ["missing", "ignore", "breaching", "notBreaching"];

/** `0 - X`: the oldest first; not breaching, missing, breaching. */
function slotsOf(text: string): Slot[] {
  const marks = text.split(" ");
  return marks
    .map((mark, index) => ({ at: index, value: mark === "-" ? undefined : 1, isBreaching: mark === "X" }))
    .reverse();
}

const retained = "as it was";
const unknown = "INSUFFICIENT_DATA";
const three: readonly [string, number, ...string[]][] = [
  ["0 - X - X", 0, "OK", "OK", "OK", "OK"],
  ["- - - - 0", 2, "OK", "OK", "OK", "OK"],
  ["- - - - -", 3, unknown, retained, "ALARM", "OK"],
  ["0 X X - X", 0, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["- - X - -", 2, "ALARM", retained, "ALARM", "OK"],
];
const twoOfThree: readonly [string, number, ...string[]][] = [
  ["0 - X - X", 0, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["0 0 X 0 X", 0, "ALARM", "ALARM", "ALARM", "ALARM"],
  ["0 - X - -", 1, "OK", "OK", "ALARM", "OK"],
  ["- - - - 0", 2, "OK", "OK", "ALARM", "OK"],
  ["- - - X -", 2, "ALARM", retained, "ALARM", "OK"],
];

for (const [datapointsToAlarm, table] of [[3, three], [2, twoOfThree]] as const) {
  test(`missing data of an alarm for ${datapointsToAlarm} of 3 data points`, () => {
    for (const [text, filled, ...expected] of table) {
      const outcomes = treatments.map(
        (treatment) => outcomeOf(slotsOf(text), 3, datapointsToAlarm, treatment),
      );
      assert.deepEqual(outcomes.map(({ state = retained }) => state), expected, text);
      assert.deepEqual(outcomes.map((outcome) => outcome.filled), Array(4).fill(filled), text);
    }
  });
}
