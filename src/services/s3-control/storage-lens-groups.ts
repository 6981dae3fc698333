/** Storage Lens groups: filters of objects, by which dashboards count. */

import * as control from "../../generated/s3-control.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { ofAccount } from "./account.ts";
import { groupExists, invalidRequest, invalidToken, noSuchGroup } from "./errors.ts";
import { setTags } from "./tags.ts";

interface LensGroup {
  readonly name: string;
  readonly filter: control.StorageLensGroupFilter;
}

export const lensGroups = table<LensGroup>("s3-control.storageLensGroups", { key: (row) => row.name });

function groupArn({ account, region }: ReadContext, name: string): string {
  return `arn:aws:s3:${region}:${account}:storage-lens-group/${name}`;
}

const onGroup = {
  ...ofAccount,
  resource: (input: { readonly AccountId: string; readonly Name: string }, ctx: ReadContext) =>
    groupArn(ctx, input.Name),
};

export function requireGroup(ctx: ReadContext, name: string): LensGroup {
  const found = ctx.db(lensGroups).get(name);
  if (!found) throw noSuchGroup();
  return found;
}

export const CreateStorageLensGroup = operation(control.CreateStorageLensGroup, {
  ...ofAccount,
  run({ StorageLensGroup: { Name: name, Filter: filter }, Tags }, ctx) {
    if (ctx.db(lensGroups).has(name)) throw groupExists();
    ctx.db(lensGroups).add({ name, filter });
    setTags(ctx, groupArn(ctx, name), Tags);
  },
});

export const GetStorageLensGroup = operation(control.GetStorageLensGroup, {
  ...onGroup,
  run({ Name }, ctx) {
    const { filter } = requireGroup(ctx, Name);
    return { StorageLensGroup: { Name, Filter: filter, StorageLensGroupArn: groupArn(ctx, Name) } };
  },
});

export const UpdateStorageLensGroup = operation(control.UpdateStorageLensGroup, {
  ...onGroup,
  run({ Name, StorageLensGroup }, ctx) {
    const group = requireGroup(ctx, Name);
    if (StorageLensGroup.Name !== Name) throw invalidRequest("The name of a group can't be changed");
    ctx.db(lensGroups).put({ ...group, filter: StorageLensGroup.Filter });
  },
});

export const DeleteStorageLensGroup = operation(control.DeleteStorageLensGroup, {
  ...onGroup,
  run({ Name }, ctx) {
    requireGroup(ctx, Name);
    ctx.db(lensGroups).delete(Name);
    ctx.tags(groupArn(ctx, Name)).clear();
  },
});

const pageSize = 100;

export const ListStorageLensGroups = operation(control.ListStorageLensGroups, {
  ...ofAccount,
  run({ NextToken }, ctx) {
    const { items, next } = page({
      rows: ctx.db(lensGroups),
      key: (row) => row.name,
      limit: pageSize,
      token: NextToken,
      scope: "s3-control.ListStorageLensGroups",
      invalid: invalidToken,
    });
    const StorageLensGroupList = items.map(({ name }) => ({
      Name: name, StorageLensGroupArn: groupArn(ctx, name), HomeRegion: ctx.region,
    }));
    return { StorageLensGroupList, NextToken: next };
  },
});
