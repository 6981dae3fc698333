/** GetParameter, GetParameters, GetParametersByPath and GetParameterHistory. */

import * as ssm from "../../generated/ssm.ts";
import type { GetParametersResult, Parameter } from "../../generated/ssm.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidNextToken, parameterNotFound } from "./errors.ts";
import { isBelow, pathFilters, requirePath } from "./filters.ts";
import {
  accountOf, arnOfReference, isPublicName, isSecretName, parameterArn, parseReference,
  type ParameterReference,
} from "./names.ts";
import {
  parameters, requireLatest, requireVersion, versions, type ParameterVersion,
} from "./parameter-rows.ts";
import { publicParameter, publicParametersBelow } from "./public-parameters.ts";
import { referencedSecret } from "./secret-references.ts";
import { shownPolicies } from "./shown.ts";
import { unseal } from "./sealing.ts";

async function shown(
  ctx: BodyContext, version: ParameterVersion, decrypted: boolean | undefined, selector?: string,
): Promise<Parameter> {
  const isSealed = version.type === "SecureString" && decrypted === true;
  return {
    Name: version.name,
    Type: version.type,
    Value: isSealed ? await unseal(ctx, version) : version.value,
    Version: version.version,
    ...(selector !== undefined && { Selector: selector }),
    LastModifiedDate: version.modifiedAt,
    ARN: parameterArn(ctx, version.name),
    DataType: version.dataType,
  };
}

async function get(
  ctx: BodyContext, reference: ParameterReference, decrypted: boolean | undefined,
): Promise<Parameter> {
  if (reference.region !== undefined && reference.region !== ctx.region) throw parameterNotFound();
  if (isSecretName(reference.name)) return referencedSecret(ctx, reference, decrypted);
  if (isPublicName(reference.name)) return publicParameter(ctx, reference.name);
  const version = ctx.transaction((within) => requireVersion(within, reference));
  return shown(ctx, version, decrypted, reference.selector);
}

export const GetParameter = operation(ssm.GetParameter, {
  owner: (input) => ({ account: accountOf(input.Name) }),
  resource: (input, ctx) => arnOfReference(ctx, input.Name),

  async body(input, ctx) {
    return { Parameter: await get(ctx, parseReference(input.Name), input.WithDecryption) };
  },
});

/**
 * The one other account that all names are of; undefined where names are of several accounts, or of the
 * caller's.
 */
function onlyAccount(names: readonly string[]): string | undefined {
  const accounts = new Set(names.map(accountOf));
  return accounts.size === 1 ? [...accounts][0] : undefined;
}

function isForeign(account: string | undefined, own: string): account is string {
  return account !== undefined && account !== own;
}

const absent: ReadonlySet<string> = new Set(["ParameterNotFound", "ParameterVersionNotFound"]);

/**
 * A name that finds nothing is listed, whatever the reason, and so is a secret that is asked for wrongly; a
 * key that refuses fails the whole request.
 */
async function getAll(
  ctx: BodyContext, names: readonly string[], decrypted: boolean | undefined,
): Promise<GetParametersResult> {
  const Parameters: Parameter[] = [];
  const InvalidParameters: string[] = [];
  for (const name of new Set(names)) {
    try {
      Parameters.push(await get(ctx, parseReference(name), decrypted));
    } catch (cause) {
      const { code = "" } = cause instanceof AwsError ? cause : {};
      const isInvalid = absent.has(code) || (isSecretName(name.trim()) && code === "ValidationException");
      if (!isInvalid) throw cause;
      InvalidParameters.push(name);
    }
  }
  return { Parameters, InvalidParameters };
}

function byName(left: Parameter, right: Parameter): number {
  const [a = "", b = ""] = [left.Name, right.Name];
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Names of several accounts are asked for account by account: each account's policies decide about its own.
 */
export const GetParameters = operation(ssm.GetParameters, {
  owner: (input) => ({ account: onlyAccount(input.Names) }),
  resource: (input, ctx) => input.Names.filter((name) => !isForeign(accountOf(name), ctx.account))
    .map((name) => arnOfReference(ctx, name)),

  async body(input, ctx) {
    const own = input.Names.filter((name) => !isForeign(accountOf(name), ctx.account));
    const found = [await getAll(ctx, own, input.WithDecryption)];
    for (const account of new Set(input.Names.map(accountOf))) {
      if (!isForeign(account, ctx.account)) continue;
      const Names = input.Names.filter((name) => accountOf(name) === account);
      found.push(await ctx.call(ssm.GetParameters, { Names, WithDecryption: input.WithDecryption }));
    }
    return {
      Parameters: found.flatMap((part) => part.Parameters ?? []).sort(byName),
      InvalidParameters: found.flatMap((part) => part.InvalidParameters ?? []),
    };
  },
});

/** @evidence SSM API Reference, GetParametersByPath, MaxResults */
const pathResultsMax = 10;

export const GetParametersByPath = operation(ssm.GetParametersByPath, {
  resource: (input, ctx) => parameterArn(ctx, input.Path.trim()),
  conditions: (input) => ({ "ssm:recursive": String(input.Recursive ?? false) }),

  async body(input, ctx) {
    const path = requirePath(input.Path);
    const limit = input.MaxResults ?? pathResultsMax;
    const scope = `ssm:GetParametersByPath ${path}`;
    const recursive = input.Recursive ?? false;
    if (isPublicName(`${path}/`)) {
      return publicParametersBelow(
        ctx, path, recursive, { limit, token: input.NextToken, scope, invalid: invalidNextToken },
      );
    }
    const { found, next } = ctx.transaction((within) => {
      const keep = pathFilters(within, input.ParameterFilters ?? []);
      const listed = page({
        rows: within.db(parameters),
        ...(path !== "" && { range: { prefix: `${path}/`, prefixOfLastPart: true } }),
        key: (row) => row.name,
        keep: ({ name }) => isBelow(name, path, recursive) && keep(requireLatest(within, name)) !== undefined,
        limit, token: input.NextToken, scope, invalid: invalidNextToken,
      });
      const kept = listed.items.flatMap((row) => keep(requireLatest(within, row.name)) ?? []);
      return { found: kept, next: listed.next };
    });
    const Parameters: Parameter[] = [];
    for (const version of found) Parameters.push(await shown(ctx, version, input.WithDecryption));
    return { Parameters, NextToken: next };
  },
});

const historyResultsMax = 50;

export const GetParameterHistory = operation(ssm.GetParameterHistory, {
  owner: (input) => ({ account: accountOf(input.Name) }),
  resource: (input, ctx) => arnOfReference(ctx, input.Name),

  async body(input, ctx) {
    const { items, next } = ctx.transaction((within) => {
      const { name } = requireVersion(within, { ...parseReference(input.Name), selector: undefined });
      return page({
        rows: within.db(versions),
        range: { prefix: [name] },
        key: (row) => [row.name, row.version],
        limit: input.MaxResults ?? historyResultsMax,
        token: input.NextToken,
        scope: `ssm:GetParameterHistory ${name}`,
        invalid: invalidNextToken,
      });
    });
    const Parameters = [];
    for (const version of items) {
      const {
        Name, Type, Value, Version, LastModifiedDate, DataType,
      } = await shown(ctx, version, input.WithDecryption);
      Parameters.push({
        Name, Type, Value, Version, LastModifiedDate, DataType,
        KeyId: version.keyId,
        LastModifiedUser: version.modifiedBy,
        Description: version.description,
        AllowedPattern: version.allowedPattern,
        Labels: [...version.labels],
        Tier: version.tier,
        Policies: shownPolicies(version),
      });
    }
    return { Parameters, NextToken: next };
  },
});

