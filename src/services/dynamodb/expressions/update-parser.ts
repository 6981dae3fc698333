/**
 * Update expressions.
 *
 *     update  := { SET path "=" value {"," …} | REMOVE path {"," …} | ( ADD | DELETE ) path :value {"," …} }
 *     value   := operand [ ( "+" | "-" ) operand ] | "(" value ")"
 *     operand := path | :value | function "(" operand { "," operand } ")" | "(" operand ")"
 */

import { functionNotAllowed, invalidFunction, sectionTwice } from "./expression-errors.ts";
import { Findings, OPERATORS_MAX } from "./findings.ts";
import type { FindingKind } from "./findings.ts";
import { TokenReader } from "./lexer.ts";
import { isPathStart, parsePath } from "./path-parser.ts";
import { CONDITION_FUNCTIONS } from "./condition-parser.ts";
import type {
  ActionSyntax, CallSyntax, OperandSyntax, SetValueSyntax, UpdateExpressionSyntax, ValueSyntax,
} from "./syntax.ts";

/** How many operands each function of an update takes. */
export const UPDATE_FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ["if_not_exists", 2], ["list_append", 2],
]);
/** A function's operands and those of + and - may be this function's calls, but no other's. */
const OPERAND_FUNCTIONS: ReadonlySet<string> = new Set(["if_not_exists"]);

const SECTIONS = ["SET", "REMOVE", "ADD", "DELETE"] as const;
type Section = (typeof SECTIONS)[number];

const ORDER: readonly FindingKind[] = ["reserved", "function", "misuse", "section", "path"];
/** `((a) + (b))` has as many parentheses as the grammar knows. */
const PARENTHESES_MAX = 2;

/**
 * The syntax of an update, without its names and values: the same text gives the same syntax.
 *
 * @throws ValidationException for everything that is wrong in the text itself
 */
export function parseUpdate(text: string): UpdateExpressionSyntax {
  const findings = new Findings();
  const tokens = new TokenReader(text, "UpdateExpression");
  const actions = new UpdateParser(tokens, findings).parse();
  findings.report(tokens.complain, ORDER);
  return { expression: "UpdateExpression", references: findings.references, actions };
}

function isKeyword(text: string): boolean {
  return (SECTIONS as readonly string[]).includes(text.toUpperCase());
}

class UpdateParser {
  readonly #tokens: TokenReader;
  readonly #findings: Findings;
  #callsOpen = 0;

  constructor(tokens: TokenReader, findings: Findings) {
    this.#tokens = tokens;
    this.#findings = findings;
  }

  parse(): ActionSyntax[] {
    const actions: ActionSyntax[] = [];
    const seen = new Set<Section>();
    do {
      const section = SECTIONS.find((each) => this.#tokens.skipKeyword(each));
      if (section === undefined) throw this.#tokens.wrongToken();
      do actions.push(this.#action(section)); while (this.#tokens.skipSymbol(","));
      if (seen.has(section)) this.#findings.note("section", sectionTwice(section));
      seen.add(section);
    } while (this.#tokens.peek().kind !== "end");
    return actions;
  }

  #action(section: Section): ActionSyntax {
    const path = parsePath(this.#tokens, this.#findings, isKeyword);
    switch (section) {
      case "SET":
        this.#tokens.expectSymbol("=");
        return { kind: "set", path, value: this.#setValue() };
      case "REMOVE":
        return { kind: "remove", path };
      case "ADD":
        return { kind: "add", path, value: this.#value() };
      case "DELETE":
        return { kind: "delete", path, value: this.#value() };
    }
  }

  /** A parenthesis may hold the sum or its first operand; which of them shows when it is closed. */
  #setValue(): SetValueSyntax {
    let open = 0;
    while (open < PARENTHESES_MAX && this.#tokens.skipSymbol("(")) open += 1;
    let value: SetValueSyntax = this.#operand();
    let isSum = false;
    for (;;) {
      const operator = isSum ? undefined : this.#sign();
      if (operator !== undefined) {
        isSum = true;
        const right = this.#operandInParentheses();
        this.#findings.operator();
        if (value.kind === "sum") throw this.#tokens.wrongToken();
        this.#findings.operands([value, right], OPERAND_FUNCTIONS);
        value = { kind: "sum", operator, left: value, right };
      } else if (open > 0) {
        this.#tokens.expectSymbol(")");
        open -= 1;
      } else return value;
    }
  }

  #sign(): "+" | "-" | undefined {
    if (this.#tokens.skipSymbol("+")) return "+";
    return this.#tokens.skipSymbol("-") ? "-" : undefined;
  }

  #operandInParentheses(): OperandSyntax {
    if (!this.#tokens.skipSymbol("(")) return this.#operand();
    const operand = this.#operand();
    this.#tokens.expectSymbol(")");
    return operand;
  }

  #operand(): OperandSyntax {
    const { kind, text } = this.#tokens.peek();
    if (kind === "value-reference") return this.#value();
    if (kind === "name" && !isKeyword(text) && this.#tokens.isSymbol("(", 1)) return this.#call();
    if (isPathStart(this.#tokens, isKeyword)) return parsePath(this.#tokens, this.#findings, isKeyword);
    throw this.#tokens.wrongToken();
  }

  #call(): CallSyntax {
    const name = this.#tokens.next().text;
    this.#findings.operator();
    // More open calls than operators are allowed are too many whatever follows: nothing nests without end.
    this.#callsOpen += 1;
    if (this.#callsOpen > OPERATORS_MAX) this.#findings.report(this.#tokens.complain, []);
    this.#tokens.expectSymbol("(");
    const operands = [this.#operandInParentheses()];
    while (this.#tokens.skipSymbol(",")) operands.push(this.#operandInParentheses());
    this.#tokens.expectSymbol(")");
    this.#callsOpen -= 1;
    this.#findings.operands(operands, OPERAND_FUNCTIONS);
    if (CONDITION_FUNCTIONS.has(name)) {
      this.#findings.note("function", functionNotAllowed(name, "an update expression"));
    } else if (!UPDATE_FUNCTIONS.has(name)) {
      this.#findings.note("function", invalidFunction(name));
    }
    return { kind: "call", name, operands };
  }

  #value(): ValueSyntax {
    if (this.#tokens.peek().kind !== "value-reference") throw this.#tokens.wrongToken();
    const { text } = this.#tokens.next();
    this.#findings.references.add(text);
    return { kind: "value", reference: text };
  }
}
