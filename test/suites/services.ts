/** Every service that is built, with its model and its operations: what the suites range over. */

import { directory } from "../../src/generated/directory.ts";
import { Models } from "../../src/kernel/model/load.ts";
import type { OperationModel, ServiceModel } from "../../src/kernel/model/model.ts";
import type { AnyOperation } from "../../src/kernel/operation.ts";
import type { Service } from "../../src/kernel/service.ts";
import type { DirectoryEntry } from "../../src/kernel/tokens.ts";

export interface BuiltService {
  readonly entry: DirectoryEntry;
  readonly service: Service;
  readonly model: ServiceModel;
}

export interface BuiltOperation extends BuiltService {
  readonly name: string;
  readonly operation: AnyOperation;
  readonly operationModel: OperationModel;
}

const models = new Models();

async function load(): Promise<BuiltService[]> {
  const built: BuiltService[] = [];
  for (const entry of directory) {
    if (!entry.load) continue;
    const service = (await entry.load()).default as Service;
    built.push({ entry, service, model: models.get(entry.service) });
  }
  return built;
}

export const builtServices: readonly BuiltService[] = await load();

export const builtOperations: readonly BuiltOperation[] = builtServices.flatMap((built) =>
  [...built.service.operations].map(([name, operation]) => {
    const operationModel = built.model.operations[name];
    if (!operationModel) throw new Error(`${built.entry.service} has no operation ${name}`);
    return { ...built, name, operation, operationModel };
  }),
);

/** @param name `iam:CreateUser`, our name of the service first */
export function builtOperation(name: string): BuiltOperation {
  const found = builtOperations.find((each) => titleOf(each) === name);
  if (!found) throw new Error(`${name} is not built`);
  return found;
}

export function titleOf({ entry, name }: BuiltOperation): string {
  return `${entry.service}:${name}`;
}

export function isBuiltOperation(name: string): boolean {
  return builtOperations.some((each) => titleOf(each) === name);
}
