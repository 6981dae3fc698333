/**
 * Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and the escapes `${*}`, `${?}` and
 * `${$}`. They exist only in documents of version 2012-10-17; in older ones the text stands for itself.
 *
 * @evidence IAM User Guide, "IAM policy elements: Variables and tags"
 */
import type { ContextValue } from "./types.ts";
import { appendTokens, type Token } from "./wildcard.ts";

export type TemplatePart =
  /** Text as written: its wildcards are active. */
  | { readonly type: "text"; readonly text: string }
  /** An escaped character. */
  | { readonly type: "literal"; readonly text: string }
  | { readonly type: "variable"; readonly key: string; readonly fallback: string | undefined };

export type Template = readonly TemplatePart[];

export type KeyLookup = (key: string) => ContextValue | undefined;

export function parseTemplate(text: string, variables: boolean): Template {
  if (!variables || !text.includes("${")) return [{ type: "text", text }];
  const parts: TemplatePart[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("${", at);
    const close = open < 0 ? -1 : text.indexOf("}", open);
    if (close < 0) break;
    if (open > at) parts.push({ type: "text", text: text.slice(at, open) });
    parts.push(parseVariable(text.slice(open + 2, close)));
    at = close + 1;
  }
  if (at < text.length) parts.push({ type: "text", text: text.slice(at) });
  return parts;
}

function parseVariable(inner: string): TemplatePart {
  if (inner === "*" || inner === "?" || inner === "$") return { type: "literal", text: inner };
  const comma = inner.indexOf(",");
  const fallback = comma < 0 ? "" : inner.slice(comma + 1).trim();
  if (fallback.length < 2 || !fallback.startsWith("'") || !fallback.endsWith("'")) {
    return { type: "variable", key: inner.trim().toLowerCase(), fallback: undefined };
  }
  const key = inner.slice(0, comma).trim().toLowerCase();
  return { type: "variable", key, fallback: fallback.slice(1, -1) };
}

export function isConstant(template: Template): boolean {
  return template.every((part) => part.type !== "variable");
}

/**
 * A key with several values cannot stand for a variable.
 *
 * @evidence IAM User Guide, "Single-valued vs. multivalued context keys", Key points
 */
function valueOf(part: Extract<TemplatePart, { type: "variable" }>, lookup: KeyLookup): string | undefined {
  const value = lookup(part.key);
  if (value === undefined) return part.fallback;
  return typeof value === "string" ? value : undefined;
}

/** The tokens of a template, or undefined when one of its variables has no value. */
export function expandTokens(template: Template, lookup: KeyLookup): Token[] | undefined {
  const tokens: Token[] = [];
  for (const part of template) {
    const text = part.type === "variable" ? valueOf(part, lookup) : part.text;
    if (text === undefined) return undefined;
    appendTokens(tokens, text, part.type === "text");
  }
  return tokens;
}

/**
 * The text of a template where wildcards mean nothing, or undefined when one of its variables has no value.
 */
export function expandText(template: Template, lookup: KeyLookup): string | undefined {
  let result = "";
  for (const part of template) {
    const text = part.type === "variable" ? valueOf(part, lookup) : part.text;
    if (text === undefined) return undefined;
    result += text;
  }
  return result;
}
