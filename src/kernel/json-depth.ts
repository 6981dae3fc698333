/** How deep JSON is nested, told from its text: what goes level by level must be kept from more. */

/** Whether objects and arrays are in each other more than so many times. */
export function isDeeperThan(text: string, levels: number): boolean {
  // Each level has two characters at least.
  if (text.length <= levels * 2) return false;
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isQuoted) {
      if (unit === 92) at += 1;
      else if (unit === 34) isQuoted = false;
    } else if (unit === 34) {
      isQuoted = true;
    } else if (unit === 123 || unit === 91) {
      depth += 1;
      if (depth > levels) return true;
    } else if (unit === 125 || unit === 93) {
      depth -= 1;
    }
  }
  return false;
}
