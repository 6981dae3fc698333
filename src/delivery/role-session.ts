/** Credentials of a role that was passed to a service, kept until they run out. */

import * as sts from "../generated/sts.ts";
import type { BodyContext } from "../kernel/context.ts";

export interface PassedRole {
  readonly roleArn: string;
  /** Who assumes it. */
  readonly principal: string;
  readonly sourceArn: string;
  readonly sessionName?: string | undefined;
}

interface KnownSession {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Credentials are made anew so long before they run out. */
const marginMilliseconds = 5 * 60_000;

/**
 * The token of a session of the role.
 *
 * @throws AwsError when the role is not there, or does not let the service in
 */
export async function sessionOf(ctx: BodyContext, role: PassedRole): Promise<string> {
  const { roleArn, principal, sourceArn, sessionName = "events" } = role;
  const known = ctx.kernel.cacheFor<KnownSession>("delivery.sessions");
  // A role that was deleted and made again is another: sessions of the first may do nothing any more.
  const roleId = ctx.kernel.identity.uniqueIdOf(roleArn) ?? "";
  const key = JSON.stringify([ctx.account, roleArn, roleId, principal, sourceArn, sessionName]);
  const now = ctx.clock.now();
  const session = known.get(key);
  if (session && session.expiresAt - marginMilliseconds > now) return session.token;
  const { Credentials } = await ctx.call(
    sts.AssumeRole,
    { RoleArn: roleArn, RoleSessionName: sessionName.slice(0, 64) },
    { as: "service", principal, sourceArn, account: ctx.account },
  );
  if (!Credentials) throw new Error("a role was assumed without credentials");
  known.set(key, { token: Credentials.SessionToken, expiresAt: Credentials.Expiration });
  return Credentials.SessionToken;
}
