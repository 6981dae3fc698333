/**
 * Projections: which parts of an item to answer with. Made from a ProjectionExpression, AttributesToGet, the
 * paths of an update (for UPDATED_OLD and UPDATED_NEW) or the list of a PartiQL SELECT.
 */

import { emptyItem } from "../values/attribute-values.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import type { ExpressionAttributes } from "./attributes.ts";
import { complaintOf } from "./expression-errors.ts";
import type { Complaint } from "./expression-errors.ts";
import { bindPath, pathTree, requireApart } from "./paths.ts";
import type { Path, PathNode } from "./paths.ts";
import type { ProjectionExpressionSyntax } from "./syntax.ts";

export interface Projection {
  readonly paths: readonly Path[];
  readonly tree: PathNode<true>;
}

/**
 * The projection that a parsed expression stands for in a request.
 *
 * @throws ValidationException for undefined names, and for paths that overlap or conflict
 */
export function bindProjection(
  syntax: ProjectionExpressionSyntax, attributes: ExpressionAttributes,
): Projection {
  attributes.use(syntax);
  const complain = complaintOf(syntax.expression);
  return projectionOf(syntax.paths.map((path) => bindPath(path, attributes, complain)), complain);
}

/** @throws the complaint's error for paths that overlap or conflict */
export function projectionOf(paths: readonly Path[], complain: Complaint): Projection {
  requireApart(paths, complain);
  return { paths, tree: pathTree(paths.map((path) => ({ path, value: true }))) };
}

/**
 * The parts of the item that the projection names, and what leads to them. What is not there is left out, and
 * so is a document of which nothing is there; the elements of lists that are there move together.
 */
export function project({ tree }: Projection, item: Item): Item {
  return projectEntries(tree, item) ?? emptyItem();
}

function projectEntries(node: PathNode<true>, entries: Item): Record<string, AttributeValue> | undefined {
  let projected: Record<string, AttributeValue> | undefined;
  for (const [name, child] of node.names) {
    const value = Object.hasOwn(entries, name) ? entries[name] : undefined;
    const part = value && projectValue(child, value);
    if (part !== undefined) (projected ??= emptyItem())[name] = part;
  }
  return projected;
}

function projectValue(node: PathNode<true>, value: AttributeValue): AttributeValue | undefined {
  if (node.value === true) return value;
  if (value.M !== undefined && node.names.size > 0) {
    const entries = projectEntries(node, value.M);
    return entries && { M: entries };
  }
  const { L: list } = value;
  if (list === undefined || node.indexes.size === 0) return undefined;
  const elements: AttributeValue[] = [];
  for (const [index, child] of [...node.indexes].sort(([left], [right]) => left - right)) {
    const element = list[index];
    const part = element && projectValue(child, element);
    if (part !== undefined) elements.push(part);
  }
  return elements.length === 0 ? undefined : { L: elements };
}
