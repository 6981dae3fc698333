/**
 * Sequence numbers as clients see them: decimals of 56 digits that grow within a shard, also from a parent to
 * its children, and end in the number of their shard. Pure.
 */

const leading = "496";
const sequenceDigits = 41;
const shardDigits = 12;
const form = new RegExp(`^${leading}(\\d{${sequenceDigits}})(\\d{${shardDigits}})$`);

export interface Sequence {
  readonly sequence: number;
  readonly shard: number;
}

export function shownSequence({ sequence, shard }: Sequence): string {
  const middle = String(sequence).padStart(sequenceDigits, "0");
  return `${leading}${middle}${String(shard).padStart(shardDigits, "0")}`;
}

/** Undefined for what no stream of this region gave out. */
export function readSequence(text: string): Sequence | undefined {
  const [, sequence, shard] = form.exec(text) ?? [];
  if (sequence === undefined || shard === undefined) return undefined;
  const found = { sequence: Number(sequence), shard: Number(shard) };
  return Number.isSafeInteger(found.sequence) ? found : undefined;
}
