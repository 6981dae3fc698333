/**
 * Whether a text's length is within bounds. Lengths are counted in code points: a character beyond the
 * first plane is one, as is each combining mark.
 *
 * @evidence STS AssumeRole finds the length of 2,048 supplementary characters right, and of 2,049 too long
 */
export function lengthWithin(text: string, min: number, max: number): boolean {
  const units = text.length;
  if (units < min) return false;
  // A code point is one or two units: most texts need no counting.
  if (units <= max && units >= min * 2) return true;
  if (units > max * 2) return false;
  const length = codePoints(text);
  return length >= min && length <= max;
}

export function codePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) index++;
    count++;
  }
  return count;
}
