/** Reads a query into the stages that its rows go through. */

import { notImplemented } from "../../../kernel/errors.ts";
import { readBaseline, type Baseline } from "./baselines.ts";
import type { Evaluate } from "./aggregates.ts";
import { ExpressionReader, type AggregateCall, type Expression } from "./expressions.ts";
import { globExtraction, regexExtraction, type Extraction } from "./extraction.ts";
import { joined, readJoin, readLookup, type Lookup } from "./joining.ts";
import { anomalyColumns, differenceColumns, patterned, patternColumns, type Range } from "./patterns.ts";
import { resultsMax, type Query, type Start } from "./query.ts";
import { Scanner } from "./scanner.ts";
import { readSelection, type GroupSelection } from "./selections.ts";
import {
  aggregated, collected, deduplicated, filtered, gathered, limited, mapped, parsed, unnested,
  type Sorting, type Stage, type Statistics,
} from "./stages.ts";
import { Subquery } from "./subqueries.ts";
import { readTotals, totalled } from "./totals.ts";

interface Column {
  readonly name: string;
  readonly evaluate: Evaluate;
}

/** Makes a stage before the one that follows. */
type Link = (next: Stage, run: Run) => Stage;

interface Run {
  readonly matched: () => void;
  readonly range: Range;
}

const byTime: Sorting = [{ evaluate: (row) => row.get("@timestamp"), isDescending: true }];
const messageOf: Evaluate = (row) => row.get("@message");
const defaultColumns = ["@timestamp", "@message"];

function column(name: string): Column {
  return { name, evaluate: (row) => row.get(name) };
}

/** @evidence CloudWatch Logs User Guide, "Log classes": what groups of infrequent access do not take */
const standardOnly = ["anomaly", "diff", "filterindex", "pattern", "unmask"];

class QueryReader {
  readonly #scanner: Scanner;
  readonly #expressions: ExpressionReader;
  readonly #links: Link[] = [];
  readonly #isNested: boolean;
  readonly #subqueries: Subquery[] = [];
  readonly #lookups: Lookup[] = [];
  readonly #indexed: string[] = [];
  readonly #commands = new Set<string>();
  #patterned: { readonly evaluate: Evaluate; readonly at: number } | undefined;
  #selection: GroupSelection | undefined;
  #baseline: Baseline | undefined;
  #sorting: Sorting = byTime;
  #columns: Column[] | undefined;
  #made: Column[] = [];
  #displayed = false;
  #filters = false;
  #limited = false;

  constructor(scanner: Scanner, isNested = false) {
    this.#scanner = scanner;
    this.#isNested = isNested;
    this.#expressions = new ExpressionReader(scanner);
    if (!isNested) this.#expressions.subquery = () => this.#subquery();
  }

