/** Input validation from the model: the first thing that happens to a parsed request. */

import { AwsError } from "../errors.ts";
import type { OperationModel, ServiceModel } from "../model/model.ts";
import type { Value } from "../protocol/protocol.ts";
import { CheckCompiler } from "./check.ts";
import type { Check } from "./check.ts";
import { explain } from "./explain.ts";
import { familyOf } from "./families.ts";
import type { Family } from "./families.ts";

interface ServicePlan {
  readonly family: Family | undefined;
  readonly checks: CheckCompiler;
  /** By operation name; null for operations whose input is not constrained. */
  readonly operations: Map<string, Check | null>;
}

/** Keyed by the loaded model, so that what is derived from it lives and dies with it. */
const plans = new WeakMap<ServiceModel, ServicePlan>();

/**
 * Returns when the input satisfies the model: required members, lengths, ranges, patterns, enumerations and
 * unions, at every depth. Allocates nothing in that case.
 *
 * @throws AwsError status 400, with the code and the words of the service's family
 */
export function validate(input: Value, operation: OperationModel, service: ServiceModel): void {
  const plan = plans.get(service) ?? planFor(service);
  let check = plan.operations.get(operation.name);
  if (check === undefined) {
    const shape = plan.family && operation.input?.shape;
    check = (shape !== undefined && plan.checks.check(shape)) || null;
    plan.operations.set(operation.name, check);
  }
  if (check !== null && !check(input)) throw refusal(input, operation, service, plan);
}

function planFor(service: ServiceModel): ServicePlan {
  const family = familyOf(service);
  const checks = new CheckCompiler(service.shapes, { constraints: family?.constraints ?? false });
  const plan = { family, checks, operations: new Map<string, Check | null>() };
  plans.set(service, plan);
  return plan;
}

function refusal(input: Value, operation: OperationModel, service: ServiceModel, plan: ServicePlan): Error {
  const { family, checks } = plan;
  const violations = family && explain(input, operation.input?.shape ?? "", service, checks, family);
  const first = violations?.[0];
  if (!family || !violations || !first) {
    return new Error(`${operation.name}: an input was refused that misses no constraint`);
  }
  const code = family.code(first);
  const shape = service.shapes[code]?.exception ? code : undefined;
  return new AwsError({ code, message: family.message(violations), status: 400, ...(shape && { shape }) });
}
