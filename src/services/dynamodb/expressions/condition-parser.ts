/**
 * Condition, filter and key condition expressions share one grammar. The parser keeps its own stack, so that
 * no text, however deeply nested, exhausts JavaScript's.
 *
 *     or        := and { OR and }                        operand := path | :value | call | "(" operand ")"
 *     and       := not { AND not }                       path    := operand-path { "." name | "[" n "]" }
 *     not       := { NOT } ( condition | "(" or ")" )    call    := name "(" operand { "," operand } ")"
 *     condition := operand comparator operand | operand BETWEEN operand AND operand
 *                | operand IN "(" operand { "," operand } ")" | call
 *
 * What a parenthesis opens, a condition or an operand, shows only later: `(a) = b`, `(a = b)`.
 */

import {
  functionNotAllowed, invalidFunction, misusedFunction, REDUNDANT_PARENTHESES,
} from "./expression-errors.ts";
import type { ExpressionKind } from "./expression-errors.ts";
import { Findings } from "./findings.ts";
import type { FindingKind } from "./findings.ts";
import { TokenReader } from "./lexer.ts";
import { isPathStart, parsePath, parsePathEnd } from "./path-parser.ts";
import type {
  CallSyntax, Comparator, ConditionExpressionSyntax, ConditionSyntax, OperandSyntax,
} from "./syntax.ts";

export type ConditionKind = Exclude<ExpressionKind, "ProjectionExpression" | "UpdateExpression">;

/** How many operands each function of a condition takes. */
export const CONDITION_FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ["attribute_exists", 1], ["attribute_not_exists", 1], ["attribute_type", 2], ["begins_with", 2],
  ["contains", 2], ["size", 1],
]);
const UPDATE_FUNCTIONS: ReadonlySet<string> = new Set(["if_not_exists", "list_append"]);
/** The functions that give a value, and so may be operands. */
const OPERAND_FUNCTIONS: ReadonlySet<string> = new Set(["size"]);

const KEYWORDS: ReadonlySet<string> = new Set(["AND", "OR", "NOT", "BETWEEN", "IN"]);
const COMPARATORS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);
const ORDER: readonly FindingKind[] = ["parentheses", "function", "misuse", "reserved", "path"];

/**
 * The syntax of a condition, without its names and values: the same text gives the same syntax.
 *
 * @throws ValidationException for everything that is wrong in the text itself
 */
export function parseCondition(text: string, kind: ConditionKind): ConditionExpressionSyntax {
  const findings = new Findings();
  const tokens = new TokenReader(text, kind);
  const condition = new ConditionParser(tokens, findings).parse();
  findings.report(tokens.complain, ORDER);
  return { expression: kind, references: findings.references, condition };
}

function isKeyword(text: string): boolean {
  return KEYWORDS.has(text.toUpperCase());
}

function isComparator(text: string): text is Comparator {
  return COMPARATORS.has(text);
}

type Node = OperandSyntax | ConditionSyntax;

function isOperand(node: Node): node is OperandSyntax {
  return node.kind === "path" || node.kind === "value" || node.kind === "call";
}

function isCondition(node: Node): node is ConditionSyntax {
  return node.kind !== "path" && node.kind !== "value";
}

/** What is open: the whole text, a parenthesis, a function's operands or the candidates of an IN. */
interface Frame {
  readonly kind: "text" | "group" | "call" | "in";
  /** Only operands may stand in it. */
  readonly operandsOnly: boolean;
  readonly or: ConditionSyntax[];
  and: ConditionSyntax[];
  /** No AND, OR or NOT was seen in it. */
  plain: boolean;
  negated: boolean;
  /** A comparison that waits for its next operand. */
  comparison?: { operator: Comparator | "BETWEEN"; left: OperandSyntax; low?: OperandSyntax } | undefined;
  /** The function's name. */
  name?: string;
  /** The operand before IN. */
  operand?: OperandSyntax;
  readonly operands: OperandSyntax[];
}

