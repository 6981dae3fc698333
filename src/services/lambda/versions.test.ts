import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CreateAliasCommand, CreateFunctionCommand, DeleteAliasCommand, DeleteFunctionCommand, GetAliasCommand,
  GetFunctionConfigurationCommand,
  ListAliasesCommand, ListVersionsByFunctionCommand, PublishVersionCommand, UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { refusal } from "../../../test/refusal.ts";
import { arnOf, functionInput, startBench, type Bench } from "../../../test/lambda-bench.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
});
after(() => bench.region.stop());

const FunctionName = "versioned";

async function change(Description: string): Promise<void> {
  const Environment = { Variables: { DESCRIPTION: Description } };
  await bench.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment }));
  await bench.region.clock.advance({ seconds: 1 });
}

const publish = (more: object = {}) => bench.lambda.send(
  new PublishVersionCommand({ FunctionName, ...more }),
);

test("a version is published when something has changed, and keeps what it had", async () => {
  await bench.make(FunctionName, { Environment: { Variables: { DESCRIPTION: "first" } } });
  const one = await publish({ Description: "the first" });
  assert.deepEqual(
    [one.Version, one.FunctionArn, one.Description], ["1", `${arnOf(FunctionName)}:1`, "the first"],
  );
  assert.equal((await publish()).Version, "1");
  await change("second");
  assert.equal((await publish()).Version, "2");
  const kept = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier: "1" }));
  assert.deepEqual(kept.Environment?.Variables, { DESCRIPTION: "first" });
  assert.equal(
    await refusal(publish({ CodeSha256: "other" })),
    `InvalidParameterValueException: CodeSHA256 (other) is different from current CodeSHA256 in $LATEST (${
      one.CodeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
  );
  const { Versions } = await bench.lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
  assert.deepEqual(Versions?.map(({ Version }) => Version), ["$LATEST", "1", "2"]);
});

test("an alias names a version, or shares out between two", async () => {
  const alias = await bench.lambda.send(
    new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1", Description: "now" }),
  );
  assert.equal(alias.AliasArn, `${arnOf(FunctionName)}:live`);
  const create = (Name: string, FunctionVersion: string, weights?: Record<string, number>) =>
    refusal(bench.lambda.send(new CreateAliasCommand({
      FunctionName, Name, FunctionVersion,
      ...(weights && { RoutingConfig: { AdditionalVersionWeights: weights } }),
    })));
  assert.equal(
    await create("live", "1"), `ResourceConflictException: Alias already exists: ${arnOf(FunctionName)}:live`,
  );
  assert.equal(
    await create("next", "9"), `ResourceNotFoundException: Function not found: ${arnOf(FunctionName)}:9`,
  );
  assert.equal(
    await create("next", "$LATEST", { 1: 0.1 }),
    "InvalidParameterValueException: $LATEST is not supported for an alias pointing to more than 1 version",
  );
  const AdditionalVersionWeights = { 2: 0.25 };
  const shared = await bench.lambda.send(new UpdateAliasCommand({
    FunctionName, Name: "live", RevisionId: alias.RevisionId, RoutingConfig: { AdditionalVersionWeights },
  }));
  assert.deepEqual(shared.RoutingConfig, { AdditionalVersionWeights });
  assert.match(
    await refusal(bench.lambda.send(
      new UpdateAliasCommand({ FunctionName, Name: "live", RevisionId: alias.RevisionId }),
    )),
    /^PreconditionFailedException: The RevisionId provided does not match/,
  );
  const { Aliases } = await bench.lambda.send(new ListAliasesCommand({ FunctionName, FunctionVersion: "2" }));
  assert.deepEqual(Aliases?.map(({ Name }) => Name), ["live"]);
});

test("a version that an alias names stays; others go, also when they are not there", async () => {
  const remove = (Qualifier: string) => bench.lambda.send(
    new DeleteFunctionCommand({ FunctionName, Qualifier }),
  );
  const inUse = "ResourceConflictException: Unable to delete version because the following aliases "
    + "reference it: [live]";
  assert.equal(await refusal(remove("1")), inUse);
  assert.equal(await refusal(remove("2")), inUse);
  await remove("99");
  assert.equal(
    await refusal(remove("$LATEST")),
    "InvalidParameterValueException: $LATEST version cannot be deleted without deleting the function.",
  );
  await bench.lambda.send(new DeleteAliasCommand({ FunctionName, Name: "live" }));
  assert.match(
    await refusal(bench.lambda.send(new GetAliasCommand({ FunctionName, Name: "live" }))),
    /^ResourceNotFoundException: Cannot find alias arn: /,
  );
  await remove("2");
  const { Versions } = await bench.lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
  assert.deepEqual(Versions?.map(({ Version }) => Version), ["$LATEST", "1"]);
  await change("third");
  assert.equal((await publish()).Version, "3");
});

test("a function has another revision when it becomes active, and when an update is done", async () => {
  const show = () => bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "revised" }));
  const input = functionInput("revised");
  const { RevisionId: created } = await bench.lambda.send(new CreateFunctionCommand(input));
  await bench.region.clock.advance({ seconds: 1 });
  const { RevisionId: active } = await show();
  const { RevisionId: begun } = await bench.lambda.send(new UpdateFunctionConfigurationCommand({
    FunctionName: "revised", Timeout: 9, RevisionId: active,
  }));
  assert.equal((await show()).RevisionId, begun);
  await bench.region.clock.advance({ seconds: 1 });
  const { RevisionId: done } = await show();
  assert.equal(new Set([created, active, begun, done]).size, 4);
  const publish = (RevisionId: string | undefined) =>
    bench.lambda.send(new PublishVersionCommand({ FunctionName: "revised", RevisionId }));
  assert.match(await refusal(publish(begun)), /^PreconditionFailedException: /);
  const version = await publish(done);
  const latest = await show();
  assert.notEqual(latest.RevisionId, done);
  await bench.region.clock.advance({ seconds: 1 });
  assert.equal((await show()).RevisionId, latest.RevisionId);
  const kept = await bench.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: "revised", Qualifier: "1" }),
  );
  assert.equal(kept.RevisionId, version.RevisionId);
});
