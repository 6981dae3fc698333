import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateFunctionCommand, DeleteFunctionCommand, GetFunctionCodeSigningConfigCommand, GetFunctionCommand,
  GetFunctionConfigurationCommand, ListFunctionsCommand, PublishLayerVersionCommand, PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand, type CreateFunctionCommandInput, type LoggingConfig,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { refusal } from "../../../test/refusal.ts";
import {
  account, arnOf, echo, functionInput, roleArn, startBench, type Bench,
} from "../../../test/lambda-bench.ts";
import { nodePackage, zipOf } from "../../../test/zip-archive.ts";

let bench: Bench;
before(async () => {
  bench = await startBench();
});
after(() => bench.region.stop());

const create = (name: string, more: Partial<CreateFunctionCommandInput> = {}) =>
  bench.lambda.send(new CreateFunctionCommand(functionInput(name, more)));

test("a function is shown as AWS shows it, pending first and active by the clock", async () => {
  const made = await create("shown", {
    Description: "says it again", Tags: { team: "one" }, Timeout: undefined,
  });
  const CodeSha256 = createHash("sha256").update(echo).digest("base64");
  const { $metadata: _, RevisionId, RuntimeVersionConfig, ...rest } = made;
  assert.match(RevisionId ?? "", /^[0-9a-f-]{36}$/);
  assert.match(
    RuntimeVersionConfig?.RuntimeVersionArn ?? "", /^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/,
  );
  assert.deepEqual(rest, {
    FunctionName: "shown",
    FunctionArn: arnOf("shown"),
    Runtime: "nodejs20.x",
    Role: roleArn(),
    Handler: "index.handler",
    CodeSize: echo.length,
    Description: "says it again",
    Timeout: 3,
    MemorySize: 128,
    LastModified: "2026-01-01T00:00:00.000+0000",
    CodeSha256,
    Version: "$LATEST",
    TracingConfig: { Mode: "PassThrough" },
    State: "Pending",
    StateReason: "The function is being created.",
    StateReasonCode: "Creating",
    PackageType: "Zip",
    Architectures: ["x86_64"],
    EphemeralStorage: { Size: 512 },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/shown" },
  });
  await bench.region.clock.advance({ seconds: 1 });
  const { Configuration, Code, Tags } = await bench.lambda.send(
    new GetFunctionCommand({ FunctionName: "shown" }),
  );
  assert.equal(Configuration?.State, "Active");
  assert.equal(Configuration?.LastUpdateStatus, "Successful");
  assert.equal(Code?.RepositoryType, "S3");
  assert.deepEqual(Tags, { team: "one" });
  assert.equal(
    await refusal(create("shown")), "ResourceConflictException: Function already exist: shown",
  );
});

test("what is published at once is shown under the function's ARN, an update in AWS's words", async () => {
  const { FunctionArn, Version } = await create("published", { Publish: true });
  assert.deepEqual([FunctionArn, Version], [arnOf("published"), "1"]);
  await bench.region.clock.advance({ seconds: 1 });
  const { LastUpdateStatus, LastUpdateStatusReason, LastUpdateStatusReasonCode } = await bench.lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: "published", Timeout: 4 }),
  );
  assert.deepEqual(
    [LastUpdateStatus, LastUpdateStatusReason, LastUpdateStatusReasonCode],
    ["InProgress", "The function is being created.", "Creating"],
  );
  const { $metadata: _, ...signing } = await bench.lambda.send(
    new GetFunctionCodeSigningConfigCommand({ FunctionName: "published" }),
  );
  assert.deepEqual(signing, {});
  assert.equal(
    await refusal(bench.lambda.send(new DeleteFunctionCommand({ FunctionName: "nobody", Qualifier: "1" }))),
    `ResourceNotFoundException: Function not found: ${arnOf("nobody")}`,
  );
});

test("names have at most 64 characters, as names and in ARNs", async () => {
  const nameOf = (length: number) => "n".repeat(length);
  assert.equal((await create(arnOf(nameOf(64)))).FunctionName, nameOf(64));
  const refused = `InvalidParameterValueException: 1 validation error detected: Value '${nameOf(65)}' at `
    + "'functionName' failed to satisfy constraint: Member must have length less than or equal to 64";
  for (const name of [nameOf(65), arnOf(nameOf(65))]) assert.equal(await refusal(create(name)), refused);
});

