/** A transformer: processors one behind the other, the first of which takes the event's text apart. */

import type * as logs from "../../../generated/cloudwatch-logs.ts";
import { TooCostly } from "../../../patterns/expressions/expression.ts";
import { invalidParameter } from "../errors.ts";
import { mutatorOf } from "./mutators.ts";
import { parserOf, Unparsed, type Process } from "./parsers.ts";
import { deleteAt, type Members } from "./paths.ts";
import { vendedOf } from "./vended.ts";

/** The event as the processors leave it, as JSON; undefined where the first can't read it. */
export type Transform = (message: string) => string | undefined;

/** @evidence CloudWatch Logs User Guide, "Processors that you can use": once in a transformer */
const onceOnly = ["addKeys", "copyValue", "grok"] as const;

function processOf(processor: logs.Processor, index: number): Process {
  if (Object.keys(processor).length !== 1) {
    throw invalidParameter(`Processor ${index + 1} of the transformer must be of exactly one type.`);
  }
  const vended = vendedOf(processor);
  // @evidence CloudWatch Logs User Guide: "it must be the first processor in your transformer"
  if (vended && index > 0) {
    throw invalidParameter(`${Object.keys(processor).join()} must be the first processor of a transformer.`);
  }
  const parser = vended ?? parserOf(processor);
  if (index === 0 && !parser) {
    throw invalidParameter("The first processor of a transformer must be a parser.");
  }
  const process = parser ?? mutatorOf(processor);
  if (!process) throw invalidParameter(`Processor ${index + 1} of the transformer is of no known type.`);
  return process;
}

/** @throws InvalidParameterException */
export function compileTransformer(config: readonly logs.Processor[]): Transform {
  for (const name of onceOnly) {
    if (config.filter((processor) => processor[name]).length > 1) {
      throw invalidParameter(`A transformer may have one ${name} processor.`);
    }
  }
  const processes = config.map(processOf);
  return (message) => {
    const event: Members = { "@message": message };
    for (const [index, process] of processes.entries()) {
      try {
        process(event);
      } catch (error) {
        // What an expression would take too long for is not transformed.
        if (error instanceof TooCostly) return undefined;
        if (!(error instanceof Unparsed)) throw error;
        if (index === 0) return undefined;
      }
    }
    deleteAt(event, "@message");
    return JSON.stringify(event);
  };
}
