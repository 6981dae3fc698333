import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchLogsClient, CreateLogGroupCommand, DeleteAccountPolicyCommand, DeleteTransformerCommand,
  DescribeAccountPoliciesCommand, GetQueryResultsCommand, GetTransformerCommand, PutAccountPolicyCommand,
  PutTransformerCommand, StartQueryCommand, type PolicyType,
} from "@aws-sdk/client-cloudwatch-logs";
import { refusal } from "../../../test/refusal.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { createGroup, type LogsFixture } from "./logs-fixture.ts";

const document = (...processors: object[]) => JSON.stringify(processors);
const keyValues = document({ parseKeyValue: { fieldDelimiter: " " } }, {
  addKeys: { entries: [{ key: "from", value: "account", overwriteIfExists: true }] },
});

function put(
  logs: CloudWatchLogsClient, policyName: string, selectionCriteria?: string, policyDocument = keyValues,
  policyType: PolicyType = "TRANSFORMER_POLICY",
) {
  return logs.send(new PutAccountPolicyCommand({
    policyName, policyType, policyDocument, selectionCriteria,
  }));
}

/** What became of the member `from` in every event of a group, in the order of time. */
async function found(region: TestRegion, { logs, group }: LogsFixture): Promise<(string | undefined)[]> {
  const { queryId } = await logs.send(new StartQueryCommand({
    logGroupName: group, startTime: testEpoch / 1_000 - 60, endTime: testEpoch / 1_000 + 60,
    queryString: "fields from | sort @timestamp",
  }));
  await region.settled();
  const { results = [] } = await logs.send(new GetQueryResultsCommand({ queryId }));
  return results.map((row) => row.find(({ field }) => field === "from")?.value);
}

test("a transformer of the account is for groups that have none of their own, from then on", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "my-log-app");
  const other = await createGroup(region, "other");
  for (const each of [app, other]) await each.stream("s");
  await app.put("s", [0, "a=1"]);
  await put(app.logs, "prefixed", 'LogGroupNamePrefix IN ["my-log"]');
  await app.put("s", [1, "a=2"]);
  await other.put("s", [1, "a=2"]);
  assert.deepEqual(await found(region, app), [undefined, "account"]);
  assert.deepEqual(await found(region, other), [undefined]);
  // What only the account has is not shown of the group.
  const get = new GetTransformerCommand({ logGroupIdentifier: app.group });
  const shown = async () => (await app.logs.send(get)).transformerConfig;
  assert.equal(await shown(), undefined);

  const own = [{ parseKeyValue: {} }, { addKeys: { entries: [{ key: "from", value: "group" }] } }];
  await app.logs.send(new PutTransformerCommand({ logGroupIdentifier: app.group, transformerConfig: own }));
  await app.put("s", [2, "a=3"]);
  await put(app.logs, "prefixed", 'LogGroupNamePrefix IN ["my-log"]',
    keyValues.replace('"account"', '"account, again"'));
  await app.put("s", [3, "a=4"]);
  assert.equal((await shown())?.length, 2);
  await app.logs.send(new DeleteTransformerCommand({ logGroupIdentifier: app.group }));
  await app.put("s", [4, "a=5"]);
  assert.equal(await refusal(app.logs.send(new DeleteTransformerCommand({ logGroupIdentifier: app.group }))),
    "ResourceNotFoundException: The specified transformer does not exist.");
  await app.logs.send(new DeleteAccountPolicyCommand({
    policyName: "prefixed", policyType: "TRANSFORMER_POLICY",
  }));
  await app.put("s", [5, "a=6"]);
  assert.deepEqual(await found(region, app),
    [undefined, "account", "group", "group", "account, again", undefined]);
});

test("groups that are made later are transformed too, those of the Standard class", async () => {
  await using region = await startRegion();
  const logs = region.client(CloudWatchLogsClient);
  await put(logs, "all");
  const app = await createGroup(region, "later", logs);
  await app.stream("s");
  await app.put("s", "a=1");
  assert.deepEqual(await found(region, app), ["account"]);
  await logs.send(new CreateLogGroupCommand({ logGroupName: "seldom", logGroupClass: "INFREQUENT_ACCESS" }));
  const { accountPolicies: [policy] = [] } = await logs.send(new DescribeAccountPoliciesCommand({
    policyType: "TRANSFORMER_POLICY",
  }));
  assert.deepEqual(policy, {
    policyName: "all", policyDocument: keyValues, policyType: "TRANSFORMER_POLICY", scope: "ALL",
    lastUpdatedTime: testEpoch, accountId: "000000000000",
  });
});

