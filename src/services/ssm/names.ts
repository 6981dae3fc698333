/** The ways to name a parameter: its name, its ARN, and either with a version or a label behind a colon. */

import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import {
  invalidName, malformedSelector, notFullyQualified, reservedName, reservedPrefix, tooManyLevels, validation,
} from "./errors.ts";

/** @evidence Systems Manager User Guide, "Requirements and constraints for parameter names" */
const levelsMax = 15;
const nameLengthMax = 1011;
const nameForm = /^\/?[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/;

/** What is below it is no parameter, but a secret of the caller's account. */
export const secretsPath = "/aws/reference/secretsmanager/";

export interface ParameterReference {
  /**
   * The name as it was created with; from an ARN, without a leading slash where that is all there is to tell.
   */
  readonly name: string;
  /** `:3` or `:production`. */
  readonly selector: string | undefined;
  /** Of an ARN; empty for the public parameters of AWS. */
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly isArn: boolean;
}

/** Names and ARNs share one form: `/app/key` and `key` are both `parameter/…` without a doubled slash. */
export function parameterResource(name: string): string {
  return `parameter/${name.startsWith("/") ? name.slice(1) : name}`;
}

/**
 * AWS's own parameters belong to no account.
 *
 * @evidence Systems Manager User Guide, "Working with public parameters"
 */
export function isPublicName(name: string): boolean {
  return name.startsWith("/aws/") && !isSecretName(name);
}

export function isSecretName(name: string): boolean {
  return name.startsWith(secretsPath);
}

/** Secrets have names of other characters than parameters. */
function parseSecretReference(text: string): ParameterReference {
  const [name = "", ...selectors] = text.split(":");
  const [selector] = selectors;
  if (selectors.length > 1 || selector === "") throw malformedSelector();
  return {
    name, selector: selector === undefined ? undefined : `:${selector}`,
    account: undefined, region: undefined, isArn: false,
  };
}

export function parameterArn(ctx: ReadContext, name: string): string {
  if (!isPublicName(name)) return ctx.arn(parameterResource(name));
  return formatArn({ service: "ssm", region: ctx.region, account: "", resource: parameterResource(name) });
}

/** Spaces around a name mean nothing. @evidence SSM API Reference, GetParameter */
export function parseReference(text: string): ParameterReference {
  const trimmed = text.trim();
  if (isSecretName(trimmed)) return parseSecretReference(trimmed);
  const arn = trimmed.startsWith("arn:") ? parseArn(trimmed) : undefined;
  if (arn && (arn.service !== "ssm" || !arn.resource.startsWith("parameter/"))) throw invalidName();
  const path = arn ? arn.resource.slice("parameter/".length) : trimmed;
  const [bare = "", ...selectors] = path.split(":");
  const name = arn && bare.includes("/") && !bare.startsWith("/") ? `/${bare}` : bare;
  const [selector] = selectors;
  if (!nameForm.test(name) || selectors.length > 1 || selector === "") throw invalidName();
  return {
    name, selector: selector === undefined ? undefined : `:${selector}`,
    account: arn?.account, region: arn?.region, isArn: arn !== undefined,
  };
}

/** The account of an ARN, where it is not the caller's own. */
export function accountOf(text: string): string | undefined {
  const account = text.trim().startsWith("arn:") ? parseArn(text.trim())?.account : undefined;
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

/** For authorization, before the name of a secret is known to be well formed. */
export function arnOfReference(ctx: ReadContext, text: string): string {
  const trimmed = text.trim();
  const { name } = isSecretName(trimmed) ? { name: trimmed.split(":")[0] ?? "" } : parseReference(trimmed);
  return parameterArn(ctx, name);
}

/** The name of a parameter that is to be created. */
export function requireCreatableName(text: string): string {
  const name = text.trim();
  if (!name.startsWith("/") && name.includes("/")) throw notFullyQualified();
  const bare = name.replace(/^\/+/, "").toLowerCase();
  if (bare.startsWith("aws") || bare.startsWith("ssm")) {
    const isPath = name.lastIndexOf("/") > 0;
    if (bare.startsWith("aws") && isPath) throw reservedName(name);
    throw isPath ? invalidName() : reservedPrefix();
  }
  if (!nameForm.test(name)) throw invalidName();
  if (name.split("/").length - 1 > levelsMax) throw tooManyLevels();
  if (name.length > nameLengthMax) {
    throw validation(
      `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint: `
      + `Member must have length less than or equal to ${nameLengthMax}`,
    );
  }
  return name;
}
