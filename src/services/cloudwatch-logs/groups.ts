/** Log groups: how they come and go. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { forgetKeys, sealKey, sealedKeys, type SealedKey } from "./data-keys.ts";
import { alreadyExists, invalidOperation, invalidParameter } from "./errors.ts";
import {
  aboutGroup, findGroup, groupArn, groupNameOf, groups, onGroup, onIdentifiedGroup, requireGroup,
  type GroupClass,
} from "./group-table.ts";
import { forgetFilters } from "./filter-tables.ts";
import { forgetPolicy } from "./resource-policies.ts";
import { setTags } from "./group-tags.ts";
import { inheritTransformer } from "./transformer-policies.ts";
import { sweepGroup } from "./sweeping.ts";

/**
 * Names that begin with `aws/` are AWS's; others end where the framework's rules do.
 *
 * @evidence CloudWatch Logs API Reference, CreateLogGroup: "Log group names can't start with the string aws/"
 */
function requireName(name: string): void {
  if (!name.startsWith("aws/")) return;
  throw invalidParameter(`Log group name starts with a reserved prefix: ${name}`);
}

/**
 * @evidence CloudWatch Logs API Reference, CreateLogGroup: groups of the DELIVERY class keep events one day
 */
const deliveryRetentionDays = 1;

export const CreateLogGroup = operation(logs.CreateLogGroup, {
  ...onGroup,
  async body(input, ctx) {
    requireName(input.logGroupName);
    // Most functions' groups are there already: nothing is asked of KMS for those.
    if (input.kmsKeyId !== undefined && ctx.reading(() => findGroup(ctx, input.logGroupName))) {
      throw alreadyExists("log group");
    }
    const sealed = input.kmsKeyId === undefined ? undefined
      : await sealKey(ctx, input.logGroupName, input.kmsKeyId);
    ctx.transaction((within) => create(within, input, sealed));
  },
});

function create(
  ctx: Context, input: logs.CreateLogGroupRequest, sealed: Omit<SealedKey, "groupId"> | undefined,
): void {
  const name = input.logGroupName;
  if (findGroup(ctx, name)) throw alreadyExists("log group");
  const id = ctx.ids.hex(16);
  const groupClass = (input.logGroupClass ?? "STANDARD") as GroupClass;
  const group = ctx.db(groups).put({
    name, id, groupClass,
    createdAt: ctx.clock.now(),
    ...(groupClass === "DELIVERY" && { retentionDays: deliveryRetentionDays }),
    ...(input.deletionProtectionEnabled && { isProtected: true }),
    ...(sealed && { kmsKeyId: sealed.keyArn, sealedKeyId: sealed.id }),
  });
  if (sealed) ctx.db(sealedKeys).put({ ...sealed, groupId: id });
  inheritTransformer(ctx, group);
  if (input.tags && Object.keys(input.tags).length > 0) {
    ctx.authorize({ action: "logs:TagResource", resource: groupArn(ctx, name) });
    setTags(ctx, groupArn(ctx, name), input.tags);
  }
}

/** The group is gone at once; its streams and events are swept up behind it. */
export const DeleteLogGroup = operation(logs.DeleteLogGroup, {
  ...onGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, input.logGroupName);
    if (group.isProtected) {
      throw invalidOperation("The log group has deletion protection enabled and can't be deleted.");
    }
    ctx.db(groups).delete(group.name);
    ctx.tags(groupArn(ctx, group.name)).clear();
    forgetKeys(ctx, group.id);
    forgetFilters(ctx, group.name);
    forgetPolicy(ctx, group.name);
    ctx.schedule(sweepGroup, { id: group.id, at: ctx.clock.now(), input: { groupId: group.id } });
  },
});

export const PutLogGroupDeletionProtection = operation(logs.PutLogGroupDeletionProtection, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const { isProtected: _, ...group } = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    ctx.db(groups).put({ ...group, ...(input.deletionProtectionEnabled && { isProtected: true }) });
  },
});

export const PutBearerTokenAuthentication = operation(logs.PutBearerTokenAuthentication, {
  ...onIdentifiedGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, groupNameOf(input.logGroupIdentifier));
    ctx.db(groups).put({ ...group, bearerTokens: input.bearerTokenAuthenticationEnabled });
  },
});

interface NamesKeyed {
  readonly logGroupName?: string | undefined;
  readonly resourceIdentifier?: string | undefined;
}

const resultsForm = /:query-result:\*$/;

/** Results of queries are not encrypted by themselves: what they are made from stays so. */
function keyedGroup({ logGroupName, resourceIdentifier }: NamesKeyed): string {
  if ((logGroupName === undefined) === (resourceIdentifier === undefined)) {
    throw invalidParameter("Either logGroupName or resourceIdentifier must be specified, but not both.");
  }
  if (resourceIdentifier !== undefined && resultsForm.test(resourceIdentifier)) {
    throw invalidParameter("Encrypting query results is not offered by this region.");
  }
  return logGroupName ?? groupNameOf(resourceIdentifier ?? "");
}

const onKeyed = {
  resource: (input: NamesKeyed, ctx: Parameters<typeof aboutGroup>[1]) =>
    aboutGroup(input.logGroupName ?? groupNameOf(input.resourceIdentifier ?? ""), ctx),
};

export const AssociateKmsKey = operation(logs.AssociateKmsKey, {
  ...onKeyed,
  async body(input, ctx) {
    const name = keyedGroup(input);
    ctx.reading(() => requireGroup(ctx, name));
    const sealed = await sealKey(ctx, name, input.kmsKeyId);
    ctx.transaction((within) => {
      const group = requireGroup(within, name);
      within.db(sealedKeys).put({ ...sealed, groupId: group.id });
      within.db(groups).put({ ...group, kmsKeyId: sealed.keyArn, sealedKeyId: sealed.id });
    });
  },
});

/** What came under the key stays under it. */
export const DisassociateKmsKey = operation(logs.DisassociateKmsKey, {
  ...onKeyed,
  run(input, ctx) {
    const { kmsKeyId: _, sealedKeyId: __, ...group } = requireGroup(ctx, keyedGroup(input));
    ctx.db(groups).put(group);
  },
});

