/** Tags are the same everywhere, and what policies say of them decides. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion, type TestRegion } from "../region.ts";
import type { Make } from "./listings.ts";
import { builtOperation, builtServices } from "./services.ts";
import { taggables, type Taggable, type Tags } from "./taggable.ts";
import { client, type Answer } from "./wire.ts";

const tagsMax = 50;

type Ask = (call: readonly [string, Readonly<Record<string, unknown>>]) => Promise<Answer>;

function asking(region: TestRegion, credentials?: Parameters<typeof client>[1]): Ask {
  return ([operation, input]) => client(region, credentials).call(builtOperation(operation), input);
}

function making(region: TestRegion): Make {
  return async (operation, input) => {
    const { status, output, text } = await asking(region)([operation, input]);
    assert.ok(status < 300, `${operation} ${JSON.stringify(input).slice(0, 200)}: ${text}`);
    return output;
  };
}

async function allowed(answer: Promise<Answer>): Promise<void> {
  const { status, text } = await answer;
  assert.ok(status < 300, text);
}

async function refused(answer: Promise<Answer>, code = /./): Promise<void> {
  const found = await answer;
  assert.equal(Math.floor(found.status / 100), 4, found.text);
  assert.match(found.code ?? "", code);
}

/** The tags that the Resource Groups Tagging API finds by a key, by ARN. */
async function grouped(make: Make, Key: string): Promise<Map<string, Tags>> {
  const { ResourceTagMappingList } = await make("resource-groups-tagging-api:GetResources", {
    TagFilters: [{ Key }],
  });
  const list = ResourceTagMappingList as { ResourceARN: string; Tags: { Key: string; Value: string }[] }[];
  return new Map(
    list.map(({ ResourceARN, Tags: tags }) => [
      ResourceARN,
      Object.fromEntries(tags.map((tag) => [tag.Key, tag.Value])),
    ]),
  );
}

/** A user whose tag and untag calls are let through on one condition. */
async function userWhere(
  region: TestRegion,
  { tag, untag, arn }: Taggable,
  id: string,
  Condition: object,
): Promise<Ask> {
  const Action = [tag(id, {}), untag(id, [])].map(([name]) => builtOperation(name).operationModel.iamAction);
  const Resource = arn(id);
  const credentials = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource, Condition }],
  });
  return asking(region, credentials);
}

