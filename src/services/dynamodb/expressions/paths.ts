/** Document paths whose names are known, and what they lead to in an item. */

import { attributeOf } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import type { Substitutes } from "./attributes.ts";
import { pathsConflict, pathsOverlap } from "./expression-errors.ts";
import type { Complaint } from "./expression-errors.ts";
import type { PathSyntax } from "./syntax.ts";

/** Names of attributes and map entries, and positions in lists. The first is always a name. */
export type Path = readonly [string, ...(string | number)[]];

/** @throws the complaint's error for a placeholder that stands for nothing */
export function bindPath({ parts }: PathSyntax, substitutes: Substitutes, complain: Complaint): Path {
  const [head, ...tail] = parts.map((part) => {
    switch (part.kind) {
      case "name": return part.name;
      case "reference": return substitutes.name(part.reference, complain);
      case "index": return part.index;
    }
  });
  if (typeof head !== "string") throw new Error("A path begins with a name.");
  return [head, ...tail];
}

/** `[a, [1], b]`, as AWS's errors show paths. */
export function showPath(path: Path): string {
  return `[${path.map((part) => (typeof part === "number" ? `[${part}]` : part)).join(", ")}]`;
}

export function samePath(left: Path, right: Path): boolean {
  return left.length === right.length && left.every((part, index) => part === right[index]);
}

/** What stands at the path; undefined where there is nothing. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value = attributeOf(item, path[0]);
  for (let index = 1; index < path.length && value !== undefined; index++) {
    const part = path[index];
    if (typeof part === "number") value = value.L?.[part];
    else if (value.M === undefined || part === undefined) value = undefined;
    else value = attributeOf(value.M, part);
  }
  return value;
}

/** Paths that begin alike share a node; `value` stands where a path ends. */
export interface PathNode<Value> {
  readonly names: Map<string, PathNode<Value>>;
  readonly indexes: Map<number, PathNode<Value>>;
  value: Value | undefined;
}

/** A node with the paths that first led through it, for errors. */
interface Trace {
  readonly first: Path;
  ends: boolean;
  firstName?: Path;
  firstIndex?: Path;
  readonly children: Map<string | number, Trace>;
}

/** Paths as a tree; they must be apart. */
export function pathTree<Value>(
  entries: Iterable<{ readonly path: Path; readonly value: Value }>,
): PathNode<Value> {
  const root = newNode<Value>();
  for (const { path, value } of entries) {
    let node = root;
    for (const part of path) {
      let child = typeof part === "number" ? node.indexes.get(part) : node.names.get(part);
      if (!child) {
        child = newNode();
        if (typeof part === "number") node.indexes.set(part, child);
        else node.names.set(part, child);
      }
      node = child;
    }
    node.value = value;
  }
  return root;
}

function newNode<Value>(): PathNode<Value> {
  return { names: new Map(), indexes: new Map(), value: undefined };
}

/**
 * Looks at all paths in one pass, whatever their number.
 *
 * @throws the complaint's error for two paths of which one leads through the other, and for two that take
 *   the same attribute for a map and for a list. The former is told first.
 */
export function requireApart(paths: readonly Path[], complain: Complaint): void {
  const [begin] = paths;
  if (!begin || paths.length === 1) return;
  const root: Trace = { first: begin, ends: false, children: new Map() };
  let conflict: string | undefined;
  for (const path of paths) {
    const { overlapping, conflicting } = trace(root, path);
    if (overlapping) throw complain(pathsOverlap(showPath(overlapping), showPath(path)));
    if (conflicting) conflict ??= pathsConflict(showPath(conflicting), showPath(path));
  }
  if (conflict !== undefined) throw complain(conflict);
}

/** Walks the path and leaves its trace. */
function trace(root: Trace, path: Path): { overlapping?: Path; conflicting?: Path } {
  let node = root;
  let conflicting: Path | undefined;
  let isNew = false;
  for (const part of path) {
    if (node !== root && node.ends) return { overlapping: node.first };
    const other = typeof part === "number" ? node.firstName : node.firstIndex;
    conflicting ??= other;
    if (typeof part === "number") node.firstIndex ??= path;
    else node.firstName ??= path;
    let child = node.children.get(part);
    isNew = child === undefined;
    if (!child) node.children.set(part, (child = { first: path, ends: false, children: new Map() }));
    node = child;
  }
  if (!isNew) return { overlapping: node.first };
  node.ends = true;
  return conflicting ? { conflicting } : {};
}
