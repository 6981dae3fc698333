/** Data protection policies of groups. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { operation } from "../../kernel/operation.ts";
import { parseDataProtection } from "./data-protection.ts";
import { protectionPolicies } from "./data-protection-table.ts";
import { invalidOperation, resourceNotFound } from "./errors.ts";
import { groupNameOf, groups, onIdentifiedGroup, requireGroup } from "./group-table.ts";

export const PutDataProtectionPolicy = operation(logs.PutDataProtectionPolicy, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    parseDataProtection(input.policyDocument);
    const group = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    if (group.groupClass !== "STANDARD") {
      throw invalidOperation("Data protection is only supported for log groups of the STANDARD class.");
    }
    const { document, updatedAt } = ctx.db(protectionPolicies).put({
      groupId: group.id, document: input.policyDocument, updatedAt: ctx.clock.now(),
    });
    ctx.db(groups).put({ ...group, dataProtection: "ACTIVATED" });
    return {
      logGroupIdentifier: input.logGroupIdentifier, policyDocument: document, lastUpdatedTime: updatedAt,
    };
  },
});

export const GetDataProtectionPolicy = operation(logs.GetDataProtectionPolicy, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    const policy = ctx.db(protectionPolicies).get(group.id);
    return {
      logGroupIdentifier: input.logGroupIdentifier,
      ...(policy && { policyDocument: policy.document, lastUpdatedTime: policy.updatedAt }),
    };
  },
});

export const DeleteDataProtectionPolicy = operation(logs.DeleteDataProtectionPolicy, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    if (!ctx.db(protectionPolicies).delete(group.id)) {
      throw resourceNotFound("The specified data protection policy does not exist.");
    }
    ctx.db(groups).put({ ...group, dataProtection: "DELETED" });
  },
});
