/** Terraform and Lambda: a function with all that belongs to it, applied, changed, imported, destroyed. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LambdaClient, ListFunctionsCommand, ListLayersCommand } from "@aws-sdk/client-lambda";
import { zipOf } from "../zip-archive.ts";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

function addPackages(folder: string): void {
  const code = "export const handler = async () => process.env.COLOUR;";
  writeFileSync(join(folder, "function.zip"), zipOf({ "index.mjs": code }));
  writeFileSync(join(folder, "layer.zip"), zipOf({ "nodejs/a.txt": "a" }));
}

test("a function, its layer, alias, permission, URL and event configuration", { skip }, async () => {
  await using station = await startWorkstation();
  const paint = await Terraform.open(station, "lambda");
  const folder = join(station.home, "terraform", "lambda");
  addPackages(folder);
  await paint.apply();
  assert.equal(await paint.drift(), "");
  assert.deepEqual(await paint.outputs(), { answer: "red", version: "1" });

  const changed = { colour: "blue", weight: "0.2" };
  await paint.apply(changed);
  assert.equal(await paint.drift(changed), "");
  assert.deepEqual(await paint.outputs(), { answer: "blue", version: "2" });

  await paint.reimportAll({
    "aws_lambda_alias.live": "paint/live",
    "aws_lambda_permission.bucket": "paint:live/bucket",
    "aws_lambda_function_event_invoke_config.paint": "paint",
    "aws_lambda_function_url.paint": "paint",
  }, changed);
  await paint.destroy(changed);
  const lambda = station.region.client(LambdaClient);
  assert.deepEqual((await lambda.send(new ListFunctionsCommand({}))).Functions, []);
  assert.deepEqual((await lambda.send(new ListLayersCommand({}))).Layers, []);
});

test("what is set beside a function, what calls it, and what is read of it", { skip }, async () => {
  await using station = await startWorkstation();
  const settings = await Terraform.open(station, "lambda-settings");
  addPackages(join(station.home, "terraform", "lambda-settings"));
  await settings.apply();
  assert.equal(await settings.drift(), "");
  assert.deepEqual(await settings.outputs(), { found: {
    qualified: "arn:aws:lambda:us-east-1:000000000000:function:worker:live", functions: ["snap", "worker"],
    version: "1", untrusted: "Warn", auth: "AWS_IAM", layer: 1, license: "MIT",
  } });
  const changed = {
    recursion: "Terminate", provisioned: "2", update_on: "Auto", window: "60", input: "second",
    enabled: "false",
  };
  await settings.apply(changed);
  assert.equal(await settings.drift(changed), "");
  await settings.reimportAll({
    "aws_lambda_function_recursion_config.worker": "worker",
    "aws_lambda_provisioned_concurrency_config.live": "worker,live",
    "aws_lambda_runtime_management_config.worker": "worker,$LATEST",
    "aws_lambda_alias.live": "worker/live",
    "aws_lambda_function_event_invoke_config.live": "worker:live",
    "aws_lambda_function_url.live": "worker/live",
    "aws_lambda_permission.skill": "worker/skill",
  }, changed);
  await settings.destroy(changed);
  const lambda = station.region.client(LambdaClient);
  assert.deepEqual((await lambda.send(new ListFunctionsCommand({}))).Functions, []);
});
