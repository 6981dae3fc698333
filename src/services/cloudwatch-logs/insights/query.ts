/** A query, read into the stages that its rows go through. */

import { notImplemented } from "../../../kernel/errors.ts";
import type { Evaluate } from "./aggregates.ts";
import { ExpressionReader, type AggregateCall, type Expression } from "./expressions.ts";
import { globExtraction, regexExtraction, type Extraction } from "./extraction.ts";
import { Scanner } from "./scanner.ts";
import {
  aggregated, collected, deduplicated, filtered, limited, mapped, parsed, patterned, unnested, type ShownRow,
  type Sorting, type Stage, type Statistics,
} from "./stages.ts";

/** @evidence CloudWatch Logs API Reference, StartQuery, limit: 10,000 by default and at most */
export const resultsMax = 10_000;

interface Column {
  readonly name: string;
  readonly evaluate: Evaluate;
}

/** Makes a stage before the one that follows. */
type Link = (next: Stage, run: Run) => Stage;

interface Run {
  readonly matched: () => void;
}

export interface Pipeline extends Stage {
  readonly rows: readonly ShownRow[];
}

export interface Query {
  /** Shows what a data protection policy hides. */
  readonly unmasks: boolean;
  /** Whether a filter says which events match. */
  readonly filters: boolean;
  /** Groups that the query itself names. */
  start(options: { readonly limit: number | undefined; readonly matched: () => void }): Pipeline;
}

const byTime: Sorting = [{ evaluate: (row) => row.get("@timestamp"), isDescending: true }];
const defaultColumns = ["@timestamp", "@message"];

function column(name: string): Column {
  return { name, evaluate: (row) => row.get(name) };
}

