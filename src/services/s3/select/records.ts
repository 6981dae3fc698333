/** Records of either format, and what is found in them under the names of a query. */

import type * as s3 from "../../../generated/s3.ts";
import { CsvReader, csvFormat } from "./csv.ts";
import { invalidColumnIndex, selectError, type Place } from "./errors.ts";
import { isNamed, JsonReader, missing } from "./json.ts";
import type { Step } from "./tree.ts";

export { missing } from "./json.ts";

export type Find = (record: unknown) => unknown;
export type Member = readonly [name: string, value: unknown];

export interface RecordReader {
  push(text: string): readonly unknown[];
  end(): readonly unknown[];
  /** To be called when there are records, as only then it is known what they have. */
  finder(steps: readonly Step[], place: Place): Find;
  membersOf(record: unknown): readonly Member[];
}

export function csvRecords(input: s3.CSVInput): RecordReader {
  const reader = new CsvReader(csvFormat(input));
  let takesHeader = input.FileHeaderInfo === "USE" || input.FileHeaderInfo === "IGNORE";
  let header: readonly string[] | undefined;
  const withoutHeader = (records: readonly string[][]): readonly string[][] => {
    const [first, ...rest] = records;
    if (!takesHeader || !first) return records;
    takesHeader = false;
    if (input.FileHeaderInfo === "USE") header = first;
    return rest;
  };
  return {
    push: (text) => withoutHeader(reader.push(text)),
    end: () => withoutHeader(reader.end()),
    finder(steps, place) {
      const index = cellIndex(steps, place, header);
      return (record) => (record as string[])[index] ?? missing;
    },
    membersOf: (record) =>
      (record as string[]).map((cell, index) => [header?.[index] ?? `_${index + 1}`, cell]),
  };
}

/** @throws MissingHeaders, InvalidColumnIndex */
function cellIndex(steps: readonly Step[], place: Place, header: readonly string[] | undefined): number {
  const [step, ...more] = steps;
  if (step?.kind === "name" && more.length === 0) {
    const exact = header?.indexOf(step.name) ?? -1;
    if (exact >= 0) return exact;
    const near = header?.findIndex((name) => isNamed(step, name)) ?? -1;
    if (near >= 0) return near;
    const [, position] = /^_([1-9]\d{0,5})$/.exec(step.name) ?? [];
    if (position !== undefined) return Number(position) - 1;
  }
  throw header ? selectError("MissingHeaders") : invalidColumnIndex(place);
}

export function jsonRecords(source: readonly Step[]): RecordReader {
  const reader = new JsonReader(source);
  return {
    push: (text) => reader.push(text),
    end: () => reader.end(),
    finder: (steps) => (record) => steps.reduce(memberAt, record),
    membersOf(record) {
      if (record === missing) return [];
      const isObject = typeof record === "object" && record !== null && !Array.isArray(record);
      return isObject ? Object.entries(record) : [["_1", record]];
    },
  };
}

/** Columns are found as members of JSON are; records come ready. */
export function readyRecords(): RecordReader {
  const { finder, membersOf } = jsonRecords([]);
  return { push: () => [], end: () => [], finder, membersOf };
}

function memberAt(value: unknown, step: Step): unknown {
  if (typeof value !== "object" || value === null) return missing;
  if (Array.isArray(value)) {
    return step.kind === "index" && step.index < value.length ? (value as unknown[])[step.index] : missing;
  }
  if (step.kind !== "name") return missing;
  if (Object.hasOwn(value, step.name)) return (value as Record<string, unknown>)[step.name];
  if (step.isQuoted) return missing;
  const near = Object.keys(value).find((key) => isNamed(step, key));
  return near === undefined ? missing : (value as Record<string, unknown>)[near];
}
