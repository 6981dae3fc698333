/**
 * What a parser notices on its way. A wrong token ends parsing at once; everything else is reported once the
 * whole text has proved to be well-formed: of each kind the first, and the kinds in AWS's order.
 */

import { misusedFunction, reservedKeyword, tooManyOperators } from "./expression-errors.ts";
import type { Complaint } from "./expression-errors.ts";
import { isReserved } from "./reserved-words.ts";
import type { OperandSyntax } from "./syntax.ts";

export const OPERATORS_MAX = 300;

export type FindingKind = "parentheses" | "function" | "misuse" | "reserved" | "section" | "path";

export class Findings {
  /** The placeholders that were used. */
  readonly references = new Set<string>();
  readonly #reasons = new Map<FindingKind, string>();
  #operators = 0;

  note(kind: FindingKind, reason: string): void {
    if (!this.#reasons.has(kind)) this.#reasons.set(kind, reason);
  }

  operator(): void {
    this.#operators += 1;
  }

  name(name: string): void {
    if (isReserved(name)) this.note("reserved", reservedKeyword(name));
  }

  /** Notes functions that stand where only those in `allowed` may. */
  operands(operands: readonly OperandSyntax[], allowed: ReadonlySet<string>): void {
    for (const operand of operands) {
      if (operand.kind !== "call" || allowed.has(operand.name)) continue;
      this.note("misuse", misusedFunction(operand.name));
    }
  }

  /** @throws the complaint's error of the first kind in `order` that was found */
  report(complain: Complaint, order: readonly FindingKind[]): void {
    if (this.#operators > OPERATORS_MAX) throw complain(tooManyOperators(this.#operators));
    for (const kind of order) {
      const reason = this.#reasons.get(kind);
      if (reason !== undefined) throw complain(reason);
    }
  }
}
