/** Expressions as they are written: placeholders stand for names and values that a request brings along. */

import type { ExpressionKind } from "./expression-errors.ts";

/** A name as written, a placeholder `#name`, or a position in a list. */
export type PathPart =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "reference"; readonly reference: string }
  | { readonly kind: "index"; readonly index: number };

export interface PathSyntax {
  readonly kind: "path";
  readonly parts: readonly PathPart[];
}

/** A placeholder `:value`. */
export interface ValueSyntax {
  readonly kind: "value";
  readonly reference: string;
}

/** A function's call; whether it is a condition or an operand depends on the function. */
export interface CallSyntax {
  readonly kind: "call";
  readonly name: string;
  readonly operands: readonly OperandSyntax[];
}

export type OperandSyntax = PathSyntax | ValueSyntax | CallSyntax;

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type ConditionSyntax =
  | CallSyntax
  | {
    readonly kind: "comparison";
    readonly operator: Comparator;
    readonly left: OperandSyntax;
    readonly right: OperandSyntax;
  }
  | {
    readonly kind: "between";
    readonly operand: OperandSyntax;
    readonly low: OperandSyntax;
    readonly high: OperandSyntax;
  }
  | { readonly kind: "in"; readonly operand: OperandSyntax; readonly candidates: readonly OperandSyntax[] }
  | { readonly kind: "and" | "or"; readonly conditions: readonly ConditionSyntax[] }
  | { readonly kind: "not"; readonly condition: ConditionSyntax };

/** What every parsed expression says of itself. */
export interface ExpressionSyntax {
  readonly expression: ExpressionKind;
  /** The placeholders it uses: `#name` and `:value`. */
  readonly references: ReadonlySet<string>;
}

export interface ConditionExpressionSyntax extends ExpressionSyntax {
  readonly condition: ConditionSyntax;
}

export interface ProjectionExpressionSyntax extends ExpressionSyntax {
  readonly paths: readonly PathSyntax[];
}

export type SetValueSyntax =
  | OperandSyntax
  | {
    readonly kind: "sum";
    readonly operator: "+" | "-";
    readonly left: OperandSyntax;
    readonly right: OperandSyntax;
  };

export type ActionSyntax =
  | { readonly kind: "set"; readonly path: PathSyntax; readonly value: SetValueSyntax }
  | { readonly kind: "remove"; readonly path: PathSyntax }
  | { readonly kind: "add" | "delete"; readonly path: PathSyntax; readonly value: ValueSyntax };

export interface UpdateExpressionSyntax extends ExpressionSyntax {
  readonly actions: readonly ActionSyntax[];
}
