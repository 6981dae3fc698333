/** Successes of one operation that differ in nothing but their status, which no member of the model holds. */

const status = Symbol("status");

/** The output of an operation that is answered with a status of its own: 206 for a part of an object. */
export function withStatus<Output extends object>(output: Output, code: number): Output {
  return Object.assign(output, { [status]: code });
}

export function answerStatus(output: object): number | undefined {
  return (output as { readonly [status]?: number })[status];
}
