/** Sessions of users and of root: with MFA, or on behalf of somebody whom an application knows. */

import * as sts from "../../generated/sts.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { answer } from "./credentials.ts";
import { accessDenied } from "./errors.ts";
import { useMfaCode } from "./mfa-codes.ts";
import { packedPolicySize, sessionPolicies } from "./session-policies.ts";
import { checkedTags, mergedTags } from "./session-tags.ts";

const durationSecondsDefault = 43_200;
/** Root's sessions last an hour at most, whatever is asked. @evidence STS API Reference, GetSessionToken */
const rootDurationSecondsMax = 3_600;

function expiry(ctx: Context, asked: number | undefined): number {
  const limit = ctx.caller.type === "Root" ? rootDurationSecondsMax : Number.POSITIVE_INFINITY;
  return ctx.clock.now() + Math.min(asked ?? durationSecondsDefault, limit) * 1000;
}

/** Only long-term credentials can ask for a session. */
function refuseSessions(ctx: Context, operationName: string): void {
  const { type, session } = ctx.caller;
  if ((type === "IAMUser" || type === "Root") && !session) return;
  throw accessDenied(`Cannot call ${operationName} with session credentials`);
}

/** No permission is needed. @evidence STS API Reference, GetSessionToken */
export const GetSessionToken = operation(sts.GetSessionToken, {
  access: "signed",
  run(input, ctx) {
    refuseSessions(ctx, "GetSessionToken");
    const mfa = useMfaCode(input, ctx);
    const { caller } = ctx;
    const session = ctx.kernel.sessions.issue({
      kind: caller.type === "Root" ? "root" : "user",
      account: caller.account,
      arn: caller.arn,
      principalId: caller.principalId,
      expiresAt: expiry(ctx, input.DurationSeconds),
      tags: caller.tags,
      ...(caller.userName !== undefined && { userName: caller.userName }),
      ...(mfa && { mfaAuthenticatedAt: ctx.clock.now() }),
    });
    return { Credentials: answer(session) };
  },
});

/** A federated user may do what both its creator's policies and the policies passed allow. */
export const GetFederationToken = operation(sts.GetFederationToken, {
  resource: (input, ctx) => ctx.arn(`federated-user/${input.Name}`).replace(`:${ctx.region}:`, "::"),
  action: (input) => ((input.Tags?.length ?? 0) > 0
    ? ["sts:GetFederationToken", "sts:TagSession"] : ["sts:GetFederationToken"]),

  run(input, ctx) {
    refuseSessions(ctx, "GetFederationToken");
    const { caller } = ctx;
    const given = sessionPolicies(input, caller.account, ctx);
    const { tags } = checkedTags(input.Tags ?? []);
    const arn = `arn:aws:sts::${caller.account}:federated-user/${input.Name}`;
    const session = ctx.kernel.sessions.issue({
      kind: "federated-user",
      account: caller.account,
      arn,
      principalId: `${caller.account}:${input.Name}`,
      sessionName: input.Name,
      expiresAt: expiry(ctx, input.DurationSeconds),
      tags: mergedTags(caller.tags, tags),
      policies: given.policies ?? [],
      ...(given.policyArns && { policyArns: given.policyArns }),
      ...(caller.type === "IAMUser" && { userId: caller.principalId }),
    });
    return {
      Credentials: answer(session),
      FederatedUser: { FederatedUserId: session.principalId, Arn: arn },
      PackedPolicySize: packedPolicySize(input, tags),
    };
  },
});
