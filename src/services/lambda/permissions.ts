/** Resource policies of functions: who else may use them. */

import * as lambda from "../../generated/lambda.ts";
import type { AddPermissionRequest, RemovePermissionRequest } from "../../generated/lambda.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { aliases } from "./alias-table.ts";
import {
  invalidParameter, noPolicy, noPolicyAssociated, noPolicyFor, noPolicyForLatest, otherRevision,
  statementExists, statementNotFound,
} from "./errors.ts";
import { functionArn, latest, namedFunction, onFunction } from "./function-names.ts";
import { functions, requireFunction, touchVersion } from "./function-table.ts";
import { functionPolicies, type FunctionPolicy } from "./permission-table.ts";
import {
  document, keptStatement, principalOf, requireShort, shownDocument, shownStatement, type PolicyStatement,
} from "./policy-statements.ts";
import { requireQualified, revisionOfQualified, type Qualified } from "./qualifiers.ts";

type Conditions = NonNullable<PolicyStatement["Condition"]>;

/** @evidence recorded AWS answers to AddPermission: how conditions are spelled */
function conditionsOf(input: AddPermissionRequest): Conditions | undefined {
  const { SourceArn, SourceAccount, EventSourceToken, PrincipalOrgID, FunctionUrlAuthType } = input;
  const equals = {
    ...(SourceAccount !== undefined && { "AWS:SourceAccount": SourceAccount }),
    ...(EventSourceToken !== undefined && { "lambda:EventSourceToken": EventSourceToken }),
    ...(PrincipalOrgID !== undefined && { "aws:PrincipalOrgID": PrincipalOrgID }),
    ...(FunctionUrlAuthType !== undefined && { "lambda:FunctionUrlAuthType": FunctionUrlAuthType }),
  };
  const conditions = {
    ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
    ...(input.InvokedViaFunctionUrl !== undefined && {
      Bool: { "lambda:InvokedViaFunctionUrl": String(input.InvokedViaFunctionUrl) },
    }),
    ...(SourceArn !== undefined && { ArnLike: { "AWS:SourceArn": SourceArn } }),
  };
  return Object.keys(conditions).length > 0 ? conditions : undefined;
}

function findPolicy(
  ctx: ReadContext, name: string, qualifier: string | undefined,
): FunctionPolicy | undefined {
  return ctx.db(functionPolicies).get([name, qualifier ?? ""]);
}

/** @throws AwsError when the caller means another revision */
function requireRevision(ctx: ReadContext, about: Qualified, given: string | undefined): void {
  if (given !== undefined && given !== revisionOfQualified(ctx, about)) throw otherRevision("GetPolicy");
}

/** @evidence recorded AWS answers: the function's revision is its policy's, and changes with it */
function put(
  ctx: Context, about: Qualified, qualifier: string | undefined, statements: readonly PolicyStatement[],
): void {
  const key = { name: about.version.name, qualifier: qualifier ?? "" };
  if (statements.length === 0) ctx.db(functionPolicies).delete([key.name, key.qualifier]);
  else ctx.db(functionPolicies).put({ ...key, statements });
  if (about.alias) ctx.db(aliases).put({ ...about.alias, revisionId: ctx.ids.uuid() });
  else touchVersion(ctx, about.version);
}

export const AddPermission = operation(lambda.AddPermission, {
  ...onFunction,
  conditions: ({ Principal, FunctionUrlAuthType, InvokedViaFunctionUrl }) => ({
    "lambda:principal": Principal,
    "lambda:functionurlauthtype": FunctionUrlAuthType,
    "lambda:invokedviafunctionurl": InvokedViaFunctionUrl?.toString(),
  }),

  run(input, ctx) {
    const { name, qualifier } = namedFunction(input);
    const about = requireQualified(ctx, name, qualifier);
    if (qualifier === latest) throw noPolicyForLatest();
    const { FunctionUrlAuthType, Action } = input;
    if (FunctionUrlAuthType !== undefined && Action !== "lambda:InvokeFunctionUrl") {
      throw invalidParameter("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
    }
    const policy = findPolicy(ctx, name, qualifier);
    requireRevision(ctx, about, input.RevisionId);
    const statements = policy?.statements ?? [];
    if (statements.some(({ Sid }) => Sid === input.StatementId)) throw statementExists(input.StatementId);
    const Condition = conditionsOf(input);
    const statement = keptStatement(ctx, {
      Sid: input.StatementId,
      Effect: "Allow",
      Principal: principalOf(input.Principal),
      Action: input.Action,
      Resource: functionArn(ctx, name, qualifier),
      ...(Condition && { Condition }),
    });
    const all = [...statements, statement];
    requireShort(all);
    put(ctx, about, qualifier, all);
    return { Statement: shownStatement(ctx, statement) };
  },
});

/** Of the statement that is to go. */
function statementConditions(input: RemovePermissionRequest, ctx: ReadContext) {
  const { name, qualifier } = namedFunction(input);
  const found = findPolicy(ctx, name, qualifier)?.statements.find(({ Sid }) => Sid === input.StatementId);
  const { Principal, Condition } = found ?? {};
  return {
    "lambda:principal": typeof Principal === "object" ? Principal["Service"] ?? Principal["AWS"] : Principal,
    "lambda:functionurlauthtype": Condition?.["StringEquals"]?.["lambda:FunctionUrlAuthType"],
  };
}

export const RemovePermission = operation(lambda.RemovePermission, {
  ...onFunction,
  conditions: statementConditions,

  run(input, ctx) {
    const { name, qualifier } = namedFunction(input);
    if (!ctx.db(functions).has(name)) throw noPolicyFor(functionArn(ctx, name, qualifier));
    const about = requireQualified(ctx, name, qualifier);
    const policy = findPolicy(ctx, name, qualifier);
    if (!policy) throw noPolicyAssociated();
    requireRevision(ctx, about, input.RevisionId);
    const left = policy.statements.filter(({ Sid }) => Sid !== input.StatementId);
    if (left.length === policy.statements.length) throw statementNotFound(input.StatementId);
    put(ctx, about, qualifier, left);
  },
});

export const GetPolicy = operation(lambda.GetPolicy, {
  ...onFunction,

  run(input, ctx) {
    const { name, qualifier } = namedFunction(input);
    requireFunction(ctx, name);
    const policy = findPolicy(ctx, name, qualifier);
    if (!policy) throw noPolicy();
    const RevisionId = revisionOfQualified(ctx, requireQualified(ctx, name, qualifier));
    return { Policy: shownDocument(ctx, policy.statements), RevisionId };
  },
});

/** The policy of a function's ARN, as it is decided by. */
export function functionPolicy(ctx: ReadContext, arn: string): string | undefined {
  const [kind, name = "", qualifier] = (parseArn(arn)?.resource ?? "").split(":");
  if (kind !== "function") return undefined;
  const policy = findPolicy(ctx, name, qualifier);
  return policy && document(policy.statements);
}