test("prefixes of two policies must not overlap, and there are twenty at most", async () => {
  await using region = await startRegion();
  const logs = region.client(CloudWatchLogsClient);
  const prefix = (text: string) => `LogGroupNamePrefix IN ["${text}"]`;
  await put(logs, "one", prefix("my-log"));
  await put(logs, "one", prefix("my-log"));
  for (const text of ["my-log", "my-logging", "my", ""]) {
    assert.equal(await refusal(put(logs, "two", text === "" ? undefined : prefix(text))),
      "InvalidParameterException: The selection criteria overlap with those of the policy one.", text);
  }
  for (let index = 0; index < 19; index++) await put(logs, `p${index}`, prefix(`/${index}/`));
  assert.equal(await refusal(put(logs, "more", prefix("more"))),
    "LimitExceededException: Resource limit exceeded.");
  // Of another kind of policy they are others.
  await put(logs, "index", prefix("my-log"), '{"Fields":["a"]}', "FIELD_INDEX_POLICY");
});

test("what is no transformer is refused, and how groups may be selected is each kind's own", async () => {
  await using region = await startRegion();
  const logs = region.client(CloudWatchLogsClient);
  for (const wrong of ["{}", "[]", "nothing", '"text"']) {
    assert.equal(await refusal(put(logs, "wrong", undefined, wrong)),
      "InvalidParameterException: Invalid policy document: it is no JSON array of processors.", wrong);
  }
  const malformed: readonly unknown[] = [
    {}, { nothing: {} }, { constructor: {} }, { parseJSON: 1 }, { parseJSON: { source: 1 } }, { grok: {} },
    { parseJSON: {}, csv: {} }, { csv: { columns: "a" } }, { addKeys: {} }, { addKeys: { entries: [] } },
    { addKeys: { entries: [{ key: "a" }] } }, { addKeys: { entries: [{ key: "a", value: 1 }] } },
    { deleteKeys: {} }, { deleteKeys: { withKeys: [] } }, { deleteKeys: { withKeys: [1] } },
    { typeConverter: { entries: [{ key: "a", type: "date" }] } },
    { listToMap: { source: "a", key: "b", flatten: "yes" } }, null, "parseJSON",
  ];
  for (const processor of malformed) {
    assert.equal(await refusal(put(logs, "wrong", undefined, JSON.stringify([{ parseJSON: {} }, processor]))),
      "InvalidParameterException: Invalid policy document: processor 2 is malformed.",
      JSON.stringify(processor));
  }
  assert.match(await refusal(put(logs, "wrong", undefined, document({ deleteKeys: { withKeys: ["a"] } }))),
    /^InvalidParameterException: The first processor of a transformer must be a parser/);
  for (const criteria of ['LogGroupName NOT IN ["a"]', 'LogGroupNamePrefix NOT IN ["a"]', "all"]) {
    assert.equal(await refusal(put(logs, "wrong", criteria)),
      `InvalidParameterException: Invalid selectionCriteria: ${criteria}`);
  }
});

test("whoever makes a policy must be allowed what it does", async () => {
  await using region = await startRegion();
  const allowing = async (name: string, ...Action: string[]) => region.client(CloudWatchLogsClient, {
    credentials: await region.user(name, {
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }],
    }),
  });
  const some = await allowing("some", "logs:PutAccountPolicy", "logs:DeleteAccountPolicy");
  assert.match(await refusal(put(some, "p")), /^AccessDeniedException: .* perform: logs:PutTransformer /);
  await put(await allowing("all", "logs:PutAccountPolicy", "logs:PutTransformer"), "p");
  const remove = new DeleteAccountPolicyCommand({ policyName: "p", policyType: "TRANSFORMER_POLICY" });
  assert.match(await refusal(some.send(remove)), /^AccessDeniedException: .*: logs:DeleteTransformer /);
});
