import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddTagsToResourceCommand, DescribeParametersCommand, GetParameterCommand, GetParameterHistoryCommand,
  GetParametersByPathCommand, GetParametersCommand, GetServiceSettingCommand, ListTagsForResourceCommand,
  PutParameterCommand,
  PutResourcePolicyCommand, RemoveTagsFromResourceCommand, ResetServiceSettingCommand, SSMClient,
  UpdateServiceSettingCommand, type DescribeParametersCommandInput, type PutParameterCommandInput,
} from "@aws-sdk/client-ssm";
import { startRegion } from "../../../test/region.ts";
import type { BusEvent } from "../../kernel/bus.ts";
import { refusal } from "../../../test/refusal.ts";

const account = "000000000000";
const text = (Name: string, rest: Partial<PutParameterCommandInput> = {}) =>
  new PutParameterCommand({ Name, Value: "v", Type: "String", ...rest });

test("names are checked in AWS's words", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  const refused = (Name: string) => refusal(ssm.send(text(Name)));
  const malformed =
    'ValidationException: Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as '
    + "a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of "
    + "letters, numbers and the following 3 symbols .-_";
  const plain =
    'ValidationException: Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).';
  assert.equal(await refused("a/b"), "ValidationException: Parameter name must be a fully qualified name.");
  assert.equal(
    await refused("/aws/x"), "AccessDeniedException: No access to reserved parameter name: /aws/x.",
  );
  for (const name of ["awsX", "/AWSx", "SsmX", "/ssm"]) assert.equal(await refused(name), plain, name);
  for (const name of ["/ssm/x", "a b", "/a//b", "/a/", "/", "né", "__proto__:x"]) {
    assert.equal(await refused(name), malformed, name);
  }
  assert.equal((await ssm.send(text(`/${Array.from({ length: 15 }, () => "l").join("/")}`))).Version, 1);
  assert.equal(
    await refused(`/${Array.from({ length: 16 }, () => "l").join("/")}`),
    "HierarchyLevelLimitExceededException: A hierarchy can have a maximum of 15 levels. For more "
    + "information, see Requirements and constraints for parameter names in the AWS Systems Manager User "
    + "Guide.",
  );
  assert.equal((await ssm.send(text("x".repeat(1011)))).Version, 1);
  assert.match(await refused("x".repeat(1012)), /Member must have length less than or equal to 1011$/);
  assert.equal((await ssm.send(text("__proto__"))).Version, 1);
  assert.equal((await ssm.send(new GetParameterCommand({ Name: " __proto__ " }))).Parameter?.Value, "v");
});

test("PutParameter refuses what does not go together", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  const refused = (rest: Partial<PutParameterCommandInput>) => refusal(ssm.send(text("p", rest)));
  await ssm.send(text("p"));
  assert.equal(
    await refused({}),
    "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option "
    + "in the request to true.",
  );
  assert.equal(
    await refused({ Overwrite: true, Tags: [{ Key: "a", Value: "b" }] }),
    "ValidationException: Invalid request: tags and overwrite can't be used together. To create a parameter "
    + "with tags, please remove overwrite flag. To update tags for an existing parameter, please use "
    + "AddTagsToResource or RemoveTagsFromResource.",
  );
  const q = (rest: Partial<PutParameterCommandInput>) => refusal(ssm.send(text("q", rest)));
  assert.equal(await q(
    { Type: undefined },
  ), "ValidationException: A parameter type is required when you create a parameter.");
  assert.equal(await q(
    { KeyId: "alias/x" },
  ), "ValidationException: KeyId is required for SecureString type parameter only.");
  assert.equal(await q({ Value: "{{ssm:a}}" }),
    'ValidationException: Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.');
  assert.match(await q({ Value: "" }), /Member must have length greater than or equal to 1\.$/);
  assert.equal(await q(
    { DataType: "Text" },
  ), "ValidationException: The following data type is not supported: Text (Data "
    + "type names are all lowercase.)");
  assert.match(await q({ DataType: "aws:ec2:image" }), /^NotImplemented: /);
  assert.match(await q({ AllowedPattern: "(" }), /^InvalidAllowedPatternException: /);
  const hostile = await q({ AllowedPattern: "^(a+)+$", Value: `${"a".repeat(4000)}!` });
  assert.match(hostile, /^ParameterPatternMismatchException: /);
  const endless = await q({ AllowedPattern: "^(a+)+\\1$", Value: `${"a".repeat(4000)}!` });
  assert.match(endless, /^InvalidAllowedPatternException: /);
  await ssm.send(text("q", { AllowedPattern: "^\\d{1,4}$", Value: "12" }));
  assert.equal(await q(
    { Overwrite: true, Value: "abc" },
  ), "ParameterPatternMismatchException: Parameter value, cannot be "
    + "validated against allowedPattern: ^\\d{1,4}$");
});

