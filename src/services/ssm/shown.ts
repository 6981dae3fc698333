/** Parts of parameters that several answers show. */

import type { ParameterInlinePolicy } from "../../generated/ssm.ts";
import type { ParameterVersion } from "./parameter-rows.ts";

export function shownPolicies(version: ParameterVersion): ParameterInlinePolicy[] {
  return version.policies.map(
    ({ text, type, status }) => ({ PolicyText: text, PolicyType: type, PolicyStatus: status }),
  );
}
