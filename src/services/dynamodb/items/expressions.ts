/**
 * What requests say in expressions, or in the parameters before them, as the same conditions, updates and
 * projections. The syntax of the latest texts is remembered as long as the region runs.
 */

import type {
  AttributeValueUpdate, Condition as ConditionParameter, ConditionalOperator, ExpectedAttributeValue,
} from "../../../generated/dynamodb.ts";
import type { ReadContext } from "../../../kernel/context.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { validation } from "../errors.ts";
import type { Condition } from "../expressions/conditions.ts";
import { keyConditionsOf, type KeyCondition } from "../expressions/key-conditions.ts";
import type { Path } from "../expressions/paths.ts";
import type { Projection } from "../expressions/projections.ts";
import {
  bindExpressions, SyntaxCache, type BoundExpressions, type ExpressionRequest,
} from "../expressions/requests.ts";
import type { Update } from "../expressions/updates.ts";
import {
  conditionPaths, requireKeyUnchanged, requireScalarKeys, updatePaths,
} from "../expressions/used-paths.ts";
import { expectedCondition, filterCondition, legacyKeyConditions } from "../legacy/legacy-conditions.ts";
import { attributesToGet, attributeUpdates } from "../legacy/legacy-updates.ts";
import { keyNames, type Table } from "../tables/table-rows.ts";
import type { Layer } from "../values/value-errors.ts";

const caches = new WeakMap<Kernel, SyntaxCache>();

function syntaxOf(ctx: ReadContext): SyntaxCache {
  let cache = caches.get(ctx.kernel);
  if (!cache) caches.set(ctx.kernel, (cache = new SyntaxCache()));
  return cache;
}

const nothingBound: BoundExpressions = {
  update: undefined, condition: undefined, keyCondition: undefined, filter: undefined, projection: undefined,
};

function hasExpressions(request: ExpressionRequest): boolean {
  return (request.ConditionExpression ?? request.UpdateExpression ?? request.KeyConditionExpression
    ?? request.FilterExpression ?? request.ProjectionExpression ?? request.ExpressionAttributeNames
    ?? request.ExpressionAttributeValues) !== undefined;
}

/** @throws ValidationException for the first thing that is wrong with a request's expressions */
export function bound(
  ctx: ReadContext, request: ExpressionRequest, layer: Layer = "older",
): BoundExpressions {
  if (!hasExpressions(request)) return nothingBound;
  return bindExpressions(request, syntaxOf(ctx), layer);
}

interface GetRequest extends ExpressionRequest {
  readonly AttributesToGet?: readonly string[] | undefined;
}

/** What a GetItem, or what a BatchGetItem says of one table, answers with; undefined for everything. */
export function boundGet(
  ctx: ReadContext, request: GetRequest, layer: Layer = "older",
): Projection | undefined {
  const { AttributesToGet: names } = request;
  const legacy = names && attributesToGet(names);
  return bound(ctx, request, layer).projection ?? legacy;
}

interface ConditionalRequest extends ExpressionRequest {
  readonly Expected?: Readonly<Record<string, ExpectedAttributeValue>> | undefined;
  readonly ConditionalOperator?: ConditionalOperator | undefined;
}

/** The condition of a PutItem or a DeleteItem. */
export function boundCondition(ctx: ReadContext, request: ConditionalRequest): Condition | undefined {
  const legacy = expectedCondition(request.Expected, request.ConditionalOperator);
  return bound(ctx, request, "current").condition ?? legacy;
}

interface UpdateRequest extends ConditionalRequest {
  readonly AttributeUpdates?: Readonly<Record<string, AttributeValueUpdate>> | undefined;
}

export function boundUpdate(
  ctx: ReadContext, request: UpdateRequest,
): { readonly update: Update | undefined; readonly condition: Condition | undefined } {
  const legacyUpdate = request.AttributeUpdates && attributeUpdates(request.AttributeUpdates);
  const legacyCondition = expectedCondition(request.Expected, request.ConditionalOperator);
  const { update, condition } = bound(ctx, request, "current");
  return { update: update ?? legacyUpdate, condition: condition ?? legacyCondition };
}

interface SearchRequest extends GetRequest {
  readonly ConditionalOperator?: ConditionalOperator | undefined;
  readonly QueryFilter?: Readonly<Record<string, ConditionParameter>> | undefined;
  readonly ScanFilter?: Readonly<Record<string, ConditionParameter>> | undefined;
  readonly KeyConditions?: Readonly<Record<string, ConditionParameter>> | undefined;
}

export interface Search {
  readonly filter: Condition | undefined;
  readonly projection: Projection | undefined;
}

function boundSearch(
  ctx: ReadContext, operation: "Query" | "Scan", request: SearchRequest,
): Search & { readonly keyCondition: Condition | undefined } {
  const { AttributesToGet: names } = request;
  const isQuery = operation === "Query";
  const layer: Layer = isQuery ? "current" : "older";
  const given = isQuery ? request.QueryFilter : request.ScanFilter;
  const legacyFilter = filterCondition(given, request.ConditionalOperator, layer);
  const legacyProjection = names && attributesToGet(names);
  const { filter, projection, keyCondition } = bound(ctx, request, layer);
  return { filter: filter ?? legacyFilter, projection: projection ?? legacyProjection, keyCondition };
}

export function boundScan(ctx: ReadContext, request: SearchRequest): Search {
  return boundSearch(ctx, "Scan", request);
}

export function boundQuery(
  ctx: ReadContext, request: SearchRequest,
): Search & { readonly keyConditions: readonly KeyCondition[] } {
  const search = boundSearch(ctx, "Query", request);
  if (search.keyCondition) return { ...search, keyConditions: keyConditionsOf(search.keyCondition) };
  if (request.KeyConditions) return { ...search, keyConditions: legacyKeyConditions(request.KeyConditions) };
  throw validation(
    "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
  );
}

function* pathsOf({ condition, update, projection, filter }: Partial<BoundExpressions>): Generator<Path> {
  if (condition) yield* conditionPaths(condition);
  if (update) yield* updatePaths(update);
  if (filter) yield* conditionPaths(filter);
  if (projection) yield* projection.paths;
}

function changesKey({ key: { partition, sort } }: Table, { tree }: Update): boolean {
  return partition.some(({ name }) => tree.names.has(name)) || sort.some(({ name }) => tree.names.has(name));
}

/** What a table's keys allow of expressions: they are scalars, and the table's own stays as it is. */
export function requirePaths(table: Table, expressions: Partial<BoundExpressions>): void {
  const { update } = expressions;
  if (update && changesKey(table, update)) requireKeyUnchanged(update, keyNames(table.key));
  let inside: Path[] | undefined;
  for (const path of pathsOf(expressions)) if (path.length > 1) (inside ??= []).push(path);
  if (!inside) return;
  requireScalarKeys(inside, keyNames(table.key), keyNames(...table.indexes.map(({ key }) => key)));
}
