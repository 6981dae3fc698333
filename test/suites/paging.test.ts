/** Lists in pages are the same lists: complete, in order, once each. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chance, sampleInput } from "../../src/kernel/schema/sample.ts";
import { startRegion, type TestRegion } from "../region.ts";
import { createFixtures } from "./fixtures.ts";
import { listings, type Listings, type Make } from "./listings.ts";
import { builtOperation, builtOperations, builtServices, titleOf, type BuiltOperation } from "./services.ts";
import { client, type Input } from "./wire.ts";

type Page = Record<string, readonly unknown[]>;

const paged = builtOperations.filter(
  ({ operationModel }) => operationModel.paginator?.limit_key !== undefined,
);

async function filledRegion(): Promise<{ region: TestRegion; make: Make }> {
  const region = await startRegion();
  const make: Make = async (name, input) => {
    const { status, output, text } = await client(region).call(builtOperation(name), input);
    assert.ok(status < 300, `${name} ${JSON.stringify(input)}: ${text}`);
    return output;
  };
  const built = Object.entries(listings)
    .filter(([service]) => builtServices.some(({ entry }) => entry.service === service))
    .map(([, listing]) => listing);
  for (const { prepare } of built) await prepare?.(make);
  await region.clock.advance({ seconds: 1 });
  for (const { fill } of built) await fill(make);
  return { region, make };
}

const { region, make } = await filledRegion();
test.after(() => region.stop());

function listingOf({ entry }: BuiltOperation): Listings {
  const listing = listings[entry.service];
  assert.ok(listing, `test/suites/listings.ts says nothing of ${entry.service}`);
  return listing;
}

async function inputFor(each: BuiltOperation): Promise<Input> {
  const input = listingOf(each).inputs[each.name];
  assert.ok(input, `test/suites/listings.ts does not say how to list with ${titleOf(each)}`);
  return typeof input === "function" ? input(make) : input;
}

interface Walk {
  readonly whole: Page;
  readonly pageSizes: readonly number[];
  /** The token of the first page, where there was another. */
  readonly token: unknown;
}

function asList(names: string | readonly string[] | undefined): readonly string[] {
  return names === undefined ? [] : typeof names === "string" ? [names] : names;
}

/** `NextMarker || Contents[-1].Key`, as paginators name what a page ends with. */
function tokenIn(output: Record<string, unknown>, expression: string): unknown {
  for (const alternative of expression.split("||")) {
    let found: unknown = output;
    for (const [, name = "", index] of alternative.matchAll(/(\w+)(\[-1\])?/g)) {
      found = (found as Record<string, unknown> | undefined)?.[name];
      if (index !== undefined) found = (found as unknown[] | undefined)?.at(-1);
    }
    if (found !== undefined && found !== "") return found;
  }
  return undefined;
}

/** Without what changes while a list is walked: functions use their role when they log. */
function withoutUses(item: unknown): unknown {
  const { RoleLastUsed: _, ...rest } = Object(item) as Record<string, unknown>;
  return typeof item === "object" ? rest : item;
}

async function walk(each: BuiltOperation, limit: number | undefined): Promise<Walk> {
  const {
    input_token,
    output_token,
    limit_key = "",
    result_key,
    more_results,
  } = each.operationModel.paginator ?? { input_token: "", output_token: "" };
  const inputTokens = asList(input_token);
  const outputTokens = asList(output_token);
  const input = await inputFor(each);
  const whole: Record<string, unknown[]> = Object.fromEntries(asList(result_key).map((key) => [key, []]));
  const pageSizes: number[] = [];
  const tokens = new Map<string, unknown>();
  let next: readonly unknown[] | undefined;
  do {
    const output = await make(titleOf(each), {
      ...(next && listingOf(each).tokenAlone?.includes(each.name) ? {} : input),
      ...(limit !== undefined && { [limit_key]: limit }),
      ...(next && Object.fromEntries(inputTokens.map((name, index) => [name, next?.[index]]))),
    });
    let size = 0;
    for (const [key, items] of Object.entries(whole)) {
      // Counts are results that are no lists.
      const found = Array.isArray(output[key]) ? (output[key] as unknown[]).map(withoutUses) : [];
      items.push(...found);
      size += found.length;
    }
    pageSizes.push(size);
    const found = outputTokens.map((name) => tokenIn(output, name));
    const isLast = more_results !== undefined && String(output[more_results]) === "false";
    next = isLast || found[0] === undefined ? undefined : found;
    const shown = JSON.stringify(next);
    assert.ok(!next || !tokens.has(shown), `${titleOf(each)} gives out ${shown} twice`);
    if (next) tokens.set(shown, next[0]);
  } while (next);
  return { whole, pageSizes, token: [...tokens.values()][0] };
}

