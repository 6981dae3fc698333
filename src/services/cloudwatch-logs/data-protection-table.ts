/** The row of a group's data protection policy. */

import { table } from "../../store/types.ts";

export interface ProtectionPolicy {
  readonly groupId: string;
  /** JSON text. */
  readonly document: string;
  readonly updatedAt: number;
}

export const protectionPolicies = table<ProtectionPolicy>("logs.protectionPolicies", {
  key: (row) => row.groupId,
});
