/** A transformer: processors one behind the other, the first of which takes the event's text apart. */

import type * as logs from "../../../generated/cloudwatch-logs.ts";
import { invalidParameter } from "../errors.ts";
import { Guard, TookTooLong } from "../insights/guard.ts";
import { mutatorOf } from "./mutators.ts";
import { parserOf, Unparsed, type Process } from "./parsers.ts";
import { deleteAt, type Members } from "./paths.ts";

/** The event as the processors leave it, as JSON; undefined where the first can't read it. */
export type Transform = (message: string) => string | undefined;

const guardMilliseconds = 1_000;
/** What an event takes beyond this is counted; somebody's expressions, most of them, take less. */
const freeMilliseconds = 5;

/** @evidence CloudWatch Logs User Guide, "Processors that you can use": once in a transformer */
const onceOnly = ["addKeys", "copyValue", "grok"] as const;

function processOf(processor: logs.Processor, index: number): Process {
  if (Object.keys(processor).length !== 1) {
    throw invalidParameter(`Processor ${index + 1} of the transformer must be of exactly one type.`);
  }
  const parser = parserOf(processor);
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
  const transform = (message: string): string | undefined => {
    const event: Members = { "@message": message };
    for (const [index, process] of processes.entries()) {
      try {
        process(event);
      } catch (error) {
        if (!(error instanceof Unparsed)) throw error;
        if (index === 0) return undefined;
      }
    }
    deleteAt(event, "@message");
    return JSON.stringify(event);
  };
  return config.some(({ grok, substituteString }) => grok ?? substituteString) ? guarded(transform)
    : transform;
}

/**
 * Somebody's regular expressions end, too: what takes too long is not transformed. They have a second, which
 * comes back as time goes by, however many events there are at once.
 */
function guarded(transform: Transform): Transform {
  const guard = new Guard(guardMilliseconds);
  let allowance = guardMilliseconds;
  let lookedAt = performance.now();
  return (message) => {
    const begun = performance.now();
    allowance = Math.min(guardMilliseconds, allowance + begun - lookedAt);
    lookedAt = begun;
    if (allowance < 1) return undefined;
    let transformed: string | undefined;
    try {
      guard.run(() => {
        transformed = transform(message);
      }, Math.ceil(allowance));
    } catch (error) {
      if (!(error instanceof TookTooLong)) throw error;
    }
    lookedAt = performance.now();
    allowance -= Math.max(0, lookedAt - begun - freeMilliseconds);
    return transformed;
  };
}