test("levels of a log are for JSON alone", async () => {
  const text = 'InvalidParameterValueException: LogLevel is not supported when LogFormat is set to "Text". '
    + 'Remove LogLevel from your request or change the LogFormat to "Json" and try again.';
  assert.equal(await refusal(create("levels", { LoggingConfig: { ApplicationLogLevel: "DEBUG" } })), text);
  await create("levels", { LoggingConfig: { LogFormat: "JSON", ApplicationLogLevel: "DEBUG" } });
  await bench.region.clock.advance({ seconds: 1 });
  const change = (LoggingConfig: LoggingConfig) =>
    bench.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "levels", LoggingConfig }));
  assert.equal(await refusal(change({ LogFormat: "Text", SystemLogLevel: "WARN" })), text);
  const { LoggingConfig } = await change({ LogFormat: "Text" });
  assert.deepEqual(LoggingConfig, { LogFormat: "Text", LogGroup: "/aws/lambda/levels" });
});

test("functions are found by name, partial ARN and ARN, and not in another Region", async () => {
  await create("named");
  for (const FunctionName of ["named", `${account}:function:named`, arnOf("named"), "function:named"]) {
    const found = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    assert.equal(found.FunctionArn, arnOf("named"));
  }
  const elsewhere = arnOf("named").replace("us-east-1", "eu-west-1");
  const get = (FunctionName: string, Qualifier?: string) =>
    refusal(bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier })));
  assert.equal(
    await get(elsewhere),
    "ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
  );
  assert.equal(await get("absent"), `ResourceNotFoundException: Function not found: ${arnOf("absent")}`);
  assert.equal(await get("named:7"), `ResourceNotFoundException: Function not found: ${arnOf("named")}:7`);
  assert.equal(
    await get("named:live"), `ResourceNotFoundException: Cannot find alias arn: ${arnOf("named")}:live`,
  );
  assert.equal(
    await get("named:1", "2"),
    "InvalidParameterValueException: The derived qualifier from the function name does not match the "
    + "specified qualifier.",
  );
});

test("lambda-memory-range: memory is from 128 to 10240 MB in steps of 1 MB", async () => {
  const tooLittle = await refusal(create("memory", { MemorySize: 127 }));
  assert.equal(
    tooLittle,
    "ValidationException: 1 validation error detected: Value '127' at 'memorySize' failed to satisfy "
    + "constraint: Member must have value greater than or equal to 128",
  );
  assert.equal(
    await refusal(create("memory", { MemorySize: 10_241 })),
    "ValidationException: 1 validation error detected: Value '10241' at 'memorySize' failed to satisfy "
    + "constraint: Member must have value less than or equal to 10240",
  );
  assert.equal((await create("memory", { MemorySize: 10_239 })).MemorySize, 10_239);
});

test("the timeout is at most 900 seconds, and the ephemeral storage from 512 to 10240 MB", async () => {
  assert.equal(
    await refusal(create("limits", { Timeout: 901 })),
    "ValidationException: 1 validation error detected: Value '901' at 'timeout' failed to satisfy "
    + "constraint: Member must have value less than or equal to 900",
  );
  for (const Size of [511, 10_241]) {
    assert.match(await refusal(create("limits", { EphemeralStorage: { Size } })), /^ValidationException: /);
  }
  const made = await create("limits", { Timeout: 900, EphemeralStorage: { Size: 10_240 } });
  assert.deepEqual([made.Timeout, made.EphemeralStorage], [900, { Size: 10_240 }]);
});

test("lambda-env-vars-4kb: variables take 4 KB as JSON, and some names are Lambda's", async () => {
  const variables = (value: string) => ({ Environment: { Variables: { BIG: value } } });
  const overhead = JSON.stringify({ BIG: "" }).length;
  const fits = "x".repeat(4_096 - overhead);
  await create("variables", variables(fits));
  await bench.region.clock.advance({ seconds: 1 });
  const update = (Variables: Record<string, string>) => refusal(bench.lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: "variables", Environment: { Variables } }),
  ));
  assert.equal(
    await update({ BIG: `${fits}x` }),
    "InvalidParameterValueException: Lambda was unable to configure your environment variables because the "
    + "environment variables you have provided exceeded the 4KB limit. String measured: "
    + JSON.stringify({ BIG: `${fits}x` }),
  );
  assert.equal(
    await update({ AWS_REGION: "x", FINE: "y" }),
    "InvalidParameterValueException: Lambda was unable to configure your environment variables because the "
    + "environment variables you have provided contains reserved keys that are currently not supported for "
    + "modification. Reserved keys used in this request: AWS_REGION",
  );
});

