/**
 * What is wrong with expressions, in AWS's words. Most texts are made of a sentence and named details, joined
 * with `; `; before them stands which expression is meant.
 *
 * @evidence dynalite's and scylladb's tests, both written against DynamoDB itself; dynamodb-conformance;
 *   aws-sdk-js issue 3721 (too many operators); PynamoDB issue 979 (expression size)
 */

import type { AwsError } from "../../../kernel/errors.ts";
import { validation } from "../values/value-errors.ts";

export type ExpressionKind =
  | "ConditionExpression" | "FilterExpression" | "KeyConditionExpression" | "ProjectionExpression"
  | "UpdateExpression";

/** Makes the error of a reason; PartiQL words the same reasons without naming an expression. */
export type Complaint = (reason: string) => AwsError;

/** `Invalid FilterExpression: …` */
export function complaintOf(kind: ExpressionKind): Complaint {
  return (reason) => validation(`Invalid ${kind}: ${reason}`);
}

export const EMPTY = "The expression can not be empty;";
export const REDUNDANT_PARENTHESES = "The expression has redundant parentheses;";

/** @evidence dynamodb-conformance, validation-ordering/deepRequests: only an update does not say its size */
export function expressionTooLong(kind: ExpressionKind, bytes: number): string {
  const size = kind === "UpdateExpression" ? "" : ` expression size: ${bytes}`;
  return `Expression size has exceeded the maximum allowed size;${size}`;
}

export function tooManyOperators(count: number): string {
  return `The expression contains too many operators; operator count: ${count}`;
}

export function syntaxError(token: string, near: string): string {
  return `Syntax error; token: "${token}", near: "${near}"`;
}

export function reservedKeyword(name: string): string {
  return `Attribute name is a reserved keyword; reserved keyword: ${name}`;
}

export function invalidFunction(name: string): string {
  return `Invalid function name; function: ${name}`;
}

/** No recorded text is known; scylladb's tests say that it holds "not allowed". */
export function functionNotAllowed(
  name: string, where: "a condition expression" | "an update expression",
): string {
  return `The function is not allowed in ${where}; function: ${name}`;
}

export function misusedFunction(name: string): string {
  return `The function is not allowed to be used this way in an expression; function: ${name}`;
}

export function undefinedName(reference: string): string {
  return "An expression attribute name used in the document path is not defined; " +
    `attribute name: ${reference}`;
}

export function undefinedValue(reference: string): string {
  return `An expression attribute value used in expression is not defined; attribute value: ${reference}`;
}

export function wrongOperandCount(operator: string, count: number): string {
  return "Incorrect number of operands for operator or function; " +
    `operator or function: ${operator}, number of operands: ${count}`;
}

export function wrongOperandType(operator: string, type: string): string {
  return "Incorrect operand type for operator or function; " +
    `operator or function: ${operator}, operand type: ${type}`;
}

/** ADD and DELETE name types by their long names. */
export function wrongActionType(action: string, type: string): string {
  return `Incorrect operand type for operator or function; operator: ${action}, operand type: ${type}`;
}

export function requiresPath(operator: string): string {
  return `Operator or function requires a document path; operator or function: ${operator}`;
}

export function sameOperands(operator: string, path: string): string {
  return "The first operand must be distinct from the remaining operands for this operator or function; " +
    `operator: ${operator}, first operand: ${path}`;
}

/** The order of the types is that of a Java hash set; any order was recorded. */
export function invalidTypeName(name: string): string {
  return `Invalid attribute type name found; type: ${name}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`;
}

export function boundsOfDifferentTypes(low: string, high: string): string {
  return "The BETWEEN operator requires same data type for lower and upper bounds; " +
    `lower bound operand: AttributeValue: ${low}, upper bound operand: AttributeValue: ${high}`;
}

export function boundsOutOfOrder(low: string, high: string): string {
  return "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
    `lower bound operand: AttributeValue: ${low}, upper bound operand: AttributeValue: ${high}`;
}

export function tooManyCandidates(count: number): string {
  return `The IN operator is provided with too many operands; number of operands: ${count}`;
}

export function sectionTwice(section: string): string {
  return `The "${section}" section can only be used once in an update expression;`;
}

export function pathsOverlap(first: string, second: string): string {
  return "Two document paths overlap with each other; " +
    `must remove or rewrite one of these paths; path one: ${first}, path two: ${second}`;
}

export function pathsConflict(first: string, second: string): string {
  return "Two document paths conflict with each other; " +
    `must remove or rewrite one of these paths; path one: ${first}, path two: ${second}`;
}

/** No recorded text is known. */
export function pathTooDeep(levels: number): string {
  return `The document path has too many nesting elements; nesting levels: ${levels}`;
}

/** No recorded text is known. */
export function indexTooLarge(index: string): string {
  return `List index is not within the allowable range; index: [${index}]`;
}

export function emptyMap(parameter: "ExpressionAttributeNames" | "ExpressionAttributeValues"): AwsError {
  return validation(`${parameter} must not be empty`);
}

export function invalidKey(parameter: string, key: string): AwsError {
  return validation(`${parameter} contains invalid key: Syntax error; key: "${key}"`);
}

export function invalidMapValue(parameter: string, reason: string, key: string): AwsError {
  return validation(`${parameter} contains invalid value: ${reason} for key ${key}`);
}

export function unused(parameter: string, keys: readonly string[]): AwsError {
  return validation(`Value provided in ${parameter} unused in expressions: keys: {${keys.join(", ")}}`);
}

/** The bound of 2 MB is documented; no recorded text is known. */
export function attributesTooLarge(parameter: string): AwsError {
  return validation(`${parameter} exceeds max size`);
}

/** An update met an attribute that is not of the type its action needs. */
export function wrongUpdateType(): AwsError {
  return validation("An operand in the update expression has an incorrect data type");
}

export function missingAttribute(): AwsError {
  return validation("The provided expression refers to an attribute that does not exist in the item");
}

export function invalidUpdatePath(): AwsError {
  return validation("The document path provided in the update expression is invalid for update");
}

export function keyAttributeUpdated(name: string): AwsError {
  return validation(
    "One or more parameter values were invalid: " +
      `Cannot update attribute ${name}. This attribute is part of the key`,
  );
}

/** `kind` is `Key` for the table's own key and `IndexKey` for that of an index. */
export function keyAttributeNotScalar(kind: "Key" | "IndexKey", name: string): AwsError {
  return validation(
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " +
      `${kind}: ${name}`,
  );
}