function suiteOf(kind: Taggable): void {
  const prefix = kind.kind;

  test(`${prefix}: tags are those it was made with, with changes`, async () => {
    await using region = await startRegion();
    const make = making(region);
    const id = await kind.create(make, "tagged", { team: "red", Cost: "" });
    assert.deepEqual(await kind.list(make, id), { Cost: "", team: "red" });
    await make(...kind.tag(id, { team: "blue", stage: "x" }));
    assert.deepEqual(await kind.list(make, id), { Cost: "", team: "blue", stage: "x" });
    await make(...kind.untag(id, ["stage", "unknown"]));
    assert.deepEqual(await kind.list(make, id), { Cost: "", team: "blue" });
    await make(...kind.tag(id, { TEAM: "green" }));
    const both = { Cost: "", team: "blue", TEAM: "green" };
    assert.deepEqual(await kind.list(make, id), kind.ignoresCase ? { Cost: "", team: "green" } : both);
    await make(...kind.untag(id, ["team", "TEAM", "Cost"]));
    assert.deepEqual(await kind.list(make, id), {});
  });

  test(`${prefix}: fifty tags, no more, and none of AWS's own`, async () => {
    await using region = await startRegion();
    const make = making(region);
    const ask = asking(region);
    const id = await kind.create(make, "tagged", {});
    const many: Tags = Object.fromEntries(
      Array.from({ length: tagsMax }, (_, index) => [`key-${index}`, "x"]),
    );
    await make(...kind.tag(id, many));
    await refused(ask(kind.tag(id, { "one-more": "x" })));
    assert.equal(Object.keys(await kind.list(make, id)).length, tagsMax);
    await allowed(ask(kind.tag(id, { "key-1": "y" })));
    await make(...kind.untag(id, ["key-0"]));
    await refused(ask(kind.tag(id, { "aws:mine": "x" })));
    await refused(ask(kind.tag(id, { ["k".repeat(129)]: "x" })));
    await refused(ask(kind.tag(id, { long: "v".repeat(257) })));
    await allowed(ask(kind.tag(id, { ["k".repeat(128)]: "v".repeat(256) })));
  });

  test(`${prefix}: what is made anew under an old name has no tags`, async () => {
    await using region = await startRegion();
    const make = making(region);
    const id = await kind.create(make, "tagged", { team: "red" });
    // What is still being made cannot be taken away.
    await region.clock.advance({ seconds: 1 });
    await make(...kind.remove(id));
    await region.clock.advance({ days: 31 });
    assert.deepEqual(await grouped(make, "team"), new Map());
    assert.deepEqual(await kind.list(make, await kind.create(make, "tagged", {})), {});
  });

  test(`${prefix}: aws:ResourceTag decides by the tags that are there`, async () => {
    await using region = await startRegion();
    const make = making(region);
    const id = await kind.create(make, "tagged", { team: "red" });
    const asAlice = await userWhere(region, kind, id, { StringEquals: { "aws:ResourceTag/team": "red" } });
    await allowed(asAlice(kind.tag(id, { stage: "x" })));
    await make(...kind.tag(id, { team: "blue" }));
    await refused(asAlice(kind.tag(id, { stage: "y" })), /^(?:AccessDenied|AuthorizationError)/);
    await refused(asAlice(kind.untag(id, ["stage"])), /^(?:AccessDenied|AuthorizationError)/);
  });

  test(`${prefix}: aws:RequestTag and aws:TagKeys decide by the tags asked for`, async () => {
    await using region = await startRegion();
    const id = await kind.create(making(region), "tagged", { other: "x" });
    const asAlice = await userWhere(region, kind, id, {
      StringEqualsIfExists: { "aws:RequestTag/team": "red" },
      "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "stage"] },
    });
    await allowed(asAlice(kind.tag(id, { team: "red", stage: "x" })));
    await refused(asAlice(kind.tag(id, { team: "blue" })), /^(?:AccessDenied|AuthorizationError)/);
    await refused(asAlice(kind.tag(id, { team: "red", more: "x" })), /^(?:AccessDenied|AuthorizationError)/);
    await refused(asAlice(kind.untag(id, ["other"])), /^(?:AccessDenied|AuthorizationError)/);
    await allowed(asAlice(kind.untag(id, ["stage"])));
  });

  test(`${prefix}: who makes it with tags must be allowed to tag`, async () => {
    await using region = await startRegion();
    const tagging = kind.taggedBy ?? builtOperation(kind.tag("x", {})[0]).operationModel.iamAction;
    const credentials = await region.user("alice", { Version: "2012-10-17", Statement: [
      { Effect: "Allow", Action: "*", Resource: "*" }, { Effect: "Deny", Action: tagging, Resource: "*" },
    ] });
    const answers: Answer[] = [];
    const asAlice: Make = async (operation, input) => {
      const answer = await asking(region, credentials)([operation, input]);
      answers.push(answer);
      return answer.output;
    };
    await kind.create(asAlice, "tagged", { team: "red" }).catch(() => undefined);
    assert.match(answers.at(-1)?.code ?? "", /^(?:AccessDenied|AuthorizationError)/);
    await kind.create(asAlice, "plain", {});
    assert.equal(answers.at(-1)?.status.toString().slice(0, 1), "2", answers.at(-1)?.text);
  });

  const grouping = kind.ungrouped ? "leaves it out" : "finds it, tags it and untags it";
  test(`${prefix}: the Resource Groups Tagging API ${grouping}`, async () => {
    await using region = await startRegion();
    const make = making(region);
    const id = await kind.create(make, "tagged", { team: "red" });
    const ResourceARNList = [kind.arn(id)];
    assert.deepEqual(
      await grouped(make, "team"),
      new Map(kind.ungrouped ? [] : [[kind.arn(id), { team: "red" }]]),
    );
    const tagged = await make("resource-groups-tagging-api:TagResources", {
      ResourceARNList,
      Tags: { stage: "x" },
    });
    if (kind.ungrouped) {
      assert.deepEqual(Object.keys(tagged["FailedResourcesMap"] as object), ResourceARNList);
      return;
    }
    assert.deepEqual(tagged, { FailedResourcesMap: {} });
    assert.deepEqual(await kind.list(make, id), { stage: "x", team: "red" });
    await make("resource-groups-tagging-api:UntagResources", { ResourceARNList, TagKeys: ["team"] });
    assert.deepEqual(await kind.list(make, id), { stage: "x" });
    assert.deepEqual(await grouped(make, "stage"), new Map([[kind.arn(id), { stage: "x" }]]));
  });
}

for (const kind of taggables) {
  if (builtServices.some(({ entry }) => entry.service === kind.service)) suiteOf(kind);
}
