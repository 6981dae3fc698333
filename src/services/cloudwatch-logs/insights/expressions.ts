/** Expressions of queries, read into functions of a row. */

import { findAggregate, type Evaluate, type MakeAccumulator } from "./aggregates.ts";
import { findFunction } from "./functions.ts";
import { ceilingTo, floorTo, periodOf, type Period } from "./periods.ts";
import { Scanner } from "./scanner.ts";
import type { Subquery } from "./subqueries.ts";
import { compare, Instant, isMissing, isTrue, numberOf, textOf, worked, type Value } from "./values.ts";

export interface Expression {
  /** As it was written: what its column is called. */
  readonly text: string;
  readonly evaluate: Evaluate;
  /** The field, where it is nothing else. */
  readonly field: string | undefined;
}

export interface AggregateCall {
  readonly make: MakeAccumulator;
  readonly args: readonly Evaluate[];
}

const depthMax = 60;

export class ExpressionReader {
  readonly scanner: Scanner;
  /** Where aggregates are noted, while they are allowed. */
  aggregates: AggregateCall[] | undefined;
  /** Reads the query that stands in parentheses. */
  subquery: (() => Subquery) | undefined;
  /** Whether anything was read that shows what is hidden. */
  unmasks = false;
  /** When the query began: epoch milliseconds. */
  readonly beginning = { at: 0 };
  #depth = 0;
  #field: string | undefined;

  constructor(scanner: Scanner) {
    this.scanner = scanner;
  }

  read(): Expression {
    this.scanner.skipSpaces();
    const begin = this.scanner.at;
    this.#field = undefined;
    const evaluate = this.#or();
    const text = this.scanner.textFrom(begin);
    const isField = this.#field !== undefined && text.replaceAll("`", "").replace(
      /\[(\d+)\]/g, ".$1"
    ) === this.#field;
    return {
      text: isField ? (this.#field ?? text) : text, evaluate, field: isField ? this.#field : undefined,
    };
  }

  #or(): Evaluate {
    if (++this.#depth > depthMax) throw this.scanner.refused(
      "The query is nested too deeply", this.scanner.at
    );
    let left = this.#and();
    while (this.scanner.word("or")) {
      const [first, second] = [left, this.#and()];
      left = (row) => isTrue(first(row)) || isTrue(second(row));
    }
    this.#depth--;
    return left;
  }

  #and(): Evaluate {
    let left = this.#not();
    while (this.scanner.word("and")) {
      const [first, second] = [left, this.#not()];
      left = (row) => isTrue(first(row)) && isTrue(second(row));
    }
    return left;
  }

