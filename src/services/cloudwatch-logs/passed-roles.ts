/** Roles that callers hand to CloudWatch Logs, under which it sends and asks for them. */

import type { Context } from "../../kernel/context.ts";

/** Who takes on the roles. */
export const logsPrincipal = "logs.amazonaws.com";

/**
 * @throws AccessDenied
 * @evidence IAM User Guide, "Granting a user permissions to pass a role": `iam:PassedToService`
 */
export function requirePassable(ctx: Context, resource: string): void {
  const conditions = { "iam:passedtoservice": logsPrincipal };
  ctx.authorize({ action: "iam:PassRole", resource, conditions });
}
