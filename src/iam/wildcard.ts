/**
 * Wildcards: `*` is any run of characters, `?` is exactly one. A pattern is a list of tokens rather than a
 * string, so that a `*` that came out of a policy variable stays an ordinary character.
 *
 * Matching never backtracks further than the last `*`: its cost is bounded by the length of the pattern times
 * the length of the value, whatever an attacker writes.
 */

/** UTF-16 code units, or one of the negative tokens below. */
export type Token = number;

export const anyRun: Token = -1;
export const anyOne: Token = -2;
/** The same two, inside one segment of an ARN: they do not match a colon. */
const segmentRun: Token = -3;
const segmentOne: Token = -4;
const colon = 58;

export interface Matcher {
  matches(value: string): boolean;
}

/** Appends `text` to `tokens`, its wildcards active only when `wildcards` says so. */
export function appendTokens(tokens: Token[], text: string, wildcards: boolean): void {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (wildcards && unit === 42) {
      if (tokens.at(-1) !== anyRun) tokens.push(anyRun);
    } else {
      tokens.push(wildcards && unit === 63 ? anyOne : unit);
    }
  }
}

export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  appendTokens(tokens, text, true);
  return tokens;
}

function literal(tokens: readonly Token[]): string {
  let text = "";
  for (const token of tokens) text += String.fromCharCode(token);
  return text;
}

/**
 * A pattern without regard to segments. Its literal head and tail are compared first: most values fail there.
 */
export class Glob implements Matcher {
  readonly #head: string;
  readonly #tail: string;
  readonly #middle: Int32Array | undefined;
  readonly #lengthMin: number;
  readonly #exact: boolean;

  constructor(tokens: readonly Token[]) {
    const first = tokens.findIndex((token) => token < 0);
    const last = tokens.findLastIndex((token) => token < 0);
    this.#exact = first < 0;
    this.#head = literal(this.#exact ? tokens : tokens.slice(0, first));
    this.#tail = this.#exact ? "" : literal(tokens.slice(last + 1));
    this.#lengthMin = tokens.filter((token) => token !== anyRun).length;
    const middle = this.#exact ? [] : tokens.slice(first, last + 1);
    this.#middle = middle.length === 1 && middle[0] === anyRun ? undefined : Int32Array.from(middle);
  }

  matches(value: string): boolean {
    if (this.#exact) return value === this.#head;
    if (value.length < this.#lengthMin) return false;
    if (!value.startsWith(this.#head) || !value.endsWith(this.#tail)) return false;
    if (this.#middle === undefined) return true;
    return scan(this.#middle, value, this.#head.length, value.length - this.#tail.length);
  }
}

function scan(tokens: Int32Array, value: string, start: number, end: number): boolean {
  let token = 0;
  let at = start;
  let resumeToken = -1;
  let resumeAt = start;
  while (at < end) {
    const expected = tokens[token];
    if (expected === anyRun) {
      resumeToken = ++token;
      resumeAt = at;
    } else if (expected === anyOne || expected === value.charCodeAt(at)) {
      token++;
      at++;
    } else if (resumeToken < 0) {
      return false;
    } else {
      token = resumeToken;
      at = ++resumeAt;
    }
  }
  while (tokens[token] === anyRun) token++;
  return token === tokens.length;
}

/**
 * Follows all the ways a pattern can be read at once, for patterns whose wildcards differ in what they match.
 */
class SegmentedGlob implements Matcher {
  readonly #tokens: Int32Array;
  readonly #lengthMin: number;

  constructor(tokens: readonly Token[]) {
    this.#tokens = Int32Array.from(tokens);
    this.#lengthMin = tokens.filter((token) => token !== anyRun && token !== segmentRun).length;
  }

  matches(value: string): boolean {
    if (value.length < this.#lengthMin) return false;
    const tokens = this.#tokens;
    let states = new Uint8Array(tokens.length + 1);
    let following = new Uint8Array(tokens.length + 1);
    states[0] = 1;
    this.#skipRuns(states);
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at);
      following.fill(0);
      for (let state = 0; state < tokens.length; state++) {
        if (states[state] === 0) continue;
        const token = tokens[state];
        if (token === anyRun || (token === segmentRun && unit !== colon)) following[state] = 1;
        else if (token === unit || (token === segmentOne && unit !== colon) || token === anyOne) {
          following[state + 1] = 1;
        }
      }
      this.#skipRuns(following);
      [states, following] = [following, states];
    }
    return states[tokens.length] === 1;
  }

  #skipRuns(states: Uint8Array): void {
    for (let state = 0; state < this.#tokens.length; state++) {
      const token = this.#tokens[state];
      if (states[state] === 1 && (token === anyRun || token === segmentRun)) states[state + 1] = 1;
    }
  }
}

/**
 * A pattern of a `Resource` or `NotResource` element. In the first five segments of an ARN, `?` and a `*` in
 * the middle of a segment stay inside it; a `*` that ends a segment also matches the colons that follow. In
 * the sixth segment both match everything. Segments that are not written stand for `*`.
 *
 * @evidence IAM User Guide, "IAM JSON policy elements: Resource", Using wildcards in resource ARNs ("If the *
 * wildcard is the last character of a resource ARN segment, it can expand to match beyond the colon
 * boundaries")
 * @evidence IAM, CreatePolicy, MalformedPolicyDocument ("… not valid for resource "arn:b:cadfsdf:*:*:*"")
 */
export function resourceMatcher(tokens: readonly Token[]): Matcher {
  if (tokens.every((token) => token === anyRun)) return new Glob(tokens);
  const marked: Token[] = [];
  let colons = 0;
  let segmented = false;
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    const confined = colons < 5 && (token === anyOne
      || (token === anyRun && next !== undefined && next !== colon));
    if (token === colon) colons++;
    segmented ||= confined;
    marked.push(confined ? (token === anyOne ? segmentOne : segmentRun) : token);
  });
  for (; colons < 5; colons++) marked.push(colon, anyRun);
  return segmented ? new SegmentedGlob(marked) : new Glob(marked);
}

/**
 * A pattern of an `Arn…` condition operator: each of the six segments is compared by itself.
 *
 * @evidence IAM User Guide, "Condition operators", Amazon Resource Name (ARN) condition operators
 */
export class ArnPattern implements Matcher {
  readonly #segments: readonly Glob[];

  constructor(tokens: readonly Token[]) {
    const segments: Token[][] = [[]];
    for (const token of tokens) {
      if (token === colon && segments.length < 6) segments.push([]);
      else segments.at(-1)?.push(token);
    }
    while (segments.length < 6) segments.push([anyRun]);
    this.#segments = segments.map((segment) => new Glob(segment));
  }

  matches(value: string): boolean {
    let start = 0;
    for (let index = 0; index < 5; index++) {
      const end = value.indexOf(":", start);
      if (end < 0 || this.#segments[index]?.matches(value.slice(start, end)) !== true) return false;
      start = end + 1;
    }
    return this.#segments[5]?.matches(value.slice(start)) === true;
  }
}
