import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateLogAnomalyDetectorCommand, CreateLogGroupCommand, DeleteLogAnomalyDetectorCommand,
  DeleteLogGroupCommand,
  DeleteQueryDefinitionCommand, DeleteResourcePolicyCommand, DescribeAccountPoliciesCommand,
  DescribeFieldIndexesCommand, DescribeIndexPoliciesCommand, DescribeLogGroupsCommand,
  DescribeQueryDefinitionsCommand, DescribeResourcePoliciesCommand, GetLogAnomalyDetectorCommand,
  ListLogGroupsCommand, ListTagsForResourceCommand, ListTagsLogGroupCommand, PutAccountPolicyCommand,
  PutIndexPolicyCommand, PutLogGroupDeletionProtectionCommand, PutQueryDefinitionCommand,
  PutResourcePolicyCommand, TagLogGroupCommand, TagResourceCommand, UntagLogGroupCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

const arn = "arn:aws:logs:us-east-1:000000000000:log-group:app";

test("groups have classes, tags in both ways, and protection from deletion", async () => {
  await using region = await startRegion();
  const { logs } = await createGroup(region, "web");
  await logs.send(new CreateLogGroupCommand({
    logGroupName: "app", tags: { team: "a" }, logGroupClass: "INFREQUENT_ACCESS",
    deletionProtectionEnabled: true,
  }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: "queue", logGroupClass: "DELIVERY" }));
  await logs.send(new TagResourceCommand({ resourceArn: arn, tags: { stage: "x", more: "y" } }));
  await logs.send(new TagLogGroupCommand({ logGroupName: "app", tags: { team: "b" } }));
  await logs.send(new UntagResourceCommand({ resourceArn: arn, tagKeys: ["more"] }));
  const expected = { team: "b", stage: "x" };
  assert.deepEqual((await logs.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags, expected);
  assert.deepEqual((await logs.send(new ListTagsLogGroupCommand({ logGroupName: "app" }))).tags, expected);
  await logs.send(new UntagLogGroupCommand({ logGroupName: "app", tags: ["team"] }));
  assert.deepEqual(
    (await logs.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags, { stage: "x" }
  );
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, ""]));
  assert.match(
    await refusal(
      logs.send(new TagResourceCommand({ resourceArn: arn, tags: many }))
    ), /^TooManyTagsException/,
  );

  const listed = async (more: object) =>
    (await logs.send(new DescribeLogGroupsCommand(more))).logGroups?.map(({ logGroupName }) => logGroupName);
  assert.deepEqual(await listed({}), ["app", "queue", "web"]);
  assert.deepEqual(await listed({ logGroupClass: "DELIVERY" }), ["queue"]);
  assert.deepEqual(await listed({ logGroupNamePattern: "EB" }), ["web"]);
  assert.deepEqual(await listed({ logGroupNamePrefix: "a" }), ["app"]);
  const { logGroups } = await logs.send(new ListLogGroupsCommand({ logGroupNamePattern: "^app|ueu" }));
  assert.deepEqual(logGroups?.map(({ logGroupName }) => logGroupName), ["app", "queue"]);

  assert.equal(
    await refusal(logs.send(new DeleteLogGroupCommand({ logGroupName: "app" }))),
    "InvalidOperationException: The log group has deletion protection enabled and can't be deleted.",
  );
  await logs.send(new PutLogGroupDeletionProtectionCommand({
    logGroupIdentifier: arn, deletionProtectionEnabled: false,
  }));
  await logs.send(new DeleteLogGroupCommand({ logGroupName: "app" }));
  assert.deepEqual(await listed({}), ["queue", "web"]);
  assert.match(
    await refusal(
      logs.send(new CreateLogGroupCommand({ logGroupName: "aws/x" }))
    ), /^InvalidParameterException/,
  );
});

test("a group that is made again under its name has nothing of the earlier one", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  await app.put("s", "old");
  await app.logs.send(new DeleteLogGroupCommand({ logGroupName: "app" }));
  await app.logs.send(new CreateLogGroupCommand({ logGroupName: "app" }));
  await app.stream("s");
  assert.deepEqual(await app.messages("s"), []);
  await app.put("s", "new");
  await region.clock.advance({ minutes: 1 });
  assert.deepEqual(await app.filter(), ["new"]);
});

test("saved queries are kept, changed, listed by name and deleted", async () => {
  await using region = await startRegion();
  const { logs } = await createGroup(region, "app");
  const put = (name: string, more: object = {}) =>
    logs.send(new PutQueryDefinitionCommand({ name, queryString: "fields @message", ...more }));
  const { queryDefinitionId: id } = await put("b/errors", { logGroupNames: ["app"] });
  await put("a");
  await put("b/faults", { queryDefinitionId: id });
  const {
    queryDefinitions,
  } = await logs.send(new DescribeQueryDefinitionsCommand({ queryDefinitionNamePrefix: "b/" }));
  assert.deepEqual(queryDefinitions, [{
    queryLanguage: "CWLI", queryDefinitionId: id, name: "b/faults", queryString: "fields @message",
    lastModified: testEpoch, logGroupNames: [],
  }]);
  const deleted = await logs.send(new DeleteQueryDefinitionCommand({ queryDefinitionId: id }));
  assert.equal(deleted.success, true);
  assert.match(
    await refusal(
      logs.send(new DeleteQueryDefinitionCommand({ queryDefinitionId: id }))
    ), /^ResourceNotFound/,
  );
});

