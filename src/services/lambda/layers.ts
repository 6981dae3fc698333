/** Layers: content that functions share. */

import * as lambda from "../../generated/lambda.ts";
import type {
  Architecture, LayerVersionContentOutput, LayerVersionsListItem, Runtime,
} from "../../generated/lambda.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import type { Arrival, Owner } from "../../kernel/operation.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { downloadUrl } from "./http/code-downloads.ts";
import { invalidMarker, layerVersionNotFound, otherRegion } from "./errors.ts";
import { keepPackage, receivePackage, releaseCode } from "./function-code.ts";
import { timestamp } from "./function-configuration.ts";
import { layerArn, layers, layerVersions, parseLayerName, type LayerVersion } from "./layer-table.ts";

interface OfLayer {
  readonly LayerName: string;
}

interface OfVersion extends OfLayer {
  readonly VersionNumber: number;
}

export function ownerOfLayer({ LayerName }: OfLayer, from: Arrival): Owner | undefined {
  const { account, region } = parseLayerName(LayerName);
  if (region !== undefined && region !== from.region) throw otherRegion(region, from.region);
  return account === undefined ? undefined : { account };
}

export const onLayer = {
  owner: ownerOfLayer,
  resource: ({ LayerName }: OfLayer, ctx: ReadContext) => layerArn(ctx, parseLayerName(LayerName).name),
};

export const onLayerVersion = {
  owner: ownerOfLayer,
  resource: ({ LayerName, VersionNumber }: OfVersion, ctx: ReadContext) =>
    layerArn(ctx, parseLayerName(LayerName).name, VersionNumber),
};

/** @throws AwsError when it is not there */
export function requireLayerVersion(ctx: ReadContext, { LayerName, VersionNumber }: OfVersion): LayerVersion {
  const { name } = parseLayerName(LayerName);
  const found = ctx.db(layerVersions).get([name, VersionNumber]);
  if (!found) throw layerVersionNotFound();
  return found;
}

function listed(ctx: ReadContext, version: LayerVersion): LayerVersionsListItem {
  return {
    LayerVersionArn: layerArn(ctx, version.name, version.number),
    Version: version.number,
    Description: version.description,
    CreatedDate: timestamp(version.createdAt),
    LicenseInfo: version.license,
    ...(version.runtimes.length > 0 && { CompatibleRuntimes: [...version.runtimes] }),
    ...(version.architectures.length > 0 && { CompatibleArchitectures: [...version.architectures] }),
  };
}

function shown(ctx: BodyContext, version: LayerVersion): lambda.GetLayerVersionResponse {
  const { sha256, sizeBytes } = version;
  const Content: LayerVersionContentOutput = {
    Location: downloadUrl(ctx, sha256), CodeSha256: sha256, CodeSize: sizeBytes,
  };
  return { Content, LayerArn: layerArn(ctx, version.name), ...listed(ctx, version) };
}

export const PublishLayerVersion = operation(lambda.PublishLayerVersion, {
  ...onLayer,

  async body(input, ctx): Promise<lambda.PublishLayerVersionResponse> {
    const { name } = parseLayerName(input.LayerName);
    const received = await receivePackage(ctx, input.Content, "PublishLayerVersion");
    const made = ctx.transaction((within) => {
      keepPackage(within, received);
      const number = (within.db(layers).get(name)?.lastVersion ?? 0) + 1;
      within.db(layers).put({ name, lastVersion: number });
      return within.db(layerVersions).add({
        name,
        number,
        sha256: received.sha256,
        sizeBytes: received.sizeBytes,
        description: input.Description ?? "",
        license: input.LicenseInfo,
        runtimes: input.CompatibleRuntimes ?? [],
        architectures: input.CompatibleArchitectures ?? [],
        createdAt: within.clock.now(),
        statements: [],
        policyRevisionId: within.ids.uuid(),
      });
    });
    return ctx.reading(() => shown(ctx, made));
  },
});

export const GetLayerVersion = operation(lambda.GetLayerVersion, {
  ...onLayerVersion,
  async body(input, ctx) {
    return ctx.reading(() => shown(ctx, requireLayerVersion(ctx, input)));
  },
});

/** @evidence Service Authorization Reference, Lambda: it is `lambda:GetLayerVersion` */
export const GetLayerVersionByArn = operation(lambda.GetLayerVersionByArn, {
  owner: ({ Arn }, from) => ownerOfLayer({ LayerName: Arn }, from),
  resource: ({ Arn }) => Arn,
  action: "lambda:GetLayerVersion",

  async body({ Arn }, ctx) {
    const { name, number = 0 } = parseLayerName(Arn);
    return ctx.reading(
      () => shown(ctx, requireLayerVersion(ctx, { LayerName: name, VersionNumber: number })),
    );
  },
});

/** Deleting a version that is not there succeeds; functions that have it keep it. */
export const DeleteLayerVersion = operation(lambda.DeleteLayerVersion, {
  ...onLayerVersion,

  run(input, ctx) {
    const { name } = parseLayerName(input.LayerName);
    const version = ctx.db(layerVersions).get([name, input.VersionNumber]);
    if (!version) return;
    ctx.db(layerVersions).delete([name, version.number]);
    releaseCode(ctx, version.sha256);
  },
});

interface Compatible {
  readonly CompatibleRuntime?: Runtime | undefined;
  readonly CompatibleArchitecture?: Architecture | undefined;
}

function isCompatible(
  version: LayerVersion, { CompatibleRuntime, CompatibleArchitecture }: Compatible,
): boolean {
  return (CompatibleRuntime === undefined || version.runtimes.includes(CompatibleRuntime))
    && (CompatibleArchitecture === undefined || version.architectures.includes(CompatibleArchitecture));
}

const listedMax = 50;

export const ListLayerVersions = operation(lambda.ListLayerVersions, {
  ...onLayer,

  run(input, ctx) {
    const { name } = parseLayerName(input.LayerName);
    const { items, next } = page({
      rows: ctx.db(layerVersions),
      range: { prefix: [name], reverse: true },
      key: (row) => [row.name, row.number],
      keep: (row) => isCompatible(row, input),
      limit: input.MaxItems ?? listedMax,
      token: input.Marker,
      scope: `ListLayerVersions ${name}`,
      invalid: invalidMarker,
    });
    return { LayerVersions: items.map((row) => listed(ctx, row)), NextMarker: next };
  },
});

export const ListLayers = operation(lambda.ListLayers, {
  run(input, ctx) {
    const latestOf = (name: string): LayerVersion | undefined => {
      for (const row of ctx.db(layerVersions).list({ prefix: [name], reverse: true })) {
        if (isCompatible(row, input)) return row;
      }
      return undefined;
    };
    const { items, next } = page({
      rows: ctx.db(layers),
      key: (row) => row.name,
      keep: (row) => latestOf(row.name) !== undefined,
      limit: input.MaxItems ?? listedMax,
      token: input.Marker,
      scope: "ListLayers",
      invalid: invalidMarker,
    });
    const Layers = items.map(({ name }) => {
      const version = latestOf(name);
      return {
        LayerName: name,
        LayerArn: layerArn(ctx, name),
        ...(version && { LatestMatchingVersion: listed(ctx, version) }),
      };
    });
    return { Layers, NextMarker: next };
  },
});
