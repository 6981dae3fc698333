/** How instance profiles are kept. */

import { table } from "../../store/types.ts";
import type { Named } from "./principals.ts";

export interface InstanceProfile extends Named {
  /** One at most. @evidence IAM User Guide, IAM and AWS STS quotas */
  readonly roleId?: string;
}

export const instanceProfiles = table<InstanceProfile, "name" | "role">("iam.instanceProfiles", {
  key: (profile) => profile.id,
  indexes: {
    name: (profile) => profile.name.toLowerCase(),
    role: ({ roleId, name }) => roleId === undefined ? undefined : [roleId, name.toLowerCase()],
  },
});
