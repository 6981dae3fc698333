/**
 * All expressions of one request, in the order in which AWS looks at them: the maps of names and values,
 * UpdateExpression, ConditionExpression, KeyConditionExpression, FilterExpression, ProjectionExpression, and
 * last what no expression used.
 *
 *     const { condition } = bindExpressions(input, new SyntaxCache());
 *     if (condition && !matches(condition, row?.item)) throw conditionalCheckFailed();
 *
 * Parsing needs the text alone and is what costs; binding needs the request. A `SyntaxCache` that lives
 * longer than a request saves the parsing.
 */

import type { Layer } from "../values/value-errors.ts";
import { ExpressionAttributes } from "./attributes.ts";
import type { ExpressionParameters } from "./attributes.ts";
import { bindCondition } from "./condition-binding.ts";
import { parseCondition } from "./condition-parser.ts";
import type { ConditionKind } from "./condition-parser.ts";
import type { Condition } from "./conditions.ts";
import type { ExpressionKind } from "./expression-errors.ts";
import { Recent } from "./recent.ts";
import { parseProjection } from "./projection-parser.ts";
import { bindProjection } from "./projections.ts";
import type { Projection } from "./projections.ts";
import type {
  ConditionExpressionSyntax, ProjectionExpressionSyntax, UpdateExpressionSyntax,
} from "./syntax.ts";
import { bindUpdate } from "./update-binding.ts";
import { parseUpdate } from "./update-parser.ts";
import type { Update } from "./updates.ts";

/** The members of a request's input that hold expressions. */
export type ExpressionRequest = ExpressionParameters & {
  readonly [kind in ExpressionKind]?: string | undefined;
};

export interface BoundExpressions {
  readonly update: Update | undefined;
  readonly condition: Condition | undefined;
  /** `keyConditionsOf` and `keyRange` make a range of it. */
  readonly keyCondition: Condition | undefined;
  readonly filter: Condition | undefined;
  readonly projection: Projection | undefined;
}

export interface SyntaxSource {
  condition(text: string, kind: ConditionKind): ConditionExpressionSyntax;
  projection(text: string): ProjectionExpressionSyntax;
  update(text: string): UpdateExpressionSyntax;
}

/** Every text anew. */
export const PARSER: SyntaxSource = {
  condition: parseCondition, projection: parseProjection, update: parseUpdate,
};

/**
 * @param layer how the operation words what is wrong with values; PutItem, UpdateItem and DeleteItem call
 *   this in `enveloped`
 * @throws ValidationException for the first thing that is wrong with the expressions
 */
export function bindExpressions(
  request: ExpressionRequest, source: SyntaxSource = PARSER, layer: Layer = "older",
): BoundExpressions {
  const attributes = new ExpressionAttributes(request, layer);
  const bound = bindWith(request, attributes, source);
  attributes.requireAllUsed();
  return bound;
}

function bindWith(
  request: ExpressionRequest, attributes: ExpressionAttributes, source: SyntaxSource,
): BoundExpressions {
  const condition = (kind: ConditionKind): Condition | undefined => {
    const text = request[kind];
    return text === undefined ? undefined : bindCondition(source.condition(text, kind), attributes);
  };
  const { UpdateExpression, ProjectionExpression } = request;
  const update = UpdateExpression === undefined
    ? undefined : bindUpdate(source.update(UpdateExpression), attributes);
  return {
    update,
    condition: condition("ConditionExpression"),
    keyCondition: condition("KeyConditionExpression"),
    filter: condition("FilterExpression"),
    projection: ProjectionExpression === undefined
      ? undefined : bindProjection(source.projection(ProjectionExpression), attributes),
  };
}

/** Remembers the syntax of the texts that were parsed last, if they could be parsed. */
export class SyntaxCache implements SyntaxSource {
  readonly #conditions = new Recent<ConditionExpressionSyntax>();
  readonly #projections = new Recent<ProjectionExpressionSyntax>();
  readonly #updates = new Recent<UpdateExpressionSyntax>();

  condition(text: string, kind: ConditionKind): ConditionExpressionSyntax {
    return this.#conditions.get(`${kind} ${text}`, () => parseCondition(text, kind));
  }

  projection(text: string): ProjectionExpressionSyntax {
    return this.#projections.get(text, () => parseProjection(text));
  }

  update(text: string): UpdateExpressionSyntax {
    return this.#updates.get(text, () => parseUpdate(text));
  }
}
