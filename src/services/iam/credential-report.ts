/** The credential report: every user of the account, with the state of all credentials, as CSV. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { accessKeys, loginProfiles, type AccessKey } from "./credential-rows.ts";
import { devicesOf } from "./mfa-devices.ts";
import { findPasswordPolicy } from "./password-policy.ts";
import { arnOf, users, type User } from "./principals.ts";
import type { SigningCertificate } from "./public-key-rows.ts";
import { certificatesOf } from "./signing-certificates.ts";

interface CredentialReport {
  readonly name: "latest";
  readonly content: string;
  /** Epoch milliseconds. */
  readonly generatedAt: number;
}

const reports = table<CredentialReport>("iam.credentialReports", { key: (report) => report.name });

/** A report younger than this is given out again. @evidence IAM User Guide, Generate credential reports */
const freshMilliseconds = 4 * 3_600_000;
const dayMilliseconds = 86_400_000;

/** @evidence IAM User Guide, Understanding the report format */
const columns = [
  "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
  "password_next_rotation", "mfa_active",
  "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
  "access_key_1_last_used_region", "access_key_1_last_used_service",
  "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
  "access_key_2_last_used_region", "access_key_2_last_used_service",
  "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
] as const;

function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}+00:00`;
}

function passwordCells(ctx: ReadContext, user: User): string[] {
  const profile = ctx.db(loginProfiles).get(user.id);
  if (profile === undefined) return ["false", "N/A", "N/A", "N/A"];
  const { ageMaxDays } = findPasswordPolicy(ctx) ?? {};
  const rotation = ageMaxDays === undefined ? "N/A" : time(profile.changedAt + ageMaxDays * dayMilliseconds);
  // Nobody signs in to a console here, so there never is a last use.
  return ["true", "no_information", time(profile.changedAt), rotation];
}

function keyCells(ctx: ReadContext, key: AccessKey | undefined): string[] {
  if (key === undefined) return ["false", "N/A", "N/A", "N/A", "N/A"];
  const use = ctx.kernel.lastUse(ctx.account, key.id);
  const used = use === undefined ? ["N/A", "N/A", "N/A"] : [time(use.at), use.region, use.service];
  return [String(key.active), time(key.createdAt), ...used];
}

function certificateCells(certificate: SigningCertificate | undefined): string[] {
  if (certificate === undefined) return ["false", "N/A"];
  return [String(certificate.active), time(certificate.uploadedAt)];
}

function credentialCells(ctx: ReadContext, ownerId: string): string[] {
  const [first, second] = [...ctx.db(accessKeys).by("owner").list({ prefix: [ownerId] })];
  const [firstCertificate, secondCertificate] = certificatesOf(ctx, ownerId);
  return [
    String(devicesOf(ctx, ownerId).length > 0), ...keyCells(ctx, first), ...keyCells(ctx, second),
    ...certificateCells(firstCertificate), ...certificateCells(secondCertificate),
  ];
}

/** Names and ARNs hold no quotes and no line breaks, but may hold commas. */
function line(cells: readonly string[]): string {
  return cells.map((cell) => (cell.includes(",") ? `"${cell}"` : cell)).join(",");
}

/** Root, which has no password here, and then all users by name. */
function reportOf(ctx: ReadContext): string {
  const root = [
    "<root_account>", ctx.arn("root"), time(Date.UTC(2011, 4, 3)),
    "not_supported", "no_information", "not_supported", "not_supported", ...credentialCells(ctx, ctx.account),
  ];
  const lines = [...ctx.db(users).by("name").list()].map((user) => line([
    user.name, arnOf(ctx, user), time(user.createdAt), ...passwordCells(ctx, user),
    ...credentialCells(ctx, user.id),
  ]));
  return [columns.join(","), line(root), ...lines].join("\n");
}

function latest(ctx: ReadContext): { report: CredentialReport | undefined; fresh: boolean } {
  const report = ctx.db(reports).get("latest");
  return { report, fresh: report !== undefined && ctx.clock.now() - report.generatedAt < freshMilliseconds };
}

/**
 * The report is there at once; AWS's scripts ask until the state is `COMPLETE`, so the first answer is not.
 */
export const GenerateCredentialReport = operation(iam.GenerateCredentialReport, {
  run(_, ctx): iam.GenerateCredentialReportResponse {
    const { report, fresh } = latest(ctx);
    if (fresh) return { State: "COMPLETE" };
    ctx.db(reports).put({ name: "latest", content: reportOf(ctx), generatedAt: ctx.clock.now() });
    const what = report === undefined ? "No report exists." : "The report has expired.";
    return { State: "STARTED", Description: `${what} Starting a new report generation task` };
  },
});

/** @evidence IAM API Reference, GetCredentialReport, Errors; the texts are ours */
export const GetCredentialReport = operation(iam.GetCredentialReport, {
  run(_, ctx): iam.GetCredentialReportResponse {
    const { report, fresh } = latest(ctx);
    if (report === undefined) {
      throw modelled(iam.CredentialReportNotPresentException, "No credential report is present.");
    }
    if (!fresh) {
      throw modelled(iam.CredentialReportExpiredException, "The credential report has expired.");
    }
    return {
      Content: Buffer.from(report.content), ReportFormat: "text/csv", GeneratedTime: report.generatedAt,
    };
  },
});
