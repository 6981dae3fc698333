import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../test/region.ts";
import { RequestConditions, requestTags, type ConditionSources } from "./conditions.ts";
import { taggedResources, TagSet } from "./tags.ts";

const arn = "arn:aws:kms:us-east-1:000000000000:key/k";

/** What conditions see of a service's own work in a cell, with these further sources. */
async function withConditions(
  sources: Partial<ConditionSources>,
  work: (conditions: RequestConditions) => void,
): Promise<void> {
  await using region = await startRegion();
  const cell = { account: "000000000000", region: "us-east-1" };
  region.engine.store.transact(cell, (transaction) => {
    new TagSet(transaction.rows(taggedResources), arn).set({ Team: "red", ["__proto__"]: "x" });
  });
  work(new RequestConditions({ ctx: region.engine.jobContext("kms.test", cell), resource: arn, ...sources }));
}

test("tags in a request are read in each of the services' styles", () => {
  const expected = { team: "red", stage: "" };
  const styles: readonly Record<string, unknown>[] = [
    { Tags: [{ Key: "team", Value: "red" }, { Key: "stage" }] },
    {
      Tags: [
        { TagKey: "team", TagValue: "red" },
        { TagKey: "stage", TagValue: "" },
      ],
    },
    { Tags: expected },
    { tags: expected },
    {
      TagList: [
        { Key: "team", Value: "red" },
        { Key: "stage", Value: "" },
      ],
    },
    { TagsList: [{ Key: "team", Value: "red" }, { Key: "stage" }] },
  ];
  for (const style of styles) assert.deepEqual({ ...requestTags(style) }, expected);
  for (const none of [{}, { Tags: null }, { Tags: "x" }, { Other: expected }])
    assert.equal(requestTags(none as Record<string, unknown>), undefined);
});

test("keys of tags that are to go are tag keys, whatever their member is called", async () => {
  for (const input of [{ TagKeys: ["a", "b"] }, { tagKeys: ["a", "b"] }, { tags: ["a", "b"] }]) {
    await withConditions({ input }, (conditions) => {
      assert.deepEqual(conditions.get("aws:tagkeys"), ["a", "b"]);
      assert.equal(conditions.get("aws:requesttag/0"), undefined);
    });
  }
});

test("a tag with a name like __proto__ is a tag, and what every object has is none", async () => {
  const tags = requestTags({ Tags: [{ Key: "__proto__", Value: "x" }] });
  assert.deepEqual(Object.keys(tags ?? {}), ["__proto__"]);
  await withConditions({ input: { Tags: [{ Key: "__proto__", Value: "x" }] } }, (conditions) => {
    assert.equal(conditions.get("aws:requesttag/__proto__"), "x");
    assert.equal(conditions.get("aws:resourcetag/__proto__"), "x");
    assert.deepEqual(conditions.get("aws:tagkeys"), ["__proto__"]);
    for (const key of [
      "constructor",
      "tostring",
      "toString",
      "__proto__",
      "aws:requesttag/constructor",
      "aws:requesttag/",
      "/",
    ]) {
      assert.equal(conditions.get(key), undefined, key);
    }
  });
});

test("tag keys are found whatever their case; their values are as they are", async () => {
  await withConditions({ input: { Tags: [{ Key: "Stage", Value: "Beta" }] } }, (conditions) => {
    assert.equal(conditions.get("aws:requesttag/stage"), "Beta");
    assert.equal(conditions.get("aws:resourcetag/team"), "red");
    assert.equal(conditions.get("kms:resourcetag/team"), "red");
    assert.equal(conditions.get("aws:resourcetag/other"), undefined);
  });
});

test("keys to untag count as tag keys, and without tags there are none", async () => {
  await withConditions({ input: { TagKeys: ["a", "b"] } }, (conditions) => {
    assert.deepEqual(conditions.get("aws:tagkeys"), ["a", "b"]);
    assert.equal(conditions.get("aws:requesttag/a"), undefined);
  });
  await withConditions({ input: {} }, (conditions) => assert.equal(conditions.get("aws:tagkeys"), undefined));
  await withConditions({}, (conditions) => assert.equal(conditions.get("aws:tagkeys"), undefined));
});

test("a service's own keys are worked out once, and only if a policy asks", async () => {
  let asked = 0;
  const own = () => {
    asked += 1;
    return { "kms:x": "1", "kms:absent": undefined };
  };
  await withConditions({ own }, (conditions) => {
    assert.equal(asked, 0);
    assert.equal(conditions.get("kms:x"), "1");
    assert.equal(conditions.get("kms:absent"), undefined);
    const keys = [...conditions.keys()];
    assert.ok(keys.includes("kms:x") && keys.includes("aws:currenttime") && !keys.includes("kms:absent"));
    assert.equal(asked, 1);
  });
});
