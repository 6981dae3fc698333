import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateLoginProfileCommand, GenerateCredentialReportCommand, GetCredentialReportCommand, GetUserCommand,
    IAMClient,
} from "@aws-sdk/client-iam";
import { allow } from "../../../test/policies.ts";
import { startRegion } from "../../../test/region.ts";
import { refusal } from "./test-policies.ts";

test("iam-best-root-never-used: the credential report tells the state of every credential", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  assert.deepEqual(await refusal(iam.send(new GetCredentialReportCommand({}))),
    ["ReportNotPresent", "No credential report is present.", 410]);
  const alice = await region.user("alice", allow("iam:*"));
  await iam.send(new CreateLoginProfileCommand({ UserName: "alice", Password: "Correct-horse1" }));
  await region.client(IAMClient, { credentials: alice }).send(new GetUserCommand({}));
  const started = await iam.send(new GenerateCredentialReportCommand({}));
  assert.deepEqual([started.State, started.Description],
    ["STARTED", "No report exists. Starting a new report generation task"]);
  assert.equal((await iam.send(new GenerateCredentialReportCommand({}))).State, "COMPLETE");
  const report = await iam.send(new GetCredentialReportCommand({}));
  assert.equal(report.ReportFormat, "text/csv");
  assert.deepEqual(report.GeneratedTime, new Date("2026-01-01T00:00:00Z"));
  const now = "2026-01-01T00:00:00+00:00";
  const none = "false,N/A,N/A,N/A,N/A";
  assert.deepEqual(Buffer.from(report.Content ?? []).toString().split("\n"), [
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    + "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    + "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    + "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    + "access_key_2_last_used_region,access_key_2_last_used_service,"
    + "cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated",
    "<root_account>,arn:aws:iam::000000000000:root,2011-05-03T00:00:00+00:00,not_supported,no_information,"
    + `not_supported,not_supported,false,${none},${none},false,N/A,false,N/A`,
    `alice,arn:aws:iam::000000000000:user/alice,${now},true,no_information,${now},N/A,false,`
    + `true,${now},${now},us-east-1,iam,${none},false,N/A,false,N/A`,
  ]);
});

test("A credential report is given out for four hours", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new GenerateCredentialReportCommand({}));
  await region.clock.advance({ hours: 4 });
  assert.deepEqual(await refusal(iam.send(new GetCredentialReportCommand({}))),
    ["ReportExpired", "The credential report has expired.", 410]);
  assert.equal((await iam.send(new GenerateCredentialReportCommand({}))).State, "STARTED");
  const { GeneratedTime } = await iam.send(new GetCredentialReportCommand({}));
  assert.deepEqual(GeneratedTime, new Date("2026-01-01T04:00:00Z"));
});
