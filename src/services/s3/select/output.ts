/** How records are answered. */

import type * as s3 from "../../../generated/s3.ts";
import { recordCharactersMax } from "./csv.ts";
import { selectError } from "./errors.ts";
import { missing, type Member } from "./records.ts";

export type WriteRecord = (members: readonly Member[]) => string;

/** @throws OverMaxRecordSize when a record has become too large */
export function recordWriter(output: s3.OutputSerialization): WriteRecord {
  const write = output.JSON ? jsonWriter(output.JSON) : csvWriter(output.CSV ?? {});
  return (members) => {
    const record = write(members);
    if (record.length > recordCharactersMax) throw selectError("OverMaxRecordSize");
    return record;
  };
}

/** What is missing is left out. */
function jsonWriter({ RecordDelimiter = "\n" }: s3.JSONOutput): WriteRecord {
  return (members) => {
    const present = members.filter(([, value]) => value !== missing);
    const texts = present.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
    return `{${texts.join(",")}}${RecordDelimiter}`;
  };
}

/** @evidence S3 API Reference, CSVOutput: defaults */
function csvWriter(output: s3.CSVOutput): WriteRecord {
  const { RecordDelimiter: end = "\n", FieldDelimiter: between = ",", QuoteCharacter: quote = '"' } = output;
  const escape = output.QuoteEscapeCharacter ?? quote;
  const isSpecial = (text: string): boolean =>
    [between, quote, end, "\n", "\r"].some((each) => each !== "" && text.includes(each));
  const cell = (value: unknown): string => {
    const text = cellText(value);
    if (quote === "" || (output.QuoteFields !== "ALWAYS" && !isSpecial(text))) return text;
    return quote + text.replaceAll(quote, () => escape + quote) + quote;
  };
  return (members) => members.map(([, value]) => cell(value)).join(between) + end;
}

function cellText(value: unknown): string {
  if (value === missing || value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
