/**
 * How far behind what AWS calls eventual is, where a user wants to see it: AWS says of such reads only that
 * they may be late, and a program that never meets that has not been tested. By default nothing lags.
 */

/** What may lag, and how far it does unless it is told otherwise: milliseconds of the region's clock. */
export const lagDefaults = {
  /** Eventually consistent reads of tables and of local indexes. */
  "dynamodb.reads": 0,
  /** Reads of global secondary indexes. */
  "dynamodb.indexes": 0,
  /** What one region of a global table tells the others. */
  "dynamodb.replicas": 500,
  /** Objects, and changes of them, on their way from a bucket to those that it is replicated to. */
  "s3.replication": 0,
} as const;

export type LagName = keyof typeof lagDefaults;

export const lagMillisecondsMax = 3_600_000;

export class Lags {
  #lags: Record<LagName, number> = { ...lagDefaults };

  /** Milliseconds. */
  of(name: LagName): number {
    return this.#lags[name];
  }

  all(): Readonly<Record<LagName, number>> {
    return this.#lags;
  }

  set(lags: Partial<Record<LagName, number>>): void {
    this.#lags = { ...this.#lags, ...lags };
  }

  clear(): void {
    this.#lags = { ...lagDefaults };
  }
}