  #not(): Evaluate {
    let isNegated = false;
    while (this.scanner.word("not") || (!this.scanner.sees("!=") &&
      this.scanner.skip("!"))) isNegated = !isNegated;
    const inner = this.#comparison();
    return isNegated ? (row) => !isTrue(inner(row)) : inner;
  }

  #comparison(): Evaluate {
    const left = this.#sum();
    const { scanner } = this;
    const operator = scanner.find(/=~|!=|<=|>=|==|=|<|>/y)?.[0];
    if (operator === "=~") return this.#like(left);
    if (operator !== undefined) return compared(operator, left, this.#sum());
    const isNegated = scanner.seesWord("not") && scanner.word("not");
    const holds = scanner.word("like") ? this.#like(left) : scanner.word("in") ? this.#in(left) : undefined;
    if (!holds) {
      if (isNegated) throw scanner.unexpected();
      return left;
    }
    return isNegated ? (row) => !isTrue(holds(row)) : holds;
  }

  #like(left: Evaluate): Evaluate {
    const regex = this.scanner.regex();
    if (regex) {
      return (row) => {
        const text = textOf(left(row));
        return text !== undefined && regex.test(text);
      };
    }
    const part = this.#sum();
    return (row) => {
      const text = textOf(left(row));
      const wanted = textOf(part(row));
      return text !== undefined && wanted !== undefined && text.includes(wanted);
    };
  }

  #in(left: Evaluate): Evaluate {
    if (this.subquery && this.scanner.sees("(")) {
      const name = this.#field;
      const found = this.subquery();
      return (row) => {
        const text = textOf(left(row));
        return text !== undefined && found.values(name).has(text);
      };
    }
    this.scanner.require("[");
    const members = [this.#sum()];
    while (this.scanner.skip(",")) members.push(this.#sum());
    this.scanner.require("]");
    return (row) => {
      const value = left(row);
      return members.some((member) => compare(value, member(row)) === 0);
    };
  }

  #sum(): Evaluate {
    let left = this.#product();
    for (;;) {
      const operator = this.scanner.find(/[+-]/y)?.[0];
      if (operator === undefined) return left;
      left = arithmetic(operator, left, this.#product());
    }
  }

  #product(): Evaluate {
    let left = this.#power();
    for (;;) {
      const operator = this.scanner.find(/[*/%]/y)?.[0];
      if (operator === undefined) return left;
      left = arithmetic(operator, left, this.#power());
    }
  }

  #power(): Evaluate {
    const base = this.#unary();
    return this.scanner.skip("^") ? arithmetic("^", base, this.#power()) : base;
  }

  #unary(): Evaluate {
    if (!this.scanner.skip("-")) return this.#primary();
    const inner = this.#unary();
    return (row) => {
      const number = numberOf(inner(row));
      return number === undefined ? undefined : worked(-number);
    };
  }

  #primary(): Evaluate {
    const { scanner } = this;
    if (scanner.skip("(")) {
      const inner = this.#or();
      scanner.require(")");
      return inner;
    }
    const text = scanner.string();
    if (text !== undefined) return () => text;
    const number = scanner.number();
    if (number !== undefined) return () => number;
    if (scanner.word("true")) return () => true;
    if (scanner.word("false")) return () => false;
    if (scanner.word("null")) return () => undefined;
    return this.#named();
  }

  #named(): Evaluate {
    const { scanner } = this;
    scanner.skipSpaces();
    const begin = scanner.at;
    const name = scanner.requireName();
    if (!scanner.sees("(")) {
      this.#field = name;
      return (row) => row.get(name);
    }
    scanner.require("(");
    switch (name.toLowerCase()) {
      case "bin":
        return this.#bin();
      case "datefloor":
        return this.#rounded(floorTo);
      case "dateceil":
        return this.#rounded(ceilingTo);
      case "unmask":
        return this.#unmask();
      case "now":
        scanner.require(")");
        // @evidence CloudWatch Logs User Guide, "Datetime functions": when the query started, in epoch
        // seconds
        return () => Math.floor(this.beginning.at / 1_000);
      default:
        return this.#call(name, begin);
    }
  }

  #period(): Period {
    const found = this.scanner.duration();
    if (!found) throw this.scanner.unexpected();
    return periodOf(found.count, found.unit);
  }

  #bin(): Evaluate {
    const period = this.#period();
    this.scanner.require(")");
    return rounded(floorTo, (row) => row.get("@timestamp"), period);
  }

  /** @evidence CloudWatch Logs User Guide, "View unmasked data": `fields @timestamp, unmask(@message)` */
  #unmask(): Evaluate {
    const value = this.#or();
    this.scanner.require(")");
    this.unmasks = true;
    return (row) => value(row.unmasked());
  }

  #rounded(round: typeof floorTo): Evaluate {
    const value = this.#or();
    this.scanner.require(",");
    const period = this.#period();
    this.scanner.require(")");
    return rounded(round, value, period);
  }

  #call(name: string, begin: number): Evaluate {
    const { scanner, aggregates } = this;
    const aggregate = aggregates && findAggregate(name);
    const called = aggregate ?? findFunction(name);
    if (!called) throw scanner.refused(
      `Invalid function or the function is not supported here: ${name}`, begin
    );
    // What is within an aggregate is of each row: no aggregate itself.
    if (aggregate) this.aggregates = undefined;
    const args = this.#arguments();
    if (aggregate) this.aggregates = aggregates;
    if (args.length < called.least || args.length > called.most) {
      throw scanner.refused(`Invalid number of arguments for function ${name}: ${args.length}`, begin);
    }
    if (aggregate && aggregates) {
      const index = aggregates.push({ make: aggregate.make, args }) - 1;
      return (row) => row.aggregates[index];
    }
    const { apply } = called as { apply: (values: readonly Value[]) => Value };
    return (row) => apply(args.map((arg) => arg(row)));
  }

  #arguments(): Evaluate[] {
    const { scanner } = this;
    if (scanner.skip(")")) return [];
    if (scanner.find(/\*\s*\)/y)) return [];
    const args = [this.#or()];
    while (scanner.skip(",")) args.push(this.#or());
    scanner.require(")");
    return args;
  }
}

function rounded(round: typeof floorTo, value: Evaluate, period: Period): Evaluate {
  return (row) => {
    const at = numberOf(value(row));
    return at === undefined ? undefined : new Instant(round(at, period));
  };
}

function compared(operator: string, left: Evaluate, right: Evaluate): Evaluate {
  const holds = comparisons[operator] as (difference: number) => boolean;
  // What is missing is unlike everything.
  const ofMissing = operator === "!=";
  return (row) => {
    const [first, second] = [left(row), right(row)];
    const difference = compare(first, second);
    return difference === undefined ? ofMissing && !(isMissing(first) &&
      isMissing(second)) : holds(difference);
  };
}

const comparisons: Readonly<Record<string, (difference: number) => boolean>> = {
  "=": (difference) => difference === 0,
  "==": (difference) => difference === 0,
  "!=": (difference) => difference !== 0,
  "<": (difference) => difference < 0,
  "<=": (difference) => difference <= 0,
  ">": (difference) => difference > 0,
  ">=": (difference) => difference >= 0,
};

const operations: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "^": (left, right) => left ** right,
};

function arithmetic(operator: string, left: Evaluate, right: Evaluate): Evaluate {
  const apply = operations[operator] as (left: number, right: number) => number;
  return (row) => {
    const first = numberOf(left(row));
    const second = numberOf(right(row));
    return first === undefined || second === undefined ? undefined : worked(apply(first, second));
  };
}
