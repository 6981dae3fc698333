/**
 * Which events a filter is for, by where they are from:
 * `@aws.region NOT IN ["eu-west-1"] AND @aws.account = "111111111111"`.
 *
 * @evidence CloudWatch Logs API Reference, PutSubscriptionFilter and PutMetricFilter, fieldSelectionCriteria:
 *   `=`, `!=`, AND, OR, IN, NOT IN; emitSystemFieldDimensions: `@aws.account` and `@aws.region`
 */

import type { ReadContext } from "../../kernel/context.ts";
import { invalidParameter } from "./errors.ts";

export type SystemField = "@aws.account" | "@aws.region";
type SystemFields = Readonly<Record<SystemField, string>>;
type Holds = (fields: SystemFields) => boolean;

export function systemFieldsOf({ account, region }: Pick<ReadContext, "account" | "region">): SystemFields {
  return { "@aws.account": account, "@aws.region": region };
}

const tokenForm = /\s*(@aws\.(?:account|region)\b|!=|[=()[\],]|(?:AND|OR|NOT|IN)\b|"[^"]*"|'[^']*')/iy;
const depthMax = 50;

class CriteriaReader {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    tokenForm.lastIndex = 0;
    let end = 0;
    for (let found = tokenForm.exec(text); found; found = tokenForm.exec(text)) {
      this.#tokens.push(found[1] ?? "");
      end = tokenForm.lastIndex;
    }
    if (text.slice(end).trim() !== "") throw invalid(text);
  }

  whole(): Holds | undefined {
    const holds = this.#either(0);
    return this.#at === this.#tokens.length ? holds : undefined;
  }

  #either(depth: number): Holds | undefined {
    let left = this.#both(depth);
    while (left && this.#word("OR")) {
      const [first, second] = [left, this.#both(depth)];
      left = second && ((fields) => first(fields) || second(fields));
    }
    return left;
  }

  #both(depth: number): Holds | undefined {
    let left = this.#one(depth);
    while (left && this.#word("AND")) {
      const [first, second] = [left, this.#one(depth)];
      left = second && ((fields) => first(fields) && second(fields));
    }
    return left;
  }

  #one(depth: number): Holds | undefined {
    if (depth > depthMax) return undefined;
    if (this.#word("(")) {
      const inner = this.#either(depth + 1);
      return this.#word(")") ? inner : undefined;
    }
    const field = this.#tokens[this.#at++]?.toLowerCase();
    if (field !== "@aws.account" && field !== "@aws.region") return undefined;
    if (this.#word("=")) return equal(field, this.#text(), true);
    if (this.#word("!=")) return equal(field, this.#text(), false);
    const isNegated = this.#word("NOT");
    const values = this.#word("IN") ? this.#list() : undefined;
    return values && ((fields) => values.includes(fields[field]) !== isNegated);
  }

  #list(): string[] | undefined {
    if (!this.#word("[")) return undefined;
    const values: string[] = [];
    do {
      const value = this.#text();
      if (value === undefined) return undefined;
      values.push(value);
    } while (this.#word(","));
    return this.#word("]") ? values : undefined;
  }

  #text(): string | undefined {
    const token = this.#tokens[this.#at++];
    return token && /^["']/.test(token) ? token.slice(1, -1) : undefined;
  }

  #word(word: string): boolean {
    if (this.#tokens[this.#at]?.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }
}

function equal(field: SystemField, value: string | undefined, isEqual: boolean): Holds | undefined {
  return value === undefined ? undefined : (fields) => (fields[field] === value) === isEqual;
}

function invalid(text: string): Error {
  return invalidParameter(`Invalid field selection criteria: ${text}`);
}

/** Undefined selects everything. @throws InvalidParameterException */
export function readCriteria(text: string | undefined): Holds {
  if (text === undefined || text.trim() === "") return () => true;
  const holds = new CriteriaReader(text).whole();
  if (!holds) throw invalid(text);
  return holds;
}

/** @throws InvalidParameterException */
export function requireSystemFields(names: readonly string[] | undefined, known: readonly string[]): void {
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalidParameter(`Invalid system field: ${unknown}`);
}
