import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  AddPermissionCommand, CreateAliasCommand, GetAliasCommand, GetFunctionConfigurationCommand,
  GetPolicyCommand, InvokeCommand, LambdaClient, ListFunctionsCommand,
  PublishVersionCommand, RemovePermissionCommand, type AddPermissionCommandInput,
} from "@aws-sdk/client-lambda";
import { refusal } from "../../../test/refusal.ts";
import { account, arnOf, startBench, type Bench } from "../../../test/lambda-bench.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
  await bench.make("shared");
});
after(() => bench.region.stop());

const FunctionName = "shared";

const add = (StatementId: string, more: Partial<AddPermissionCommandInput> = {}) => bench.lambda.send(
  new AddPermissionCommand({
    FunctionName, StatementId, Action: "lambda:InvokeFunction", Principal: "s3.amazonaws.com", ...more,
  }),
);

const remove = (StatementId: string, more: object = {}) =>
  bench.lambda.send(new RemovePermissionCommand({ FunctionName, StatementId, ...more }));

test("a statement is written as AWS writes it", async () => {
  const { Statement } = await add(
    "from-bucket", { SourceArn: "arn:aws:s3:::bucket", SourceAccount: account },
  );
  assert.deepEqual(JSON.parse(Statement ?? ""), {
    Sid: "from-bucket",
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "lambda:InvokeFunction",
    Resource: arnOf(FunctionName),
    Condition: {
      StringEquals: { "AWS:SourceAccount": account },
      ArnLike: { "AWS:SourceArn": "arn:aws:s3:::bucket" },
    },
  });
  assert.equal(
    await refusal(add("from-bucket")),
    "ResourceConflictException: The statement id (from-bucket) provided already exists. Please provide a new "
    + "statement id, or remove the existing statement.",
  );
  assert.equal(
    await refusal(add("stranger", { Principal: `arn:aws:iam::${account}:user/nobody` })),
    "InvalidParameterValueException: The provided principal was invalid. Please check the principal and try "
    + "again.",
  );
  assert.equal(
    await refusal(add("latest", { Qualifier: "$LATEST" })),
    "InvalidParameterValueException: We currently do not support adding policies for $LATEST.",
  );
  await remove("from-bucket");
  assert.equal(
    await refusal(remove("from-bucket")),
    "ResourceNotFoundException: No policy is associated with the given resource.",
  );
  assert.equal(
    await refusal(remove("from-bucket", { FunctionName: "nobody" })),
    `ResourceNotFoundException: No policy found for: ${arnOf("nobody")}`,
  );
});

test("each version and alias has a policy of its own, and a policy a revision", async () => {
  const { Version } = await bench.lambda.send(new PublishVersionCommand({ FunctionName }));
  await add("of-version", { Qualifier: Version });
  const none = "ResourceNotFoundException: The resource you requested does not exist.";
  assert.equal(await refusal(bench.lambda.send(new GetPolicyCommand({ FunctionName }))), none);
  const { Policy, RevisionId } = await bench.lambda.send(
    new GetPolicyCommand({ FunctionName, Qualifier: Version }),
  );
  const policy = JSON.parse(Policy ?? "") as {
    Version: string; Id: string; Statement: { Resource: string }[],
  };
  assert.deepEqual([policy.Version, policy.Id], ["2012-10-17", "default"]);
  assert.equal(policy.Statement[0]?.Resource, `${arnOf(FunctionName)}:${Version}`);
  assert.equal(
    await refusal(
      remove("of-version", { Qualifier: Version, RevisionId: "11111111-1111-4111-8111-111111111111" }),
    ),
    "PreconditionFailedException: The RevisionId provided does not match the latest RevisionId. Call the "
    + "GetPolicy API to retrieve the latest RevisionId",
  );
  assert.equal(
    await refusal(remove("absent", { Qualifier: Version })),
    "ResourceNotFoundException: Statement absent is not found in resource policy.",
  );
  await remove("of-version", { Qualifier: Version, RevisionId });
});

test("the revision of a policy is that of what it is about", async () => {
  const revisions = async (Qualifier?: string) => {
    const ofPolicy = await bench.lambda.send(new GetPolicyCommand({ FunctionName, Qualifier }));
    const ofFunction = await bench.lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName, Qualifier }),
    );
    return [ofPolicy.RevisionId, ofFunction.RevisionId];
  };
  const before = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  await add("revised", { RevisionId: before.RevisionId });
  const [ofPolicy, ofFunction] = await revisions();
  assert.equal(ofPolicy, ofFunction);
  assert.notEqual(ofFunction, before.RevisionId);
  const late = await refusal(add("late", { RevisionId: before.RevisionId }));
  assert.match(late, /^PreconditionFailedException: /);
  await remove("revised", { RevisionId: ofFunction });
  const alias = { FunctionName, Name: "live", FunctionVersion: "$LATEST" };
  const { RevisionId } = await bench.lambda.send(new CreateAliasCommand(alias));
  await add("of-alias", { Qualifier: "live", RevisionId });
  const now = await bench.lambda.send(new GetAliasCommand({ FunctionName, Name: "live" }));
  assert.notEqual(now.RevisionId, RevisionId);
  assert.equal((await revisions("live"))[0], now.RevisionId);
  await remove("of-alias", { Qualifier: "live", RevisionId: now.RevisionId });
});

const dryRun = (client: LambdaClient) =>
  refusal(client.send(new InvokeCommand({ FunctionName: arnOf(FunctionName), InvocationType: "DryRun" })));

test("lambda-resource-policy: another account may invoke while a statement says so", async () => {
  const other = bench.region.client(LambdaClient, { credentials: bench.region.root("222222222222") });
  const denied = "AccessDeniedException: User: arn:aws:iam::222222222222:root is not authorized to perform: "
    + `lambda:InvokeFunction on resource: ${arnOf(FunctionName)} because no resource-based policy allows the `
    + "lambda:InvokeFunction action";
  assert.equal(await dryRun(other), denied);
  await add("other", { Principal: "222222222222" });
  assert.equal(await dryRun(other), "no refusal");
  const { Policy } = await bench.lambda.send(new GetPolicyCommand({ FunctionName }));
  assert.match(Policy ?? "", /"arn:aws:iam::222222222222:root"/);
  await remove("other");
  assert.equal(await dryRun(other), denied);
});

test("lambda-principal-access-or: within an account, either policy is enough", async () => {
  const allowed = bench.as(await bench.region.user("allowed", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: arnOf(FunctionName) }],
  }));
  const named = bench.as(await bench.region.user("named"));
  const third = bench.as(await bench.region.user("third"));
  await add("named", { Principal: `arn:aws:iam::${account}:user/named` });
  assert.equal(await dryRun(allowed), "no refusal");
  assert.equal(await dryRun(named), "no refusal");
  assert.match(
    await dryRun(third), /^AccessDeniedException: User: arn:aws:iam::000000000000:user\/third is not/,
  );
  assert.equal(
    await refusal(third.send(new ListFunctionsCommand({}))),
    `AccessDeniedException: User: arn:aws:iam::${account}:user/third is not authorized to perform: `
    + "lambda:ListFunctions on resource: * because no identity-based policy allows the lambda:ListFunctions "
    + "action",
  );
});