test("lambda-execution-role: a role must be there, let Lambda in, and be passed by who may", async () => {
  const iam = bench.region.client(IAMClient);
  const trust = {
    Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
  };
  await iam.send(new CreateRoleCommand({
    RoleName: "other", AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", ...trust }),
  }));
  const notAssumable =
    "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.";
  assert.equal(await refusal(create("roles", { Role: roleArn("other") })), notAssumable);
  assert.equal(await refusal(create("roles", { Role: roleArn("absent") })), notAssumable);
  assert.equal(
    await refusal(create("roles", { Role: "arn:aws:iam::222222222222:role/theirs" })),
    "AccessDeniedException: Cross-account pass role is not allowed.",
  );
  const credentials = await bench.region.user("maker", {
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "lambda:*", Resource: "*" }],
  });
  assert.equal(
    await refusal(bench.as(credentials).send(new CreateFunctionCommand(functionInput("roles")))),
    `AccessDeniedException: User: arn:aws:iam::${account}:user/maker is not authorized to perform: `
    + "iam:PassRole on "
    + `resource: ${roleArn()} because no identity-based policy allows the iam:PassRole action`,
  );
});

test("a package is a zip, not empty, and stays in its folder", async () => {
  const unzip = "InvalidParameterValueException: Could not unzip uploaded file. Please check your file, "
    + "then try to "
    + "upload again.";
  const withZip = (ZipFile: Buffer) => refusal(create("package", { Code: { ZipFile } }));
  assert.equal(await withZip(Buffer.from("no zip")), unzip);
  assert.equal(await withZip(zipOf({ "../outside.js": "x" })), unzip);
  assert.equal(await withZip(zipOf({ "/etc/passwd": "x" })), unzip);
  assert.equal(
    await withZip(zipOf({})), "InvalidParameterValueException: Uploaded file must be a non-empty zip",
  );
  assert.equal(
    await refusal(create("package", { Handler: undefined })),
    "InvalidParameterValueException: Runtime and Handler are mandatory parameters for functions created with "
    + "deployment packages.",
  );
  assert.match(
    await refusal(create("package", { Runtime: "nodejs12.x" })),
    /^InvalidParameterValueException: The runtime parameter of nodejs12\.x is no longer supported/,
  );
  assert.match(
    await refusal(create("package", { Runtime: "cobol85" as "nodejs22.x" })),
    new RegExp("^InvalidParameterValueException: Value cobol85 at 'runtime' failed to satisfy constraint: "
      + "Member must satisfy enum value set: \\[nodejs24\\.x, .*, provided\\.al2\\] or be a valid ARN$"),
  );
});

test("lambda-zip-50mb-else-s3: a larger package comes from S3, read as the caller", async () => {
  const s3 = bench.region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "packages" }));
  await s3.send(new PutObjectCommand({ Bucket: "packages", Key: "a.zip", Body: echo }));
  const tooLarge = Buffer.alloc(50 * 1024 * 1024 + 1);
  assert.equal(
    await refusal(create("direct", { Code: { ZipFile: tooLarge } })),
    "RequestEntityTooLargeException: Request must be smaller than 70167211 bytes for the CreateFunction "
    + "operation",
  );
  const made = await create("direct", { Code: { S3Bucket: "packages", S3Key: "a.zip" } });
  assert.equal(made.CodeSha256, createHash("sha256").update(echo).digest("base64"));
  assert.equal(
    await refusal(create("fromS3", { Code: { S3Bucket: "packages", S3Key: "b.zip" } })),
    "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error "
    + "Message: The specified key does not exist.",
  );
  const credentials = await bench.region.user("no-reader", {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: ["lambda:*", "iam:PassRole"], Resource: "*" }],
  });
  const input = functionInput("fromS3", { Code: { S3Bucket: "packages", S3Key: "a.zip" } });
  assert.match(
    await refusal(bench.as(credentials).send(new CreateFunctionCommand(input))),
    /^InvalidParameterValueException: Error occurred while GetObject\. S3 Error Code: AccessDenied\./,
  );
});

/** The directory says how large an entry is: no archive of this size has to be sent. */
function unzippingTo(bytes: number): Buffer {
  const zip = zipOf({ "a.bin": "x" });
  zip.writeUInt32LE(bytes, zip.length - 22 - 46 - "a.bin".length + 24);
  return zip;
}

