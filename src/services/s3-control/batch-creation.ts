/** Making jobs of Batch Operations. */

import * as control from "../../generated/s3-control.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { idempotent } from "../../kernel/idempotency.ts";
import { operation } from "../../kernel/operation.ts";
import { ofAccount } from "./account.ts";
import { requireComputable } from "./batch-checksums.ts";
import { batchJobs, jobArn, operationName, workOn, type BatchRequest } from "./batch-job-table.ts";
import { batchService } from "./batch-roles.ts";
import { invalidRequest, tokenUsedBefore } from "./errors.ts";
import { setTags } from "./tags.ts";

/** As long as jobs that are over are kept. */
const keepMilliseconds = 90 * 24 * 60 * 60_000;

export const CreateJob = operation(control.CreateJob, {
  ...ofAccount,
  resource: () => "*",
  action: ({ Tags }) => ["s3:CreateJob", ...(Tags && Tags.length > 0 ? ["s3:PutJobTagging"] : [])],
  conditions: (input) => ({
    "s3:requestjoboperation": operationName(input),
    "s3:requestjobpriority": String(input.Priority),
  }),
  run: idempotent(control.CreateJob, { keepMilliseconds, mismatch: tokenUsedBefore }, (input, ctx) => {
    requireOperation(input);
    requireManifest(input);
    requireReport(input.Report);
    ctx.authorize({
      action: "iam:PassRole",
      resource: input.RoleArn,
      conditions: { "iam:passedtoservice": batchService },
    });
    const { ConfirmationRequired, Operation, Report, Manifest, ManifestGenerator, Description } = input;
    const request: BatchRequest = {
      ConfirmationRequired, Operation, Report, Manifest, ManifestGenerator, Description,
      RoleArn: input.RoleArn,
    };
    const id = ctx.ids.uuid();
    ctx.db(batchJobs).add({
      id, request,
      order: ctx.ids.sequence(),
      priority: input.Priority,
      status: "New",
      succeededCount: 0,
      failedCount: 0,
      createdAt: ctx.clock.now(),
    });
    setTags(ctx, jobArn(ctx, id), input.Tags);
    workOn(ctx, id);
    return { JobId: id };
  }),
});

/** @throws InvalidRequest */
function requireOperation(request: BatchRequest): void {
  const given = Object.values(request.Operation).filter((value) => value !== undefined);
  if (given.length !== 1) throw invalidRequest("A job must have exactly one operation");
  const { S3PutObjectCopy, S3ComputeObjectChecksum, LambdaInvoke } = request.Operation;
  if (S3PutObjectCopy && S3PutObjectCopy.TargetResource === undefined) {
    throw invalidRequest("S3PutObjectCopy must have a TargetResource");
  }
  if (S3ComputeObjectChecksum) requireComputable(S3ComputeObjectChecksum);
  if (LambdaInvoke) requireInvocable(LambdaInvoke);
}

/** @throws InvalidRequest */
function requireInvocable(invoke: control.LambdaInvokeOperation): void {
  const { FunctionArn, InvocationSchemaVersion = "1.0", UserArguments } = invoke;
  if (FunctionArn === undefined) throw invalidRequest("LambdaInvoke must have a FunctionArn");
  if (!["1.0", "2.0"].includes(InvocationSchemaVersion)) {
    throw invalidRequest("The InvocationSchemaVersion must be 1.0 or 2.0");
  }
  if (UserArguments && InvocationSchemaVersion !== "2.0") {
    throw invalidRequest("UserArguments need the InvocationSchemaVersion 2.0");
  }
}

/** @throws InvalidRequest, NotImplemented */
function requireManifest(request: BatchRequest): void {
  const { Manifest, ManifestGenerator } = request;
  const generator = ManifestGenerator?.S3JobManifestGenerator;
  if ((Manifest === undefined) === (generator === undefined)) {
    throw invalidRequest("A job must have either a Manifest or a ManifestGenerator");
  }
  if (generator?.EnableManifestOutput) throw notImplemented("EnableManifestOutput of a batch job");
  if (!Manifest) return;
  const { Format, Fields = [] } = Manifest.Spec;
  if (Format === "S3InventoryReport_CSV_20161130") {
    if (Fields.length > 0) throw invalidRequest("Fields can't be given for an inventory report");
  } else if (!Fields.includes("Bucket") || !Fields.includes("Key")) {
    throw invalidRequest("The Fields of a manifest must include Bucket and Key");
  }
}

/** @throws InvalidRequest */
function requireReport({ Enabled, Bucket, Format, ReportScope }: control.JobReport): void {
  if (Enabled && (Bucket === undefined || Format === undefined || ReportScope === undefined)) {
    throw invalidRequest("A report must have a Bucket, a Format and a ReportScope");
  }
}
