/**
 * What a schedule calls: a templated target is one operation of the service that its ARN names, a universal
 * target any operation at all.
 *
 * @evidence Scheduler User Guide, "Using templated targets", "Using universal targets"
 */

import type * as scheduler from "../../generated/scheduler.ts";
import { senders } from "../../delivery/senders.ts";
import { parseArn, type Arn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import {
  fifoDeadLetters, invalidInput, invalidTargetArn, parametersMisplaced, parametersRequired, readOnlyApi,
  unknownApi,
} from "./errors.ts";
import { inputOf, UnfitInput } from "./sdk-input.ts";

type Input = Record<string, unknown>;

type Parameters = "EcsParameters" | "EventBridgeParameters" | "KinesisParameters"
  | "SageMakerPipelineParameters" | "SqsParameters";

interface Template {
  readonly resource: RegExp;
  readonly parameters?: Parameters;
  readonly parametersRequired?: boolean;
  /** The input is handed on as JSON, so it has to be some. */
  readonly json?: boolean;
}

const templates: Readonly<Record<string, Template>> = {
  sqs: { resource: /^[\w-]{1,80}(\.fifo)?$/, parameters: "SqsParameters" },
  sns: { resource: /^[\w-]{1,256}(\.fifo)?$/ },
  lambda: { resource: /^function:[\w-]+(:[\w$-]+)?$/, json: true },
  events: {
    resource: /^event-bus\/[\w./-]+$/, json: true,
    parameters: "EventBridgeParameters", parametersRequired: true,
  },
  kinesis: { resource: /^stream\/[\w.-]+$/, parameters: "KinesisParameters", parametersRequired: true },
  firehose: { resource: /^deliverystream\/[\w.-]+$/ },
  states: { resource: /^stateMachine:.+$/, json: true },
  ecs: { resource: /^cluster\/.+$/, parameters: "EcsParameters" },
  codebuild: { resource: /^project\/.+$/ },
  codepipeline: { resource: /^.+$/ },
  inspector: { resource: /^target\/.+$/ },
  sagemaker: { resource: /^pipeline\/.+$/, parameters: "SageMakerPipelineParameters" },
};

const everyParameters: readonly Parameters[] = [
  "EcsParameters", "EventBridgeParameters", "KinesisParameters", "SageMakerPipelineParameters",
  "SqsParameters",
];

/** @evidence Scheduler User Guide, "Using universal targets": API actions that are not supported */
const readOnly = new RegExp(`^(?:${[
  "get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup",
  "discover", "validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList",
  "testMigration", "retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel",
].join("|")})`);

const universalForm =
  /^arn:aws(?:-[a-z]+)?:scheduler:::aws-sdk:([a-zA-Z0-9-]{1,64}):([a-zA-Z0-9]{1,128})$/;

/** Services by the names that SDKs have for them, written as one word. */
function serviceNamed(ctx: ReadContext, name: string): string | undefined {
  const plain = name.toLowerCase().replaceAll("-", "");
  return ctx.kernel.services().find((service) => service.replaceAll("-", "") === plain);
}

interface Universal {
  readonly service: string;
  readonly operation: string;
}

/** @throws ValidationException for what is no operation, or only reads */
function universal(ctx: ReadContext, service: string, action: string): Universal {
  if (readOnly.test(action)) throw readOnlyApi(action);
  const known = serviceNamed(ctx, service);
  if (known === undefined) throw notImplemented(`${service}:${action} as the target of a schedule`);
  const operation = action.charAt(0).toUpperCase() + action.slice(1);
  if (!Object.hasOwn(ctx.kernel.model(known).operations, operation)) throw unknownApi(service, action);
  return { service: known, operation };
}

function templateOf(arn: Arn | undefined): Template {
  const template = arn && Object.hasOwn(templates, arn.service) ? templates[arn.service] : undefined;
  const isRight = template?.resource.test(arn?.resource ?? "") && /^\d{12}$/.test(arn?.account ?? "");
  if (!template || !isRight) throw invalidTargetArn();
  return template;
}

function requireJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw invalidInput("The input is not valid JSON.");
  }
}