test("a resource policy lets other services write", async () => {
  await using region = await startRegion();
  const { logs } = await createGroup(region, "app");
  const policyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Principal: {
        Service: "route53.amazonaws.com",
      }, Action: "logs:PutLogEvents", Resource: "*",
    }],
  });
  await logs.send(new PutResourcePolicyCommand({ policyName: "dns", policyDocument }));
  assert.deepEqual((await logs.send(new DescribeResourcePoliciesCommand({}))).resourcePolicies, [
    { policyName: "dns", policyDocument, lastUpdatedTime: testEpoch, policyScope: "ACCOUNT" },
  ]);
  const { revisionId } = await logs.send(new PutResourcePolicyCommand({ resourceArn: arn, policyDocument }));
  assert.match(revisionId ?? "", /^[0-9a-f]{16}$/);
  const own = await logs.send(new DescribeResourcePoliciesCommand({ policyScope: "RESOURCE" }));
  assert.equal(own.resourcePolicies?.[0]?.resourceArn, arn);
  await logs.send(new DeleteResourcePolicyCommand({ policyName: "dns" }));
  assert.equal(
    await refusal(logs.send(new DeleteResourcePolicyCommand({ policyName: "dns" }))),
    "ResourceNotFoundException: Policy with name [dns] does not exist",
  );
  assert.equal(
    await refusal(logs.send(new PutResourcePolicyCommand({ policyName: "x", policyDocument: "{" }))),
    "InvalidParameterException: Syntax errors in policy.",
  );
  for (let index = 0; index < 10; index++) {
    await logs.send(new PutResourcePolicyCommand({ policyName: `p${index}`, policyDocument }));
  }
  assert.match(
    await refusal(logs.send(new PutResourcePolicyCommand({ policyName: "more", policyDocument }))),
    /^LimitExceededException/,
  );
});

test("index policies of groups come before those of the account", async () => {
  await using region = await startRegion();
  const { logs } = await createGroup(region, "app");
  await logs.send(new PutAccountPolicyCommand({
    policyName: "all", policyType: "FIELD_INDEX_POLICY", policyDocument: "{\"Fields\": [\"requestId\"]}",
  }));
  const described = await logs.send(new DescribeAccountPoliciesCommand({ policyType: "FIELD_INDEX_POLICY" }));
  assert.equal(described.accountPolicies?.[0]?.accountId, "000000000000");
  const fields = async () => ((await logs.send(
    new DescribeFieldIndexesCommand({ logGroupIdentifiers: ["app"] })
  ))
    .fieldIndexes ?? []).map(({ fieldIndexName }) => fieldIndexName);
  assert.deepEqual(await fields(), ["requestId"]);
  await logs.send(new PutIndexPolicyCommand({
    logGroupIdentifier: "app", policyDocument: "{\"Fields\": [\"user\", \"path\"]}",
  }));
  assert.deepEqual(await fields(), ["user", "path"]);
  const {
    indexPolicies,
  } = await logs.send(new DescribeIndexPoliciesCommand({ logGroupIdentifiers: ["app"] }));
  assert.equal(indexPolicies?.[0]?.source, "LOG_GROUP");
  assert.match(
    await refusal(logs.send(new PutIndexPolicyCommand({ logGroupIdentifier: "app", policyDocument: "{}" }))),
    /^InvalidParameterException/,
  );
});

test("an anomaly detector keeps its settings, and says that it has found nothing yet", async () => {
  await using region = await startRegion();
  const { logs } = await createGroup(region, "app");
  const { anomalyDetectorArn = "" } = await logs.send(
    new CreateLogAnomalyDetectorCommand({ logGroupArnList: [arn], detectorName: "d" }),
  );
  const {
    $metadata: _, ...detector
  } = await logs.send(new GetLogAnomalyDetectorCommand({ anomalyDetectorArn }));
  assert.deepEqual(detector, {
    detectorName: "d", logGroupArnList: [arn], anomalyDetectorStatus: "INITIALIZING",
    creationTimeStamp: testEpoch, lastModifiedTimeStamp: testEpoch, anomalyVisibilityTime: 21,
  });
  await logs.send(new DeleteLogAnomalyDetectorCommand({ anomalyDetectorArn }));
  assert.match(
    await refusal(
      logs.send(new GetLogAnomalyDetectorCommand({ anomalyDetectorArn }))
    ), /^ResourceNotFoundException/,
  );
});
