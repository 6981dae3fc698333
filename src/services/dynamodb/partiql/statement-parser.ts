/**
 * PartiQL statements.
 *
 *     SELECT columns FROM source [ WHERE condition ] [ ORDER BY key [ ASC | DESC ] {"," …} ]
 *     INSERT INTO table VALUE item [ RETURNING … ]
 *     UPDATE table { SET path "=" value {"," …} | REMOVE path } [ WHERE condition ] [ RETURNING … ]
 *     FROM table [ WHERE condition ] { SET … | REMOVE … } [ RETURNING … ]
 *     DELETE FROM table [ WHERE condition ] [ RETURNING … ]
 *
 * A statement is an expression, too: `EXISTS(SELECT …)` is a call of a function.
 */

import { CLAUSE, ExpressionParser, LOOSEST } from "./expression-parser.ts";
import { expected, notWellFormed, STAR_NOT_ALONE } from "./statement-errors.ts";
import { TokenCursor } from "./statement-lexer.ts";
import type {
  ChangeSyntax, Expression, Ordering, ReturningSyntax, Source, StatementSyntax, UnsupportedClause,
} from "./statement-syntax.ts";

/**
 * The syntax of a statement, without its parameters: the same text gives the same syntax.
 *
 * @throws ValidationException for a text that is not well-formed
 */
export function parseStatement(text: string): Expression {
  return new StatementParser(new TokenCursor(text)).parse();
}

type Select = Extract<StatementSyntax, { kind: "select" }>;

class StatementParser {
  readonly #tokens: TokenCursor;
  readonly #expressions: ExpressionParser;

  constructor(tokens: TokenCursor) {
    this.#tokens = tokens;
    this.#expressions = new ExpressionParser(tokens, (keyword) => this.#statement(keyword));
  }

  parse(): Expression {
    return this.#expressions.whole();
  }

