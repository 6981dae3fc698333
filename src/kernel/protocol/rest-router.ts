/** Finds the operation of a REST service that a request is for. */

import type { OperationModel, ServiceModel } from "../model/model.ts";
import { emptyMap, findShape } from "./compile.ts";
import { formPairs } from "./form.ts";
import type { Headers } from "./protocol.ts";
import { decodeSegment, parseTemplate, splitPath } from "./uri-template.ts";
import type { Segment } from "./uri-template.ts";

export interface RestMatch {
  readonly operation: OperationModel;
  /** Decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

interface Route {
  readonly operation: OperationModel;
  readonly labels: readonly string[];
  readonly constants: readonly (readonly [name: string, value: string | undefined])[];
  /**
   * What tells operations of one path apart, where constants do not: their required parameters and headers.
   */
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
}

/** The routes by the segments of their paths. */
interface Node {
  readonly literals: Map<string, Node>;
  label: Node | undefined;
  readonly greedy: GreedyEnd[];
  readonly routes: Route[];
}

/** What follows a greedy label; nearly always nothing. */
interface GreedyEnd {
  readonly after: readonly Segment[];
  readonly routes: Route[];
}

export class RestRouter {
  readonly #roots = new Map<string, Node>();

  constructor(service: ServiceModel) {
    for (const operation of Object.values(service.operations)) this.#add(operation, service);
  }

  /**
   * Literal segments win over labels, labels over greedy ones; of operations that share a path, the one that
   * asks most of the query (and of the headers, where they are given) and gets it.
   *
   * @param rawPath still percent-encoded
   * @param rawQuery without `?`
   */
  match(method: string, rawPath: string, rawQuery: string, headers?: Headers): RestMatch | undefined {
    const root = this.#roots.get(method);
    if (!root) return undefined;
    const path: Path = { raw: rawPath, parts: splitPath(rawPath), captured: [] };
    let pairs: Map<string, Set<string>> | undefined;
    const choose = (routes: readonly Route[]): Route | undefined => {
      return routes.length === 1 && isBare(routes[0])
        ? routes[0]
        : bestRoute(routes, (pairs ??= queryPairs(rawQuery)), headers);
    };
    const route = walk(root, path, 0, choose);
    return route && toMatch(route, path.captured);
  }

  #add(operation: OperationModel, service: ServiceModel): void {
    const { segments, constants } = parseTemplate(operation.http.requestUri);
    const input = operation.input && findShape(operation.input.shape, service);
    const required = (input?.required ?? []).map((name) => [name, input?.members?.[name]] as const);
    const located = (location: string): string[] => required.flatMap(([name, ref]) => {
      return ref?.location === location ? [ref.locationName ?? name] : [];
    });
    const route: Route = {
      operation,
      labels: segments.flatMap((segment) => (segment.kind === "literal" ? [] : [segment.name])),
      constants,
      requiredQuery: located("querystring"),
      requiredHeaders: located("header").map((name) => name.toLowerCase()),
    };
    let node = this.#roots.get(operation.http.method);
    if (!node) this.#roots.set(operation.http.method, (node = newNode()));
    for (const [index, segment] of segments.entries()) {
      if (segment.kind === "greedy") {
        addGreedy(node, segments.slice(index + 1), route);
        return;
      }
      node = descend(node, segment);
    }
    node.routes.push(route);
  }
}

interface Path {
  readonly raw: string;
  readonly parts: readonly string[];
  /** The labels' values so far, still percent-encoded. */
  readonly captured: string[];
}

function newNode(): Node {
  return { literals: new Map(), label: undefined, greedy: [], routes: [] };
}

function descend(node: Node, segment: Exclude<Segment, { kind: "greedy" }>): Node {
  if (segment.kind === "label") return (node.label ??= newNode());
  let next = node.literals.get(segment.text);
  if (!next) node.literals.set(segment.text, (next = newNode()));
  return next;
}

function addGreedy(node: Node, after: readonly Segment[], route: Route): void {
  const shape = JSON.stringify(after);
  const same = node.greedy.find((end) => JSON.stringify(end.after) === shape);
  if (same) same.routes.push(route);
  else node.greedy.push({ after, routes: [route] });
  node.greedy.sort((first, second) => second.after.length - first.after.length);
}

