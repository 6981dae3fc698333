/** Records of CSV, as they arrive. A record is its cells; the first may name them. */

import type * as s3 from "../../../generated/s3.ts";
import { selectError } from "./errors.ts";

export const recordCharactersMax = 1024 * 1024;

export interface CsvFormat {
  readonly recordDelimiter: string;
  readonly fieldDelimiter: string;
  /** Empty where nothing is quoted. */
  readonly quote: string;
  readonly escape: string;
  readonly comments: string;
  readonly allowsQuotedDelimiters: boolean;
}

/** @evidence S3 API Reference, CSVInput: defaults */
export function csvFormat(input: s3.CSVInput): CsvFormat {
  const quote = input.QuoteCharacter ?? '"';
  return {
    recordDelimiter: input.RecordDelimiter || "\n",
    fieldDelimiter: input.FieldDelimiter || ",",
    quote,
    escape: input.QuoteEscapeCharacter || quote,
    comments: input.Comments ?? "#",
    allowsQuotedDelimiters: input.AllowQuotedRecordDelimiter ?? false,
  };
}

export class CsvReader {
  readonly #format: CsvFormat;
  #pending = "";

  constructor(format: CsvFormat) {
    this.#format = format;
  }

  /** @throws OverMaxRecordSize */
  push(text: string): string[][] {
    const all = this.#pending + text;
    const records: string[][] = [];
    let start = 0;
    for (let end = this.#endOf(all, 0); end >= 0; end = this.#endOf(all, start)) {
      this.#add(records, all.slice(start, end));
      start = end + this.#format.recordDelimiter.length;
    }
    this.#pending = all.slice(start);
    if (this.#pending.length > recordCharactersMax) throw selectError("OverMaxRecordSize");
    return records;
  }

  end(): string[][] {
    const records: string[][] = [];
    this.#add(records, this.#pending);
    this.#pending = "";
    return records;
  }

  #endOf(all: string, start: number): number {
    const { recordDelimiter, allowsQuotedDelimiters, quote, escape } = this.#format;
    let end = all.indexOf(recordDelimiter, start);
    if (!allowsQuotedDelimiters || quote === "") return end;
    let isQuoted = false;
    let at = start;
    while (end >= 0) {
      for (let index = at; index < end; index++) {
        const character = all[index];
        if (isQuoted && escape !== quote && character === escape) index += 1;
        else if (character === quote) isQuoted = !isQuoted;
      }
      if (!isQuoted) return end;
      at = end + recordDelimiter.length;
      end = all.indexOf(recordDelimiter, at);
    }
    return -1;
  }

  #add(records: string[][], raw: string): void {
    const { recordDelimiter, comments } = this.#format;
    const line = recordDelimiter === "\n" && raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "" || (comments !== "" && line.startsWith(comments))) return;
    if (line.length > recordCharactersMax) throw selectError("OverMaxRecordSize");
    records.push(this.#cells(line));
  }

  #cells(line: string): string[] {
    const { fieldDelimiter, quote, escape } = this.#format;
    if (quote === "" || !line.includes(quote)) return line.split(fieldDelimiter);
    const cells: string[] = [];
    let at = 0;
    for (;;) {
      let cell = "";
      if (line[at] === quote) {
        [cell, at] = quotedCell(line, at + 1, quote, escape);
      }
      const end = line.indexOf(fieldDelimiter, at);
      cells.push(cell + line.slice(at, end < 0 ? line.length : end));
      if (end < 0) return cells;
      at = end + fieldDelimiter.length;
    }
  }
}

/** @returns what was quoted, and where the line goes on */
function quotedCell(line: string, from: number, quote: string, escape: string): [string, number] {
  let cell = "";
  let at = from;
  while (at < line.length) {
    const character = line[at] ?? "";
    const isEscaped = character === escape && (line[at + 1] === quote || line[at + 1] === escape);
    if (!isEscaped && character === quote) return [cell, at + 1];
    cell += isEscaped ? line[at + 1] : character;
    at += isEscaped ? 2 : 1;
  }
  return [cell, at];
}
