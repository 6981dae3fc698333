/** Sequence numbers as clients see them: decimals of 21 digits, whose order is that of the records. */

const offset = 10n ** 20n;

export function shownSequence(sequence: number): string {
  return String(offset + BigInt(sequence));
}

/** Undefined for what no record of this region can have. */
export function readSequence(text: string): number | undefined {
  if (!/^[0-9]{1,40}$/.test(text)) return undefined;
  const sequence = BigInt(text) - offset;
  return sequence >= 0n && sequence <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sequence) : undefined;
}
