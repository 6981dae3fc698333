/** The paths of HTTP bindings: `/{Bucket}/{Key+}?uploads`. */

import { formPairs } from "./form.ts";

export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "label"; readonly name: string }
  /** Takes as many segments as there are. */
  | { readonly kind: "greedy"; readonly name: string };

export interface UriTemplate {
  readonly segments: readonly Segment[];
  /** Parameters that the query must have; with this value, where there is one. */
  readonly constants: readonly (readonly [name: string, value: string | undefined])[];
}

export function parseTemplate(requestUri: string): UriTemplate {
  const mark = requestUri.indexOf("?");
  const path = mark < 0 ? requestUri : requestUri.slice(0, mark);
  const segments = splitPath(path).map((text): Segment => {
    const label = /^\{([^}+]+)(\+?)\}$/.exec(text);
    if (!label?.[1]) return { kind: "literal", text: decodeSegment(text) ?? text };
    return { kind: label[2] ? "greedy" : "label", name: label[1] };
  });
  return { segments, constants: mark < 0 ? [] : [...formPairs(requestUri.slice(mark + 1))] };
}

/** The segments of a path, without the empty one that a slash at its end makes. */
export function splitPath(path: string): string[] {
  const segments = path.split("/");
  segments.shift();
  if (segments.at(-1) === "") segments.pop();
  return segments;
}

/** Undefined when the text is not percent-encoded UTF-8. */
export function decodeSegment(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The labels of a path, still percent-encoded; undefined when the path is not of the template. */
export function matchPath(segments: readonly Segment[], path: string): Record<string, string> | undefined {
  const parts = path.split("/");
  parts.shift();
  const labels: Record<string, string> = {};
  const greedy = segments.findIndex(({ kind }) => kind === "greedy");
  // Slashes at the end belong to a greedy label, and to nothing else.
  if (greedy < 0 && parts.length > segments.length && parts.at(-1) === "") parts.pop();
  const surplus = parts.length - segments.length;
  if (surplus < 0 || (greedy < 0 && surplus > 0)) return undefined;
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === "greedy") {
      labels[segment.name] = parts.slice(index, index + surplus + 1).join("/");
      if (labels[segment.name] === "") return undefined;
      continue;
    }
    const part = parts[greedy >= 0 && index > greedy ? index + surplus : index] ?? "";
    if (segment.kind === "label") {
      if (part === "") return undefined;
      labels[segment.name] = part;
    } else if (decodeSegment(part) !== segment.text) return undefined;
  }
  return labels;
}
