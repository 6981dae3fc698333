/**
 * What a schedule calls: a templated target is one operation of the service that its ARN names, a universal
 * target any operation at all.
 *
 * @evidence Scheduler User Guide, "Using templated targets", "Using universal targets"
 */

import type * as scheduler from "../../generated/scheduler.ts";
import { parseArn, type Arn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import type { OperationToken } from "../../kernel/tokens.ts";
import {
  fifoDeadLetters, invalidInput, invalidTargetArn, parametersMisplaced, parametersRequired, readOnlyApi,
  unknownApi,
} from "./errors.ts";
import { inputOf, UnfitInput } from "./sdk-input.ts";

type Input = Record<string, unknown>;

export interface TargetCall {
  readonly token: OperationToken<unknown, unknown>;
  readonly input: Input;
  /** Where, if not in the schedule's own region. */
  readonly region?: string;
}

type Parameters = "EcsParameters" | "EventBridgeParameters" | "KinesisParameters"
  | "SageMakerPipelineParameters" | "SqsParameters";

interface Template {
  readonly service: string;
  readonly operation: string;
  readonly resource: RegExp;
  readonly parameters?: Parameters;
  readonly parametersRequired?: boolean;
  /** The input is handed on as JSON, so it has to be some. */
  readonly json?: boolean;
  /** Absent where the service is not here. */
  readonly input?: (target: scheduler.Target, text: string, arn: Arn, ctx: ReadContext) => Input;
}

const named = (resource: string): string => resource.slice(resource.indexOf("/") + 1);

const templates: Readonly<Record<string, Template>> = {
  sqs: {
    service: "sqs", operation: "SendMessage", resource: /^[\w-]{1,80}(\.fifo)?$/, parameters: "SqsParameters",
    input: ({ SqsParameters }, text, { account, region, resource }, ctx) => ({
      QueueUrl: `${ctx.kernel.endpoint("sqs", region)}/${account}/${resource}`,
      MessageBody: text,
      ...(SqsParameters?.MessageGroupId !== undefined && { MessageGroupId: SqsParameters.MessageGroupId }),
    }),
  },
  sns: {
    service: "sns", operation: "Publish", resource: /^[\w-]{1,256}(\.fifo)?$/,
    input: ({ Arn }, text) => ({ TopicArn: Arn, Message: text }),
  },
  lambda: {
    service: "lambda", operation: "Invoke", resource: /^function:[\w-]+(:[\w$-]+)?$/, json: true,
    input: ({ Arn }, text) => ({ FunctionName: Arn, InvocationType: "Event", Payload: Buffer.from(text) }),
  },
  events: {
    service: "eventbridge", operation: "PutEvents", resource: /^event-bus\/[\w./-]+$/, json: true,
    parameters: "EventBridgeParameters", parametersRequired: true,
    input: ({ Arn, EventBridgeParameters }, text) => ({
      Entries: [{ EventBusName: Arn, ...EventBridgeParameters, Detail: text }],
    }),
  },
  kinesis: {
    service: "kinesis", operation: "PutRecord", resource: /^stream\/[\w.-]+$/,
    parameters: "KinesisParameters", parametersRequired: true,
    input: ({ Arn, KinesisParameters }, text) => ({
      StreamARN: Arn, PartitionKey: KinesisParameters?.PartitionKey, Data: Buffer.from(text),
    }),
  },
  firehose: {
    service: "firehose", operation: "PutRecord", resource: /^deliverystream\/[\w.-]+$/,
    input: (_, text, { resource }) => ({
      DeliveryStreamName: named(resource), Record: { Data: Buffer.from(text) },
    }),
  },
  states: { service: "sfn", operation: "StartExecution", resource: /^stateMachine:.+$/, json: true },
  ecs: { service: "ecs", operation: "RunTask", resource: /^cluster\/.+$/, parameters: "EcsParameters" },
  codebuild: { service: "codebuild", operation: "StartBuild", resource: /^project\/.+$/ },
  codepipeline: { service: "codepipeline", operation: "StartPipelineExecution", resource: /^.+$/ },
  inspector: { service: "inspector", operation: "StartAssessmentRun", resource: /^target\/.+$/ },
  sagemaker: {
    service: "sagemaker", operation: "StartPipelineExecution", resource: /^pipeline\/.+$/,
    parameters: "SageMakerPipelineParameters",
  },
};

const everyParameters: readonly Parameters[] = [
  "EcsParameters", "EventBridgeParameters", "KinesisParameters", "SageMakerPipelineParameters", "SqsParameters",
];

/** @evidence Scheduler User Guide, "Using universal targets": unsupported API actions, by how they begin */
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
  if (template.service === "sqs" && target.Arn.endsWith(".fifo") && !target.SqsParameters?.MessageGroupId) {
    throw parametersRequired("SqsParameters.MessageGroupId");
  }
  if (template.json && target.Input !== undefined) requireJson(target.Input);
  if (!template.input) throw notImplemented(`${template.service} as the target of a schedule`);
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

/** @param text what the target is given, its keywords replaced */
export function targetCall(ctx: ReadContext, target: scheduler.Target, text: string): TargetCall {
  const [, service, action] = universalForm.exec(target.Arn) ?? [];
  if (service !== undefined && action !== undefined) {
    const called = universal(ctx, service, action);
    const token = { service: called.service, name: called.operation };
    return { token, input: universalInput(ctx, called, text) };
  }
  const arn = parseArn(target.Arn);
  const template = templateOf(arn);
  if (!arn || !template.input) throw notImplemented(`${template.service} as the target of a schedule`);
  const token = { service: template.service, name: template.operation };
  return { token, input: template.input(target, text, arn, ctx), region: arn.region };
}

export function isUniversal(target: scheduler.Target): boolean {
  return universalForm.test(target.Arn);
}
