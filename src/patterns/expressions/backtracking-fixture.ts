/** Searches as a backtracking engine does, and counts its steps. */

import type { Node, Syntax } from "./syntax.ts";

export class Backtracking {
  steps = 0;
  readonly #syntax: Syntax;
  readonly #text: string;
  readonly #stepsMax: number;

  constructor(syntax: Syntax, text: string, stepsMax: number) {
    this.#syntax = syntax;
    this.#text = text;
    this.#stepsMax = stepsMax;
  }

  search(): boolean {
    for (let at = 0; at <= this.#text.length; at++) {
      if (this.#match(this.#syntax.node, at, () => true)) return true;
    }
    return false;
  }

  #match(node: Node, at: number, rest: (at: number) => boolean): boolean {
    if (++this.steps > this.#stepsMax) throw new RangeError("too many steps");
    switch (node.kind) {
      case "set": {
        const code = this.#text.charCodeAt(at);
        const holds = node.set.ranges.some(([first, last]) => code >= first && code <= last);
        return holds && rest(at + 1);
      }
      case "group":
        return this.#match(node.node, at, rest);
      case "sequence":
        return node.nodes.reduceRight<(at: number) => boolean>(
          (after, each) => (from) => this.#match(each, from, after), rest,
        )(at);
      case "choice":
        return node.nodes.some((each) => this.#match(each, at, rest));
      case "repeat":
        return this.#repeat(node, at, 0, rest);
      case "assertion":
        return (node.text === "^" ? at === 0 : at === this.#text.length) && rest(at);
      default:
        throw new TypeError(node.kind);
    }
  }

  #repeat(node: Extract<Node, { kind: "repeat" }>, at: number, times: number,
    rest: (at: number) => boolean): boolean {
    const more = (): boolean => times < node.most && this.#match(node.node, at, (next) =>
      (next > at || times < node.least) && this.#repeat(node, next, times + 1, rest));
    const out = (): boolean => times >= node.least && rest(at);
    return node.isLazy ? out() || more() : more() || out();
  }
}
