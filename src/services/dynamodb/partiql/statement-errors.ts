/**
 * What is wrong with PartiQL statements, in AWS's words. Some say where: `at line:column:length`, counted in
 * characters from 1.
 *
 * @evidence dynamodb-conformance, error-messages/partiqlGrammar, error-messages/partiqlFunctions and
 *   partiql/executeStatementIndex, recorded in 2026-08 to 2026-10; floci's PartiQL tests, recorded in
 *   2026-09. Where neither has a text, it is that of DynamoDB Local.
 */

import type { AwsError } from "../../../kernel/errors.ts";
import { invalidParameters, validation } from "../values/value-errors.ts";

/** A token's place in a statement. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

function at(message: string, { line, column, length }: Position): AwsError {
  return validation(`${message} at ${line}:${column}:${length}`);
}

/** The detail is empty for what belongs to no token: odd characters, numbers that Java cannot hold. */
export function notWellFormed(detail: string): AwsError {
  return validation(`Statement wasn't well formed, can't be processed: ${detail}`);
}

export function expected(what: string): AwsError {
  return notWellFormed(`Expected ${what}`);
}

export const UNEXPECTED_TERM = "Unexpected term";
export const UNEXPECTED_KEYWORD = "Unexpected keyword";
export const UNEXPECTED_OPERATOR = "Unexpected operator";
export const LEFT_OVER = "Unexpected token after expression";
export const NO_RIGHT_SIDE = "Missing right-hand side expression of infix operator";
export const WRONG_PATH_PART = "Invalid path dot component";
export const EMPTY_GROUP = "Expression group cannot be empty";
export const STAR_NOT_ALONE = "Other expressions may not be present in the select list when '*' is used " +
  "without dot notation.";

/** Deeper than any statement that AWS runs. */
export function nestedTooDeeply(): AwsError {
  return validation("Nesting Levels have exceeded supported limits");
}

export function parameterCount(): AwsError {
  return validation("Number of parameters in request and statement don't match.");
}

export function aliased(): AwsError {
  return validation("Aliasing is not supported");
}

/** `kind` names the syntax: `IsType`, `Call`. */
export function unsupportedOperation(kind: string): AwsError {
  return validation(`Unsupported operation: ${kind}`);
}

export function unsupportedClause(clause: string, position?: Position): AwsError {
  const message = `Unsupported clause: ${clause}`;
  return position ? at(message, position) : validation(message);
}

export function unsupportedToken(kind: string, position?: Position): AwsError {
  const message = `Unsupported token in expression: ${kind}`;
  return position ? at(message, position) : validation(message);
}

export function valueProjection(): AwsError {
  return validation("Select projection doesn't support value or pivot keywords");
}

export function severalTables(): AwsError {
  return validation("Only select from a single table or index is supported.");
}

export function wrongSource(position: Position): AwsError {
  return at("Unexpected from source", position);
}

export function listInSource(): AwsError {
  return validation("Invalid list expression in source.");
}

export function starInSource(): AwsError {
  return validation(
    "Invalid path dot component in this operation, expecting either an IDENTIFIER or STAR.",
  );
}

export function sourceTooLong(): AwsError {
  return validation("A path may contain at most 2 components in the FROM clause");
}

export function emptyPathComponent(): AwsError {
  return validation("Path component cannot be an empty string");
}

export function wrongTableName(): AwsError {
  return validation(
    "Table name should be within the length [3, 255] and only contain " +
      "'a-z', 'A-Z', '0-9', '-', '_', '.'.",
  );
}

export function insertIntoIndex(position: Position): AwsError {
  return at("FROM clause may only contain a single table name in data manipulation statements", position);
}

export function writeToIndex(): AwsError {
  return validation("This operation is not supported on an index");
}

export function wrongPathComponent(position: Position): AwsError {
  return at("Unexpected path component", position);
}

export function unpivotPath(): AwsError {
  return validation("Unpivot path component like a.*.b are not supported");
}

export function wildcardPath(): AwsError {
  return validation("Wildcard path component like a[*].b are not supported");
}

export function wrongIndex(index: string, position: Position): AwsError {
  return at(`List index is not within the allowable range; index: [${index}]`, position);
}

export function columnTwice(name: string): AwsError {
  return validation(`Duplicate identifiers in select clause: ${name}`);
}

export function unknownFunction(name: string, position: Position): AwsError {
  return at(`Unrecognized function: ${name}`, position);
}

