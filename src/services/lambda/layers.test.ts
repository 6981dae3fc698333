import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  AddLayerVersionPermissionCommand, CreateFunctionCommand, DeleteLayerVersionCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand, GetLayerVersionPolicyCommand, LambdaClient, ListLayersCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand, RemoveLayerVersionPermissionCommand,
} from "@aws-sdk/client-lambda";
import { refusal } from "../../../test/refusal.ts";
import { account, functionInput, startBench, type Bench } from "../../../test/lambda-bench.ts";
import { zipOf } from "../../../test/zip-archive.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
});
after(() => bench.region.stop());

const layerArn = (name: string, number?: number): string =>
  `arn:aws:lambda:us-east-1:${account}:layer:${name}${number === undefined ? "" : `:${number}`}`;

const publish = (LayerName: string, text = "x", more: object = {}) => bench.lambda.send(
  new PublishLayerVersionCommand({ LayerName, Content: { ZipFile: zipOf({ "lib/a.txt": text }) }, ...more }),
);

test("layers have versions, whose numbers are not used again", async () => {
  const one = await publish("shared", "one", { CompatibleRuntimes: ["nodejs20.x"], LicenseInfo: "MIT" });
  assert.deepEqual(
    [one.LayerArn, one.LayerVersionArn, one.Version], [layerArn("shared"), layerArn("shared", 1), 1],
  );
  await publish("shared", "two");
  const byArn = await bench.lambda.send(new GetLayerVersionByArnCommand({ Arn: layerArn("shared", 1) }));
  assert.deepEqual([byArn.Content?.CodeSha256, byArn.LicenseInfo], [one.Content?.CodeSha256, "MIT"]);
  await bench.lambda.send(new DeleteLayerVersionCommand({ LayerName: "shared", VersionNumber: 2 }));
  assert.equal((await publish("shared", "three")).Version, 3);
  const { LayerVersions } = await bench.lambda.send(new ListLayerVersionsCommand({ LayerName: "shared" }));
  assert.deepEqual(LayerVersions?.map(({ Version }) => Version), [3, 1]);
  const { Layers } = await bench.lambda.send(new ListLayersCommand({ CompatibleRuntime: "nodejs20.x" }));
  const found = Layers?.map(({ LayerName, LatestMatchingVersion: latest }) => [LayerName, latest?.Version]);
  assert.deepEqual(found, [["shared", 1]]);
  assert.equal(
    await refusal(bench.lambda.send(new GetLayerVersionCommand({ LayerName: "shared", VersionNumber: 2 }))),
    "ResourceNotFoundException: The resource you requested does not exist.",
  );
});

test("a function has at most five layers, of different layers, that are there", async () => {
  for (let index = 0; index < 6; index += 1) await publish(`five-${index}`);
  const Layers = Array.from({ length: 6 }, (_, index) => layerArn(`five-${index}`, 1));
  const create = (name: string, layers: string[]) =>
    bench.lambda.send(new CreateFunctionCommand(functionInput(name, { Layers: layers })));
  assert.equal(
    await refusal(
      create("layered", Layers),
    ), "InvalidParameterValueException: Cannot reference more than 5 layers.",
  );
  assert.match(
    await refusal(create("layered", [layerArn("shared", 1), layerArn("shared", 3)])),
    /^InvalidParameterValueException: Two different versions of the same layer are not .* same layer\.$/,
  );
  assert.equal(
    await refusal(create("layered", [layerArn("shared", 1).replace("us-east-1", "eu-west-1")])),
    "InvalidParameterValueException: Layers are not in the same region as the function. Layers are expected "
    + "to be in region us-east-1.",
  );
  assert.equal(
    await refusal(create("layered", [layerArn("absent", 1)])),
    `InvalidParameterValueException: Layer version ${layerArn("absent", 1)} does not exist.`,
  );
  const made = await create("layered", Layers.slice(1));
  assert.deepEqual(made.Layers?.map(({ Arn }) => Arn), Layers.slice(1));
});

test("a layer is another account's when its version is shared with it", async () => {
  const LayerName = "lent";
  await publish(LayerName);
  const of = { LayerName: layerArn(LayerName), VersionNumber: 1 };
  const credentials = bench.region.root("222222222222");
  const other = bench.region.client(LambdaClient, { credentials });
  const get = () => other.send(new GetLayerVersionCommand(of));
  assert.match(await refusal(get()), /^AccessDeniedException: /);
  const { Statement } = await bench.lambda.send(new AddLayerVersionPermissionCommand({
    LayerName, VersionNumber: 1, StatementId: "lend", Action: "lambda:GetLayerVersion",
    Principal: "222222222222",
  }));
  assert.deepEqual(JSON.parse(Statement ?? ""), {
    Sid: "lend",
    Effect: "Allow",
    Principal: { AWS: "arn:aws:iam::222222222222:root" },
    Action: "lambda:GetLayerVersion",
    Resource: layerArn(LayerName, 1),
  });
  assert.equal((await get()).Version, 1);
  await bench.lambda.send(
    new RemoveLayerVersionPermissionCommand({ LayerName, VersionNumber: 1, StatementId: "lend" }),
  );
  assert.match(await refusal(get()), /^AccessDeniedException: /);
  assert.equal(
    await refusal(bench.lambda.send(new GetLayerVersionPolicyCommand({ LayerName, VersionNumber: 1 }))),
    "ResourceNotFoundException: No policy is associated with the given resource.",
  );
});
