/** Who is in which group. */

import { table } from "../../store/types.ts";

export interface Membership {
  readonly groupId: string;
  readonly userId: string;
}

export const memberships = table<Membership, "user">("iam.memberships", {
  key: (membership) => [membership.groupId, membership.userId],
  indexes: { user: (membership) => [membership.userId, membership.groupId] },
});