test("lambda-uncompressed-250mb: a package unzips to at most 262144000 bytes", async () => {
  assert.equal(
    await refusal(create("bomb", { Code: { ZipFile: unzippingTo(262_144_001) } })),
    "InvalidParameterValueException: Unzipped size must be smaller than 262144000 bytes",
  );
  await create("large", { Code: { ZipFile: unzippingTo(262_144_000) } });
});

test("lambda-uncompressed-250mb: a package unzips to that together with its layers", async () => {
  const { LayerVersionArn = "" } = await bench.lambda.send(new PublishLayerVersionCommand({
    LayerName: "half", Content: { ZipFile: unzippingTo(131_072_001) },
  }));
  const tooLarge = "InvalidParameterValueException: Function code combined with layers exceeds the maximum "
    + "allowed size of 262144000 bytes. The actual size is 262144001 bytes.";
  const half = { ZipFile: unzippingTo(131_072_000) };
  const Layers = [LayerVersionArn];
  assert.equal(await refusal(create("halves", { Code: half, Layers })), tooLarge);
  await bench.make("halves", { Code: half });
  const FunctionName = "halves";
  assert.equal(
    await refusal(bench.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers }))),
    tooLarge,
  );
  await bench.make("layered", { Layers });
  assert.equal(
    await refusal(bench.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "layered", ...half }))),
    tooLarge,
  );
});

test("what is said of images is not for packages, nor the other way round", async () => {
  const refused = (name: string, more: Partial<CreateFunctionCommandInput>) => refusal(create(name, more));
  const ImageConfig = { Command: ["app.handler"] };
  const noImage = "InvalidParameterValueException: Please don't provide ImageConfig when the intended "
    + "function PackageType is Zip.";
  assert.equal(await refused("configured", { ImageConfig }), noImage);
  assert.equal(
    await refused("mixed", { PackageType: "Image", Code: { ImageUri: "repository:tag" } }),
    "InvalidParameterValueException: Please don't provide Handler or Runtime or Layer when the intended "
    + "function PackageType is Image.",
  );
  await bench.make("packaged");
  const FunctionName = "packaged";
  assert.equal(
    await refusal(bench.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, ImageConfig }))),
    noImage,
  );
  assert.equal(
    await refusal(bench.lambda.send(
      new UpdateFunctionCodeCommand({ FunctionName, ImageUri: "repository:tag" }),
    )),
    "InvalidParameterValueException: Please don't provide ImageUri when updating a function with packageType "
    + "Zip.",
  );
});

test("code is updated by whoever knows the revision, and not while an update is under way", async () => {
  await bench.make("updated");
  const next = nodePackage("export const handler = async () => 2;");
  const update = (more: object) =>
    bench.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "updated", ZipFile: next, ...more }));
  assert.equal(
    await refusal(update({ RevisionId: "11111111-1111-4111-8111-111111111111" })),
    "PreconditionFailedException: The RevisionId provided does not match the latest RevisionId. Call the "
    + "GetFunction/GetAlias API to retrieve the latest RevisionId",
  );
  await bench.lambda.send(new PublishVersionCommand({ FunctionName: "updated" }));
  assert.equal(
    await refusal(update({ FunctionName: "updated:1" })),
    "InvalidParameterValueException: Current operation does not support versions other than $LATEST. Please "
    + "set the version to $LATEST or do not set a version in your request.",
  );
  const dry = await update({ DryRun: true, FunctionName: "updated:$LATEST" });
  const before = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "updated" }));
  assert.notEqual(dry.CodeSha256, before.CodeSha256);
  const changed = await update({ RevisionId: before.RevisionId });
  assert.equal(changed.LastUpdateStatus, "InProgress");
  assert.equal(
    await refusal(update({})),
    "ResourceConflictException: The operation cannot be performed at this time. An update is in progress for "
    + `resource: ${arnOf("updated")}`,
  );
  await bench.region.clock.advance({ seconds: 1 });
  const done = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "updated" }));
  assert.deepEqual([done.LastUpdateStatus, done.CodeSha256], ["Successful", dry.CodeSha256]);
});

test("deleting a function takes all of it, and its name is free", async () => {
  await bench.make("gone");
  await bench.lambda.send(new DeleteFunctionCommand({ FunctionName: "gone" }));
  assert.equal(
    await refusal(bench.lambda.send(new DeleteFunctionCommand({ FunctionName: "gone" }))),
    `ResourceNotFoundException: Function not found: ${arnOf("gone")}`,
  );
  const { Functions } = await bench.lambda.send(new ListFunctionsCommand({}));
  assert.ok(!Functions?.some(({ FunctionName }) => FunctionName === "gone"));
  await create("gone");
});