test("tiers: 4 KB is standard, more needs advanced, and there is no way back", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  const value = (length: number) => "x".repeat(length);
  assert.equal((await ssm.send(text("s", { Value: value(4096) }))).Tier, "Standard");
  assert.equal(
    await refusal(ssm.send(text("t", { Value: value(4097) }))),
    "ValidationException: Standard tier parameters support a maximum parameter value of 4096 characters. To "
    + "create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more "
    + "information, see "
    + "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
  );
  const intelligent = { Tier: "Intelligent-Tiering", Overwrite: true } as const;
  assert.equal((await ssm.send(text("i", intelligent))).Tier, "Standard");
  assert.equal((await ssm.send(text("i", { ...intelligent, Value: value(4097) }))).Tier, "Advanced");
  assert.equal((await ssm.send(text("i", intelligent))).Tier, "Advanced");
  assert.equal(
    await refusal(ssm.send(text("i", { Tier: "Standard", Overwrite: true }))),
    "ValidationException: This parameter uses the advanced-parameter tier. You can't downgrade a parameter "
    + "from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the "
    + "advanced parameter and recreate it as a standard parameter. Be aware that standard parameters have a "
    + "value limit of 4096 characters.",
  );
  const SettingId =
    `arn:aws:ssm:us-east-1:${account}:servicesetting/ssm/parameter-store/default-parameter-tier`;
  await ssm.send(new UpdateServiceSettingCommand({ SettingId, SettingValue: "Intelligent-Tiering" }));
  const { ServiceSetting } = await ssm.send(
    new GetServiceSettingCommand({ SettingId: "/ssm/parameter-store/default-parameter-tier" }),
  );
  assert.deepEqual(
    [ServiceSetting?.ARN, ServiceSetting?.SettingValue, ServiceSetting?.Status],
    [SettingId, "Intelligent-Tiering", "Customized"],
  );
  assert.equal((await ssm.send(text("t", { Value: value(4097) }))).Tier, "Advanced");
  const reset = await ssm.send(new ResetServiceSettingCommand({ SettingId }));
  assert.deepEqual(
    [reset.ServiceSetting?.SettingValue, reset.ServiceSetting?.Status], ["Standard", "Default"],
  );
  assert.match(await refusal(
    ssm.send(new GetServiceSettingCommand({ SettingId: "/ssm/none" })),
  ), /^ServiceSettingNotFound: /);
});

