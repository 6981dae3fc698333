/** The filters of DescribeParameters and GetParametersByPath. */

import type { ParametersFilter, ParameterStringFilter } from "../../generated/ssm.ts";
import type { ReadContext } from "../../kernel/context.ts";
import {
  invalidFilterKey, invalidFilterOption, invalidFilterValue, invalidPath, validation,
} from "./errors.ts";
import { parameterArn } from "./names.ts";
import { versions, type ParameterVersion } from "./parameter-rows.ts";

type Test = (version: ParameterVersion) => boolean;

const pathForm = /^(?:\/[A-Za-z0-9_.-]+)*\/?$/;

/** The path without its last slash: empty for the root. @throws ValidationException */
export function requirePath(text: string): string {
  const path = text.trim();
  if (!path.startsWith("/") || !pathForm.test(path)) throw invalidPath();
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Names without any slash are at the root. */
export function isBelow(name: string, path: string, recursive: boolean): boolean {
  const full = name.startsWith("/") ? name : `/${name}`;
  if (!full.startsWith(`${path}/`)) return false;
  return recursive || !full.includes("/", path.length + 1);
}

/** @evidence recorded AWS answers to DescribeParameters with filters that are not valid */
function requireValues(filter: ParameterStringFilter): readonly string[] {
  if (filter.Values && filter.Values.length > 0) return filter.Values;
  throw invalidFilterValue(`The following filter values are missing : null for filter key ${filter.Key}.`);
}

function requireOption(filter: ParameterStringFilter, options: readonly string[], byDefault: string): string {
  const option = filter.Option ?? byDefault;
  if (options.includes(option)) return option;
  throw invalidFilterOption(
    `The following filter option is not valid: ${option}. Valid options include: [${options.join(", ")}].`,
  );
}

function requireOneOf(values: readonly string[], valid: readonly string[]): void {
  const wrong = values.find((value) => !valid.includes(value));
  if (wrong === undefined) return;
  throw invalidFilterOption(
    `The following filter value is not valid: ${wrong}. Valid values include: [${valid.join(", ")}].`,
  );
}

function matcher(option: string, values: readonly string[]): (text: string | undefined) => boolean {
  return (text) => text !== undefined && values.some((value) => {
    if (option === "BeginsWith") return text.startsWith(value);
    return option === "Contains" ? text.includes(value) : text === value;
  });
}

function invalidKey({ Key }: ParameterStringFilter, valid: string): Error {
  return invalidFilterKey(
    `The following filter key is not valid: ${Key}. Valid filter keys include: ${valid}.`,
  );
}

function requireUnique(filters: readonly ParameterStringFilter[]): void {
  const seen = new Set<string>();
  for (const { Key } of filters) {
    if (seen.has(Key)) {
      throw invalidFilterKey(
        `The following filter is duplicated in the request: ${Key}. A request can contain only one `
        + "occurrence of a specific filter.",
      );
    }
    seen.add(Key);
  }
}

function pathTest(filter: ParameterStringFilter): Test {
  const values = requireValues(filter);
  const recursive = requireOption(filter, ["Recursive", "OneLevel"], "OneLevel") === "Recursive";
  for (const value of values) {
    if (/^\/?(?:aws|ssm)/i.test(value)) {
      throw validation(
        'Filters for common parameters can\'t be prefixed with "aws" or "ssm" (case-insensitive). '
        + "When using global parameters, please specify within a global namespace.",
      );
    }
  }
  const paths = values.map(requirePath);
  return ({ name }) => paths.some((path) => isBelow(name, path, recursive));
}

function tagTest(ctx: ReadContext, filter: ParameterStringFilter): Test {
  const key = filter.Key.slice("tag:".length);
  const matches = filter.Values
    ? matcher(requireOption(filter, ["BeginsWith", "Equals"], "Equals"), filter.Values)
    : (value: string | undefined) => value !== undefined;
  return ({ name }) => {
    const tags = ctx.tags(parameterArn(ctx, name)).get();
    return matches(Object.hasOwn(tags, key) ? tags[key] : undefined);
  };
}

const types = ["String", "StringList", "SecureString"];

function typeOrKeyTest(filter: ParameterStringFilter): Test {
  const values = requireValues(filter);
  const matches = matcher(requireOption(filter, ["BeginsWith", "Equals"], "Equals"), values);
  if (filter.Key === "KeyId") return ({ keyId }) => matches(keyId);
  requireOneOf(values, types);
  return ({ type }) => matches(type);
}

function describeTest(ctx: ReadContext, filter: ParameterStringFilter): Test {
  if (filter.Key.startsWith("tag:")) return tagTest(ctx, filter);
  switch (filter.Key) {
    case "Path": return pathTest(filter);
    case "Name": {
      const values = requireValues(filter);
      const matches = matcher(requireOption(filter, ["BeginsWith", "Contains", "Equals"], "Equals"), values);
      return ({ name }) => matches(name);
    }
    case "Type": case "KeyId": return typeOrKeyTest(filter);
    case "Tier": {
      const values = requireValues(filter);
      requireOneOf(values, ["Standard", "Advanced", "Intelligent-Tiering"]);
      return ({ tier }) => values.includes(tier);
    }
    case "DataType": {
      const matches = matcher(
        requireOption(filter, ["BeginsWith", "Equals"], "Equals"), requireValues(filter),
      );
      return ({ dataType }) => matches(dataType);
    }
    default: throw invalidKey(filter, "[Path, Name, Type, KeyId, Tier]");
  }
}

/** @throws InvalidFilterKey, InvalidFilterOption, InvalidFilterValue, ValidationException */
export function describeFilters(
  ctx: ReadContext, filters: readonly ParametersFilter[], stringFilters: readonly ParameterStringFilter[],
): Test {
  if (filters.length > 0 && stringFilters.length > 0) {
    throw validation("You can use either Filters or ParameterFilters in a single request.");
  }
  requireUnique(stringFilters);
  const tests = stringFilters.map((filter) => describeTest(ctx, filter));
  for (const { Key, Values } of filters) {
    const matches = matcher(Key === "Name" ? "BeginsWith" : "Equals", Values);
    tests.push((version) =>
      matches(Key === "Name" ? version.name : Key === "Type" ? version.type : version.keyId));
  }
  return (version) => tests.every((test) => test(version));
}

/**
 * Of a parameter below a path, the version that the filters ask for: a label selects the version that has it.
 *
 * @throws InvalidFilterKey, InvalidFilterOption, InvalidFilterValue
 */
export function pathFilters(
  ctx: ReadContext, filters: readonly ParameterStringFilter[],
): (latest: ParameterVersion) => ParameterVersion | undefined {
  requireUnique(filters);
  const tests: Test[] = [];
  let labels: readonly string[] | undefined;
  for (const filter of filters) {
    if (filter.Key === "Label") {
      requireOption(filter, ["Equals"], "Equals");
      labels = requireValues(filter);
    } else if (filter.Key === "Type" || filter.Key === "KeyId") {
      tests.push(typeOrKeyTest(filter));
    } else {
      throw invalidKey(filter, "[Type, KeyId]");
    }
  }
  return (latest) => {
    const wanted = labels;
    const version = wanted === undefined ? latest : [
      ...ctx.db(versions).list({ prefix: [latest.name], reverse: true }),
    ]
      .find((each) => each.labels.some((label) => wanted.includes(label)));
    return version && tests.every((test) => test(version)) ? version : undefined;
  };
}