class QueryReader {
  readonly #scanner: Scanner;
  readonly #expressions: ExpressionReader;
  readonly #links: Link[] = [];
  #sorting: Sorting = byTime;
  #columns: Column[] | undefined;
  #made: Column[] = [];
  #displayed = false;
  #unmasks = false;
  #filters = false;
  #limited = false;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
    this.#expressions = new ExpressionReader(this.#scanner);
  }

  read(): Query {
    const scanner = this.#scanner;
    while (scanner.skip("|"));
    do {
      if (scanner.isAtEnd) break;
      this.#command();
    } while (scanner.skip("|"));
    if (!scanner.isAtEnd) throw scanner.unexpected();
    return this.#query();
  }

  #query(): Query {
    const columns = this.#columns ?? defaultColumns.map(column);
    const shown = this.#displayed ? columns
      : [...columns, ...this.#made.filter(({ name }) => !columns.some((each) => each.name === name))];
    const [links, sorting, isLimited] = [[...this.#links], this.#sorting, this.#limited];
    return {
      unmasks: this.#unmasks,
      filters: this.#filters,
      start: ({ limit, matched }) => {
        const end = collected(() => shown);
        const most = isLimited ? resultsMax : Math.min(limit ?? resultsMax, resultsMax);
        const first = links.reduceRight<Stage>(
          (next, link) => link(next, { matched }), limited(end, most, sorting)
        );
        return { rows: end.rows, push: (row) => first.push(row), end: () => first.end() };
      },
    };
  }

  #command(): void {
    const scanner = this.#scanner;
    const begin = scanner.at;
    const command = scanner.find(/[A-Za-z]+/y)?.[0].toLowerCase() ?? "";
    switch (command) {
      case "fields":
        return this.#fields(false);
      case "display":
        return this.#fields(true);
      case "filter":
      case "where":
        return this.#filter();
      case "stats":
        return this.#stats();
      case "sort":
        return this.#sort();
      case "limit":
      case "head":
        return this.#limit();
      case "parse":
        return this.#parse();
      case "dedup":
        return this.#dedup();
      case "pattern":
        return this.#pattern();
      case "unmask":
        this.#unmasks = true;
        return this.#fields(false);
      case "unnest":
        return this.#unnest();
      case "filterindex":
        return this.#filter();
      case "diff":
      case "anomaly":
      case "lookup":
      case "join":
      case "source":
      case "subquery":
        throw notImplemented(`The Logs Insights command ${command}`);
      default:
        scanner.at = begin;
        throw scanner.unexpected();
    }
  }

  /** `expression [as name]` */
  #named(): Expression & { readonly name: string } {
    const expression = this.#expressions.read();
    const name = this.#scanner.word("as") ? this.#scanner.requireName() : expression.text;
    return { ...expression, name };
  }

  #fields(isDisplay: boolean): void {
    const all = [this.#named()];
    while (this.#scanner.skip(",")) all.push(this.#named());
    // What is worked out keeps its value, whatever becomes of what it is made from.
    const made = all.filter(({ field, name }) => field !== name);
    if (made.length > 0) {
      this.#links.push((next) => mapped(next, (row) => {
        for (const { name, evaluate } of made) row.set(name, evaluate(row));
      }));
    }
    const columns = all.map(({ name }) => column(name));
    const others = isDisplay || this.#displayed ? [] : (this.#columns ?? []);
    this.#columns = [...others.filter(({ name }) => !columns.some((each) => each.name === name)), ...columns];
    this.#displayed = isDisplay;
  }

  #filter(): void {
    const { evaluate } = this.#expressions.read();
    const isFirst = !this.#filters;
    this.#filters = true;
    // Conditions before anything else say what matches; with several, those that pass the first.
    this.#links.push((next, { matched }) => filtered(next, evaluate, isFirst ? matched : () => undefined));
  }

  #stats(): void {
    const calls: AggregateCall[] = [];
    this.#expressions.aggregates = calls;
    const results = [this.#named()];
    while (this.#scanner.skip(",")) results.push(this.#named());
    this.#expressions.aggregates = undefined;
    if (calls.length === 0) throw this.#scanner.unexpected();
    const by: Column[] = [];
    if (this.#scanner.word("by")) {
      do by.push(this.#named());
      while (this.#scanner.skip(","));
    }
    const statistics: Statistics = { calls, results, by };
    this.#links.push((next) => aggregated(next, statistics));
    this.#renew([...by, ...results]);
  }

  /** Rows are others from here on: what was said of the earlier ones is over. */
  #renew(columns: readonly Column[]): void {
    this.#columns = columns.map(({ name }) => column(name));
    this.#made = [];
    this.#displayed = false;
    this.#sorting = [];
  }

  #sort(): void {
    const keys: { evaluate: Evaluate; isDescending: boolean }[] = [];
    do {
      const { evaluate, text } = this.#sortKey();
      const isDescending = this.#scanner.word("desc") || (!this.#scanner.word("asc") && false);
      keys.push({ evaluate: (row) => row.get(text) ?? evaluate(row), isDescending });
    } while (this.#scanner.skip(","));
    this.#sorting = keys;
  }

  /** What `stats` calls `count(*)` is sorted by under that name. */
  #sortKey(): Expression {
    const scanner = this.#scanner;
    scanner.skipSpaces();
    const begin = scanner.at;
    this.#expressions.aggregates = [];
    const expression = this.#expressions.read();
    const isAggregate = this.#expressions.aggregates.length > 0;
    this.#expressions.aggregates = undefined;
    if (isAggregate && !this.#columns?.some(({ name }) => name === expression.text)) {
      scanner.at = begin;
      throw scanner.unexpected();
    }
    return expression;
  }

  #limit(): void {
    const count = this.#scanner.number();
    if (count === undefined || !Number.isInteger(count) || count > resultsMax || count < 1) {
      throw this.#scanner.unexpected();
    }
    const sorting = this.#sorting;
    this.#links.push((next) => limited(next, count, sorting));
    this.#limited = true;
  }

  #parse(): void {
    const scanner = this.#scanner;
    let field: Evaluate = (row) => row.get("@message");
    scanner.skipSpaces();
    if (!/["'/]/.test(scanner.text[scanner.at] ?? "")) {
      const name = scanner.requireName();
      field = (row) => row.get(name);
    }
    scanner.skipSpaces();
    const begin = scanner.at;
    const regex = scanner.regex();
    const glob = regex ? undefined : scanner.string();
    if (!regex && glob === undefined) throw scanner.unexpected();
    const names: string[] = [];
    if (scanner.word("as")) {
      do names.push(scanner.requireName());
      while (scanner.skip(","));
    }
    const extraction: Extraction = regex ? regexExtraction(scanner, regex, names, begin)
      : globExtraction(scanner, glob ?? "", names, begin);
    this.#links.push((next) => parsed(next, field, extraction));
    this.#make(extraction.names);
  }

  #make(names: readonly string[]): void {
    this.#made.push(...names.map(column));
  }

  #dedup(): void {
    const keys = [this.#expressions.read()];
    while (this.#scanner.skip(",")) keys.push(this.#expressions.read());
    const sorting = this.#sorting;
    this.#links.push((next) => deduplicated(next, keys, sorting));
  }

  #pattern(): void {
    const { evaluate } = this.#expressions.read();
    this.#links.push((next) => patterned(next, evaluate));
    this.#renew(["@pattern", "@ratio", "@sampleCount", "@severityLabel"].map(column));
  }

  #unnest(): void {
    const { evaluate } = this.#expressions.read();
    if (!this.#scanner.word("into")) throw this.#scanner.unexpected();
    const name = this.#scanner.requireName();
    this.#links.push((next) => unnested(next, evaluate, name));
    this.#make([name]);
  }
}

/** @throws MalformedQueryException */
export function parseQuery(text: string): Query {
  return new QueryReader(text).read();
}