  #statement(keyword: string): StatementSyntax | undefined {
    switch (keyword) {
      case "select":
        this.#tokens.next();
        return this.#select();
      case "insert": return this.#tokens.skip("insert", "into") ? this.#insert() : undefined;
      case "update":
        this.#tokens.next();
        return this.#update();
      case "delete":
        this.#tokens.next();
        return this.#delete();
      case "from":
        this.#tokens.next();
        return this.#fromFirst();
      default: return undefined;
    }
  }

  #select(): Select {
    const unsupported: UnsupportedClause[] = [];
    if (this.#tokens.skip("distinct")) unsupported.push({ clause: "DISTINCT", at: undefined });
    else this.#tokens.skip("all");
    const valueOnly = this.#tokens.skip("value");
    const columns = this.#columns();
    if (!this.#tokens.skip("from")) throw expected("FROM after SELECT list");
    const source = this.#sources(CLAUSE);
    const where = this.#tokens.skip("where") ? this.#expressions.expression(CLAUSE) : undefined;
    let orderBy: Ordering[] | undefined;
    if (this.#tokens.skip("order")) {
      if (!this.#tokens.skip("by")) throw expected("BY");
      orderBy = this.#expressions.list(() => this.#ordering());
    }
    unsupported.push(...this.#unsupportedClauses());
    return { kind: "select", columns, valueOnly, source, where, orderBy, unsupported };
  }

  #columns(): Select["columns"] {
    let stars = 0;
    const columns = this.#expressions.list(() => {
      if (this.#tokens.skip("*")) {
        stars += 1;
        return undefined;
      }
      const expression = this.#expressions.expression(LOOSEST);
      return { expression, alias: this.#alias() };
    });
    if (stars === 0) return columns.filter((column) => column !== undefined);
    if (columns.length > 1) throw notWellFormed(STAR_NOT_ALONE);
    return undefined;
  }

  #ordering(): Ordering {
    const expression = this.#expressions.expression(LOOSEST);
    const descending = this.#tokens.skip("desc");
    if (!descending) this.#tokens.skip("asc");
    return { expression, descending };
  }

  #unsupportedClauses(): UnsupportedClause[] {
    const clauses: UnsupportedClause[] = [];
    if (this.#tokens.skip("group")) {
      this.#tokens.skip("partial");
      if (!this.#tokens.skip("by")) throw expected("BY");
      this.#expressions.list(() => {
        this.#expressions.expression(CLAUSE);
        this.#alias();
      });
      clauses.push({ clause: "GROUP BY", at: undefined });
    }
    for (const clause of ["having", "limit", "offset"]) {
      if (!this.#tokens.skip(clause)) continue;
      const { at } = this.#expressions.expression(CLAUSE);
      clauses.push({ clause: clause.toUpperCase(), at });
    }
    return clauses;
  }

  #insert(): StatementSyntax {
    const target = this.#expressions.simplePath();
    const single = this.#tokens.skip("value");
    // What follows VALUES is a list of rows, each like a call's operands.
    if (!single) this.#tokens.skip("values");
    const value = this.#expressions.expression(LOOSEST);
    return { kind: "insert", target, single, value, returning: single ? this.#returning() : [] };
  }

  #update(): StatementSyntax {
    const source = this.#target();
    const changes = this.#changes();
    const where = this.#where();
    return { kind: "update", source, changes, where, returning: this.#returning() };
  }

  #fromFirst(): StatementSyntax {
    const source = this.#sources(LOOSEST);
    const where = this.#where();
    const changes = this.#changes();
    return { kind: "update", source, changes, where, returning: this.#returning() };
  }

  #delete(): StatementSyntax {
    if (!this.#tokens.skip("from")) throw expected("FROM after DELETE");
    const source = this.#target();
    return { kind: "delete", source, where: this.#where(), returning: this.#returning() };
  }

  #where(): Expression | undefined {
    return this.#tokens.skip("where") ? this.#expressions.expression(LOOSEST) : undefined;
  }

  #changes(): ChangeSyntax[] {
    const changes: ChangeSyntax[] = [];
    for (;;) {
      if (this.#tokens.skip("set")) {
        changes.push(...this.#expressions.list(() => this.#assignment()));
      } else if (this.#tokens.skip("remove")) {
        changes.push({ kind: "remove", target: this.#expressions.simplePath() });
      } else if (this.#tokens.skip("insert", "into")) {
        this.#insert();
        changes.push({ kind: "insert" });
      } else {
        break;
      }
    }
    if (changes.length === 0) throw expected("data manipulation");
    return changes;
  }

  #assignment(): ChangeSyntax {
    const target = this.#expressions.simplePath();
    if (!this.#tokens.skip("=")) throw expected("'='");
    return { kind: "set", target, value: this.#expressions.expression(LOOSEST) };
  }

  #returning(): ReturningSyntax[] {
    if (!this.#tokens.skip("returning")) return [];
    return this.#expressions.list(() => {
      const which = this.#tokens.is("all") ? "ALL" : "MODIFIED";
      if (!this.#tokens.skip("all") && !this.#tokens.skip("modified")) throw wrongReturning();
      const version = this.#tokens.is("old") ? "OLD" : "NEW";
      if (!this.#tokens.skip("old") && !this.#tokens.skip("new")) throw wrongReturning();
      const star = this.#tokens.skip("*");
      if (!star) this.#expressions.expression(LOOSEST);
      return { which, version, star };
    });
  }

  /** The table of an UPDATE or a DELETE. */
  #target(): Source {
    return { expression: this.#expressions.simplePath(), alias: this.#aliases(), several: false };
  }

  /** What a SELECT reads; joins are looked over and not supported. */
  #sources(precedence: number): Source {
    const expression = this.#expressions.expression(precedence);
    let alias = this.#aliases();
    let several = false;
    while (this.#tokens.skip(",") || this.#join()) {
      several = true;
      this.#expressions.expression(precedence);
      alias = this.#aliases() || alias;
      if (this.#tokens.skip("on")) this.#expressions.expression(precedence);
    }
    return { expression, alias, several };
  }

  #join(): boolean {
    const joins = [
      ["join"], ["cross", "join"], ["inner", "join"], ["left", "join"], ["left", "outer", "join"],
      ["right", "join"], ["right", "outer", "join"], ["full", "join"], ["full", "outer", "join"],
      ["outer", "join"],
    ];
    return joins.some((words) => this.#tokens.skip(...words));
  }

  /** `AS x`, `x`, `AT x` and `BY x`. */
  #aliases(): boolean {
    let found = this.#alias();
    for (const word of ["at", "by"]) {
      if (!this.#tokens.skip(word)) continue;
      this.#aliasName(word);
      found = true;
    }
    return found;
  }

  #alias(): boolean {
    if (this.#tokens.skip("as")) {
      this.#aliasName("as");
      return true;
    }
    if (!this.#tokens.isName) return false;
    this.#tokens.next();
    return true;
  }

  #aliasName(word: string): void {
    if (!this.#tokens.isName) throw expected(`identifier for ${word.toUpperCase()}-alias`);
    this.#tokens.next();
  }
}

function wrongReturning(): Error {
  return expected("( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.");
}
