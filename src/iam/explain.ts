/** Decisions in AWS's words: the text of access denied errors, and the message that STS decodes. */
import { compilePolicy } from "./compile.ts";
import type { ConditionEntry, Statement } from "./document.ts";
import type {
  AuthorizationRequest, ConditionContext, Decision, DenialReason, SourcedPolicy, StatementMatch,
} from "./types.ts";

export interface Denial {
  /** `*` for anonymous callers. */
  readonly principalArn: string;
  readonly action: string;
  /** `*` for an action without a resource, which the text leaves out unless the service says it. */
  readonly resource: string;
  readonly saysAnyResource?: boolean;
  readonly decision: Decision;
}

type Kind = DenialReason["kind"];

const kindNames: { readonly [kind in Kind]: string } = {
  "identity": "identity-based policy",
  "identity-managed": "identity-based policy",
  "identity-inline": "identity-based policy",
  "group-managed": "identity-based policy",
  "group-inline": "identity-based policy",
  "boundary": "permissions boundary",
  "session": "session policy",
  "resource": "resource-based policy",
  "scp": "service control policy",
  "rcp": "resource control policy",
  "vpc-endpoint": "VPC endpoint policy",
};

/** The kinds of policies that have an ARN of their own: inline and resource-based policies are not named. */
const namedKinds: ReadonlySet<Kind> = new Set<Kind>([
  "identity-managed", "group-managed", "boundary", "session", "scp", "rcp",
]);

/**
 * The message of an access denied error.
 *
 * @evidence IAM User Guide, "Troubleshoot access denied error messages"
 * @evidence An explicit deny is followed by the policy's ARN: recorded AWS answers such as "… with an
 * explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/DenyBedrockAccess" and "… in a
 * service control policy: arn:aws:organizations::123456789012:policy/o-abc/service_control_policy/p-abc"
 */
export function denialMessage(denial: Denial): string {
  const { principalArn, action, resource, saysAnyResource = false, decision } = denial;
  const user = principalArn === "*" ? "anonymous" : principalArn;
  const isUnsaid = resource === "" || (resource === "*" && !saysAnyResource);
  const target = isUnsaid ? "" : ` on resource: ${resource}`;
  const why = decision.reason === undefined ? "" : ` ${because(decision.reason, action)}`;
  return `User: ${user} is not authorized to perform: ${action}${target}${why}`;
}

/** What a role's trust policy decides. */
const trustedActions = /^sts:(?:assumerole|tagsession$|setsourceidentity$)/i;

function because(reason: DenialReason, action: string): string {
  const trust = reason.kind === "resource" && trustedActions.test(action);
  const name = trust ? "role trust policy" : kindNames[reason.kind];
  if (reason.type === "implicit") return `because no ${name} allows the ${action} action`;
  const article = trust ? "the" : /^[aeiou]/.test(name) ? "an" : "a";
  const { id } = reason.policy;
  const source = namedKinds.has(reason.kind) && id.startsWith("arn:") ? `: ${id}` : "";
  return `with an explicit deny in ${article} ${name}${source}`;
}

interface Items<Item> {
  readonly items: readonly Item[];
}

interface Value {
  readonly value: string;
}

interface KeyValues {
  readonly key: string;
  readonly values: Items<Value>;
}

export interface DecodedStatement {
  readonly statementId: string;
  readonly effect: "ALLOW" | "DENY";
  readonly principals: Items<Value>;
  readonly principalGroups: Items<Value>;
  readonly actions: Items<Value>;
  readonly resources: Items<Value>;
  readonly conditions: Items<KeyValues>;
}

/** What `sts:DecodeAuthorizationMessage` answers, as JSON. Members are in AWS's order. */
export interface DecodedMessage {
  readonly allowed: boolean;
  readonly explicitDeny: boolean;
  readonly matchedStatements: Items<DecodedStatement>;
  readonly failures: Items<Value>;
  readonly context: {
    readonly principal: { readonly id: string; readonly name?: string; readonly arn: string };
    readonly action: string;
    readonly resource: string;
    readonly conditions: Items<KeyValues>;
  };
}

export interface Explanation {
  readonly request: AuthorizationRequest;
  readonly decision: Decision;
  /** `AIDA…` for a user, `AROA…:session` for a role session, the account's number for its root user. */
  readonly principalId: string;
  /** For IAM users only. */
  readonly principalName?: string;
}

/**
 * @evidence STS API Reference, DecodeAuthorizationMessage
 * @evidence Recorded messages: an explicit deny lists the statements that deny, a statement without an
 * identifier has an empty one, and `NotAction` is listed as actions
 */
export function explainDecision(explanation: Explanation): DecodedMessage {
  const { request, decision, principalId, principalName } = explanation;
  const effect = decision.explicitDeny ? "Deny" : "Allow";
  const matched = decision.explicitDeny || decision.allowed
    ? decision.matched.filter((match) => match.effect === effect)
    : [];
  return {
    allowed: decision.allowed,
    explicitDeny: decision.explicitDeny,
    matchedStatements: { items: matched.map((match) => explainMatch(match, principalId)) },
    failures: { items: [] },
    context: {
      principal: {
        id: principalId,
        ...(principalName !== undefined && { name: principalName }),
        arn: request.principal.arn,
      },
      action: request.action,
      resource: request.resource,
      conditions: { items: contextItems(request.context) },
    },
  };
}

function explainMatch(match: StatementMatch, principalId: string): DecodedStatement {
  const source = compilePolicy(match.policy.document).statements[match.statement]?.source;
  return {
    statementId: match.sid ?? "",
    effect: match.effect === "Allow" ? "ALLOW" : "DENY",
    principals: values(principalsOf(match.policy, source, principalId)),
    principalGroups: { items: [] },
    actions: values(source?.actions ?? source?.notActions ?? []),
    resources: values(source?.resources ?? source?.notResources ?? []),
    conditions: { items: (source?.conditions ?? []).flatMap(conditionItem) },
  };
}

/** A policy of an identity speaks of that identity; its session is not part of it. */
function principalsOf(
  policy: SourcedPolicy, source: Statement | undefined, principalId: string,
): readonly string[] {
  const element = source?.principal ?? source?.notPrincipal;
  if (element === "*") return ["*"];
  if (element !== undefined) return Object.values(element).flat();
  return policy.kind === "session" ? [principalId] : [principalId.split(":")[0] ?? principalId];
}

function conditionItem(entry: ConditionEntry): KeyValues[] {
  return entry.key === undefined ? [] : [{ key: entry.key, values: values(entry.values) }];
}

function contextItems(context: ConditionContext): KeyValues[] {
  const items: KeyValues[] = [];
  for (const key of context.keys()) {
    const value = context.get(key.toLowerCase());
    if (value !== undefined) items.push({ key, values: values(typeof value === "string" ? [value] : value) });
  }
  return items;
}

function values(texts: readonly string[]): Items<Value> {
  return { items: texts.map((value) => ({ value })) };
}
