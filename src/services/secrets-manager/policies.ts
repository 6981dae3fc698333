/** PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy and ValidateResourcePolicy. */

import * as sm from "../../generated/secrets-manager.ts";
import { parsePolicy, validatePolicy, type Statement } from "../../iam/parse.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import { requestConditions, secretConditions, secretRules } from "./conditions.ts";
import { malformedPolicy, publicPolicy, unsupportedPrincipal } from "./errors.ts";
import { policies } from "./policy-rows.ts";
import { scheduleReplication } from "./replication-jobs.ts";
import { ownerOf, requireChangeable, requireSecret, resourceOf, secretArn, touch } from "./secret-rows.ts";

function namesOf(statement: Statement): readonly string[] {
  const element = statement.principal ?? statement.notPrincipal;
  if (element === undefined) return [];
  return element === "*" ? ["*"] : (element.AWS ?? []);
}

/**
 * Condition keys whose fixed values confine a statement for everybody.
 *
 * @evidence IAM User Guide, "The meaning of public"
 */
const confining = new Set([
  "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:principalorgid", "aws:principalorgpaths",
  "aws:principalarn", "aws:principalaccount", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "aws:sourceip",
]);

function isPublic(statement: Statement): boolean {
  if (statement.effect !== "Allow" || !namesOf(statement).includes("*")) return false;
  return !statement.conditions.some(({ operator, key, values }) =>
    confining.has(key?.toLowerCase() ?? "") && !/not|ifexists|null/i.test(operator)
    && values.every((value) => !value.includes("*") && value !== "0.0.0.0/0" && value !== "::/0"));
}

function documentToKeep(ctx: ReadContext, document: string, blockPublic: boolean): string {
  if (validatePolicy(document, "resource").length > 0) throw malformedPolicy();
  const { statements } = parsePolicy(document);
  // @evidence recorded AWS answers to PutResourcePolicy
  const kept = keptPolicy(ctx.kernel.identity, document, unsupportedPrincipal);
  if (blockPublic && statements.some(isPublic)) throw publicPolicy();
  return kept;
}

export const PutResourcePolicy = operation(sm.PutResourcePolicy, {
  ...secretRules<sm.PutResourcePolicyRequest>(),
  run(input, ctx) {
    const secret = requireChangeable(ctx, input.SecretId);
    const document = documentToKeep(ctx, input.ResourcePolicy, input.BlockPublicPolicy ?? false);
    ctx.db(policies).put({ secret: secret.name, document });
    touch(ctx, secret);
    scheduleReplication(ctx, secret.name);
    return { ARN: secretArn(ctx, secret), Name: secret.name };
  },
});

export const GetResourcePolicy = operation(sm.GetResourcePolicy, {
  ...secretRules<sm.GetResourcePolicyRequest>(),
  run(input, ctx) {
    const secret = requireSecret(ctx, input.SecretId);
    const document = ctx.db(policies).get(secret.name)?.document;
    const ResourcePolicy = document && shownPolicy(ctx.kernel.identity, document);
    return { ARN: secretArn(ctx, secret), Name: secret.name, ResourcePolicy };
  },
});

export const DeleteResourcePolicy = operation(sm.DeleteResourcePolicy, {
  ...secretRules<sm.DeleteResourcePolicyRequest>(),
  run(input, ctx) {
    const secret = requireChangeable(ctx, input.SecretId);
    ctx.db(policies).delete(secret.name);
    touch(ctx, secret);
    scheduleReplication(ctx, secret.name);
    return { ARN: secretArn(ctx, secret), Name: secret.name };
  },
});

/** What PutResourcePolicy would refuse, as a list. */
export const ValidateResourcePolicy = operation(sm.ValidateResourcePolicy, {
  owner: (input) => (input.SecretId === undefined ? {} : ownerOf(input.SecretId)),
  resource: (input, ctx) => (input.SecretId === undefined ? "*" : resourceOf(ctx, input.SecretId)),
  conditions: (input, ctx) => {
    const { SecretId } = input;
    return SecretId === undefined ? requestConditions(input) : secretConditions({ ...input, SecretId }, ctx);
  },

  run(input, ctx) {
    if (input.SecretId !== undefined) requireSecret(ctx, input.SecretId);
    try {
      documentToKeep(ctx, input.ResourcePolicy, true);
      return { PolicyValidationPassed: true, ValidationErrors: [] };
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      const CheckName = cause.code === "PublicPolicyException" ? "PUBLIC_POLICY" : "POLICY_SYNTAX";
      return {
        PolicyValidationPassed: false, ValidationErrors: [{ CheckName, ErrorMessage: cause.message }],
      };
    }
  },
});
