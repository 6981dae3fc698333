/** What a target must be before a rule takes it. */

import type * as events from "../../generated/eventbridge.ts";
import { parseArn } from "../../kernel/arn.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { isDeliverable } from "../../delivery/deliver.ts";
import { invalidParameter, validation } from "./errors.ts";
import { fill, placeholdersIn, predefined } from "./input.ts";
import { parseJsonPath } from "./json-path.ts";

/**
 * Targets that EventBridge only reaches under a role.
 *
 * @evidence recorded: `RoleArn is required for target arn:aws:states:…`, also of codepipeline, codebuild,
 *   api-destination
 */
const roleNeeding = new Set([
  "states", "codepipeline", "codebuild", "kinesis", "firehose", "ecs", "batch", "ssm", "sagemaker",
  "redshift", "redshift-serverless", "redshift-data", "appsync",
]);

/** Which a template may be: what is no JSON. */
const inputs = ["Input", "InputPath", "InputTransformer"] as const;

/** @throws ValidationException */
export function requireTarget(target: events.Target): void {
  const arn = parseArn(target.Arn);
  if (!arn) throw invalidParameter(target.Arn, "Provided Arn is not in correct format.");
  const isApiDestination = arn.service === "events" && arn.resource.startsWith("api-destination/");
  if ((roleNeeding.has(arn.service) || isApiDestination) && target.RoleArn === undefined) {
    throw validation(`RoleArn is required for target ${target.Arn}.`);
  }
  if (arn.service === "sqs" && arn.resource.endsWith(".fifo") && !target.SqsParameters?.MessageGroupId) {
    throw validation(`Parameter(s) SqsParameters must be specified for target: ${target.Id}.`);
  }
  if (arn.service === "ecs" && !target.EcsParameters) {
    throw validation(`Parameter(s) EcsParameters must be specified for target: ${target.Id}.`);
  }
  requireInput(target);
  requirePath(target, target.KinesisParameters?.PartitionKeyPath);
  // A target that would get nothing is not taken.
  if (!isDeliverable(arn) && arn.service !== "schemas") {
    throw notImplemented(`eventbridge: a target of ${arn.service}`);
  }
  requireDeadLetterQueue(target.DeadLetterConfig);
}

/** @evidence EventBridge User Guide, "Using dead-letter queues": standard queues of SQS alone */
export function requireDeadLetterQueue({ Arn: queue }: events.DeadLetterConfig = {}): void {
  if (queue === undefined) return;
  const arn = parseArn(queue);
  if (arn?.service === "sqs" && !arn.resource.endsWith(".fifo")) return;
  throw invalidParameter("DeadLetterConfig", `The dead-letter queue ${queue} is no standard SQS queue.`);
}

function requireInput(target: events.Target): void {
  if (inputs.filter((name) => target[name] !== undefined).length > 1) {
    throw validation(
      `Only one of Input, InputPath, or InputTransformer must be provided for target ${target.Id}.`,
    );
  }
  if (target.Input !== undefined && !isJson(target.Input)) {
    throw validation(`JSON syntax error in input for target ${target.Id}`);
  }
  requirePath(target, target.InputPath);
  if (target.InputTransformer) requireTransformer(target, target.InputTransformer);
}

function requireTransformer(target: events.Target, transformer: events.InputTransformer): void {
  const { InputPathsMap = {}, InputTemplate } = transformer;
  for (const [name, path] of Object.entries(InputPathsMap)) {
    if (name.startsWith("aws.") || name.startsWith("AWS.")) {
      throw validation(`InputPathsMap for target ${target.Id} contains the reserved key ${name}.`);
    }
    requirePath(target, path);
  }
  for (const name of placeholdersIn(InputTemplate)) {
    if (predefined.has(name) || Object.hasOwn(InputPathsMap, name)) continue;
    throw validation(`InputTemplate for target ${target.Id} contains invalid placeholder ${name}.`);
  }
  // Each line of a template of texts is a text by itself.
  const filled = fill(InputTemplate, () => "");
  const lines = filled.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (!isJson(filled) && !lines.every((line) => line.startsWith('"') && isJson(line))) {
    throw validation(`Invalid InputTemplate for target ${target.Id} : it is neither JSON nor a quoted text.`);
  }
}

function requirePath(target: events.Target, path: string | undefined): void {
  if (path === undefined || path === "" || parseJsonPath(path)) return;
  throw invalidParameter(path, `Provided JSON path of target ${target.Id} is not in correct format.`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
