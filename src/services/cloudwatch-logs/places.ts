/**
 * The place of an event among those of its group: its timestamp, then its number. As one number of 56 digits
 * it is the event's id, as AWS's ids are: the timestamp above 144 bits.
 */

export interface Place {
  readonly timestamp: number;
  readonly sequence: number;
}

const timestampShift = 144n;
const sequenceMask = (1n << timestampShift) - 1n;
const digits = 56;

export function placeNumber(place: Place): bigint {
  return (BigInt(place.timestamp) << timestampShift) + BigInt(place.sequence);
}

/** An event's id, and what tokens are made of. */
export function placeText(place: Place | bigint): string {
  return (typeof place === "bigint" ? place : placeNumber(place)).toString().padStart(digits, "0");
}

const placeForm = /^\d{56}$/;

/** Undefined when the text is no place. */
export function readPlace(text: string): Place | undefined {
  if (!placeForm.test(text)) return undefined;
  const number = BigInt(text);
  const timestamp = Number(number >> timestampShift);
  const sequence = number & sequenceMask;
  // A place just before the first event of a millisecond is the last of the one before.
  return { timestamp, sequence: sequence > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(sequence) };
}

export function precedes(left: Place, right: Place): boolean {
  return left.timestamp < right.timestamp ||
    (left.timestamp === right.timestamp && left.sequence < right.sequence);
}
