/** What a request to SelectObjectContent may say. */

import type * as s3 from "../../../generated/s3.ts";
import { notImplemented } from "../../../kernel/errors.ts";
import { selectError } from "./errors.ts";

const inList = (value: string | undefined, allowed: readonly string[]): boolean =>
  value === undefined || allowed.includes(value);

/** @throws InvalidExpressionType and its like; NotImplemented for BZIP2 */
export function requireSelectable(input: s3.SelectObjectContentRequest): void {
  if (input.ExpressionType !== "SQL") throw selectError("InvalidExpressionType");
  requireInput(input.InputSerialization);
  requireOutput(input.OutputSerialization);
  if (input.ScanRange) requireScannable(input.InputSerialization);
}

/**
 * Where a record begins can't be known in the middle of what is compressed, quoted or nested.
 *
 * @evidence S3 API Reference, SelectObjectContent, ScanRange
 */
function requireScannable({ CSV, JSON, CompressionType }: s3.InputSerialization): void {
  const isOpaque =
    !inList(CompressionType, ["NONE"]) || CSV?.AllowQuotedRecordDelimiter || JSON?.Type === "DOCUMENT";
  if (isOpaque) throw selectError("UnsupportedScanRangeInput");
}

function requireInput({ CSV, JSON, Parquet, CompressionType }: s3.InputSerialization): void {
  const count = [CSV, JSON, Parquet].filter((each) => each !== undefined).length;
  if (count > 1) throw selectError("ObjectSerializationConflict");
  if (count === 0) throw selectError("InvalidDataSource");
  if (!inList(CompressionType, ["NONE", "GZIP", "BZIP2"])) throw selectError("InvalidRequestParameter");
  if (Parquet && !inList(CompressionType, ["NONE"])) throw selectError("InvalidCompressionFormat");
  if (CompressionType === "BZIP2") throw notImplemented("BZIP2 as compression of SelectObjectContent");
  if (CSV) requireCsv(CSV);
  if (JSON) {
    if (JSON.Type === undefined) throw selectError("MissingRequiredParameter");
    if (!inList(JSON.Type, ["DOCUMENT", "LINES"])) throw selectError("InvalidJsonType");
  }
}

function requireCsv(csv: s3.CSVInput): void {
  if (!inList(csv.FileHeaderInfo, ["NONE", "USE", "IGNORE"])) throw selectError("InvalidFileHeaderInfo");
  requireCharacters(csv);
  if ((csv.Comments ?? "").length > 1) throw selectError("InvalidRequestParameter");
}

function requireOutput({ CSV, JSON }: s3.OutputSerialization): void {
  if (CSV && JSON) throw selectError("ObjectSerializationConflict");
  if (!CSV && !JSON) throw selectError("MissingRequiredParameter");
  if (!CSV) return;
  if (!inList(CSV.QuoteFields, ["ALWAYS", "ASNEEDED"])) throw selectError("InvalidQuoteFields");
  requireCharacters(CSV);
}

/** Quotes are one character, delimiters at most two. */
function requireCharacters(csv: s3.CSVInput | s3.CSVOutput): void {
  const isTooLong =
    (csv.QuoteCharacter ?? "").length > 1 || (csv.QuoteEscapeCharacter ?? "").length > 1 ||
    (csv.FieldDelimiter ?? "").length > 2 || (csv.RecordDelimiter ?? "").length > 2;
  if (isTooLong) throw selectError("InvalidRequestParameter");
}
