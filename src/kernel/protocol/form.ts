/**
 * `application/x-www-form-urlencoded` parameters, as lists of pairs and as the tree that dots in their names
 * make.
 */

import { AwsError } from "../errors.ts";
import { malformedInput } from "./refusals.ts";

/** A parameter, and the parameters whose names continue its own. */
export interface FormNode {
  text: string | undefined;
  children: Map<string, FormNode> | undefined;
}

const segmentsMax = 64;

/** @throws AwsError `MalformedQueryString` when the text is not percent-encoded UTF-8 */
export function decodeComponent(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new AwsError({
      code: "MalformedQueryString", message: "The query string contains a syntax error.", status: 400,
    });
  }
}

/** The pairs in their order; `value` is undefined for a name without `=`. */
export function* formPairs(text: string): Generator<readonly [name: string, value: string | undefined]> {
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf("&", start);
    if (end < 0) end = text.length;
    if (end > start) {
      const equals = text.indexOf("=", start);
      if (equals < 0 || equals >= end) yield [decodeComponent(text.slice(start, end)), undefined];
      else yield [decodeComponent(text.slice(start, equals)), decodeComponent(text.slice(equals + 1, end))];
    }
    start = end + 1;
  }
}

export function newFormNode(): FormNode {
  return { text: undefined, children: undefined };
}

/**
 * Adds parameters to the tree. Names are map keys throughout, so a hostile index costs no more than its
 * letters.
 */
export function addForm(root: FormNode, text: string): void {
  for (const [name, value] of formPairs(text)) {
    let node = root;
    let start = 0;
    for (let segments = 0; start <= name.length; segments += 1) {
      if (segments === segmentsMax) {
        throw malformedInput("Unexpected complex element termination");
      }
      let end = name.indexOf(".", start);
      if (end < 0) end = name.length;
      const segment = name.slice(start, end);
      node.children ??= new Map();
      let child = node.children.get(segment);
      if (!child) node.children.set(segment, (child = newFormNode()));
      node = child;
      start = end + 1;
    }
    node.text = value ?? "";
  }
}

/** The children that are elements of a list, in the order of their numbers; gaps close up. */
export function numberedChildren(node: FormNode): FormNode[] {
  if (!node.children) return [];
  const numbered: (readonly [number, FormNode])[] = [];
  let sorted = true;
  let last = -1;
  for (const [name, child] of node.children) {
    if (!/^\d{1,15}$/.test(name)) continue;
    const index = Number(name);
    sorted &&= index > last;
    last = index;
    numbered.push([index, child]);
  }
  if (!sorted) numbered.sort(([first], [second]) => first - second);
  return numbered.map(([, child]) => child);
}
