/**
 * What EventBridge hears of parameters.
 *
 * @evidence Systems Manager User Guide, "Setting up notifications or triggering actions based on Parameter
 *   Store events"
 */

import type { Context } from "../../kernel/context.ts";
import { parameterArn } from "./names.ts";
import type { ParameterVersion } from "./parameter-rows.ts";
import type { ParameterPolicy } from "./policy-rules.ts";

export function announceChange(
  ctx: Context, operation: "Create" | "Update" | "Delete" | "LabelParameterVersion",
  parameter: ParameterVersion,
): void {
  const { name, type, description } = parameter;
  ctx.emit({
    source: "aws.ssm",
    detailType: "Parameter Store Change",
    resources: [parameterArn(ctx, name)],
    detail: { operation, name, type, ...(description !== undefined && { description }) },
  });
}

function reasonOf(policy: ParameterPolicy): string {
  switch (policy.type) {
    case "Expiration": return "The parameter has expired and was deleted.";
    case "ExpirationNotification": return `The parameter will expire in ${policy.period}.`;
    case "NoChangeNotification": return `The parameter has not been changed for ${policy.period}.`;
  }
}

export function announcePolicy(ctx: Context, parameter: ParameterVersion, policy: ParameterPolicy): void {
  ctx.emit({
    source: "aws.ssm",
    detailType: "Parameter Store Policy Action",
    resources: [parameterArn(ctx, parameter.name)],
    detail: {
      "policy-type": policy.type,
      "parameter-name": parameter.name,
      "parameter-type": parameter.type,
      "policy-content": policy.text,
      "action-status": "Success",
      "action-reason": reasonOf(policy),
    },
  });
}
