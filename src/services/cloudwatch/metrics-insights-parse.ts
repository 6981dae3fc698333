/**
 * Metrics Insights: `SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId) WHERE … GROUP BY … ORDER
 * BY
 * … LIMIT …`, read.
 *
 * @evidence CloudWatch User Guide, "Metrics Insights query components and syntax"
 */

import { notImplemented } from "../../kernel/errors.ts";
import { validationError } from "./errors.ts";

const functions = ["AVG", "COUNT", "MAX", "MIN", "SUM"] as const;
export type InsightsFunction = typeof functions[number];

export interface InsightsCondition {
  readonly label: string;
  readonly isEqual: boolean;
  readonly value: string;
}

export interface InsightsQuery {
  readonly function: InsightsFunction;
  readonly metric: string;
  readonly namespace: string;
  /** Exactly these dimensions; undefined where metrics may have any. */
  readonly schema: readonly string[] | undefined;
  readonly where: readonly InsightsCondition[];
  readonly groupBy: readonly string[];
  readonly order: { readonly function: InsightsFunction; readonly isDescending: boolean } | undefined;
  readonly limit: number;
}

/** @evidence CloudWatch User Guide, "Metrics Insights quotas": 500 time series, no more */
const limitMax = 500;

const tokenForm = /\s*(?:'((?:[^']|'')*)'|"((?:[^"]|"")*)"|(!=|[(),=])|([^\s'"(),=!]+))/y;

interface Token {
  readonly kind: "text" | "name" | "sign" | "word";
  readonly text: string;
}

export function isInsightsQuery(text: string): boolean {
  return /^\s*SELECT\s/i.test(text);
}

function tokensOf(text: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < text.trimEnd().length; at = tokenForm.lastIndex) {
    tokenForm.lastIndex = at;
    const match = tokenForm.exec(text);
    if (!match) throw malformed(text.slice(at).trim());
    const [, value, name, sign, word] = match;
    if (value !== undefined) found.push({ kind: "text", text: value.replaceAll("''", "'") });
    else if (name !== undefined) found.push({ kind: "name", text: name.replaceAll('""', '"') });
    else if (sign !== undefined) found.push({ kind: "sign", text: sign });
    else found.push({ kind: "word", text: word ?? "" });
  }
  return found;
}

function malformed(near: string): Error {
  return validationError(`Metrics Insights query is malformed near '${near}'`);
}

class InsightsReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  read(): InsightsQuery {
    this.#require("SELECT");
    const aggregate = this.#function();
    this.#sign("(");
    const metric = this.#name();
    this.#sign(")");
    this.#require("FROM");
    const { namespace, schema } = this.#source();
    const where = this.#word("WHERE") ? this.#conditions() : [];
    const groupBy = this.#by("GROUP") ? this.#labels() : [];
    const order = this.#by("ORDER") ? this.#order() : undefined;
    const limit = this.#word("LIMIT") ? this.#limit() : limitMax;
    if (this.#at < this.#tokens.length) throw this.#wrong();
    return { function: aggregate, metric, namespace, schema, where, groupBy, order, limit };
  }

  #wrong(): Error {
    return malformed(this.#tokens[this.#at]?.text ?? "end of query");
  }

  #word(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" || token.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #require(word: string): void {
    if (!this.#word(word)) throw this.#wrong();
  }

  #by(word: string): boolean {
    if (!this.#word(word)) return false;
    this.#require("BY");
    return true;
  }

  #skip(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #sign(sign: string): void {
    if (!this.#skip(sign)) throw this.#wrong();
  }

  #function(): InsightsFunction {
    const name = this.#tokens[this.#at]?.text.toUpperCase();
    const found = functions.find((each) => each === name);
    if (!found) throw this.#wrong();
    this.#at++;
    return found;
  }

  /** In double quotes where it has other characters than letters, digits, `_`, `.` and such. */
  #name(): string {
    const token = this.#tokens[this.#at];
    const isName = token?.kind === "name" || (token?.kind === "word" && /^[A-Za-z_][\w.]*$/.test(token.text));
    if (!isName) throw this.#wrong();
    this.#at++;
    return token.text;
  }

  #label(): string {
    const name = this.#name();
    if (name.startsWith("tag.")) throw notImplemented("Metrics Insights queries of CloudWatch by tags");
    return name;
  }

  #source(): Pick<InsightsQuery, "namespace" | "schema"> {
    if (!this.#word("SCHEMA")) return { namespace: this.#name(), schema: undefined };
    this.#sign("(");
    const namespace = this.#name();
    const schema: string[] = [];
    while (this.#skip(",")) schema.push(this.#label());
    this.#sign(")");
    return { namespace, schema };
  }

  #conditions(): InsightsCondition[] {
    const found: InsightsCondition[] = [];
    do {
      const label = this.#label();
      const isEqual = this.#skip("=");
      if (!isEqual) this.#sign("!=");
      const token = this.#tokens[this.#at++];
      if (token?.kind !== "text") throw malformed(token?.text ?? "end of query");
      found.push({ label, isEqual, value: token.text });
    } while (this.#word("AND"));
    return found;
  }

  #labels(): string[] {
    const labels = [this.#label()];
    while (this.#skip(",")) labels.push(this.#label());
    return labels;
  }

  #order(): NonNullable<InsightsQuery["order"]> {
    const aggregate = this.#function();
    this.#sign("(");
    this.#sign(")");
    const isDescending = this.#word("DESC");
    if (!isDescending) this.#word("ASC");
    return { function: aggregate, isDescending };
  }

  #limit(): number {
    const text = this.#tokens[this.#at]?.text ?? "";
    const limit = Number(text);
    if (!/^\d+$/.test(text) || limit < 1 || limit > limitMax) throw this.#wrong();
    this.#at++;
    return limit;
  }
}

/** @throws ValidationError */
export function parseInsights(text: string): InsightsQuery {
  return new InsightsReader(text).read();
}
