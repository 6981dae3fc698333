/** The ways to name a function: its name, its ARN or a part of it, each with or without a qualifier. */

import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { Arrival, Owner } from "../../kernel/operation.ts";
import { nameTooLong, onlyForLatest, otherRegion, qualifiersDiffer } from "./errors.ts";

export interface FunctionName {
  readonly name: string;
  readonly qualifier: string | undefined;
  readonly account: string | undefined;
  readonly region: string | undefined;
}

export const latest = "$LATEST";

const form =
  /^(?:(?:arn:[a-z-]+:lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?function:)?([^:]+)(?::([^:]+))?$/;
const accountFirst = /^(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(\d{12}):(?!function:)([^:]+)(?::([^:]+))?$/;

/**
 * `my-function`, `my-function:v1`, `123456789012:function:my-function`, an ARN; the model has checked its
 * form.
 */
export function parseFunctionName(text: string): FunctionName {
  const [, region, account, name = text, qualifier] = accountFirst.exec(text) ?? form.exec(text) ?? [];
  return { name, qualifier, account, region };
}

interface Naming {
  readonly FunctionName: string;
  readonly Qualifier?: string | undefined;
}

/**
 * The function's name, and the qualifier from wherever it is given.
 *
 * @throws AwsError where a name and a parameter give two qualifiers
 */
export function namedFunction(input: Naming): {
  readonly name: string; readonly qualifier: string | undefined,
} {
  const { name, qualifier } = parseFunctionName(input.FunctionName);
  if (qualifier !== undefined && input.Qualifier !== undefined && qualifier !== input.Qualifier) {
    throw qualifiersDiffer();
  }
  return { name, qualifier: input.Qualifier ?? qualifier };
}

/** The name of a function that is to be changed: its versions stay as they are. @throws AwsError for those */
export function nameOfLatest(text: string): string {
  const { name, qualifier = latest } = parseFunctionName(text);
  if (qualifier !== latest) throw onlyForLatest();
  return name;
}

/** @evidence Lambda API Reference, CreateFunction, FunctionName: 64 characters where it is no ARN */
const nameLengthMax = 64;

/** @throws AwsError for a name that no function can have; the model's limit is that of ARNs */
export function requireNameLength(name: string): void {
  if (name.length > nameLengthMax) throw nameTooLong(name, nameLengthMax);
}

/** Functions of other accounts are named with their account; those of other Regions are out of reach. */
export function ownerOfFunction(input: { readonly FunctionName: string }, from: Arrival): Owner | undefined {
  const { account, region } = parseFunctionName(input.FunctionName);
  if (region !== undefined && region !== from.region) throw otherRegion(region, from.region);
  return account === undefined ? undefined : { account };
}

export function functionArn(ctx: ReadContext, name: string, qualifier?: string): string {
  return ctx.arn(qualifier === undefined ? `function:${name}` : `function:${name}:${qualifier}`);
}

/** What IAM is asked about: the function, or the version or alias that the request names. */
export function resourceNamed(input: Naming, ctx: ReadContext): string {
  const { name, qualifier } = namedFunction(input);
  return functionArn(ctx, name, qualifier);
}

export function resourceUnqualified(input: Naming, ctx: ReadContext): string {
  return functionArn(ctx, parseFunctionName(input.FunctionName).name);
}

/** Rules of an operation on a function or a version or alias of it. */
export const onFunction = { owner: ownerOfFunction, resource: resourceNamed };
/** Rules of an operation on a function as a whole. */
export const onWholeFunction = { owner: ownerOfFunction, resource: resourceUnqualified };

export function arnInCell(account: string, region: string, resource: string): string {
  return formatArn({ service: "lambda", region, account, resource });
}

/** Name and qualifier in an ARN of a function; undefined for other ARNs. */
export function functionInArn(text: string): FunctionName | undefined {
  const arn = parseArn(text);
  if (arn?.service !== "lambda" || !arn.resource.startsWith("function:")) return undefined;
  const [, name = "", qualifier] = arn.resource.split(":");
  return { name, qualifier, account: arn.account, region: arn.region };
}

export function isVersionNumber(qualifier: string): boolean {
  return /^\d+$/.test(qualifier);
}