for (const each of paged) {
  test(`${titleOf(each)} lists the same in pages`, async () => {
    const { whole } = await walk(each, undefined);
    const count = Object.values(whole).flat().length;
    const texts = Object.values(whole).map((items) => items.map((item) => JSON.stringify(item)));
    for (const items of texts) assert.equal(new Set(items).size, items.length, "something is listed twice");
    if (listingOf(each).single?.includes(each.name)) return;
    assert.ok(count >= 2, `there is too little to page: ${count}`);
    for (const limit of [1, 2]) {
      const pages = await walk(each, limit);
      assert.deepEqual(pages.whole, whole);
      assert.ok(
        pages.pageSizes.every((size) => size <= limit),
        `pages of ${pages.pageSizes.join(", ")}`,
      );
      assert.ok(pages.pageSizes.length >= Math.ceil(count / limit));
      assert.deepEqual((await walk(each, limit)).whole, whole, "the order is another the second time");
    }
  });
}

test("a token that nobody gave out is refused, and so is another operation's", async () => {
  const tokens = new Map<BuiltOperation, unknown>();
  for (const each of paged) {
    if (listingOf(each).single?.includes(each.name)) continue;
    const { token } = await walk(each, 1);
    if (token !== undefined) tokens.set(each, token);
  }
  const accepted: string[] = [];
  for (const each of paged) {
    if (listingOf(each).afterKeys?.includes(each.name)) continue;
    const [inputToken = ""] = asList(each.operationModel.paginator?.input_token);
    const input = await inputFor(each);
    const others = [...tokens].filter(([other]) => other !== each);
    const foreign = others.find(([other]) => other.entry === each.entry) ?? others[0];
    for (const token of ["made-up", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", foreign?.[1]]) {
      const { status, code } = await client(region).call(each, { ...input, [inputToken]: token });
      if (status < 400 || status >= 500)
        accepted.push(`${titleOf(each)} answers ${status} ${code ?? ""} to ${String(token)}`);
    }
  }
  assert.deepEqual(accepted, []);
});

/** Lists whose pages nobody can size: no listing says how they are asked. */
const unsized = builtOperations.filter(
  ({ operationModel }) => operationModel.paginator?.limit_key === undefined,
);

/** AWS ignores what is wrong here. @evidence recorded */
const unasked = new Set(["dynamodb:ListTagsOfResource"]);

test("so is a token of a list whose pages have no size", async () => {
  await using own = await startRegion();
  const fixtures = await createFixtures(own);
  const accepted: string[] = [];
  for (const each of unsized) {
    const { model, operationModel } = each;
    const shape = model.shapes[operationModel.input?.shape ?? ""];
    const token = Object.keys(shape?.members ?? {}).find((name) => /^(next|pagination)token$/i.test(name));
    if (token === undefined || unasked.has(titleOf(each))) continue;
    const fit = fixtures.fit(each, sampleInput(operationModel, model, chance(2)) ?? {});
    const input = Object.fromEntries((shape?.required ?? []).map((name) => [name, fit[name]]));
    const { status } = await client(own).call(each, { ...input, [token]: "made-up-token" });
    if (status < 400) accepted.push(titleOf(each));
  }
  assert.deepEqual(accepted, []);
});
