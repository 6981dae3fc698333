/** Multi-factor authentication: a device's serial number and what it shows, in a header. */

import type { Context } from "../../../kernel/context.ts";
import { invalidMfa, mfaIsForRoot, needsMfa } from "../errors.ts";

const form = /^(\S+) (\d{6})$/;

/** Of the bucket owner's root, and nobody else's. @throws AccessDenied, InvalidArgument, InvalidRequest */
export function requireMfa(ctx: Context, header: string | undefined): void {
  if (header === undefined || header === "") throw needsMfa();
  const match = form.exec(header);
  if (!match) throw invalidMfa(header);
  const { caller, account } = ctx;
  if (caller.type !== "Root" || caller.account !== account || caller.session) throw mfaIsForRoot();
  const [, serialNumber = "", code = ""] = match;
  if (!ctx.kernel.identity.mfaCodeIsRight(caller, serialNumber, code)) throw needsMfa();
}
