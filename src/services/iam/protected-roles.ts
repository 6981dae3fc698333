/** Service-linked roles are their service's: nobody else changes what they may do. */

import { protectedRole } from "./errors.ts";
import type { Role } from "./principals.ts";

/** @throws UnmodifiableEntity */
export function refuseProtected(role: Role): void {
  if (role.linkedService !== undefined) throw protectedRole(role.name);
}