  read(): Query {
    const scanner = this.#scanner;
    const isOver = (): boolean => scanner.isAtEnd || (this.#isNested && scanner.sees(")"));
    while (scanner.skip("|"));
    do {
      if (isOver()) break;
      this.#command();
    } while (scanner.skip("|"));
    if (!isOver()) throw scanner.unexpected();
    return this.#query();
  }

  /** `(SOURCE … | …)` */
  #subquery(): Subquery {
    this.#scanner.require("(");
    const begin = this.#scanner.at;
    const query = new QueryReader(this.#scanner, true).read();
    if (!query.selection) throw this.#scanner.refused("A subquery begins with SOURCE", begin);
    this.#scanner.require(")");
    const subquery = new Subquery(query, query.selection);
    this.#subqueries.push(subquery);
    return subquery;
  }

  #shown(): readonly Column[] {
    const columns = this.#columns ?? defaultColumns.map(column);
    return this.#displayed ? columns
      : [...columns, ...this.#made.filter(({ name }) => !columns.some((each) => each.name === name))];
  }

  #query(): Query {
    const shown = this.#shown();
    const [links, sorting, isLimited] = [[...this.#links], this.#sorting, this.#limited];
    const { beginning } = this.#expressions;
    const begin = (end: Stage, { limit, matched, now, range }: Start): Stage => {
      beginning.at = now;
      const most = isLimited ? resultsMax : Math.min(limit ?? resultsMax, resultsMax);
      const last = this.#isNested ? end : limited(end, most, sorting);
      return links.reduceRight<Stage>((next, link) => link(next, { matched, range }), last);
    };
    return {
      unmasks: this.#commands.has("unmask") ? "all" : this.#expressions.unmasks ? "some" : undefined,
      filters: this.#filters,
      selection: this.#selection,
      baseline: this.#baseline,
      subqueries: this.#subqueries,
      lookups: this.#lookups,
      indexed: this.#indexed,
      standardOnly: standardOnly.filter((command) => this.#commands.has(command)),
      columns: shown.map(({ name }) => name),
      start: (options) => {
        const end = collected(() => shown);
        const first = begin(end, options);
        return { rows: end.rows, push: (row) => first.push(row), end: () => first.end() };
      },
      gather: (options) => {
        const end = gathered();
        const first = begin(end, options);
        return { rows: end.rows, push: (row) => first.push(row), end: () => first.end() };
      },
    };
  }

  #command(): void {
    const scanner = this.#scanner;
    const begin = scanner.at;
    const command = scanner.find(/[A-Za-z]+/y)?.[0].toLowerCase() ?? "";
    this.#commands.add(command);
    switch (command) {
      case "fields":
      case "unmask":
        return this.#fields(false);
      case "display":
        return this.#fields(true);
      case "filter":
      case "where":
        return this.#filter();
      case "filterindex":
        return this.#filterIndex();
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
        return this.#pattern(this.#expressions.read().evaluate);
      case "diff":
        return this.#diff();
      case "anomaly":
        return this.#anomaly();
      case "unnest":
        return this.#unnest();
      case "join":
        return this.#join();
      case "lookup":
        return this.#lookup();
      case "addtotals":
        return this.#addTotals();
      case "source":
        return this.#source(begin);
      case "logcompare":
        throw notImplemented(`The Logs Insights command ${command}`);
      default:
        scanner.at = begin;
        throw scanner.unexpected();
    }
  }

  #source(begin: number): void {
    if (this.#selection || this.#commands.size > 1) {
      throw this.#scanner.refused("SOURCE must be the first command of a query", begin);
    }
    this.#selection = readSelection(this.#scanner);
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

  /** @evidence CloudWatch Logs User Guide, "filterIndex": a field with `=` or `in` */
  #filterIndex(): void {
    const scanner = this.#scanner;
    scanner.skipSpaces();
    const begin = scanner.at;
    this.#indexed.push(scanner.requireName());
    if (!scanner.sees("=") && !scanner.seesWord("in")) throw scanner.unexpected();
    scanner.at = begin;
    this.#filter();
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
    let field = messageOf;
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

  #pattern(evaluate: Evaluate, follow?: "diff" | "anomaly"): void {
    this.#links.push((next, { range }) => patterned(next, evaluate, follow, () => range));
    this.#patterned = { evaluate, at: this.#links.length };
    this.#renew(patternColumns.map(column));
  }

  /** What follows upon `pattern` looks at the same texts, in its place; alone it is of messages. */
  #follow(follow: "diff" | "anomaly", columns: readonly string[]): void {
    const isDirect = this.#patterned?.at === this.#links.length;
    const evaluate = isDirect && this.#patterned ? this.#patterned.evaluate : messageOf;
    if (isDirect) this.#links.pop();
    this.#pattern(evaluate, follow);
    this.#renew([...patternColumns, ...columns].map(column));
  }

  #diff(): void {
    const begin = this.#scanner.at;
    // What counts, sorts out or cuts off would mix the two times.
    const mixing = ["stats", "dedup", "limit", "head", "join",
      "anomaly"].find((each) => this.#commands.has(each));
    this.#baseline = readBaseline(this.#scanner);
    if (mixing !== undefined || this.#isNested) {
      throw this.#scanner.refused("The diff command can't follow here", begin);
    }
    this.#follow("diff", differenceColumns);
  }

  #anomaly(): void {
    const begin = this.#scanner.at;
    if (this.#patterned?.at !== this.#links.length) {
      throw this.#scanner.refused("The anomaly command must follow the pattern command", begin);
    }
    this.#follow("anomaly", anomalyColumns);
  }

  #join(): void {
    if (this.#isNested) throw notImplemented("A join within a subquery");
    const join = readJoin(this.#scanner, () => this.#subquery());
    this.#links.push((next) => joined(next, join));
  }

  #lookup(): void {
    const lookup = readLookup(this.#scanner);
    this.#lookups.push(lookup);
    this.#links.push((next) => mapped(next, (row) => lookup.apply(row)));
    this.#make(lookup.outputs.map(({ field }) => field));
  }

  #addTotals(): void {
    const totals = readTotals(this.#scanner);
    const columns = this.#shown().map(({ name }) => name);
    this.#links.push((next) => totalled(next, totals, columns));
    if (totals.ofRows) this.#make([totals.name]);
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
  return new QueryReader(new Scanner(text)).read();
}