export function conditionOperator(operator: string): AwsError {
  return validation(`Unsupported operator in Condition Expression. Operator: ${operator}`);
}

export function updateOperator(operator: string): AwsError {
  return validation(`Unsupported operator in Update Expression. Operator: ${operator}`);
}

export function noCondition(): AwsError {
  return validation("WHERE clause must contain an expression that resolves to a boolean");
}

export function joinedNoCondition(): AwsError {
  return validation("The arguments to AND/OR must be Expressions");
}

export function negatedNoCondition(): AwsError {
  return validation("The argument to NOT must be a Type or Expression");
}

export function wrongIn(): AwsError {
  return validation(
    "IN operator must have a left hand argument of type Variable Reference " +
      "and right hand argument of type Seq with at least one member",
  );
}

export function wrongIsOperand(): AwsError {
  return validation("The left hand side argument to IS must be a Variable Reference, Literal, or Path");
}

export function wrongIsType(type: string, position: Position): AwsError {
  return at(
    `Unsupported data type for IS operator: ${type}. Supported data types are ` +
      "[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]",
    position,
  );
}

export function isInUpdate(): AwsError {
  return validation("IS operator is not supported in update expressions");
}

export function missingCompared(): AwsError {
  return validation("MISSING must be compared using IS operator");
}

/** `name` is SET_ADD or SET_DELETE. */
export function setFunctionTarget(name: string, position: Position): AwsError {
  return at(`The first argument to ${name} must equal the assignment value`, position);
}

/** The position is the first argument's. */
export function setFunctionValue(name: string, position: Position): AwsError {
  return at(`The second argument to ${name} must be a value with type SET`, position);
}

export function setFunctionCount(name: string, position: Position): AwsError {
  return at(`${name} must have exactly two arguments`, position);
}

export function onlySetAndRemove(): AwsError {
  return validation("Only SET and REMOVE are supported in update expressions at this time");
}

export function severalItems(): AwsError {
  return validation(
    "Unsupported operation: Inserting multiple items in a single statement is not supported, " +
      'use "INSERT INTO tableName VALUE item" instead',
  );
}

export function wrongItem(): AwsError {
  return validation(
    "Unsupported format in item expression. " +
      "Please use struct format {...} to express item values for insert statement.",
  );
}

export function insertReturning(): AwsError {
  return validation("RETURNING is not supported in INSERT");
}

export function severalReturned(): AwsError {
  return validation("Invalid syntax with multiple returning elements in RETURNING clause");
}

export function returnedColumn(): AwsError {
  return validation("Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause");
}

/** `mapping` as `MODIFIED OLD`. */
export function deleteReturning(mapping: string): AwsError {
  return validation(
    `Invalid returning clause: RETURNING ${mapping} *. ` +
      "Only RETURNING ALL OLD * is allowed in DELETE statements.",
  );
}

export function emptyBag(): AwsError {
  return validation("Empty bags are not supported");
}

export function mixedBag(): AwsError {
  return validation(
    "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags",
  );
}

/** Numbers as they were written; the sets of a request are worded otherwise. */
export function numbersTwice(members: readonly string[], path: string): AwsError {
  return invalidParameters(`Input collection [${members.join(", ")}] contains duplicates! under ${path}`);
}

export function unsupportedData(kind: string, path: string, position: Position): AwsError {
  return at(`Unsupported data type: ${kind} under key ${path}`, position);
}

export function ionLiteral(text: string, path: string): AwsError {
  return validation(`Ion Literals are not supported: ${text} under key ${path}`);
}

export function wrongStructKey(kind: string, path: string): AwsError {
  return validation(`Tuple keys must be of type String. Actual type: ${kind} under ${path}`);
}

export function structKeyTwice(key: string, path: string): AwsError {
  return validation(`Duplicate keys in tuple. Key: ${key} under ${path}`);
}

export function literalTooDeep(path: string): AwsError {
  return validation(`Nesting Levels have exceeded supported limits under ${path}`);
}

/** What is wrong with a value in a statement names the way to it. */
export function under(path: string, error: AwsError): AwsError {
  return validation(`${error.message} under ${path}`);
}

/** @param kind of what ORDER BY has for an attribute */
export function wrongOrdering(kind: string): AwsError {
  return validation(`Argument to ORDER BY must be of type VariableReference. Type: ${kind}`);
}
