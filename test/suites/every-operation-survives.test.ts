/** No input makes an operation fail in a way that is ours, hang, or change what is not its own. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chance, sampleInput } from "../../src/kernel/schema/sample.ts";
import { startRegion, type TestRegion } from "../region.ts";
import { rounds } from "../rounds.ts";
import { createFixtures } from "./fixtures.ts";
import { hostileRequests } from "./hostile.ts";
import { builtOperations, builtServices, titleOf, type BuiltOperation } from "./services.ts";
import { client, type Answer } from "./wire.ts";

const samplesEach = rounds(15);
const hostileEach = rounds(20);

function survived(
  region: TestRegion,
  each: BuiltOperation,
  sent: unknown,
  { status, code, text }: Answer,
): string | undefined {
  const defect = region.engine.defects.shift();
  const isHonest = status < 500 || code === "NotImplemented" || code === "KMSInternalException";
  if (isHonest && defect === undefined) return undefined;
  const body = typeof sent === "string" ? sent : JSON.stringify(sent);
  const cause = defect instanceof Error ? defect.stack?.split("\n").slice(0, 3).join(" ") : String(defect);
  return `${titleOf(each)} ${body.slice(0, 200)}: ${text.slice(0, 120)}: ${cause ?? ""}`;
}

for (const { entry } of builtServices) {
  const operations = builtOperations.filter((each) => each.entry === entry);

  test(`${entry.service} answers inputs that fit its model`, { timeout: 600_000 }, async () => {
    await using region = await startRegion();
    const fixtures = await createFixtures(region);
    const problems: string[] = [];
    for (let seed = 1; seed <= samplesEach; seed += 1) {
      for (const each of operations) {
        const sample = sampleInput(each.operationModel, each.model, chance(seed));
        if (!sample) continue;
        const input = seed % 2 === 0 ? fixtures.fit(each, sample) : sample;
        const problem = survived(region, each, input, await client(region).call(each, input));
        if (problem !== undefined) problems.push(problem);
      }
    }
    assert.deepEqual(problems, []);
  });

  test(`${entry.service} answers inputs that fit nothing`, { timeout: 600_000 }, async () => {
    await using region = await startRegion();
    const fixtures = await createFixtures(region);
    const problems: string[] = [];
    for (const each of operations) {
      const random = chance(each.name.length);
      const sample = sampleInput(each.operationModel, each.model, random) ?? {};
      for (const request of hostileRequests(each, fixtures.fit(each, sample), random, hostileEach)) {
        const problem = survived(region, each, request, await client(region).send(each, request));
        if (problem !== undefined) problems.push(problem);
      }
    }
    assert.deepEqual(problems, []);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
}
