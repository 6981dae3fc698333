/** Aliases: names for versions, which can share out invocations between two of them. */

import * as lambda from "../../generated/lambda.ts";
import type { AliasConfiguration, AliasRoutingConfiguration } from "../../generated/lambda.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { aliases, type Alias } from "./alias-table.ts";
import { aliasExists, aliasNotFound, invalidMarker, invalidParameter, otherRevision } from "./errors.ts";
import { forgetQualifier } from "./dependants.ts";
import {
  functionArn, latest, onWholeFunction, ownerOfFunction, parseFunctionName,
} from "./function-names.ts";
import { requireFunction } from "./function-table.ts";
import { moveProvisioned, reprovision } from "./provisioning.ts";
import { requireVersion } from "./qualifiers.ts";

interface OfAlias {
  readonly FunctionName: string;
  readonly Name: string;
}

function shown(ctx: ReadContext, row: Alias): AliasConfiguration {
  return {
    AliasArn: functionArn(ctx, row.name, row.alias),
    Name: row.alias,
    FunctionVersion: row.version,
    Description: row.description,
    RevisionId: row.revisionId,
    ...(row.weights && { RoutingConfig: { AdditionalVersionWeights: { ...row.weights } } }),
  };
}

/** @evidence Lambda Developer Guide, "Alias routing configuration": two published versions at most */
function weightsOf(
  ctx: ReadContext, name: string, version: string, routing: AliasRoutingConfiguration | undefined,
): Alias["weights"] {
  const entries = Object.entries(routing?.AdditionalVersionWeights ?? {});
  if (entries.length === 0) return undefined;
  if (entries.length > 1) {
    throw invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
  }
  if (version === latest || entries.some(([other]) => other === latest)) {
    throw invalidParameter("$LATEST is not supported for an alias pointing to more than 1 version");
  }
  for (const [other] of entries) {
    if (other === version) {
      throw invalidParameter(`Invalid function version ${other}. Function version ${other} is already `
      + "included in "
        + "routing configuration.");
    }
    requireVersion(ctx, name, other);
  }
  return Object.fromEntries(entries);
}

function requireAlias(ctx: ReadContext, name: string, alias: string): Alias {
  requireFunction(ctx, name);
  const found = ctx.db(aliases).get([name, alias]);
  if (!found) throw aliasNotFound(functionArn(ctx, name, alias));
  return found;
}

export const CreateAlias = operation(lambda.CreateAlias, {
  ...onWholeFunction,

  run(input, ctx) {
    const { name } = parseFunctionName(input.FunctionName);
    requireFunction(ctx, name);
    if (ctx.db(aliases).has([name, input.Name])) throw aliasExists(functionArn(ctx, name, input.Name));
    requireVersion(ctx, name, input.FunctionVersion);
    return shown(ctx, ctx.db(aliases).add({
      name,
      alias: input.Name,
      version: input.FunctionVersion,
      description: input.Description ?? "",
      weights: weightsOf(ctx, name, input.FunctionVersion, input.RoutingConfig),
      revisionId: ctx.ids.uuid(),
    }));
  },
});

export const GetAlias = operation(lambda.GetAlias, {
  ...onWholeFunction,
  run: (input, ctx) => shown(ctx, requireAlias(ctx, parseFunctionName(input.FunctionName).name, input.Name)),
});

export const UpdateAlias = operation(lambda.UpdateAlias, {
  ...onWholeFunction,

  run(input, ctx) {
    const { name } = parseFunctionName(input.FunctionName);
    const alias = requireAlias(ctx, name, input.Name);
    if (input.RevisionId !== undefined && input.RevisionId !== alias.revisionId) throw otherRevision();
    const version = input.FunctionVersion ?? alias.version;
    requireVersion(ctx, name, version);
    moveProvisioned(ctx, alias, alias.version, version);
    return shown(ctx, ctx.db(aliases).put({
      ...alias,
      version,
      description: input.Description ?? alias.description,
      weights: input.RoutingConfig ? weightsOf(ctx, name, version, input.RoutingConfig) : alias.weights,
      revisionId: ctx.ids.uuid(),
    }));
  },
});

/** Deleting an alias that is not there succeeds. @evidence Terraform provider: DeleteAlias is repeatable */
export const DeleteAlias = operation(lambda.DeleteAlias, {
  owner: ownerOfFunction,
  resource: (input: OfAlias, ctx) => functionArn(ctx, parseFunctionName(input.FunctionName).name),

  run(input: OfAlias, ctx: Context) {
    const { name } = parseFunctionName(input.FunctionName);
    requireFunction(ctx, name);
    const alias = ctx.db(aliases).get([name, input.Name]);
    if (!alias) return;
    ctx.db(aliases).delete([name, input.Name]);
    forgetQualifier(ctx, name, input.Name);
    reprovision(ctx, name, alias.version);
  },
});

export const ListAliases = operation(lambda.ListAliases, {
  ...onWholeFunction,

  run(input, ctx) {
    const { name } = parseFunctionName(input.FunctionName);
    requireFunction(ctx, name);
    const version = input.FunctionVersion;
    const { items, next } = page({
      rows: ctx.db(aliases),
      range: { prefix: [name] },
      key: (row) => [row.name, row.alias],
      keep: (row) => version === undefined || row.version === version || row.weights?.[version] !== undefined,
      limit: Math.min(input.MaxItems ?? 50, 50),
      token: input.Marker,
      scope: `ListAliases ${name} ${version ?? ""}`,
      invalid: invalidMarker,
    });
    return { Aliases: items.map((row) => shown(ctx, row)), NextMarker: next };
  },
});