test("policies: the clock notifies before the expiration, after no change, and deletes", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  const heard: BusEvent[] = [];
  region.engine.bus.listen((event) => heard.push(event));
  const Policies = JSON.stringify([
    { Type: "Expiration", Version: "1.0", Attributes: { Timestamp: "2026-01-11T00:00:00.000Z" } },
    { Type: "ExpirationNotification", Version: "1.0", Attributes: { Before: "2", Unit: "Days" } },
    { Type: "NoChangeNotification", Version: "1.0", Attributes: { After: "36", Unit: "Hours" } },
  ]);
  assert.match(await refusal(
    ssm.send(text("/p", { Policies })),
  ), /^ValidationException: Parameter policies are supported/);
  await ssm.send(text("/p", { Policies, Tier: "Advanced" }));
  const statuses = async () => {
    const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name: "/p" }));
    return Parameters?.[0]?.Policies?.map(({ PolicyType, PolicyStatus }) => `${PolicyType} ${PolicyStatus}`);
  };
  assert.deepEqual(await statuses(),
    ["Expiration Pending", "ExpirationNotification Pending", "NoChangeNotification Pending"]);
  await region.clock.advance({ hours: 37 });
  assert.deepEqual((await statuses())?.[2], "NoChangeNotification Finished");
  await region.clock.advance({ days: 7 });
  assert.deepEqual((await statuses())?.[1], "ExpirationNotification Finished");
  await region.clock.advance({ days: 2 });
  assert.match(await refusal(ssm.send(new GetParameterCommand({ Name: "/p" }))), /^ParameterNotFound/);
  const told = heard.filter(
    ({ source, detailType }) => source === "aws.ssm" && !detailType.startsWith("AWS API Call"),
  );
  const said = told.map(
    ({ detailType, detail }) => `${detailType}: ${String(detail["operation"] ?? detail["policy-type"])}`,
  );
  assert.deepEqual(said, [
    "Parameter Store Change: Create", "Parameter Store Policy Action: NoChangeNotification",
    "Parameter Store Policy Action: ExpirationNotification", "Parameter Store Policy Action: Expiration",
    "Parameter Store Change: Delete",
  ]);
});

test("policies that make no sense are refused, and [{}] takes them away", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  const put = (Policies: unknown) => ssm.send(text("/p", {
    Tier: "Advanced", Overwrite: true,
    Policies: typeof Policies === "string" ? Policies : JSON.stringify(Policies),
  }));
  const expiration = { Type: "Expiration", Version: "1.0", Attributes: { Timestamp: "2026-02-01" } };
  for (const [policies, code] of [
    ["{", "InvalidPolicyAttributeException"], ["[1]", "InvalidPolicyAttributeException"],
    [[{ Type: "Other", Version: "1.0" }], "InvalidPolicyTypeException"],
    [[expiration, expiration], "IncompatiblePolicyException"],
    [Array.from({ length: 11 }, () => expiration), "PoliciesLimitExceededException"],
    [[{ ...expiration, Attributes: { Timestamp: "soon" } }], "InvalidPolicyAttributeException"],
  ] as const) assert.equal((await refusal(put(policies))).split(":")[0], code, JSON.stringify(policies));
  await put([expiration]);
  await put([{}]);
  await region.clock.advance({ days: 60 });
  assert.equal((await ssm.send(new GetParameterCommand({ Name: "/p" }))).Parameter?.Version, 2);
});

