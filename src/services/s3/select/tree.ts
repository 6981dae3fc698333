/** An S3 Select query, understood. */

import type { Place } from "./errors.ts";

export type Step =
  | { readonly kind: "name"; readonly name: string; readonly isQuoted: boolean }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "every" };

export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=";
export type Arithmetic = "+" | "-" | "*" | "/" | "%" | "||";
export type CastType = "bool" | "int" | "float" | "text";
export type Aggregate = "COUNT" | "SUM" | "AVG" | "MIN" | "MAX";

export interface Path {
  readonly kind: "path";
  readonly steps: readonly Step[];
  readonly place: Place;
}

export type Expression = { readonly depth: number } & (
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | Path
  | { readonly kind: "not" | "negative"; readonly operand: Expression }
  | { readonly kind: "logical"; readonly operator: "AND" | "OR"; readonly operands: readonly Expression[] }
  | { readonly kind: "comparison"; readonly operator: Comparison; readonly operands: readonly Expression[] }
  | { readonly kind: "arithmetic"; readonly operator: Arithmetic; readonly operands: readonly Expression[] }
  /** Value, pattern, and the escape character if there is one. */
  | { readonly kind: "like"; readonly operands: readonly Expression[] }
  /** The value, then what it may be. */
  | { readonly kind: "in"; readonly operands: readonly Expression[] }
  | { readonly kind: "between"; readonly operands: readonly Expression[] }
  | { readonly kind: "isNull" | "isMissing"; readonly operand: Expression }
  | { readonly kind: "cast"; readonly type: CastType; readonly operand: Expression }
  | { readonly kind: "call"; readonly name: string; readonly operands: readonly Expression[] }
  /** Without operand it is COUNT(*). */
  | { readonly kind: "aggregate"; readonly name: Aggregate; readonly operand: Expression | undefined }
  /** Condition and result in turns, and what else it is at the end. */
  | { readonly kind: "case"; readonly operands: readonly Expression[] }
);

export interface Item {
  readonly name: string;
  readonly expression: Expression;
}

export interface Query {
  /** Undefined for `*`. */
  readonly items: readonly Item[] | undefined;
  /** Which values of a document are the records. */
  readonly source: readonly Step[];
  readonly where: Expression | undefined;
  readonly limit: number | undefined;
}

export function childrenOf(expression: Expression): readonly Expression[] {
  if ("operands" in expression) return expression.operands;
  return "operand" in expression && expression.operand ? [expression.operand] : [];
}

export function holdsAggregate(expression: Expression): boolean {
  return expression.kind === "aggregate" || childrenOf(expression).some(holdsAggregate);
}
