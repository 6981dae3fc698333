import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError } from "../errors.ts";
import { Models } from "../model/load.ts";
import type { OperationModel, ServiceModel, Shape } from "../model/model.ts";
import type { Value } from "../protocol/protocol.ts";
import { chance, sampleInput } from "./sample.ts";
import { validate } from "./validate.ts";

const services = ["kms", "iam", "sqs", "ssm", "secrets-manager", "cloudtrail", "sts"];
const models = new Models();

const longer = "Member must have length greater than or equal to";
const shorter = "Member must have length less than or equal to";

interface Trial {
  readonly model: ServiceModel;
  readonly operation: OperationModel;
  readonly input: Value;
}

function* trials(seeds: number): Generator<Trial> {
  for (const service of services) {
    const model = models.get(service);
    for (const operation of Object.values(model.operations)) {
      for (let seed = 1; seed <= seeds; seed++) {
        const input = sampleInput(operation, model, chance(seed));
        if (input) yield { model, operation, input };
      }
    }
  }
}

/** One change to a valid input, and the constraint that it must then miss. */
interface Fault {
  readonly apply: () => void;
  readonly constraint: string;
}

/** Faults of the members of a structure, at every depth that structures alone lead to. */
function* faults(value: Value, shapeName: string, model: ServiceModel): Generator<Fault> {
  const shape = model.shapes[shapeName];
  for (const [name, ref] of Object.entries(shape?.members ?? {})) {
    if (value[name] === undefined || shape?.union) continue;
    const member = model.shapes[ref.shape];
    if (shape?.required?.includes(name)) {
      yield { apply: () => (value[name] = undefined), constraint: "Member must not be null" };
    }
    if (!member) continue;
    for (const [bad, constraint] of faultyValues(value[name], member)) {
      yield { apply: () => (value[name] = bad), constraint };
    }
    if (member.type === "structure") yield* faults(value[name] as Value, ref.shape, model);
  }
}

/** Values one past a limit that no other constraint of the shape would also refuse. */
function* faultyValues(value: unknown, shape: Shape): Generator<[unknown, string]> {
  const { min, max } = shape;
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  if (first !== undefined && max !== undefined && max < 500) {
    yield [Array.from({ length: max + 1 }, () => first), `${shorter} ${max}`];
  }
  if (Array.isArray(value) && min !== undefined && min > 0) {
    yield [value.slice(0, min - 1), `${longer} ${min}`];
  }
  if (typeof value === "number" && shape.type !== "timestamp") {
    if (min !== undefined) yield [min - 1, `Member must have value greater than or equal to ${min}`];
    if (max !== undefined) yield [max + 1, `Member must have value less than or equal to ${max}`];
  }
  if (typeof value !== "string") return;
  if (shape.enum) return yield ["no such value", "Member must satisfy enum value set: ["];
  if (shape.pattern === undefined) {
    if (max !== undefined) yield ["x".repeat(max + 1), `${shorter} ${max}`];
    if (min) yield ["x".repeat(min - 1), `${longer} ${min}`];
  } else if (new RegExp("^\\^?\\[[\\w+=,.@/:-]+\\][+*]\\$?$").test(shape.pattern) && value !== "") {
    yield [`\u0001${value.slice(1)}`, `Member must satisfy regular expression pattern: ${shape.pattern}`];
  }
}

test("every input that satisfies the model passes", () => {
  let passed = 0;
  for (const { model, operation, input } of trials(4)) {
    const what = `${operation.name} ${JSON.stringify(input)}`;
    assert.doesNotThrow(() => validate(input, operation, model), what);
    passed++;
  }
  assert.ok(passed > 1500, `only ${passed} inputs could be made`);
});

test("an input one past a limit is refused for that limit and nothing else", () => {
  let refused = 0;
  for (const { model, operation, input } of trials(2)) {
    const sqs = model.serviceId === "SQS";
    const count = [...faults(input, operation.input?.shape ?? "", model)].length;
    for (let index = 0; index < count; index++) {
      const changed = structuredClone(input);
      const fault = [...faults(changed, operation.input?.shape ?? "", model)][index];
      if (!fault || (sqs && fault.constraint !== "Member must not be null")) continue;
      fault.apply();
      const error = refusal(changed, operation, model);
      assert.ok(error, `${operation.name} accepted what misses: ${fault.constraint}`);
      if (sqs) assert.match(error.message, /^The request must contain the parameter \w+\.$/);
      else assertOnly(error.message, fault.constraint);
      refused++;
    }
  }
  assert.ok(refused > 2500, `only ${refused} faults were tried`);
});

function refusal(input: Value, operation: OperationModel, model: ServiceModel): AwsError | undefined {
  try {
    validate(input, operation, model);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof AwsError);
    return error;
  }
}

function assertOnly(message: string, constraint: string): void {
  assert.ok(message.startsWith("1 validation error detected: Value"), message);
  const said = message.split(" failed to satisfy constraint: ").at(-1);
  assert.equal(said?.startsWith(constraint), true, message);
}
