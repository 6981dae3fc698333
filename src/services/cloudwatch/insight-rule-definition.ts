/**
 * Definitions of Contributor Insights rules: which members of log events make a contributor, and what of it
 * is
 * added up.
 *
 * @evidence CloudWatch User Guide, "Contributor Insights rule syntax"
 */

import { invalidParameterValue } from "./errors.ts";

export interface InsightFilter {
  readonly match: string;
  readonly holds: (value: unknown) => boolean;
}

export interface InsightDefinition {
  readonly schema: string;
  readonly groups: readonly string[];
  readonly isJson: boolean;
  /** Names of the places of lines in the Common Log Format. */
  readonly fields: Readonly<Record<string, string>>;
  readonly keys: readonly string[];
  readonly valueOf: string | undefined;
  readonly filters: readonly InsightFilter[];
  readonly isSum: boolean;
}

/** @evidence CloudWatch User Guide, "Contributor Insights rule syntax": four keys, four filters */
const keysMax = 4;
const filtersMax = 4;

type Members = Readonly<Record<string, unknown>>;

function invalid(what: string): Error {
  return invalidParameterValue(`The parameter RuleDefinition is invalid: ${what}.`);
}

function members(value: unknown, name: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`${name} must be an object`);
  }
  return value as Members;
}

function texts(value: unknown, name: string): string[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) {
    throw invalid(`${name} must be a list of texts`);
  }
  return value as string[];
}

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** By the name of the operator, what it compares with to what holds. */
const operators: Readonly<Record<string, (operand: unknown) => (value: unknown) => boolean>> = {
  In: (operand) => (value) => value !== undefined && (operand as unknown[]).some((one) => equal(one, value)),
  NotIn: (operand) => (value) => value !== undefined &&
    !(operand as unknown[]).some((one) => equal(one, value)),
  StartsWith: (operand) => (value) =>
    value !== undefined && (operand as string[]).some((one) => asText(value).startsWith(one)),
  NotStartsWith: (operand) => (value) =>
    value !== undefined && !(operand as string[]).some((one) => asText(value).startsWith(one)),
  GreaterThan: (operand) => (value) => Number(value) > Number(operand),
  LessThan: (operand) => (value) => Number(value) < Number(operand),
  EqualTo: (operand) => (value) => value !== undefined && Number(value) === Number(operand),
  NotEqualTo: (operand) => (value) => value !== undefined && Number(value) !== Number(operand),
  IsPresent: (operand) => (value) => (value !== undefined) === operand,
};
const listOperators = ["In", "NotIn", "StartsWith", "NotStartsWith"];
const numberOperators = ["GreaterThan", "LessThan", "EqualTo", "NotEqualTo"];

function equal(one: unknown, other: unknown): boolean {
  return typeof one === typeof other ? one === other : asText(one) === asText(other);
}

function filterOf(given: unknown): InsightFilter {
  const { Match: match, ...rest } = members(given, "a filter");
  const [name = ""] = Object.keys(rest);
  if (typeof match !== "string" || Object.keys(rest).length !== 1 || !Object.hasOwn(operators, name)) {
    throw invalid("a filter must have Match and one operator");
  }
  const operand = rest[name];
  const isRight = listOperators.includes(name) ? Array.isArray(operand) && operand.length <= 10
    : numberOperators.includes(name) ? typeof operand === "number" : typeof operand === "boolean";
  if (!isRight) throw invalid(`the operator ${name} has no such value`);
  return { match, holds: (operators[name] as typeof operators[string])(operand) };
}

/** @throws InvalidParameterValue */
export function parseDefinition(text: string): InsightDefinition {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw invalid("it is no JSON");
  }
  const rule = members(given, "it");
  const { Name: name, Version: version } = members(rule["Schema"], "Schema");
  if (name !== "CloudWatchLogRule" ||
    version !== 1) throw invalid("Schema must be CloudWatchLogRule, version 1");
  const format = rule["LogFormat"] ?? "JSON";
  if (format !== "JSON" && format !== "CLF") throw invalid("LogFormat must be JSON or CLF");
  const aggregateOn = rule["AggregateOn"] ?? "Count";
  if (aggregateOn !== "Count" && aggregateOn !== "Sum") throw invalid("AggregateOn must be Count or Sum");
  const contribution = members(rule["Contribution"], "Contribution");
  const keys = texts(contribution["Keys"], "Contribution.Keys");
  const filters = contribution["Filters"] ?? [];
  if (keys.length < 1 ||
    keys.length > keysMax) throw invalid(`Contribution.Keys must have 1 to ${keysMax} keys`);
  if (!Array.isArray(filters) || filters.length > filtersMax) {
    throw invalid(`Contribution.Filters must be a list of at most ${filtersMax}`);
  }
  const valueOf = contribution["ValueOf"];
  if (valueOf !== undefined &&
    typeof valueOf !== "string") throw invalid("Contribution.ValueOf must be a text");
  return {
    schema: `{"Name":"${name}","Version":${version}}`, groups: groupsOf(rule), isJson: format === "JSON",
    fields: members(rule["Fields"] ?? {}, "Fields") as Readonly<Record<string, string>>,
    keys, valueOf, filters: filters.map(filterOf), isSum: aggregateOn === "Sum",
  };
}

function groupsOf(rule: Members): string[] {
  const { LogGroupNames: names, LogGroupARNs: arns } = rule;
  if (names !== undefined && arns !== undefined) {
    throw invalid("it must have LogGroupNames or LogGroupARNs, but not both");
  }
  const groups = texts(names ?? arns, "LogGroupNames");
  if (groups.length === 0) throw invalid("LogGroupNames must name a log group");
  return groups;
}

/** The members of an event that a definition names, by the names that it gives them. */
export type Lookup = (name: string) => unknown;

function jsonLookup(message: string): Lookup | undefined {
  let root: unknown;
  try {
    root = JSON.parse(message.slice(Math.max(0, message.indexOf("{"))));
  } catch {
    return undefined;
  }
  return (path) => {
    let at: unknown = root;
    for (const step of path.replace(/^\$\.?/, "").replace(/\[(\d+)\]/g, ".$1").split(".")) {
      if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
      at = (at as Members)[step];
    }
    return at ?? undefined;
  };
}

/** `10.0.0.1 - - [time] "GET /" 200`: places are counted from one. */
function lineLookup(message: string, fields: Readonly<Record<string, string>>): Lookup {
  const places = message.match(/\[[^\]]*\]|"[^"]*"|\S+/g) ?? [];
  return (name) => {
    const place = Object.entries(fields).find(([, alias]) => alias === name)?.[0] ?? name;
    return places[Number(place) - 1]?.replace(/^["[]|["\]]$/g, "");
  };
}

export interface Contribution {
  readonly keys: readonly string[];
  readonly value: number;
}

/** What an event contributes, if it does. */
export function contributionOf(definition: InsightDefinition, message: string): Contribution | undefined {
  const lookup = definition.isJson ? jsonLookup(message) : lineLookup(message, definition.fields);
  if (!lookup || !definition.filters.every(({ match, holds }) => holds(lookup(match)))) return undefined;
  const keys = definition.keys.map((key) => lookup(key));
  if (keys.includes(undefined)) return undefined;
  // @evidence CloudWatch User Guide, "Setting an alarm on Contributor Insights metric data": a Sum of nothing
  const value = definition.isSum && definition.valueOf !== undefined ? Number(lookup(definition.valueOf)) : 1;
  return Number.isFinite(value) ? { keys: keys.map(asText), value } : undefined;
}
