/** Resource policies, tags and the settings beside a table. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTableCommand, DeleteResourcePolicyCommand, DescribeContributorInsightsCommand, DynamoDBClient,
  GetResourcePolicyCommand, ListContributorInsightsCommand, ListTagsOfResourceCommand,
  PutResourcePolicyCommand, ScanCommand, TagResourceCommand, UntagResourceCommand,
  UpdateContributorInsightsCommand, type Tag,
} from "@aws-sdk/client-dynamodb";
import {
  CreateUserCommand, DeleteAccessKeyCommand, DeleteUserCommand, IAMClient,
} from "@aws-sdk/client-iam";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestCredentials } from "../../../../test/region.ts";
import { createTable, keyOf } from "../table-fixture.ts";

const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table";
const invalid = "ValidationException: ";
const parameters = `${invalid}One or more parameter values were invalid: `;

function policyOf(action: string): string {
  const statement = { Effect: "Deny", Principal: "*", Action: action, Resource: "*" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

test("a policy is put, read, replaced under its revision, and taken away", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region);
  const ResourceArn = arn;
  const put = (Policy: string, ExpectedRevisionId?: string) =>
    db.send(new PutResourcePolicyCommand({ ResourceArn, Policy, ExpectedRevisionId }));
  const get = () => db.send(new GetResourcePolicyCommand({ ResourceArn }));
  const notFound = "PolicyNotFoundException: " +
    `Resource-based policy not found for the provided ResourceArn: ${arn}`;
  assert.equal(await refusal(get()), notFound);
  const { RevisionId: first } = await put(policyOf("dynamodb:DeleteItem"), "NO_POLICY");
  assert.deepEqual((await get()).Policy, policyOf("dynamodb:DeleteItem"));
  const { RevisionId: same } = await put(policyOf("dynamodb:DeleteItem"));
  assert.equal(same, first);
  assert.match(await refusal(put(policyOf("dynamodb:PutItem"), "1")), /^PolicyNotFoundException: /);
  assert.match(await refusal(put(policyOf("dynamodb:PutItem"), "NO_POLICY")), /^PolicyNotFoundException: /);
  const { RevisionId: second } = await put(policyOf("dynamodb:PutItem"), first);
  assert.notEqual(second, first);
  const removed = await db.send(new DeleteResourcePolicyCommand({ ResourceArn }));
  assert.equal(removed.RevisionId, second);
  assert.equal((await db.send(new DeleteResourcePolicyCommand({ ResourceArn }))).RevisionId, undefined);
  assert.equal(await refusal(get()), notFound);
});

test("what is no policy, and no table's ARN, is refused", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region);
  const put = (ResourceArn: string, Policy: string) =>
    refusal(db.send(new PutResourcePolicyCommand({ ResourceArn, Policy })));
  const policy = policyOf("dynamodb:PutItem");
  assert.equal(await put("table", policy), `${parameters}ARNs must start with 'arn:': table`);
  assert.equal(
    await put("arn:aws:sqs:us-east-1:000000000000:queue", policy),
    `${parameters}Provided Arn is not a DynamoDB resource arn: arn:aws:sqs:us-east-1:000000000000:queue`,
  );
  assert.equal(
    await put(`${arn}/index/x`, policy),
    `${parameters}Invalid resource arn provided, only table or stream is accepted. ` +
      `Provided resource arn: ${arn}/index/x`,
  );
  const none = arn.replace("table/table", "table/none");
  assert.equal(
    await put(none, policy),
    `ResourceNotFoundException: Requested resource not found: ResourceArn: ${none} not found`,
  );
  assert.match(await put(arn, "{"), /^ValidationException: One or more .* Invalid policy document: /);
  assert.equal(
    await put(arn, `${policyOf("dynamodb:PutItem")}${" ".repeat(20_480)}`),
    `${parameters}Maximum policy size of 20480 bytes exceeded`,
  );
  const nobody = JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:user/nobody" }, Action: "dynamodb:GetItem",
    Resource: arn,
  }] });
  assert.equal(await put(arn, nobody), `${parameters}Invalid principal in policy document.`);
});

test("a table's policy lets in whom it named, and not who takes the name later", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region);
  const iam = region.client(IAMClient);
  const user = "arn:aws:iam::000000000000:user/ana";
  const letsIn = (principal: string) => JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { AWS: principal }, Action: "dynamodb:Scan", Resource: arn,
  }] }, undefined, 1);
  const put = (Policy: string) => db.send(new PutResourcePolicyCommand({ ResourceArn: arn, Policy }));
  const shown = async () =>
    (await db.send(new GetResourcePolicyCommand({ ResourceArn: arn }))).Policy ?? "";
  const scan = (credentials: TestCredentials) =>
    refusal(region.client(DynamoDBClient, { credentials }).send(new ScanCommand({ TableName: arn })));
  const make = (ResourcePolicy: string) => db.send(new CreateTableCommand({
    TableName: "made", BillingMode: "PAY_PER_REQUEST", ...keyOf("pk:S"), ResourcePolicy,
  }));

  const { User } = await iam.send(new CreateUserCommand({ UserName: "ana" }));
  await iam.send(new DeleteUserCommand({ UserName: "ana" }));
  for (const nobody of [user, User?.UserId ?? ""]) {
    const refused = `${parameters}Invalid principal in policy document.`;
    assert.equal(await refusal(put(letsIn(nobody))), refused);
    assert.equal(await refusal(make(letsIn(nobody))), refused);
  }

  const ana = await region.user("ana");
  const { RevisionId: first } = await put(letsIn(user));
  assert.equal((await put(letsIn(user))).RevisionId, first);
  assert.equal(await shown(), letsIn(user));
  assert.equal(await scan(ana), "no refusal");

  await iam.send(new DeleteAccessKeyCommand({ UserName: "ana", AccessKeyId: ana.accessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName: "ana" }));
  const namesake = await region.user("ana");
  assert.match(await scan(namesake), /^AccessDeniedException: /);
  assert.match(await shown(), /"AWS": "AIDA[A-Z0-9]{17}"/);
  assert.notEqual((await put(letsIn(user))).RevisionId, first);
  assert.equal(await scan(namesake), "no refusal");
});

test("a policy that a table is made with keeps its principals' unique ids too", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { User } = await iam.send(new CreateUserCommand({ UserName: "ana" }));
  const letsIn = (principal: string) => JSON.stringify({ Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { AWS: principal }, Action: "dynamodb:Scan", Resource: arn,
  }] });
  const { db } = await createTable(region, "pk:S", { ResourcePolicy: letsIn(User?.Arn ?? "") });
  const shown = async () => (await db.send(new GetResourcePolicyCommand({ ResourceArn: arn }))).Policy;
  assert.equal(await shown(), letsIn(User?.Arn ?? ""));
  await iam.send(new DeleteUserCommand({ UserName: "ana" }));
  await iam.send(new CreateUserCommand({ UserName: "ana" }));
  assert.equal(await shown(), letsIn(User?.UserId ?? ""));
});

test("a table has up to 50 tags, which are valid or refused", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region, "pk:S", { Tags: [{ Key: "team", Value: "blue" }] });
  const tag = (...Tags: Tag[]) => db.send(new TagResourceCommand({ ResourceArn: arn, Tags }));
  const untag = (...TagKeys: string[]) => db.send(new UntagResourceCommand({ ResourceArn: arn, TagKeys }));
  const list = async () => (await db.send(new ListTagsOfResourceCommand({ ResourceArn: arn }))).Tags;
  await tag({ Key: "team", Value: "red" }, { Key: "other", Value: "" });
  assert.deepEqual(await list(), [{ Key: "team", Value: "red" }, { Key: "other", Value: "" }]);
  await untag("other", "unknown");
  assert.deepEqual(await list(), [{ Key: "team", Value: "red" }]);
  const rows: readonly (readonly [Promise<unknown>, string])[] = [
    [tag(), "Atleast one Tag needs to be provided as Input."],
    [untag(), "Atleast one Tag Key needs to be provided as Input."],
    [tag({ Key: "", Value: "x" }), "The Tag Key provided is invalid, Key: "],
    [tag({ Key: "x".repeat(129), Value: "x" }), `The Tag Key provided is invalid, Key: ${"x".repeat(129)}`],
    [tag({ Key: "aws:x", Value: "x" }), "Tag Key cannot be prefixed with aws:, Key: aws:x"],
    [
      tag({ Key: "x", Value: "y".repeat(257) }),
      `The Tag Value provided is invalid, Value: ${"y".repeat(257)}`,
    ],
    [tag({ Key: "x", Value: "1" }, { Key: "x", Value: "2" }),
      "Duplicate Tag Keys provided as input: Duplicate Tag Key found x"],
    [tag(...Array.from({ length: 50 }, (_, at) => ({ Key: `key-${at}`, Value: "" }))),
      "Number of Tags exceed the current limit for the provided ResourceArn"],
  ];
  for (const [request, text] of rows) assert.equal(await refusal(request), `${invalid}${text}`);
  assert.deepEqual(await list(), [{ Key: "team", Value: "red" }]);
  const tagged = new CreateTableCommand({
    TableName: "other", BillingMode: "PAY_PER_REQUEST", ...keyOf("pk:S"), Tags: [
      { Key: "aws:x", Value: "x" },
    ],
  });
  assert.equal(await refusal(db.send(tagged)), `${invalid}Tag Key cannot be prefixed with aws:, Key: aws:x`);
});

test("contributor insights are switched for a table and for its global indexes", async () => {
  await using region = await startRegion();
  const { db } = await createTable(region, "pk:S sk:S", {
    GlobalSecondaryIndexes: [{
      IndexName: "index", KeySchema: keyOf("sk:S").KeySchema, Projection: { ProjectionType: "ALL" },
    }],
  });
  const TableName = "table";
  const describe = (IndexName?: string) =>
    db.send(new DescribeContributorInsightsCommand({ TableName, IndexName }));
  assert.equal((await describe()).ContributorInsightsStatus, "DISABLED");
  const update = (ContributorInsightsAction: "ENABLE" | "DISABLE", IndexName?: string) =>
    db.send(new UpdateContributorInsightsCommand({ TableName, IndexName, ContributorInsightsAction }));
  assert.equal((await update("ENABLE")).ContributorInsightsStatus, "ENABLING");
  await update("ENABLE", "index");
  await region.clock.advance({ seconds: 1 });
  const shown = await describe();
  assert.equal(shown.ContributorInsightsStatus, "ENABLED");
  assert.equal(shown.ContributorInsightsRuleList?.length, 4);
  assert.equal((await describe("index")).ContributorInsightsRuleList?.length, 2);
  const { ContributorInsightsSummaries: all } = await db.send(new ListContributorInsightsCommand({}));
  assert.deepEqual(all?.map(({ IndexName }) => IndexName), [undefined, "index"]);
  const page = await db.send(new ListContributorInsightsCommand({ MaxResults: 1 }));
  const rest = await db.send(
    new ListContributorInsightsCommand({ MaxResults: 1, NextToken: page.NextToken }),
  );
  assert.deepEqual(rest.ContributorInsightsSummaries?.map(({ IndexName }) => IndexName), ["index"]);
  assert.equal((await update("DISABLE")).ContributorInsightsStatus, "DISABLING");
  await region.clock.advance({ seconds: 1 });
  assert.equal((await describe()).ContributorInsightsStatus, "DISABLED");
  assert.equal(
    await refusal(describe("none")),
    "ResourceNotFoundException: Requested resource not found: Index: none not found for table: table",
  );
});