class ConditionParser {
  readonly #tokens: TokenReader;
  readonly #findings: Findings;
  readonly #frames: Frame[] = [];
  #top = frame("text", false);

  constructor(tokens: TokenReader, findings: Findings) {
    this.#tokens = tokens;
    this.#findings = findings;
  }

  parse(): ConditionSyntax {
    for (;;) {
      const condition = this.#settle(this.#primary());
      if (condition) return condition;
    }
  }

  /** Opens what has to be opened and gives the operand inside it. */
  #primary(): Node {
    for (;;) {
      const top = this.#top;
      const operandExpected = top.operandsOnly || top.comparison !== undefined;
      if (!operandExpected && this.#tokens.skipKeyword("NOT")) {
        this.#findings.operator();
        top.negated = !top.negated;
        top.plain = false;
      } else if (this.#tokens.skipSymbol("(")) {
        this.#open(frame("group", operandExpected));
      } else if (this.#isCall()) {
        const { text } = this.#tokens.next();
        this.#tokens.expectSymbol("(");
        this.#open({ ...frame("call", true), name: text });
      } else {
        return this.#simpleOperand();
      }
    }
  }

  #isCall(): boolean {
    const { kind, text } = this.#tokens.peek();
    return kind === "name" && !isKeyword(text) && this.#tokens.isSymbol("(", 1);
  }

  #simpleOperand(): OperandSyntax {
    if (isPathStart(this.#tokens, isKeyword)) return parsePath(this.#tokens, this.#findings, isKeyword);
    if (this.#tokens.peek().kind !== "value-reference") throw this.#tokens.wrongToken();
    const { text } = this.#tokens.next();
    this.#findings.references.add(text);
    return { kind: "value", reference: text };
  }

  /**
   * Finds a place for `node`: closes what ends behind it. Gives the whole condition at the end of the text,
   * and undefined where another operand is due.
   */
  #settle(operand: Node): ConditionSyntax | undefined {
    let node = operand;
    let grouped = false;
    for (;;) {
      if (grouped && node.kind === "path") {
        node = parsePathEnd(node, this.#tokens, this.#findings, isKeyword);
      }
      if (this.#top.comparison) {
        const compared = this.#compared(node);
        if (!compared) return undefined;
        node = compared;
        grouped = false;
      }
      if (this.#goesOn(node)) return undefined;
      const closing = this.#top;
      if (closing.kind === "text") return this.#finished(closing, node);
      const closed = this.#close(closing, node, grouped);
      if (!closed) return undefined;
      node = closed;
      grouped = closing.kind === "group";
    }
  }

  /** The comparison that `node` is the last operand of; undefined where BETWEEN waits for another. */
  #compared(node: Node): ConditionSyntax | undefined {
    const { comparison } = this.#top;
    if (!comparison || !isOperand(node)) throw this.#tokens.wrongToken();
    const { operator, left, low } = comparison;
    if (operator === "BETWEEN" && low === undefined) {
      this.#tokens.expectKeyword("AND");
      comparison.low = node;
      return undefined;
    }
    this.#top.comparison = undefined;
    if (operator !== "BETWEEN") {
      this.#findings.operands([left, node], OPERAND_FUNCTIONS);
      return { kind: "comparison", operator, left, right: node };
    }
    const bounds = { low: low ?? node, high: node };
    this.#findings.operands([left, bounds.low, node], OPERAND_FUNCTIONS);
    return { kind: "between", operand: left, ...bounds };
  }

  /** Whether an operator follows; it is passed over. */
  #goesOn(node: Node): boolean {
    const top = this.#top;
    if (top.operandsOnly) return false;
    const token = this.#tokens.peek();
    if (isOperand(node)) {
      if (token.kind === "symbol" && isComparator(token.text)) return this.#compare(token.text, node);
      if (this.#tokens.isKeyword("BETWEEN")) return this.#compare("BETWEEN", node);
      if (this.#tokens.isKeyword("IN")) return this.#openCandidates(node);
    }
    if (!isCondition(node)) return false;
    if (this.#tokens.isKeyword("AND")) {
      top.and.push(this.#term(top, node));
    } else if (this.#tokens.isKeyword("OR")) {
      top.or.push(joined("and", [...top.and, this.#term(top, node)]));
      top.and = [];
    } else return false;
    top.plain = false;
    this.#tokens.next();
    this.#findings.operator();
    return true;
  }

  #compare(operator: Comparator | "BETWEEN", left: OperandSyntax): true {
    this.#tokens.next();
    this.#findings.operator();
    this.#top.comparison = { operator, left };
    return true;
  }

  #openCandidates(operand: OperandSyntax): true {
    this.#tokens.next();
    this.#findings.operator();
    this.#tokens.expectSymbol("(");
    this.#open({ ...frame("in", true), operand });
    return true;
  }

  /** A term between ANDs and ORs, with the NOTs before it. */
  #term(top: Frame, node: ConditionSyntax): ConditionSyntax {
    // A function that gives a value is no condition.
    if (node.kind === "call" && OPERAND_FUNCTIONS.has(node.name)) {
      this.#findings.note("misuse", misusedFunction(node.name));
    }
    const { negated } = top;
    top.negated = false;
    return negated ? { kind: "not", condition: node } : node;
  }

  #open(opened: Frame): void {
    this.#frames.push(this.#top);
    this.#top = opened;
  }

  /** What the frame amounts to if `node` is the last in it; undefined where a comma follows. */
  #close(closing: Frame, node: Node, grouped: boolean): Node | undefined {
    if (closing.kind === "group") return this.#closeGroup(closing, node, grouped);
    if (!isOperand(node)) throw this.#tokens.wrongToken();
    if (!this.#tokens.isSymbol(",") && !this.#tokens.isSymbol(")")) throw this.#tokens.wrongToken();
    closing.operands.push(node);
    if (this.#tokens.next().text === ",") return undefined;
    this.#top = this.#frames.pop() ?? closing;
    const { operand, operands, name } = closing;
    if (operand) {
      this.#findings.operands([operand, ...operands], OPERAND_FUNCTIONS);
      return { kind: "in", operand, candidates: operands };
    }
    return this.#called({ kind: "call", name: name ?? "", operands });
  }

  #closeGroup(closing: Frame, node: Node, grouped: boolean): Node {
    if (!this.#tokens.isSymbol(")")) throw this.#tokens.wrongToken();
    if (closing.plain && grouped) this.#findings.note("parentheses", REDUNDANT_PARENTHESES);
    const result = closing.plain && isOperand(node) ? node : this.#joined(closing, node);
    this.#tokens.next();
    this.#top = this.#frames.pop() ?? closing;
    return result;
  }

  #called(call: CallSyntax): CallSyntax {
    this.#findings.operator();
    this.#findings.operands(call.operands, OPERAND_FUNCTIONS);
    if (UPDATE_FUNCTIONS.has(call.name)) {
      this.#findings.note("function", functionNotAllowed(call.name, "a condition expression"));
    } else if (!CONDITION_FUNCTIONS.has(call.name)) {
      this.#findings.note("function", invalidFunction(call.name));
    }
    return call;
  }

  #finished(top: Frame, node: Node): ConditionSyntax {
    if (this.#tokens.peek().kind !== "end") throw this.#tokens.wrongToken();
    return this.#joined(top, node);
  }

  /** Everything in the frame as one condition, of which `node` is the last term. */
  #joined(top: Frame, node: Node): ConditionSyntax {
    if (!isCondition(node)) throw this.#tokens.wrongToken();
    return joined("or", [...top.or, joined("and", [...top.and, this.#term(top, node)])]);
  }
}

function frame(kind: Frame["kind"], operandsOnly: boolean): Frame {
  return { kind, operandsOnly, or: [], and: [], plain: true, negated: false, operands: [] };
}

function joined(kind: "and" | "or", conditions: readonly ConditionSyntax[]): ConditionSyntax {
  const [only] = conditions;
  return only !== undefined && conditions.length === 1 ? only : { kind, conditions };
}