function walk(node: Node, path: Path, index: number, choose: Choose): Route | undefined {
  const part = path.parts[index];
  if (part === undefined) {
    return node.routes.length > 0 ? choose(node.routes) : undefined;
  }
  const literal = node.literals.get(decodeSegment(part) ?? part);
  const byLiteral = literal && walk(literal, path, index + 1, choose);
  if (byLiteral) return byLiteral;
  if (node.label && part !== "") {
    path.captured.push(part);
    const byLabel = walk(node.label, path, index + 1, choose);
    if (byLabel) return byLabel;
    path.captured.pop();
  }
  const captured = path.captured.length;
  for (const end of node.greedy) {
    const route = matchGreedy(end, path, index) && choose(end.routes);
    if (route) return route;
    path.captured.length = captured;
  }
  return undefined;
}

type Choose = (routes: readonly Route[]) => Route | undefined;

/** The rest of the path as it was written, slashes at its end included. */
function matchGreedy({ after }: GreedyEnd, path: Path, index: number): boolean {
  const rest = restOfPath(path.raw, index);
  if (after.length === 0) {
    path.captured.push(rest);
    return rest !== "";
  }
  const parts = rest.split("/");
  const tail = parts.splice(parts.length - after.length);
  if (parts.length === 0) return false;
  path.captured.push(parts.join("/"));
  return after.every((segment, position) => {
    const part = tail[position] ?? "";
    if (segment.kind === "literal") return decodeSegment(part) === segment.text;
    path.captured.push(part);
    return part !== "";
  });
}

function restOfPath(raw: string, index: number): string {
  let start = 0;
  for (let count = 0; count <= index; count += 1) start = raw.indexOf("/", start) + 1;
  return raw.slice(start);
}

function isBare(route: Route | undefined): boolean {
  return route !== undefined && route.constants.length === 0;
}

function queryPairs(rawQuery: string): Map<string, Set<string>> {
  const pairs = new Map<string, Set<string>>();
  for (const [name, value] of formPairs(rawQuery)) {
    const values = pairs.get(name);
    if (values) values.add(value ?? "");
    else pairs.set(name, new Set([value ?? ""]));
  }
  return pairs;
}

/**
 * Operations whose constants are met come in question. Of them those whose required parameters are there come
 * first, the more demanding the earlier; a request that lacks some still finds its operation, to be told what
 * it lacks.
 */
function bestRoute(
  routes: readonly Route[], pairs: ReadonlyMap<string, ReadonlySet<string>>, headers: Headers | undefined,
): Route | undefined {
  let best: Route | undefined;
  let bestScore = -1;
  for (const route of routes) {
    if (!route.constants.every(([name, value]) => meets(pairs.get(name), value))) continue;
    const missingQuery = route.requiredQuery.filter((name) => !pairs.has(name)).length;
    const missingHeaders = route.requiredHeaders.filter((name) => headers?.[name] === undefined).length;
    const demands = route.requiredQuery.length + route.requiredHeaders.length;
    const met = missingQuery + missingHeaders === 0;
    const rank = met ? 1_000 + demands : 500 - missingQuery - missingHeaders;
    const score = route.constants.length * 10_000 + rank;
    // Of twins, an operation that replaced another carries its name further: GetBucketLifecycleConfiguration.
    const replaces = score === bestScore && best && route.operation.name.startsWith(best.operation.name);
    if (score < bestScore || (score === bestScore && !replaces)) continue;
    best = route;
    bestScore = score;
  }
  return best;
}

function meets(values: ReadonlySet<string> | undefined, wanted: string | undefined): boolean {
  return values !== undefined && (wanted === undefined || wanted === "" || values.has(wanted));
}

function toMatch(route: Route, captured: readonly string[]): RestMatch {
  const labels = emptyMap<string>();
  route.labels.forEach((name, index) => {
    const raw = captured[index] ?? "";
    labels[name] = decodeSegment(raw) ?? raw;
  });
  return { operation: route.operation, labels };
}
