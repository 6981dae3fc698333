/** Configurations of which a bucket has several, each with an id: analytics, metrics, inventory. */

import type * as s3 from "../../../generated/s3.ts";
import type { Context, ReadContext } from "../../../kernel/context.ts";
import { page } from "../../../kernel/page.ts";
import { table } from "../../../store/types.ts";
import { dropAnalysis } from "./analysis-table.ts";
import { buckets, requireBucket } from "../buckets/table.ts";
import { invalidArgument, malformedXml, noSuchConfiguration, tooManyConfigurations } from "../errors.ts";
import { unplanReport } from "./inventory-schedule.ts";

export type ConfigurationKind = "analytics" | "metrics" | "inventory";

interface Configuration {
  readonly bucket: string;
  readonly kind: ConfigurationKind;
  readonly id: string;
  readonly configuration: object;
}

const configurations = table<Configuration>("s3.configurations", {
  key: (row) => [row.bucket, row.kind, row.id],
});

/** @evidence S3 API Reference, PutBucketMetricsConfiguration, TooManyConfigurations */
const configurationsMax = 1000;
const perPage = 100;
const idForm = /^[A-Za-z0-9._-]{1,64}$/;

/** @throws MalformedXML, InvalidArgument, TooManyConfigurations */
export function putConfiguration(
  ctx: Context,
  kind: ConfigurationKind,
  input: { readonly Bucket: string; readonly Id: string },
  configuration: { readonly Id: string },
): void {
  const { Bucket: bucket, Id: id } = input;
  requireBucket(ctx, bucket);
  if (configuration.Id !== id) throw malformedXml();
  if (!idForm.test(id)) throw invalidArgument("The configuration ID is not valid.", "id", id);
  const rows = ctx.db(configurations);
  if (!rows.has([bucket, kind, id]) && rows.count({ prefix: [bucket, kind] }) >= configurationsMax) {
    throw tooManyConfigurations();
  }
  rows.put({ bucket, kind, id, configuration });
  noteCounting(ctx, bucket);
}

/** The bucket says whether its requests are counted: nobody looks for configurations at every request. */
function noteCounting(ctx: Context, name: string): void {
  const { countsRequests = false, isAnalyzed = false, ...bucket } = requireBucket(ctx, name);
  const counts = ctx.db(configurations).first({ prefix: [name, "metrics"] }) !== undefined;
  const analyses = listAllConfigurations<s3.AnalyticsConfiguration>(ctx, "analytics", name);
  const analyzes = analyses.some(({ StorageClassAnalysis }) => StorageClassAnalysis.DataExport !== undefined);
  if (counts === countsRequests && analyzes === isAnalyzed) return;
  ctx.db(buckets).put({
    ...bucket, ...(counts && { countsRequests: true }), ...(analyzes && { isAnalyzed: true }),
  });
}

export function listAllConfigurations<Shape>(
  ctx: ReadContext, kind: ConfigurationKind, bucket: string,
): Shape[] {
  const rows = ctx.db(configurations).list({ prefix: [bucket, kind] });
  return Array.from(rows, ({ configuration }) => configuration as Shape);
}

export function findConfiguration<Shape>(
  ctx: ReadContext,
  kind: ConfigurationKind,
  bucket: string,
  id: string,
): Shape | undefined {
  return ctx.db(configurations).get([bucket, kind, id])?.configuration as Shape | undefined;
}

/** @throws NoSuchConfiguration */
export function requireConfiguration<Shape>(
  ctx: ReadContext,
  kind: ConfigurationKind,
  { Bucket, Id }: { readonly Bucket: string; readonly Id: string },
): Shape {
  requireBucket(ctx, Bucket);
  const found = findConfiguration<Shape>(ctx, kind, Bucket, Id);
  if (!found) throw noSuchConfiguration();
  return found;
}

export function deleteConfiguration(
  ctx: Context,
  kind: ConfigurationKind,
  { Bucket, Id }: { readonly Bucket: string; readonly Id: string },
): void {
  requireBucket(ctx, Bucket);
  if (!ctx.db(configurations).delete([Bucket, kind, Id])) throw noSuchConfiguration();
  noteCounting(ctx, Bucket);
}

interface Listed<Shape> {
  readonly items: Shape[];
  readonly marks: {
    readonly IsTruncated: boolean;
    readonly ContinuationToken: string | undefined;
    readonly NextContinuationToken: string | undefined;
  };
}

export function listConfigurations<Shape>(
  ctx: ReadContext,
  kind: ConfigurationKind,
  { Bucket, ContinuationToken }: { readonly Bucket: string; readonly ContinuationToken?: string | undefined },
): Listed<Shape> {
  requireBucket(ctx, Bucket);
  const { items, next: NextContinuationToken } = page({
    rows: ctx.db(configurations),
    range: { prefix: [Bucket, kind] },
    key: (row) => [row.bucket, row.kind, row.id],
    limit: perPage,
    token: ContinuationToken,
    scope: `s3.${kind} ${Bucket}`,
    invalid: () =>
      invalidArgument(
        "The continuation token provided is incorrect",
        "continuation-token",
        ContinuationToken ?? "",
      ),
  });
  const IsTruncated = NextContinuationToken !== undefined;
  return {
    items: items.map(({ configuration }) => configuration as Shape),
    marks: { IsTruncated, ContinuationToken, NextContinuationToken },
  };
}

export function dropConfigurations(ctx: Context, bucket: string): void {
  for (const { kind, id } of ctx.db(configurations).list({ prefix: [bucket] })) {
    if (kind === "inventory") unplanReport(ctx, bucket, id);
    if (kind === "analytics") dropAnalysis(ctx, bucket, id);
    ctx.db(configurations).delete([bucket, kind, id]);
  }
}
