/**
 * Refusals of SelectObjectContent. Texts with a place in the expression are as S3 answered them; those of
 * the list of codes are the list's.
 *
 * @evidence Hadoop S3A, "S3 Select" troubleshooting: recorded answers; S3 API Reference, "List of SELECT
 *   Object Content Error Codes"
 */

import { AwsError } from "../../../kernel/errors.ts";
import { refuse } from "../errors.ts";

const listed = {
  CastFailed: "Attempt to convert from one data type to another using CAST failed in the SQL expression.",
  CSVParsingError: "Encountered an error parsing the CSV file. Check the file and try again.",
  EvaluatorBindingDoesNotExist: "A column name or a path provided does not exist in the SQL expression.",
  EvaluatorInvalidTimestampFormatPattern:
    "Timestamp format pattern is not valid in the SQL expression.",
  EvaluatorInvalidArguments: "Incorrect number of arguments in the function call in the SQL expression.",
  ExpressionTooLong:
    "The SQL expression is too long: The maximum byte-length for the SQL expression is 256 KB.",
  IncorrectSqlFunctionArgumentType:
    "Incorrect type of arguments in function call in the SQL expression.",
  IntegerOverflow: "Integer overflow or underflow in the SQL expression.",
  InvalidCompressionFormat:
    "GZIP is not applicable to the queried object. Please correct the request and try again.",
  InvalidDataSource: "Invalid data source type. Only CSV and JSON are supported at this time.",
  InvalidDataType: "The SQL expression contains an invalid data type.",
  InvalidExpressionType: "The ExpressionType is invalid. Only SQL expressions are supported at this time.",
  InvalidFileHeaderInfo: "The FileHeaderInfo is invalid. Only NONE, USE, and IGNORE are supported.",
  InvalidJsonType: "The JsonType is invalid. Only DOCUMENT and LINES are supported at this time.",
  InvalidQuoteFields: "The QuoteFields is invalid. Only ALWAYS and ASNEEDED are supported.",
  InvalidRequestParameter:
    "The value of a parameter in SelectRequest element is invalid. Check the service API documentation and " +
    "try again.",
  InvalidScanRange:
    "The value of a parameter in ScanRange element is invalid. Check the service API documentation and try " +
    "again.",
  JSONParsingError: "Encountered an error parsing the JSON file. Check the file and try again.",
  LexerInvalidChar: "The SQL expression contains an invalid character.",
  LikeInvalidInputs: "Invalid argument given to the LIKE clause in the SQL expression.",
  MissingHeaders: "Some headers in the query are missing from the file. Please check the file and try again.",
  MissingRequiredParameter:
    "The SelectRequest entity is missing a required parameter. Check the service documentation and try " +
    "again.",
  ObjectSerializationConflict:
    "The SelectRequest entity can only contain one of CSV or JSON. Check the service documentation and try " +
    "again.",
  OverMaxColumn:
    "The number of columns in the result is greater than the maximum allowable number of columns.",
  OverMaxParquetBlockSize: "Parquet file is above the max row group size.",
  OverMaxRecordSize:
    "The length of a record in the input or result is greater than maxCharsPerRecord of 1 MB.",
  ParseAsteriskIsNotAloneInSelectList:
    "Other expressions are not allowed in the SELECT list when '*' is used without dot notation in the SQL " +
    "expression.",
  ParseEmptySelect: "The SQL expression contains an empty SELECT.",
  ParseExpectedDatePart: "Did not find the expected date part in the SQL expression.",
  ParseExpectedKeyword: "Did not find the expected keyword in the SQL expression.",
  ParquetParsingError: "Encountered an error parsing the Parquet file. Check the file and try again.",
  ParseSelectMissingFrom: "The SQL expression contains a missing FROM after SELECT list.",
  ParseUnsupportedCallWithStar:
    "Only COUNT with (*) as a parameter is supported in the SQL expression.",
  ParseUnsupportedLiteralsGroupBy: "The SQL expression contains an unsupported use of GROUP BY.",
  TruncatedInput:
    "Object decompression failed. Check that the object is properly compressed using the format specified " +
    "in the request.",
  UnsupportedFunction: "Encountered an unsupported SQL function.",
  UnsupportedScanRangeInput:
    "Scan range queries are not supported on this type of object. Check the service documentation and try " +
    "again.",
  UnsupportedSqlOperation: "Encountered an unsupported SQL operation.",
  UnsupportedSqlStructure: "Encountered an unsupported SQL structure. Check the SQL Reference.",
  UnsupportedSyntax: "Encountered invalid syntax.",
  ValueParseFailure: "Timestamp parse failure in the SQL expression.",
} as const;

export function selectError(code: keyof typeof listed): AwsError {
  return refuse(code, listed[code]);
}

/** Where in the expression something is, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export function unexpectedToken(found: string, { line, column }: Place): AwsError {
  return refuse("ParseUnexpectedToken", `Unexpected token found ${found} at line ${line}, column ${column}.`);
}

export function expectedTypeName(found: string, { line, column }: Place): AwsError {
  const message = `Expected type name, found ${found} at line ${line}, column ${column}.`;
  return refuse("ParseExpectedTypeName", message);
}

export function invalidPathComponent(kind: string, { line, column }: Place): AwsError {
  const message =
    `Invalid Path component, expecting either an IDENTIFIER or STAR, got: ${kind},at line ${line}, ` +
    `column ${column}.`;
  return refuse("ParseInvalidPathComponent", message);
}

export function invalidColumnIndex({ line, column }: Place): AwsError {
  const message =
    `The column index at line ${line}, column ${column} is invalid. Please check the service documentation ` +
    "and try again.";
  return refuse("InvalidColumnIndex", message);
}

export function invalidTextEncoding(byte: number): AwsError {
  const message =
    "UTF-8 encoding is required. The text encoding error was found near byte " +
    `${byte.toLocaleString("en-US")}.`;
  return refuse("InvalidTextEncoding", message);
}
