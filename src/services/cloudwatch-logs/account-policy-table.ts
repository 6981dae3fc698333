/** The row of an account policy. */

import { table } from "../../store/types.ts";

export interface AccountPolicy {
  readonly type: string;
  readonly name: string;
  /** JSON text. */
  readonly document: string;
  readonly selectionCriteria?: string;
  readonly updatedAt: number;
}

export const accountPolicies = table<AccountPolicy>("logs.accountPolicies", {
  key: (policy) => [policy.type, policy.name],
});
