/** Layers and their versions as rows, and which of them a function may use. */

import type { Architecture, Runtime } from "../../generated/lambda.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import {
  layerNotThere, layersElsewhere, sameLayerTwice, tooManyLayers, withLayersTooLarge,
} from "./errors.ts";
import { unzippedBytesMax } from "../../planes/functions/archive.ts";
import { adoptPackage, unzippedBytesOf, type Package } from "./function-code.ts";
import type { LayerReference } from "./function-table.ts";
import type { PolicyStatement } from "./policy-statements.ts";

export interface Layer {
  readonly name: string;
  /** Numbers are not used again. */
  readonly lastVersion: number;
}

export interface LayerVersion {
  readonly name: string;
  readonly number: number;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly description: string;
  readonly license?: string | undefined;
  readonly runtimes: readonly Runtime[];
  readonly architectures: readonly Architecture[];
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly statements: readonly PolicyStatement[];
  readonly policyRevisionId: string;
}

export const layers = table<Layer>("lambda.layers", { key: (row) => row.name });
export const layerVersions = table<LayerVersion>(
  "lambda.layerVersions", { key: (row) => [row.name, row.number] },
);

export interface LayerName {
  readonly name: string;
  readonly account: string | undefined;
  readonly region: string | undefined;
  /** Undefined where the ARN is that of the layer as a whole. */
  readonly number: number | undefined;
}

/** `my-layer`, or the ARN of a layer or of a version of it. */
export function parseLayerName(text: string): LayerName {
  const arn = parseArn(text);
  if (!arn) return { name: text, account: undefined, region: undefined, number: undefined };
  const [, name = "", number] = arn.resource.split(":");
  return {
    name, account: arn.account, region: arn.region, number: number === undefined ? undefined : Number(number),
  };
}

export function layerArn(ctx: ReadContext, name: string, number?: number): string {
  return ctx.arn(number === undefined ? `layer:${name}` : `layer:${name}:${number}`);
}

/** @evidence Lambda quotas: five layers a function */
const layersMax = 5;

export interface UsedLayers {
  readonly references: readonly LayerReference[];
  /** Their contents, which a function keeps though the layer goes. */
  readonly packages: readonly Package[];
}

/**
 * What the function's layers are, as far as the caller may have them.
 *
 * @param codeBytes what the code unzips to
 * @throws AwsError
 */
export async function layersOf(
  ctx: BodyContext, arns: readonly string[], codeBytes: number,
): Promise<UsedLayers> {
  requireTogether(ctx, arns);
  const found = ctx.transaction((within) =>
    arns.map((arn) => {
      within.authorize({ action: "lambda:GetLayerVersion", resource: arn });
      const version = findLayerVersion(ctx, arn);
      if (!version) throw layerNotThere(arn);
      return { arn, version };
    }));
  const references: LayerReference[] = [];
  const packages: Package[] = [];
  let unzippedBytes = codeBytes;
  for (const { arn, version: { sha256, sizeBytes } } of found) {
    const content = await adoptPackage(ctx, parseLayerName(arn).account ?? ctx.account, sha256);
    references.push({ arn, sha256, sizeBytes });
    packages.push(content);
    unzippedBytes += content.unzippedBytes;
  }
  requireRoom(unzippedBytes);
  return { references, packages };
}

/** @throws AwsError for code that is too large together with the layers that its function has */
export function requireRoomBesideLayers(
  ctx: ReadContext, codeBytes: number, used: readonly LayerReference[],
): void {
  requireRoom(used.reduce((sum, { sha256 }) => sum + unzippedBytesOf(ctx, sha256), codeBytes));
}

function requireRoom(unzippedBytes: number): void {
  if (unzippedBytes > unzippedBytesMax) throw withLayersTooLarge(unzippedBytes, unzippedBytesMax);
}

function requireTogether(ctx: ReadContext, arns: readonly string[]): void {
  if (arns.length > layersMax) throw tooManyLayers();
  const elsewhere = ({ region }: { readonly region: string | undefined }): boolean => region !== ctx.region;
  if (arns.map(parseLayerName).some(elsewhere)) throw layersElsewhere(ctx.region);
  const byLayer = new Map<string, string>();
  for (const arn of arns) {
    const layer = arn.slice(0, arn.lastIndexOf(":"));
    const other = byLayer.get(layer);
    if (other !== undefined) throw sameLayerTwice(other, arn);
    byLayer.set(layer, arn);
  }
}

/** Also of another account, which must have shared it. */
function findLayerVersion(ctx: BodyContext, arn: string): LayerVersion | undefined {
  const { name, account = "", region, number = 0 } = parseLayerName(arn);
  if (region !== ctx.region) return undefined;
  return ctx.kernel.read(
    { account, region: ctx.region }, (rows) => rows.rows(layerVersions).get([name, number]),
  );
}
