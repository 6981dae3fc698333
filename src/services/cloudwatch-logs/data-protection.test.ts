import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudWatchLogsClient, DeleteDataProtectionPolicyCommand, DescribeLogGroupsCommand,
  GetDataProtectionPolicyCommand,
  GetLogEventsCommand, PutAccountPolicyCommand, PutDataProtectionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { effort } from "../../../test/effort.ts";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";
import { createGroup } from "./logs-fixture.ts";

const identifiers = ["EmailAddress", "CreditCardNumber", "IpAddress"]
  .map((name) => `arn:aws:dataprotection::aws:data-identifier/${name}`);

function policy(findings: object = {}, more: readonly string[] = []): string {
  const DataIdentifier = [...identifiers, ...more];
  return JSON.stringify({
    Name: "policy", Version: "2021-06-01",
    Statement: [
      { Sid: "audit", DataIdentifier, Operation: { Audit: { FindingsDestination: findings } } },
      { Sid: "redact", DataIdentifier, Operation: { Deidentify: { MaskConfig: {} } } },
    ],
    Configuration: { CustomDataIdentifier: [{ Name: "Employee", Regex: "E-\\d{4}" }] },
  });
}

test("a custom identifier that takes a backtracking engine for ever is looked for at once", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  await app.stream("s");
  const policyDocument = policy({}, ["Employee"]).replace("E-\\\\d{4}", "[a-z]*[a-z]*-");
  await app.logs.send(new PutDataProtectionPolicyCommand({ logGroupIdentifier: "app", policyDocument }));
  const text = "a".repeat(200_000);
  const before = effort();
  await app.put("s", [0, text], [1, `${text}-`]);
  assert.deepEqual(await app.messages("s"), [text, "*".repeat(text.length + 1)]);
  assert.ok(effort() - before < 4);
});

test("sensitive data is masked, reported, and shown to who may unmask", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const audit = await createGroup(region, "/aws/vendedlogs/audit");
  await app.stream("s");
  const text = "ann@example.com paid with 4111 1111 1111 1111 from 10.0.0.1, not 4111 1111 1111 1112; E-1234";
  await app.put("s", [0, text]);
  await region.clock.advance({ seconds: 1 });
  const policyDocument = policy({ CloudWatchLogs: { LogGroup: "/aws/vendedlogs/audit" } }, ["Employee"]);
  await app.logs.send(new PutDataProtectionPolicyCommand({ logGroupIdentifier: "app", policyDocument }));
  const got = await app.logs.send(new GetDataProtectionPolicyCommand({ logGroupIdentifier: "app" }));
  assert.equal(got.policyDocument, policyDocument);
  const { logGroups } = await app.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "app" }));
  assert.equal(logGroups?.[0]?.dataProtectionStatus, "ACTIVATED");
  await app.put("s", [1, text]);
  const shown =
    "*************** paid with ******************* from ********, not 4111 1111 1111 1112; ******";
  assert.deepEqual(await app.messages("s"), [text, shown]);
  assert.deepEqual(await app.filter("paid"), [text, shown]);
  assert.deepEqual(await app.messages("s", { unmask: true }), [text, text]);

  const reading = { Effect: "Allow", Action: "logs:GetLogEvents", Resource: "*" };
  const credentials = await region.user("reader", { Version: "2012-10-17", Statement: [reading] });
  const logs = region.client(CloudWatchLogsClient, { credentials });
  assert.match(
    await refusal(
      logs.send(new GetLogEventsCommand({ logGroupName: "app", logStreamName: "s", unmask: true }))
    ),
    /^AccessDeniedException: User: .*user\/reader is not authorized to perform: logs:Unmask on resource: /,
  );
  await region.settled();
  const [report = ""] = await audit.filter();
  assert.deepEqual(JSON.parse(report), {
    auditTimestamp: "2026-01-01T00:00:01Z",
    resourceArn: "arn:aws:logs:us-east-1:000000000000:log-group:app:*",
    dataIdentifiers: [
      { name: "EmailAddress", count: 1, detections: [{ start: 0, end: 15 }] },
      { name: "CreditCardNumber", count: 1, detections: [{ start: 26, end: 45 }] },
      { name: "IpAddress", count: 1, detections: [{ start: 51, end: 59 }] },
      { name: "Employee", count: 1, detections: [{ start: 86, end: 92 }] },
    ],
  });
  await app.logs.send(new DeleteDataProtectionPolicyCommand({ logGroupIdentifier: "app" }));
  assert.deepEqual(await app.messages("s"), [text, text]);
});

test("a policy of the account is for all of its groups", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const web = await createGroup(region, "web");
  for (const each of [app, web]) await each.stream("s");
  const put = (selectionCriteria?: string) => app.logs.send(new PutAccountPolicyCommand({
    policyName: "all", policyType: "DATA_PROTECTION_POLICY", policyDocument: policy(), scope: "ALL",
    selectionCriteria,
  }));
  assert.equal(await refusal(put("LogGroupName NOT IN [\"web\"]")),
    'InvalidParameterException: Invalid selectionCriteria: LogGroupName NOT IN ["web"]');
  await put();
  for (const each of [app, web]) await each.put("s", "from 10.0.0.1");
  assert.deepEqual(await app.messages("s"), ["from ********"]);
  assert.deepEqual(await web.messages("s"), ["from ********"]);
});

test("what is no policy is refused; what is not looked for here is said", async () => {
  await using region = await startRegion();
  const app = await createGroup(region, "app");
  const put = (policyDocument: string) => refusal(
    app.logs.send(new PutDataProtectionPolicyCommand({ logGroupIdentifier: "app", policyDocument })),
  );
  assert.match(await put("{"), /^InvalidParameterException: Invalid data protection policy: it is no JSON/);
  assert.match(await put("{}"), /Statement is missing/);
  assert.match(await put(policy({}, ["Nothing"])), /Nothing is no data identifier/);
  const named = "arn:aws:dataprotection::aws:data-identifier/Name";
  assert.match(
    await put(policy({}, [named])), /^NotImplemented: The data identifier .*\/Name is not implemented/
  );
});