test("DescribeParameters filters and pages, and refuses in AWS's words", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  for (const name of ["/a/one", "/a/b/two", "three"]) await ssm.send(text(name, { Description: name }));
  await ssm.send(text("/a/tagged", { Tags: [{ Key: "team", Value: "blue" }], Tier: "Advanced" }));
  await ssm.send(new PutParameterCommand({ Name: "/s", Value: "v", Type: "SecureString" }));
  const names = async (input: DescribeParametersCommandInput) =>
    (await ssm.send(new DescribeParametersCommand(input))).Parameters?.map(({ Name }) => Name);
  const filter = (Key: string, Values: string[] | undefined, Option?: string) =>
    names({ ParameterFilters: [{ Key, Values, Option }] });
  assert.deepEqual(await names({}), ["/a/b/two", "/a/one", "/a/tagged", "/s", "three"]);
  assert.deepEqual(await filter("Name", ["three"]), ["three"]);
  assert.deepEqual(await filter("Name", ["/a/"], "BeginsWith"), ["/a/b/two", "/a/one", "/a/tagged"]);
  assert.deepEqual(await filter("Name", ["wo"], "Contains"), ["/a/b/two"]);
  assert.deepEqual(await filter("Path", ["/a"], "OneLevel"), ["/a/one", "/a/tagged"]);
  assert.deepEqual(await filter("Path", ["/a"], "Recursive"), ["/a/b/two", "/a/one", "/a/tagged"]);
  assert.deepEqual(await filter("Type", ["SecureString"]), ["/s"]);
  assert.deepEqual(await filter("KeyId", ["alias/aws/ssm"]), ["/s"]);
  assert.deepEqual(await filter("Tier", ["Advanced"]), ["/a/tagged"]);
  assert.deepEqual(await filter("tag:team", ["blue"]), ["/a/tagged"]);
  assert.deepEqual(await filter("tag:__proto__", undefined), []);
  assert.deepEqual(await names({ Filters: [{ Key: "Name", Values: ["/a/o"] }] }), ["/a/one"]);

  assert.equal(await refusal(
    filter("Label", ["x"]),
  ), "InvalidFilterKey: The following filter key is not valid: Label. "
    + "Valid filter keys include: [Path, Name, Type, KeyId, Tier].");
  assert.equal(await refusal(
    filter("Path", ["/a"], "Equals"),
  ), "InvalidFilterOption: The following filter option is not "
    + "valid: Equals. Valid options include: [Recursive, OneLevel].");
  assert.equal(await refusal(
    filter("Type", ["Secret"]),
  ), "InvalidFilterOption: The following filter value is not valid: "
    + "Secret. Valid values include: [String, StringList, SecureString].");
  assert.equal(await refusal(
    filter("Name", undefined),
  ), "InvalidFilterValue: The following filter values are missing : "
    + "null for filter key Name.");
  assert.equal(
    await refusal(names(
      { Filters: [{ Key: "Name", Values: ["a"] }], ParameterFilters: [{ Key: "Name", Values: ["a"] }] },
    )),
    "ValidationException: You can use either Filters or ParameterFilters in a single request.",
  );
  const first = await ssm.send(new DescribeParametersCommand({ MaxResults: 3 }));
  const rest = await ssm.send(new DescribeParametersCommand({ MaxResults: 3, NextToken: first.NextToken }));
  assert.deepEqual(rest.Parameters?.map(({ Name }) => Name), ["/s", "three"]);
  assert.match(await refusal(names({ MaxResults: 51 })), /less than or equal to 50$/);
});

test("tags belong to parameters, and policies see them", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  await ssm.send(text("/app/key"));
  const resource = { ResourceType: "Parameter", ResourceId: "/app/key" } as const;
  await ssm.send(new AddTagsToResourceCommand(
    { ...resource, Tags: [{ Key: "team", Value: "blue" }, { Key: "x", Value: "" }] },
  ));
  await ssm.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ["x"] }));
  const { TagList } = await ssm.send(new ListTagsForResourceCommand(resource));
  assert.deepEqual(TagList, [{ Key: "team", Value: "blue" }]);
  const missing = new ListTagsForResourceCommand({ ...resource, ResourceId: "/none" });
  assert.equal((await refusal(ssm.send(missing))).split(":")[0], "InvalidResourceId");
  const fifty = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
  const full = new AddTagsToResourceCommand({ ...resource, Tags: fifty });
  assert.equal((await refusal(ssm.send(full))).split(":")[0], "TooManyTagsError");

  const alice = await region.user("alice", {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: ["ssm:GetParameter", "ssm:PutParameter"], Resource: "*",
      Condition: { StringEquals: { "ssm:resourceTag/team": "blue" } },
    }],
  });
  const asAlice = region.client(SSMClient, { credentials: alice });
  assert.equal((await asAlice.send(new GetParameterCommand({ Name: "/app/key" }))).Parameter?.Value, "v");
  await ssm.send(text("/app/other"));
  assert.match(
    await refusal(asAlice.send(new GetParameterCommand({ Name: "/app/other" }))), /^AccessDeniedException/,
  );
  const described = await refusal(asAlice.send(new DescribeParametersCommand({})));
  assert.match(
    described, /ssm:DescribeParameters on resource: arn:aws:ssm:us-east-1:000000000000:\* because/,
  );
});