type Expected = Pick<Template, "parameters" | "parametersRequired">;

function requireParameters(target: scheduler.Target, template: Expected): void {
  for (const member of everyParameters) {
    if (member !== template.parameters && target[member] !== undefined) throw parametersMisplaced(member);
  }
  const { parameters, parametersRequired: isRequired } = template;
  if (parameters && isRequired && target[parameters] === undefined) throw parametersRequired(parameters);
}

/** @throws ValidationException for a target that could not be called */
export function requireTarget(ctx: ReadContext, target: scheduler.Target): void {
  if (target.DeadLetterConfig?.Arn?.endsWith(".fifo")) throw fifoDeadLetters();
  const [, service, action] = universalForm.exec(target.Arn) ?? [];
  if (service !== undefined && action !== undefined) {
    const { service: known, operation } = universal(ctx, service, action);
    requireParameters(target, {});
    universalInput(ctx, { service: known, operation }, target.Input ?? "{}");
    return;
  }
  const arn = parseArn(target.Arn);
  const template = templateOf(arn);
  requireParameters(target, template);
  const isFifoQueue = arn?.service === "sqs" && target.Arn.endsWith(".fifo");
  if (isFifoQueue && target.SqsParameters?.MessageGroupId === undefined) {
    throw parametersRequired("SqsParameters.MessageGroupId");
  }
  if (template.json && target.Input !== undefined) requireJson(target.Input);
  if (!arn || !senders[arn.service]) throw notImplemented(`${target.Arn} as the target of a schedule`);
}

/** @throws ValidationException for a text that is no input of the operation */
function universalInput(ctx: ReadContext, { service, operation }: Universal, text: string): Input {
  const model = ctx.kernel.model(service);
  try {
    return inputOf(text, model.operations[operation]?.input?.shape, model);
  } catch (cause) {
    throw cause instanceof UnfitInput ? invalidInput(cause.message) : cause;
  }
}

/** What SDKs fill in where a caller does not: tokens that make a call one that can be repeated. */
function withTokens(ctx: ReadContext, { service, operation }: Universal, input: Input): Input {
  const model = ctx.kernel.model(service);
  const shape = model.shapes[model.operations[operation]?.input?.shape ?? ""];
  const missing = Object.entries(shape?.members ?? {})
    .filter(([name, member]) => member.idempotencyToken && input[name] === undefined);
  return { ...Object.fromEntries(missing.map(([name]) => [name, ctx.ids.uuid()])), ...input };
}

/**
 * Calls the target under a role. @param text what the target is given, its keywords replaced
 *
 * @throws AwsError what the target's service refuses
 */
export async function callTarget(
  ctx: BodyContext, target: scheduler.Target, text: string, role: CallOptions,
): Promise<void> {
  const [, service, action] = universalForm.exec(target.Arn) ?? [];
  if (service !== undefined && action !== undefined) {
    const called = universal(ctx, service, action);
    const token = { service: called.service, name: called.operation };
    await ctx.call(token, withTokens(ctx, called, universalInput(ctx, called, text)), role);
    return;
  }
  const arn = parseArn(target.Arn);
  const sender = arn && senders[arn.service];
  if (!arn || !sender) throw notImplemented(`${target.Arn} as the target of a schedule`);
  const { EventBridgeParameters: event, KinesisParameters, SqsParameters } = target;
  const settings = {
    partitionKey: KinesisParameters?.PartitionKey,
    messageGroupId: SqsParameters?.MessageGroupId,
    event: event && { source: event.Source, detailType: event.DetailType },
  };
  const options = { ...role, region: arn.region };
  await sender(ctx, { arn, target: target.Arn, payload: text, settings, options });
}

export function isUniversal(target: scheduler.Target): boolean {
  return universalForm.test(target.Arn);
}
