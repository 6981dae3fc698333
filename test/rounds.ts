/** How long tests of random inputs go on. */

/** All with `THOROUGH` set, as continuous integration does; else the first fifth of them. */
const share = process.env["THOROUGH"] === undefined ? 0.2 : 1;

/** @param all rounds of a thorough run */
export function rounds(all: number): number {
  return Math.ceil(all * share);
}
