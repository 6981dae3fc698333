/** What the benchmark says of its rounds. */

import type { Measured } from "./load.ts";

/** One server under load: what came of it, and what a request cost. */
export interface Round extends Measured {
  /** Of the server's process. */
  readonly cpuMicroseconds: number | undefined;
  /** Of the processes that it has started. */
  readonly othersMicroseconds: number;
}

export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >>> 1] ?? NaN;
}

export function summary(label: string, runs: readonly Round[]): string {
  const of = (pick: (run: Round) => number): number => median(runs.map(pick));
  const others = of((run) => run.othersMicroseconds);
  return (
    `  ${label.padEnd(20)} ${of((run) => run.perSecond).toFixed(0).padStart(7)}/s  ` +
    `${of((run) => run.cpuMicroseconds ?? NaN).toFixed(1).padStart(6)} µs CPU  ` +
    (others > 0 ? `and ${others.toFixed(1)} µs of its processes  ` : "") +
    `p50 ${of((run) => run.p50).toFixed(2)} ms  p99 ${of((run) => run.p99).toFixed(2)} ms`
  );
}

export function showFailures(runs: readonly Measured[]): void {
  const failed = runs.find(({ failures }) => failures > 0);
  if (failed) console.log(`  ${failed.failures} failed: ${failed.firstFailure.slice(0, 200)}`);
}

/** Shares round by round, so that both had the same neighbours on the machine. */
export function showShares(floor: readonly Round[], ours: readonly Round[], promised: number): void {
  const share = (pick: (floor: Round, own: Round) => number): string => {
    const shares = ours.map((own, index) => pick(floor[index] ?? own, own));
    return `${(100 * median(shares)).toFixed(0)} %`;
  };
  const byThroughput = share((base, own) => own.perSecond / base.perSecond);
  const byCpu = share((base, own) => (base.cpuMicroseconds ?? NaN) / (own.cpuMicroseconds ?? NaN));
  const goal = `(goal ${promised * 100} %)`;
  console.log(`  share of the floor   ${byThroughput} of its throughput, ${byCpu} by CPU ${goal}`);
}
