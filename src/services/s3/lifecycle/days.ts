/** Days as S3 counts them. */

export const dayMilliseconds = 24 * 60 * 60_000;

/** What S3's documents count with: larger numbers are none to them. */
export const integerMax = 2 ** 31 - 1;

/** No day comes after this one, however many are counted to it. */
const lastDay = Date.UTC(9999, 11, 31);

/** The next midnight, UTC. @param at epoch milliseconds */
export function midnightAfter(at: number): number {
  return (Math.floor(at / dayMilliseconds) + 1) * dayMilliseconds;
}

/**
 * When a rule of so many days is due.
 *
 * @evidence S3 User Guide, "Lifecycle rules: Based on an object's age": the days are added to the time, and
 *   the result is rounded up to the next day at midnight UTC; midnight itself is taken as any other time
 */
export function dueAfter(from: number, days: number): number {
  return Math.min(midnightAfter(from + days * dayMilliseconds), lastDay);
}

export function isMidnight(at: number): boolean {
  return at % dayMilliseconds === 0;
}
