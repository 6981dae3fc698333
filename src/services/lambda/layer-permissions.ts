/** Which accounts may use a version of a layer. */

import * as lambda from "../../generated/lambda.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { noPolicyAssociated, otherLayerRevision, statementExists, statementNotFound } from "./errors.ts";
import { layerArn, layerVersions, type LayerVersion } from "./layer-table.ts";
import { onLayerVersion, requireLayerVersion } from "./layers.ts";
import {
  keptStatement, principalOf, requireShort, shownDocument, shownStatement, type PolicyStatement,
} from "./policy-statements.ts";

function requireRevision(version: LayerVersion, given: string | undefined): void {
  if (given !== undefined && given !== version.policyRevisionId) throw otherLayerRevision();
}

function put(ctx: Context, version: LayerVersion, statements: readonly PolicyStatement[]): LayerVersion {
  return ctx.db(layerVersions).put({ ...version, statements, policyRevisionId: ctx.ids.uuid() });
}

export const AddLayerVersionPermission = operation(lambda.AddLayerVersionPermission, {
  ...onLayerVersion,

  run(input, ctx) {
    const version = requireLayerVersion(ctx, input);
    requireRevision(version, input.RevisionId);
    const { StatementId } = input;
    if (version.statements.some(({ Sid }) => Sid === StatementId)) throw statementExists(StatementId);
    const { OrganizationId } = input;
    const statement = keptStatement(ctx, {
      Sid: input.StatementId,
      Effect: "Allow",
      Principal: principalOf(input.Principal),
      Action: input.Action,
      Resource: layerArn(ctx, version.name, version.number),
      ...(OrganizationId !== undefined && {
        Condition: { StringEquals: { "aws:PrincipalOrgID": OrganizationId } },
      }),
    });
    const all = [...version.statements, statement];
    requireShort(all);
    const { policyRevisionId } = put(ctx, version, all);
    return { Statement: shownStatement(ctx, statement), RevisionId: policyRevisionId };
  },
});

export const RemoveLayerVersionPermission = operation(lambda.RemoveLayerVersionPermission, {
  ...onLayerVersion,

  run(input, ctx) {
    const version = requireLayerVersion(ctx, input);
    requireRevision(version, input.RevisionId);
    const left = version.statements.filter(({ Sid }) => Sid !== input.StatementId);
    if (left.length === version.statements.length) throw statementNotFound(input.StatementId);
    put(ctx, version, left);
  },
});

export const GetLayerVersionPolicy = operation(lambda.GetLayerVersionPolicy, {
  ...onLayerVersion,

  run(input, ctx) {
    const version = requireLayerVersion(ctx, input);
    if (version.statements.length === 0) throw noPolicyAssociated();
    return { Policy: shownDocument(ctx, version.statements), RevisionId: version.policyRevisionId };
  },
});