test("ssm:Overwrite and ssm:Recursive decide", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  await ssm.send(text("/a/b"));
  const bob = await region.user("bob", {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "ssm:*", Resource: "*" },
      { Effect: "Deny", Action: "ssm:PutParameter", Resource: "*", Condition: {
        StringEquals: { "ssm:Overwrite": "true" },
      } },
      { Effect: "Deny", Action: "ssm:GetParametersByPath", Resource: "*", Condition: {
        StringEquals: { "ssm:Recursive": "true" },
      } },
    ],
  });
  const asBob = region.client(SSMClient, { credentials: bob });
  assert.equal((await asBob.send(text("/a/c"))).Version, 1);
  assert.match(await refusal(asBob.send(text("/a/c", { Overwrite: true }))), /with an explicit deny/);
  assert.equal((await asBob.send(new GetParametersByPathCommand({ Path: "/a" }))).Parameters?.length, 2);
  assert.match(
    await refusal(
      asBob.send(new GetParametersByPathCommand({ Path: "/a", Recursive: true })),
    ), /with an explicit deny/,
  );
});

test("an advanced parameter is shared with another account by its policy, under its full ARN", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  const ResourceArn = `arn:aws:ssm:us-east-1:${account}:parameter/shared/key`;
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Principal: { AWS: "111111111111" }, Action: ["ssm:GetParameter", "ssm:GetParameters"],
      Resource: ResourceArn,
    }],
  });
  const share = () => ssm.send(new PutResourcePolicyCommand({ ResourceArn, Policy }));
  assert.match(await refusal(share()), /^ResourceNotFoundException: /);
  await ssm.send(text("/shared/key"));
  assert.match(await refusal(share()), /^ResourcePolicyInvalidParameterException: /);
  await ssm.send(text("/shared/key", { Tier: "Advanced", Overwrite: true }));
  const other = region.client(SSMClient, { credentials: region.root("111111111111") });
  const read = new GetParameterCommand({ Name: ResourceArn });
  assert.match(await refusal(other.send(read)), /^AccessDeniedException/);
  await share();
  assert.equal((await other.send(read)).Parameter?.Value, "v");
  await other.send(text("mine"));
  const { Parameters, InvalidParameters } = await other.send(
    new GetParametersCommand({ Names: [ResourceArn, "mine", "none", `${ResourceArn}:9`] }),
  );
  assert.deepEqual(
    Parameters?.map(({ Name, Value }) => [Name, Value]), [["/shared/key", "v"], ["mine", "v"]],
  );
  assert.deepEqual(InvalidParameters, ["none", `${ResourceArn}:9`]);
  assert.match(await refusal(
    other.send(new GetParameterHistoryCommand({ Name: ResourceArn })),
  ), /^AccessDeniedException/);
});

test("the public parameters of the Regions are there in every account", async () => {
  await using region = await startRegion();
  const ssm = region.client(SSMClient);
  const Path = "/aws/service/global-infrastructure/regions";
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: `${Path}/eu-west-1/longName` }));
  assert.deepEqual(
    [Parameter?.Value, Parameter?.ARN],
    ["Europe (Ireland)", `arn:aws:ssm:us-east-1::parameter${Path}/eu-west-1/longName`],
  );
  const { Parameters } = await ssm.send(new GetParametersByPathCommand({ Path, MaxResults: 3 }));
  assert.deepEqual(Parameters?.map(({ Value }) => Value), ["af-south-1", "ap-east-1", "ap-east-2"]);
  assert.match(
    await refusal(ssm.send(new GetParameterCommand({ Name: "/aws/service/none" }))), /^ParameterNotFound/,
  );
});
