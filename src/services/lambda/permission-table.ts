/** Resource policies of functions, versions and aliases as rows. */

import { table } from "../../store/types.ts";
import type { PolicyStatement } from "./policy-statements.ts";

export interface FunctionPolicy {
  readonly name: string;
  /** Empty for the function itself. */
  readonly qualifier: string;
  readonly statements: readonly PolicyStatement[];
}

export const functionPolicies = table<FunctionPolicy>("lambda.policies", {
  key: (row) => [row.name, row.qualifier],
});
