/** PartiQL statements as they are written. The same text gives the same syntax; parameters come later. */

import type { Position } from "./statement-errors.ts";

interface Placed {
  readonly at: Position;
}

/** A name, the position in a list, or one of the stars that DynamoDB has no use for. */
export type PathPart =
  | (Placed & { readonly kind: "name"; readonly name: string })
  | (Placed & { readonly kind: "index"; readonly index: Expression })
  | (Placed & { readonly kind: "unpivot" | "wildcard" });

/** `root` is undefined for what begins with something else than a name. */
export interface PathExpression extends Placed {
  readonly kind: "path";
  readonly root: string | undefined;
  readonly parts: readonly PathPart[];
}

export interface CallExpression extends Placed {
  readonly kind: "call";
  /** In lower case, as all functions are known by. */
  readonly name: string;
  readonly operands: readonly Expression[];
}

export type Expression =
  | (Placed & { readonly kind: "string" | "number" | "ion"; readonly text: string })
  | (Placed & { readonly kind: "boolean"; readonly value: boolean })
  | (Placed & { readonly kind: "null" | "missing" })
  /** The first `?` has the index 0. */
  | (Placed & { readonly kind: "parameter"; readonly index: number })
  | PathExpression
  | (Placed & { readonly kind: "list" | "bag"; readonly members: readonly Expression[] })
  | (Placed & { readonly kind: "struct"; readonly fields: readonly StructField[] })
  | CallExpression
  | (Placed & { readonly kind: "and" | "or"; readonly operands: readonly Expression[] })
  | (Placed & { readonly kind: "not"; readonly operand: Expression })
  | (Placed & { readonly kind: "sign"; readonly operator: string; readonly operand: Expression })
  | (Placed & {
    readonly kind: "binary";
    readonly operator: string;
    readonly left: Expression;
    readonly right: Expression;
  })
  | (Placed & {
    readonly kind: "between";
    readonly operand: Expression;
    readonly low: Expression;
    readonly high: Expression;
  })
  | (Placed & { readonly kind: "in"; readonly operand: Expression; readonly candidates: Expression })
  | (Placed & { readonly kind: "is"; readonly operand: Expression; readonly type: string })
  | (Placed & { readonly kind: "statement"; readonly statement: StatementSyntax });

export interface StructField {
  readonly key: Expression;
  readonly value: Expression;
}

/** What a FROM names; `several` of more than one. */
export interface Source {
  readonly expression: Expression;
  readonly alias: boolean;
  readonly several: boolean;
}

export interface Ordering {
  readonly expression: Expression;
  readonly descending: boolean;
}

/** Clauses that are well-formed and not supported. */
export interface UnsupportedClause {
  readonly clause: string;
  readonly at: Position | undefined;
}

export interface Returning {
  readonly which: "ALL" | "MODIFIED";
  readonly version: "OLD" | "NEW";
}

export interface ReturningSyntax extends Returning {
  readonly star: boolean;
}

/** A SET or REMOVE of an UPDATE; `insert` stands for the INSERT that PartiQL would allow there. */
export type ChangeSyntax =
  | { readonly kind: "set"; readonly target: PathExpression; readonly value: Expression }
  | { readonly kind: "remove"; readonly target: PathExpression }
  | { readonly kind: "insert" };

export type StatementSyntax =
  | {
    readonly kind: "select";
    /** Undefined for `*`; `alias` where AS names a column anew. */
    readonly columns: readonly { readonly expression: Expression; readonly alias: boolean }[] | undefined;
    readonly valueOnly: boolean;
    readonly source: Source;
    readonly where: Expression | undefined;
    readonly orderBy: readonly Ordering[] | undefined;
    readonly unsupported: readonly UnsupportedClause[];
  }
  | {
    readonly kind: "insert";
    readonly target: PathExpression;
    /** VALUE has one item, everything else several. */
    readonly single: boolean;
    readonly value: Expression;
    readonly returning: readonly ReturningSyntax[];
  }
  | {
    readonly kind: "update";
    readonly source: Source;
    readonly changes: readonly ChangeSyntax[];
    readonly where: Expression | undefined;
    readonly returning: readonly ReturningSyntax[];
  }
  | {
    readonly kind: "delete";
    readonly source: Source;
    readonly where: Expression | undefined;
    readonly returning: readonly ReturningSyntax[];
  };
