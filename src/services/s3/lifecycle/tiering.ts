/** The archive tiers of S3 Intelligent-Tiering, as a bucket uses them. */

import * as s3 from "../../../generated/s3.ts";
import { withStatus } from "../../../kernel/answer-status.ts";
import { operation } from "../../../kernel/operation.ts";
import { page } from "../../../kernel/page.ts";
import { onBucket } from "../access/access.ts";
import { requireBucket } from "../buckets/table.ts";
import { midnightAfter } from "./days.ts";
import { invalidArgument, malformedXml, noSuchConfiguration, tooManyConfigurations } from "../errors.ts";
import { planSweep } from "./sweep-plans.ts";
import { tieringConfigurations, type TieringConfiguration } from "./tiering-rules.ts";

const configurationsMax = 1000;
const perPage = 100;
const idForm = /^[A-Za-z0-9._-]{1,64}$/;

/** @evidence S3 API Reference, Tiering: at least 90 and 180 days without a read, and at most two years */
const daysMin: Readonly<Record<string, number | undefined>> = {
  ARCHIVE_ACCESS: 90, DEEP_ARCHIVE_ACCESS: 180,
};
const daysMax = 730;

export const PutBucketIntelligentTieringConfiguration = operation(
  s3.PutBucketIntelligentTieringConfiguration,
  {
    ...onBucket,
    run(input, ctx) {
      const { Bucket: bucket, Id: id, IntelligentTieringConfiguration: asked } = input;
      requireBucket(ctx, bucket);
      requireConfiguration(id, asked);
      const rows = ctx.db(tieringConfigurations);
      if (!rows.has([bucket, id]) && rows.count({ prefix: [bucket] }) >= configurationsMax) {
        throw tooManyConfigurations();
      }
      const { Filter, Status, Tierings } = asked;
      rows.put({ bucket, id, Status, Tierings, ...(Filter && { Filter }) });
      planSweep(ctx, bucket, midnightAfter(ctx.clock.now()));
    },
  },
);

/** Texts are unverified, see NOTES.md. */
function requireConfiguration(
  id: string,
  asked: Partial<s3.IntelligentTieringConfiguration> | undefined,
): void {
  if (asked?.Id !== id) throw malformedXml();
  if (!idForm.test(id)) throw invalidArgument("The configuration ID is not valid.", "id", id);
  const { Status, Tierings = [], Filter } = asked;
  if (Status !== "Enabled" && Status !== "Disabled") throw malformedXml();
  if (Tierings.length === 0 || Tierings.length > 2) throw malformedXml();
  const seen = new Set<string>();
  for (const { AccessTier, Days } of Tierings) {
    const least = Object.hasOwn(daysMin, AccessTier) ? daysMin[AccessTier] : undefined;
    if (least === undefined || seen.has(AccessTier) || Days === undefined) throw malformedXml();
    seen.add(AccessTier);
    if (Days < least || Days > daysMax) {
      throw invalidArgument(
        `'Days' in the Tiering action for AccessTier '${AccessTier}' must be between ${least} and ${daysMax}`,
        "Days",
        String(Days),
      );
    }
  }
  const given = Object.values(Filter ?? {}).filter((value) => value !== undefined);
  if (given.length > 1) throw malformedXml();
  const tags: readonly Partial<s3.Tag>[] = Filter?.And?.Tags ?? (Filter?.Tag ? [Filter.Tag] : []);
  if (tags.some(({ Key, Value }) => Key === undefined || Value === undefined)) throw malformedXml();
}

function shown({ id, Filter, Status, Tierings }: TieringConfiguration): s3.IntelligentTieringConfiguration {
  return { Id: id, Status, Tierings: [...Tierings], ...(Filter && { Filter }) };
}

export const GetBucketIntelligentTieringConfiguration = operation(
  s3.GetBucketIntelligentTieringConfiguration,
  {
    ...onBucket,
    run(input, ctx) {
      requireBucket(ctx, input.Bucket);
      const found = ctx.db(tieringConfigurations).get([input.Bucket, input.Id]);
      if (!found) throw noSuchConfiguration();
      return { IntelligentTieringConfiguration: shown(found) };
    },
  },
);

export const ListBucketIntelligentTieringConfigurations = operation(
  s3.ListBucketIntelligentTieringConfigurations,
  {
    ...onBucket,
    run(input, ctx) {
      const { Bucket: bucket, ContinuationToken } = input;
      requireBucket(ctx, bucket);
      const { items, next } = page({
        rows: ctx.db(tieringConfigurations),
        range: { prefix: [bucket] },
        key: (row) => [row.bucket, row.id],
        limit: perPage,
        token: ContinuationToken,
        scope: `s3.ListBucketIntelligentTieringConfigurations ${bucket}`,
        invalid: () =>
          invalidArgument(
            "The continuation token provided is incorrect",
            "continuation-token",
            ContinuationToken ?? "",
          ),
      });
      return {
        IsTruncated: next !== undefined,
        ContinuationToken,
        NextContinuationToken: next,
        IntelligentTieringConfigurationList: items.map(shown),
      };
    },
  },
);

export const DeleteBucketIntelligentTieringConfiguration = operation(
  s3.DeleteBucketIntelligentTieringConfiguration,
  {
    ...onBucket,
    run(input, ctx) {
      requireBucket(ctx, input.Bucket);
      if (!ctx.db(tieringConfigurations).delete([input.Bucket, input.Id])) throw noSuchConfiguration();
      return withStatus({}, 204);
    },
  },
);
