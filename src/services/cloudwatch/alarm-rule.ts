/**
 * The rules of composite alarms: `ALARM("a") AND NOT (OK(b) OR TRUE)`.
 *
 * @evidence CloudWatch API Reference, PutCompositeAlarm, AlarmRule
 */

import type { StateValue } from "../../generated/cloudwatch.ts";
import { validationError } from "./errors.ts";

export type Rule =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "state"; readonly state: StateValue; readonly alarm: string }
  | { readonly kind: "not"; readonly of: Rule }
  | { readonly kind: "and" | "or"; readonly items: readonly Rule[] }
  | {
      readonly kind: "atLeast";
      readonly count: number;
      readonly isPercent: boolean;
      readonly items: readonly Rule[];
    };

const states: readonly string[] = ["ALARM", "OK", "INSUFFICIENT_DATA"];
/** @evidence CloudWatch API Reference: up to 100 underlying alarms, and 500 elements */
const childrenMax = 100;
const elementsMax = 500;

const tokenForm = /\s*(?:"([^"]*)"|([(),])|([^\s"(),]+))/y;

interface Token {
  readonly text: string;
  readonly isQuoted: boolean;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < text.trimEnd().length; at = tokenForm.lastIndex) {
    tokenForm.lastIndex = at;
    const match = tokenForm.exec(text);
    if (!match) throw invalidRule(text, at);
    found.push({ text: match[1] ?? match[2] ?? match[3] ?? "", isQuoted: match[1] !== undefined });
  }
  return found;
}

function invalidRule(rule: string, at: number): Error {
  return validationError(
    `Error in AlarmRule: Syntax error in alarm rule expression at position ${at}: ${rule}`,
  );
}

/** A name, or the name in an ARN. */
function alarmName(text: string): string {
  return /^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:(.+)$/s.exec(text)?.[1] ?? text;
}

class RuleParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokens(text);
    if (this.#tokens.length > elementsMax * 4) throw validationError(
      `AlarmRule has more than ${elementsMax} elements.`
    );
  }

  parse(): Rule {
    const rule = this.#joined("or", "OR", () => this.#joined("and", "AND", () => this.#one()));
    if (this.#at < this.#tokens.length) throw invalidRule(this.#text, this.#at);
    return rule;
  }

  #inner(): Rule {
    return this.#joined("or", "OR", () => this.#joined("and", "AND", () => this.#one()));
  }

  #joined(kind: "and" | "or", word: string, part: () => Rule): Rule {
    const items = [part()];
    while (this.#take(word)) items.push(part());
    const [first] = items;
    return items.length === 1 && first ? first : { kind, items };
  }

  #take(text: string): boolean {
    const next = this.#tokens[this.#at];
    if (!next || next.isQuoted || next.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw invalidRule(this.#text, this.#at);
  }

  #word(): string {
    const next = this.#tokens[this.#at++];
    if (
      !next || (!next.isQuoted && ["(", ")", ","].includes(next.text))
    ) throw invalidRule(this.#text, this.#at);
    return next.text;
  }

  #one(): Rule {
    if (this.#take("NOT")) return { kind: "not", of: this.#one() };
    if (this.#take("(")) {
      const inner = this.#inner();
      this.#expect(")");
      return inner;
    }
    if (this.#take("TRUE")) return { kind: "constant", value: true };
    if (this.#take("FALSE")) return { kind: "constant", value: false };
    if (this.#take("AT_LEAST")) return this.#atLeast();
    const state = this.#word();
    if (!states.includes(state)) throw invalidRule(this.#text, this.#at - 1);
    this.#expect("(");
    const alarm = alarmName(this.#word());
    this.#expect(")");
    return { kind: "state", state: state as StateValue, alarm };
  }

  /** AT_LEAST(2, ALARM, (a, b, c)), AT_LEAST(50%, NOT OK, (a, b)) */
  #atLeast(): Rule {
    this.#expect("(");
    const amount = /^(\d+)(%?)$/.exec(this.#word());
    this.#expect(",");
    const isNegated = this.#take("NOT");
    const state = this.#word();
    if (!amount || !states.includes(state)) throw invalidRule(this.#text, this.#at - 1);
    this.#expect(",");
    this.#expect("(");
    const items: Rule[] = [];
    do {
      const test: Rule = { kind: "state", state: state as StateValue, alarm: alarmName(this.#word()) };
      items.push(isNegated ? { kind: "not", of: test } : test);
    } while (this.#take(","));
    this.#expect(")");
    this.#expect(")");
    return { kind: "atLeast", count: Number(amount[1]), isPercent: amount[2] === "%", items };
  }
}

/** @throws ValidationError */
export function parseRule(text: string): Rule {
  const rule = new RuleParser(text).parse();
  const count = alarmsIn(rule).length;
  if (count > childrenMax) throw validationError(
    `AlarmRule must not refer to more than ${childrenMax} alarms.`
  );
  return rule;
}

/** Names, each once. */
export function alarmsIn(rule: Rule): string[] {
  const names = (part: Rule): string[] => {
    switch (part.kind) {
      case "constant": return [];
      case "state": return [part.alarm];
      case "not": return names(part.of);
      default: return part.items.flatMap(names);
    }
  };
  return [...new Set(names(rule))];
}

export function holds(rule: Rule, stateOf: (alarm: string) => StateValue | undefined): boolean {
  switch (rule.kind) {
    case "constant": return rule.value;
    case "state": return stateOf(rule.alarm) === rule.state;
    case "not": return !holds(rule.of, stateOf);
    case "and": return rule.items.every((item) => holds(item, stateOf));
    case "or": return rule.items.some((item) => holds(item, stateOf));
    case "atLeast": {
      const count = rule.items.filter((item) => holds(item, stateOf)).length;
      return rule.isPercent ? (count / rule.items.length) * 100 >= rule.count : count >= rule.count;
    }
  }
}
