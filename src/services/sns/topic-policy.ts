/** Who may do what with a topic, besides what IAM says. */

import * as sns from "../../generated/sns.ts";
import { parsePolicy, PolicySyntaxError, type Statement } from "../../iam/parse.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import type { Asked, ResourcePolicy } from "../../kernel/service.ts";
import { invalidParameter } from "./errors.ts";
import { onTopic, requireTopic, topics, type Topic } from "./topic-table.ts";

interface PolicyText {
  Version: string;
  Id?: string;
  Statement: object | object[];
}

const defaultActions = [
  "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
  "ListSubscriptionsByTopic", "Publish",
];

/** @evidence aws/aws-cli issue 3143: Receive may be granted, SetSubscriptionAttributes may not */
const grantable = new Set(
  [...defaultActions, "Receive", "PublishBatch", "PutDataProtectionPolicy", "GetDataProtectionPolicy",
    "ListTagsForResource", "TagResource", "UntagResource"].map((name) => name.toLowerCase()),
);

/** @evidence SNS, recorded */
function defaultPolicy(ctx: ReadContext, topic: Topic): PolicyText {
  return {
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: defaultActions.map((name) => `SNS:${name}`),
        Resource: ctx.arn(topic.name),
        Condition: { StringEquals: { "AWS:SourceOwner": ctx.account } },
      },
    ],
  };
}

export function shownTopicPolicy(ctx: ReadContext, topic: Topic): string {
  if (topic.policy === undefined) return JSON.stringify(defaultPolicy(ctx, topic));
  return shownPolicy(ctx.kernel.identity, topic.policy);
}

/**
 * Services that say for which account they act when they publish. Others need a policy of their own.
 *
 * @evidence CloudWatch User Guide, "Using Amazon CloudWatch alarms"; S3, EventBridge and CloudTrail ask for a
 *   statement that names them
 */
const sayingServices = new Set([
  "cloudwatch.amazonaws.com", "autoscaling.amazonaws.com", "elasticache.amazonaws.com", "rds.amazonaws.com",
  "redshift.amazonaws.com",
]);

/**
 * What subscribers do, whoever's the topic is: no topic's policy can grant it, and the policies of their own
 * account decide, as of a topic of theirs.
 */
const ofSubscribers = new Set([
  "sns:ConfirmSubscription", "sns:Unsubscribe", "sns:GetSubscriptionAttributes",
  "sns:SetSubscriptionAttributes",
]);

export function topicPolicy(
  arn: string, ctx: ReadContext, { action }: Asked,
): ResourcePolicy | string | undefined {
  const document = documentOf(arn, ctx);
  const { account } = ctx.caller;
  if (account === "" || account === ctx.account || !ofSubscribers.has(action)) return document;
  return { account, ...(document !== undefined && { document }) };
}

/**
 * The default policy lets in services that act for the owner and say so; for everybody else it decides
 * nothing, and what need not be looked at costs nothing.
 *
 * @evidence SNS Developer Guide, "aws:SourceAccount versus aws:SourceOwner"
 */
function documentOf(arn: string, ctx: ReadContext): string | undefined {
  const parsed = parseArn(arn);
  if (parsed?.account !== ctx.account) return undefined;
  const topic = ctx.db(topics).get(parsed.resource);
  if (!topic || topic.policy !== undefined) return topic?.policy;
  const { caller } = ctx;
  if (caller.type !== "AWSService" || !sayingServices.has(caller.arn)) return undefined;
  return JSON.stringify(defaultPolicy(ctx, topic));
}

function actionsOf(statement: Statement): readonly string[] {
  const { Action = [] } = statement as unknown as { readonly Action?: string | readonly string[] };
  return typeof Action === "string" ? [Action] : Action;
}

/**
 * @returns as it is kept; undefined for an empty text, which brings the default back
 * @evidence hashicorp/terraform-provider-aws and cloud-custodian issue 1779: the texts
 */
export function readPolicy(ctx: ReadContext, text: string): string | undefined {
  if (text === "") return undefined;
  let document: ReturnType<typeof parsePolicy>;
  try {
    document = parsePolicy(text);
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidParameter("Policy Error: null");
    throw error;
  }
  if (document.statements.length === 0) throw invalidParameter("Policy Error: null");
  const written = JSON.parse(text) as { readonly Statement: Statement | readonly Statement[] };
  const statements = Array.isArray(written.Statement) ? written.Statement : [written.Statement as Statement];
  for (const action of statements.flatMap((statement: Statement) => actionsOf(statement))) {
    const [service = "", name = ""] = action.toLowerCase().split(":");
    if (service === "sns" && (grantable.has(name) || name.includes("*"))) continue;
    throw invalidParameter("Policy statement action out of service scope!");
  }
  return keptPolicy(ctx.kernel.identity, text, () => invalidParameter("Policy Error: PrincipalNotFound"));
}

function policyOf(ctx: ReadContext, topic: Topic): PolicyText & { readonly Statement: object[] } {
  const policy =
    topic.policy === undefined ? defaultPolicy(ctx, topic) : (JSON.parse(topic.policy) as PolicyText);
  return { ...policy, Statement: Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement] };
}

function labelOf(statement: object): unknown {
  return "Sid" in statement ? statement.Sid : undefined;
}

function single<T>(values: readonly T[]): T | readonly T[] {
  const [first] = values;
  return values.length === 1 && first !== undefined ? first : values;
}

export const AddPermission = operation(sns.AddPermission, {
  ...onTopic,
  run(input, ctx) {
    const topic = requireTopic(ctx, input.TopicArn);
    if (input.Label === "") throw invalidParameter("Label");
    if (input.AWSAccountId.length === 0) throw invalidParameter("AWSAccountId");
    if (input.ActionName.length === 0) throw invalidParameter("ActionName");
    if (input.ActionName.some((name) => !grantable.has(name.toLowerCase()))) {
      throw invalidParameter("Policy statement action out of service scope!");
    }
    if (input.AWSAccountId.some((id) => !/^\d{12}$/.test(id))) {
      throw invalidParameter("Policy Error: PrincipalNotFound");
    }
    const policy = policyOf(ctx, topic);
    if (policy.Statement.some((statement) => labelOf(statement) === input.Label)) {
      throw invalidParameter("Statement already exists");
    }
    const statement = {
      Sid: input.Label,
      Effect: "Allow",
      Principal: { AWS: single(input.AWSAccountId.map((id) => `arn:aws:iam::${id}:root`)) },
      Action: single(input.ActionName.map((name) => `SNS:${name}`)),
      Resource: ctx.arn(topic.name),
    };
    putPolicy(ctx, topic, { ...policy, Statement: [...policy.Statement, statement] });
  },
});

export const RemovePermission = operation(sns.RemovePermission, {
  ...onTopic,
  run(input, ctx) {
    const topic = requireTopic(ctx, input.TopicArn);
    const policy = policyOf(ctx, topic);
    const kept = policy.Statement.filter((statement) => labelOf(statement) !== input.Label);
    if (kept.length === policy.Statement.length) return;
    if (kept.length === 0) throw invalidParameter("Policy Error: null");
    putPolicy(ctx, topic, { ...policy, Statement: kept });
  },
});

function putPolicy(ctx: Context, topic: Topic, policy: PolicyText): void {
  ctx.db(topics).put({ ...topic, policy: JSON.stringify(policy) });
}
