import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  DeleteFunctionCommand, GetFunctionCommand, UpdateFunctionCodeCommand, UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { containers, makeImage, type TestImage } from "../../../test/container-images.ts";
import { account, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { refusal } from "../../../test/refusal.ts";

const repository = `${account}.dkr.ecr.us-east-1.amazonaws.com/us-local-1-test-${process.pid}`;
const uri = `${repository}:latest`;
const code = `
  export const handler = async (event) => ({ event, name: process.env.AWS_LAMBDA_FUNCTION_NAME });
  export const other = async () => "other";
`;

const engine = await containers();
let bench: Bench;
let image: TestImage | undefined;
before(async () => {
  bench = await startBench();
  if (engine) image = makeImage(engine, uri, { "index.mjs": code });
});
after(async () => {
  await bench.region.stop();
  await image?.remove();
});

const fromImage = (ImageUri: string) => ({
  PackageType: "Image" as const, Runtime: undefined, Handler: undefined, Code: { ImageUri }, MemorySize: 256,
});
const withContainers = { skip: engine === undefined && "there are no containers on this machine" };
const withoutContainers = { skip: engine !== undefined && "there are containers on this machine" };

test("a function from an image of this machine runs, and says which it is", withContainers, async () => {
  await bench.make("imaged", fromImage(uri));
  const { answer } = await bench.invoke("imaged", { n: 1 });
  assert.deepEqual(answer, { event: { n: 1 }, name: "imaged" });
  const { Code, Configuration } = await bench.lambda.send(new GetFunctionCommand({ FunctionName: "imaged" }));
  const digest = Configuration?.CodeSha256 ?? "";
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(
    Code, { RepositoryType: "ECR", ImageUri: uri, ResolvedImageUri: `${repository}@sha256:${digest}` },
  );
  await bench.lambda.send(new UpdateFunctionConfigurationCommand({
    FunctionName: "imaged", ImageConfig: { Command: ["index.other"] },
  }));
  await bench.region.clock.advance({ seconds: 1 });
  assert.equal((await bench.invoke("imaged")).answer, "other");
});

test("an image that is not on this machine is no source of a function", withContainers, async () => {
  const absent = `InvalidParameterValueException: Source image ${repository}:other does not exist. `
    + "Provide a valid source image.";
  assert.equal(await refusal(bench.make("absent", fromImage(`${repository}:other`))), absent);
  await bench.make("stays", fromImage(uri));
  const update = { FunctionName: "stays", ImageUri: `${repository}:other` };
  assert.equal(await refusal(bench.lambda.send(new UpdateFunctionCodeCommand(update))), absent);
});

test("a tag is the image that it was when the function was made", withContainers, async () => {
  assert.ok(image);
  const moving = `${repository}:moving`;
  const images = [image.with(moving, { "index.mjs": "export const handler = async () => 1;" })];
  try {
    await bench.make("tagged", fromImage(moving));
    images.push(image.with(moving, { "index.mjs": "export const handler = async () => 2;" }));
    assert.equal((await bench.invoke("tagged")).answer, 1);
    await bench.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "tagged", ImageUri: moving }));
    await bench.region.clock.advance({ seconds: 1 });
    assert.equal((await bench.invoke("tagged")).answer, 2);
  } finally {
    await bench.lambda.send(new DeleteFunctionCommand({ FunctionName: "tagged" }));
    for (const made of images) await made.remove();
  }
});

test("without containers a function from an image is kept, and not run", withoutContainers, async () => {
  await bench.make("kept", fromImage(uri));
  assert.match(
    await refusal(bench.invoke("kept")),
    /^InvalidRuntimeException: Functions from container images need podman or docker: /,
  );
});

test("an image is named with its tag or digest", async () => {
  for (const wrong of [repository, `${repository}:`, `${repository}@sha256:12`, "a b:c"]) {
    assert.equal(
      await refusal(bench.make("unnamed", fromImage(wrong))),
      `InvalidParameterValueException: Source image ${wrong} is not valid. Provide a valid source image.`,
    );
  }
});
