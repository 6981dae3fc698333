/** What jq's programs are made of, as they are read and as they are run. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A part of a text: itself, or what is put in by `\(…)`. */
export type TextPart = string | Filter;

export type Filter =
  | { readonly kind: "identity" | "everything" }
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "text"; readonly parts: readonly TextPart[]; readonly format: string | undefined }
  | { readonly kind: "format"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "index"; readonly of: Filter; readonly by: Filter }
  | { readonly kind: "slice"; readonly of: Filter; readonly from?: Filter; readonly to?: Filter }
  | { readonly kind: "each"; readonly of: Filter }
  | { readonly kind: "pipe" | "comma"; readonly left: Filter; readonly right: Filter }
  | { readonly kind: "and" | "or" | "otherwise"; readonly left: Filter; readonly right: Filter }
  | { readonly kind: "operation"; readonly sign: string; readonly left: Filter; readonly right: Filter }
  | { readonly kind: "negation"; readonly of: Filter }
  | { readonly kind: "array"; readonly of: Filter }
  | { readonly kind: "object"; readonly entries: readonly (readonly [key: Filter, value: Filter])[] }
  | { readonly kind: "if"; readonly condition: Filter; readonly then: Filter; readonly otherwise: Filter }
  | { readonly kind: "try"; readonly of: Filter; readonly handler?: Filter }
  | { readonly kind: "as"; readonly source: Filter; readonly name: string; readonly body: Filter }
  | {
    readonly kind: "reduce"; readonly source: Filter; readonly name: string; readonly start: Filter;
    readonly update: Filter;
  }
  | { readonly kind: "call"; readonly name: string; readonly inputs: readonly Filter[] };

/** The program is none of jq's, or of a part of it that is not read here. */
export class SyntaxTrouble extends Error {
  readonly isUnbuilt: boolean;

  constructor(message: string, isUnbuilt = false) {
    super(message);
    this.isUnbuilt = isUnbuilt;
  }
}
