/** The reference evaluator's texts: wildcards by plain recursion, variables by plain replacement. */
import type { ConditionContext } from "./types.ts";

export type Json = { readonly [name: string]: unknown };

export function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Stand for an escaped or substituted `*` and `?`, so that these are not read as wildcards. */
const plainStar = "\uE000";
const plainMark = "\uE001";

function protect(text: string): string {
  return text.replaceAll("*", plainStar).replaceAll("?", plainMark);
}

function unprotect(text: string): string {
  return text.replaceAll(plainStar, "*").replaceAll(plainMark, "?");
}

/** Undefined when a variable has no value. What is substituted is protected. */
export function substitute(text: string, context: ConditionContext, variables: boolean): string | undefined {
  if (!variables) return text;
  let unresolved = false;
  const replaced = text.replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
    if (["*", "?", "$"].includes(inner)) return protect(inner);
    const written = /^([^,]*),\s*'(.*)'\s*$/.exec(inner);
    const value = context.get((written?.[1] ?? inner).trim().toLowerCase());
    if (typeof value === "string") return protect(value);
    if (value === undefined && written?.[2] !== undefined) return protect(written[2]);
    unresolved = true;
    return "";
  });
  return unresolved ? undefined : replaced;
}

/** The text of a substituted pattern where wildcards mean nothing. */
export function plainText(pattern: string): string {
  return unprotect(pattern);
}

/** `*` is any run of characters, `?` is one. */
export function matchesText(pattern: string, text: string): boolean {
  return matchesFrom(pattern, text, () => true, new Map());
}

/**
 * In the first five segments of an ARN, `?` and a `*` that does not end its segment match no colon.
 */
export function matchesResourcePattern(pattern: string, resource: string): boolean {
  if (/^\*+$/.test(pattern)) return true;
  let full = pattern.replace(/\*+/g, "*");
  while (full.split(":").length < 6) full += ":*";
  const mayCross = (at: number) => {
    if (full.slice(0, at).split(":").length >= 6) return true;
    return full[at] === "*" && (full[at + 1] === ":" || at + 1 === full.length);
  };
  return matchesFrom(full, resource, mayCross, new Map());
}

/** Each of the six segments by itself. */
export function matchesArn(pattern: string, arn: string): boolean {
  const patterns = sixSegments(pattern);
  while (patterns.length < 6) patterns.push("*");
  const segments = sixSegments(arn);
  return segments.length === 6 && segments.every((segment, at) => matchesText(patterns[at] ?? "", segment));
}

function sixSegments(text: string): string[] {
  const parts = text.split(":");
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

function matchesFrom(
  pattern: string, text: string, mayCross: (at: number) => boolean, known: Map<string, boolean>,
  at = 0, from = 0,
): boolean {
  const place = `${at},${from}`;
  const before = known.get(place);
  if (before !== undefined) return before;
  const here = (): boolean => {
    if (at === pattern.length) return from === text.length;
    const wanted = pattern[at];
    const crossable = from < text.length && (text[from] !== ":" || mayCross(at));
    if (wanted === "*") {
      return matchesFrom(pattern, text, mayCross, known, at + 1, from)
        || (crossable && matchesFrom(pattern, text, mayCross, known, at, from + 1));
    }
    if (from === text.length) return false;
    const same = wanted === "?" ? crossable : unprotect(wanted ?? "") === text[from];
    return same && matchesFrom(pattern, text, mayCross, known, at + 1, from + 1);
  };
  const result = here();
  known.set(place, result);
  return result;
}
