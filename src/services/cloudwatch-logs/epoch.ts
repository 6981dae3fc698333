/**
 * Times of the API that are documented as epoch seconds; some clients give milliseconds, which AWS takes,
 * too.
 */

export function millisecondsOf(time: number): number {
  return time > 100_000_000_000 ? time : time * 1_000;
}
