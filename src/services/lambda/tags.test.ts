import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ListTagsCommand, PublishVersionCommand, TagResourceCommand } from "@aws-sdk/client-lambda";
import { refusal } from "../../../test/refusal.ts";
import { account, arnOf, startBench, type Bench } from "../../../test/lambda-bench.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
  await bench.make("tagged", { Publish: true });
});
after(() => bench.region.stop());

const tag = (Resource: string, Tags: Record<string, string>) =>
  bench.lambda.send(new TagResourceCommand({ Resource, Tags }));

test("a function has at most 50 tags, and is given one at least", async () => {
  const Resource = arnOf("tagged");
  const numbered = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, "value"]));
  await tag(Resource, numbered(50));
  const tooMany = "InvalidParameterValueException: Number of tags exceeds resource tag limit.";
  assert.equal(await refusal(tag(Resource, { another: "one" })), tooMany);
  assert.equal(await refusal(tag(Resource, numbered(51))), tooMany);
  await tag(Resource, { "key-0": "changed" });
  assert.equal(
    await refusal(tag(Resource, {})),
    "InvalidParameterValueException: An error occurred and the request cannot be processed.",
  );
  const { Tags } = await bench.lambda.send(new ListTagsCommand({ Resource }));
  assert.deepEqual([Object.keys(Tags ?? {}).length, Tags?.["key-0"]], [50, "changed"]);
});

test("what is not there has no tags, and versions have none", async () => {
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: "tagged" }));
  assert.equal(
    await refusal(tag(arnOf("tagged:1"), { a: "b" })),
    "InvalidParameterValueException: Tags on function aliases and versions are not supported. Please specify "
    + "a function ARN.",
  );
  assert.equal(
    await refusal(tag(arnOf("absent"), { a: "b" })),
    `ResourceNotFoundException: Function not found: ${arnOf("absent")}`,
  );
  const none = "ResourceNotFoundException: The resource you requested does not exist.";
  const here = `arn:aws:lambda:us-east-1:${account}`;
  const mapping = `${here}:event-source-mapping:4fcf4b3c-2b8c-4c00-ab6c-df3940c3c84b`;
  assert.equal(await refusal(tag(mapping, { a: "b" })), none);
  assert.equal(await refusal(bench.lambda.send(new ListTagsCommand({ Resource: mapping }))), none);
  assert.equal(await refusal(tag(`${here}:capacity-provider:absent`, { a: "b" })), none);
});
