/** Storage Lens: dashboards as they are set. What they would count is not counted. */

import * as control from "../../generated/s3-control.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { ofAccount } from "./account.ts";
import { invalidRequest, invalidToken, noSuchConfiguration } from "./errors.ts";
import { setTags } from "./tags.ts";

interface LensConfiguration {
  readonly id: string;
  readonly configuration: control.StorageLensConfiguration;
}

export const lensConfigurations = table<LensConfiguration>("s3-control.storageLensConfigurations", {
  key: (row) => row.id,
});

interface NamesConfiguration {
  readonly AccountId: string;
  readonly ConfigId: string;
}

function lensArn({ account, region }: ReadContext, id: string): string {
  return `arn:aws:s3:${region}:${account}:storage-lens/${id}`;
}

const onConfiguration = {
  ...ofAccount,
  resource: (input: NamesConfiguration, ctx: ReadContext) => lensArn(ctx, input.ConfigId),
};

function requireConfiguration(ctx: ReadContext, id: string): control.StorageLensConfiguration {
  const found = ctx.db(lensConfigurations).get(id);
  if (!found) throw noSuchConfiguration();
  return found.configuration;
}

export const PutStorageLensConfiguration = operation(control.PutStorageLensConfiguration, {
  ...onConfiguration,
  run({ ConfigId: id, StorageLensConfiguration, Tags }, ctx) {
    if (StorageLensConfiguration.Id !== id) {
      throw invalidRequest("The Id in the configuration does not match the Id in the request");
    }
    const configuration = { ...StorageLensConfiguration, StorageLensArn: lensArn(ctx, id) };
    ctx.db(lensConfigurations).put({ id, configuration });
    setTags(ctx, lensArn(ctx, id), Tags);
  },
});

export const GetStorageLensConfiguration = operation(control.GetStorageLensConfiguration, {
  ...onConfiguration,
  run: ({ ConfigId }, ctx) => ({ StorageLensConfiguration: requireConfiguration(ctx, ConfigId) }),
});

export const DeleteStorageLensConfiguration = operation(control.DeleteStorageLensConfiguration, {
  ...onConfiguration,
  run({ ConfigId }, ctx) {
    requireConfiguration(ctx, ConfigId);
    ctx.db(lensConfigurations).delete(ConfigId);
    ctx.tags(lensArn(ctx, ConfigId)).clear();
  },
});

const pageSize = 100;

export const ListStorageLensConfigurations = operation(control.ListStorageLensConfigurations, {
  ...ofAccount,
  run({ NextToken }, ctx) {
    const { items, next } = page({
      rows: ctx.db(lensConfigurations),
      key: (row) => row.id,
      limit: pageSize,
      token: NextToken,
      scope: "s3-control.ListStorageLensConfigurations",
      invalid: invalidToken,
    });
    const StorageLensConfigurationList = items.map(({ id, configuration }) => ({
      Id: id, StorageLensArn: lensArn(ctx, id), HomeRegion: ctx.region, IsEnabled: configuration.IsEnabled,
    }));
    return { StorageLensConfigurationList, NextToken: next };
  },
});

export const GetStorageLensConfigurationTagging = operation(control.GetStorageLensConfigurationTagging, {
  ...onConfiguration,
  run({ ConfigId }, ctx) {
    requireConfiguration(ctx, ConfigId);
    return { Tags: ctx.tags(lensArn(ctx, ConfigId)).list() };
  },
});

/** Replaces what is there. */
export const PutStorageLensConfigurationTagging = operation(control.PutStorageLensConfigurationTagging, {
  ...onConfiguration,
  run({ ConfigId, Tags }, ctx) {
    clearTags(ctx, ConfigId);
    setTags(ctx, lensArn(ctx, ConfigId), Tags);
  },
});

export const DeleteStorageLensConfigurationTagging = operation(
  control.DeleteStorageLensConfigurationTagging,
  { ...onConfiguration, run: ({ ConfigId }, ctx) => clearTags(ctx, ConfigId) },
);

function clearTags(ctx: Context, id: string): void {
  requireConfiguration(ctx, id);
  ctx.tags(lensArn(ctx, id)).clear();
}
