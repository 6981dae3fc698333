/** How a command ends when it cannot do what it was asked. */

/** Documented in docs/cli.md; programs rely on these numbers. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notRunning: 3,
  portTaken: 4,
  dataLocked: 5,
  storeTooNew: 6,
  notFound: 7,
} as const;

export type ExitName = Exclude<keyof typeof exitCodes, "ok">;

export class Failure extends Error {
  readonly exit: ExitName;
  /** What to do about it. */
  readonly advice: string | undefined;

  constructor(exit: ExitName, message: string, advice?: string) {
    super(message);
    this.name = "Failure";
    this.exit = exit;
    this.advice = advice;
  }
}

export function usage(message: string, advice?: string): Failure {
  return new Failure("usage", message, advice);
}
