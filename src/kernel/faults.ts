/**
 * Errors that requests, those of services to each other among them, run into on demand, so that a program can
 * prove that it retries.
 */

import { AwsError } from "./errors.ts";
import type { OperationModel, ServiceModel } from "./model/model.ts";

export interface Fault {
  /** A service's name in the directory: `sqs`. */
  readonly service: string;
  /** Undefined strikes every operation of the service. */
  readonly operation?: string;
  /** `ThrottlingException`. */
  readonly code: string;
  readonly message: string;
  /** HTTP status, unless the service's model declares the error and with it a status. */
  readonly status: number;
  /** How many requests it still strikes. */
  readonly remaining: number;
}

const faultsMax = 100;

export class Faults {
  #faults: Fault[] = [];

  /** @throws RangeError when there are too many already */
  add(fault: Fault): void {
    if (this.#faults.length >= faultsMax) throw new RangeError(`There are ${faultsMax} faults already.`);
    this.#faults.push(fault);
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  clear(): void {
    this.#faults = [];
  }

  /** Throws what the first fault that fits says, and counts it. */
  strike(model: ServiceModel, operation: OperationModel): void {
    if (this.#faults.length === 0) return;
    const index = this.#faults.findIndex(
      (fault) =>
        fault.service === model.service &&
        (fault.operation === undefined || fault.operation === operation.name),
    );
    const fault = this.#faults[index];
    if (!fault) return;
    if (fault.remaining <= 1) this.#faults.splice(index, 1);
    else this.#faults[index] = { ...fault, remaining: fault.remaining - 1 };
    throw faultError(fault, model);
  }
}

function faultError({ code, message, status }: Fault, model: ServiceModel): AwsError {
  const shape = Object.hasOwn(model.shapes, code) ? model.shapes[code] : undefined;
  if (!shape?.exception) return new AwsError({ code, message, status });
  return new AwsError({
    code: shape.error?.code ?? code,
    message,
    shape: code,
    status: shape.error?.httpStatusCode ?? status,
  });
}
