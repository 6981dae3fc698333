/** The role that a function runs under: Lambda assumes it, and all that the function does is done as it. */

import * as sts from "../../generated/sts.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BoundedCache } from "../../kernel/auth/bounded-cache.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import type { Credentials } from "../../planes/functions/contract.ts";
import { roleElsewhere, roleNotAssumable } from "./errors.ts";
import { functionArn } from "./function-names.ts";

export const lambdaService = "lambda.amazonaws.com";

/** @evidence AssumeRole of Lambda in CloudTrail: sessions are named as their function */
const sessionNameLengthMax = 64;
/** Sessions with less time than the longest function takes are not given out any more. */
const renewBeforeMilliseconds = 16 * 60_000;

interface Running {
  readonly name: string;
  readonly role: string;
}

const sessionsOf = (ctx: BodyContext): BoundedCache<Credentials> => ctx.kernel.cacheFor("lambda.sessions");
const keyOf = (
  ctx: BodyContext, { name, role }: Running,
): string => `${ctx.account} ${ctx.region} ${name} ${role}`;

/** Credentials of the role for the function, from which several environments may live. @throws AwsError */
export async function roleCredentials(ctx: BodyContext, running: Running): Promise<Credentials> {
  const sessions = sessionsOf(ctx);
  const key = keyOf(ctx, running);
  const known = sessions.get(key);
  if (known && known.expiresAt - renewBeforeMilliseconds > ctx.clock.now()) return known;
  const made = await assume(ctx, running);
  sessions.set(key, made);
  return made;
}

/** What is known of the role's sessions is asked for anew: the role or its trust may be another. */
export function forgetSession(ctx: BodyContext, running: Running): void {
  sessionsOf(ctx).delete(keyOf(ctx, running));
}

/** A function's name may be of one character, a session's is of two at least. */
function sessionNameOf(name: string): string {
  return name.slice(0, sessionNameLengthMax).padEnd(2, "-");
}

async function assume(ctx: BodyContext, { name, role }: Running): Promise<Credentials> {
  const { Credentials } = await ctx.call(
    sts.AssumeRole,
    { RoleArn: role, RoleSessionName: sessionNameOf(name) },
    {
      as: "service", principal: lambdaService, account: ctx.account,
      sourceArn: ctx.reading(() => functionArn(ctx, name)),
    },
  );
  return {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
    expiresAt: Number(Credentials?.Expiration ?? 0),
  };
}

/** The role is there and lets Lambda in. @throws AwsError as CreateFunction answers it */
export async function requireAssumable(ctx: BodyContext, running: Running): Promise<void> {
  forgetSession(ctx, running);
  try {
    await roleCredentials(ctx, running);
  } catch (error) {
    if (error instanceof AwsError && error.status < 500) throw roleNotAssumable();
    throw error;
  }
}

/** Whoever makes a function hands it its role. @throws AccessDenied */
export function authorizePassing(ctx: Context, role: string, name: string): void {
  if (parseArn(role)?.account !== ctx.account) throw roleElsewhere();
  ctx.authorize({
    action: "iam:PassRole",
    resource: role,
    conditions: {
      "iam:passedtoservice": lambdaService,
      "iam:associatedresourcearn": functionArn(ctx, name),
    },
  });
}
