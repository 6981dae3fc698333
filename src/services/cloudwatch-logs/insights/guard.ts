/**
 * Runs a piece of work, and ends it when it takes too long: somebody's regular expression may go on for
 * years.
 */

import { createContext, Script } from "node:vm";

export class TookTooLong extends Error {}

const script = new Script("work()");

export class Guard {
  readonly #scope: { work: () => void } = { work: () => undefined };
  readonly #milliseconds: number;

  constructor(milliseconds: number) {
    createContext(this.#scope);
    this.#milliseconds = milliseconds;
  }

  /** @throws TookTooLong */
  run(work: () => void, milliseconds = this.#milliseconds): void {
    this.#scope.work = work;
    try {
      script.runInContext(this.#scope, { timeout: milliseconds });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? new TookTooLong() : cause;
    }
  }
}
