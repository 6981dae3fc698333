/** Trails: made, changed, shown, started and stopped. What they deliver is in delivery.ts. */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { tagNew } from "../../kernel/tags.ts";
import { dataSegments, lastPlace, trailSegments } from "../../kernel/trail.ts";
import { requireDestinations, resolvedKey, topicArnOf } from "./destinations.ts";
import { deliver } from "./delivery.ts";
import { forgetDigests } from "./digests.ts";
import {
  globalEventsRequired, invalidPrefix, invalidToken, logGroupWithoutRole, noOrganization, tooManyTrails,
  trailExists,
} from "./errors.ts";
import { forgetInsights } from "./insight-events.ts";
import { forgetFailedFiles } from "./redelivery.ts";
import { requireTags } from "./tag-rules.ts";
import {
  deleteTrail, inGlobalCell, putTrail, requireOwnTrail, requireTrail, trailArn, trailResource, trails,
  type Trail,
} from "./trail-rows.ts";
import { requireTrailName } from "./trail-names.ts";

/** @evidence CloudTrail User Guide, "Quotas": trails per Region */
const trailsMax = 5;
const prefixLengthMax = 200;
const pageSize = 100;

const named = (input: { readonly Name: string }, ctx: ReadContext): string => trailResource(input.Name, ctx);
const rules = { ...inGlobalCell, resource: named };

type Settings = Omit<cloudtrail.UpdateTrailRequest, "Name">;

/** What a trail becomes when it is told so; an empty text takes a setting away. */
async function changed(ctx: BodyContext, before: Trail, input: Settings, isNew: boolean): Promise<Trail> {
  if (input.IsOrganizationTrail) throw noOrganization();
  if ((input.S3KeyPrefix?.length ?? 0) > prefixLengthMax) throw invalidPrefix();
  const given = (text: string | undefined, kept: string | undefined): string | undefined =>
    text === undefined ? kept : text === "" ? undefined : text;
  const multiRegion = input.IsMultiRegionTrail ?? before.multiRegion;
  const includeGlobal = input.IncludeGlobalServiceEvents ?? before.includeGlobal;
  if (multiRegion && !includeGlobal) throw globalEventsRequired();
  const validated = input.EnableLogFileValidation ?? before.validated;
  const key = given(input.KmsKeyId, before.kmsKeyArn);
  const after: Trail = {
    ...before,
    bucket: input.S3BucketName ?? before.bucket,
    prefix: given(input.S3KeyPrefix, before.prefix),
    topic: given(input.SnsTopicName, before.topic),
    multiRegion,
    includeGlobal,
    validated,
    validatedSince: validated && !before.validated && !isNew ? ctx.clock.now() : before.validatedSince,
    logGroupArn: given(input.CloudWatchLogsLogGroupArn, before.logGroupArn),
    logRoleArn: given(input.CloudWatchLogsRoleArn, before.logRoleArn),
    kmsKeyArn: key === undefined || key === before.kmsKeyArn ? key : await resolvedKey(ctx, before, key),
  };
  if ((after.logGroupArn === undefined) !== (after.logRoleArn === undefined)) throw logGroupWithoutRole();
  await requireDestinations(ctx, before, after, isNew);
  return after;
}

function newTrail(ctx: ReadContext, { Name, S3BucketName }: cloudtrail.CreateTrailRequest): Trail {
  return {
    name: Name, homeRegion: ctx.requestRegion, bucket: S3BucketName, includeGlobal: true, multiRegion: false,
    validated: false, isLogging: false, places: {},
    bucketDelivery: {}, topicDelivery: {}, logsDelivery: {}, digestDelivery: {},
  };
}

export const CreateTrail = operation(cloudtrail.CreateTrail, {
  ...rules,
  async body(input, ctx) {
    requireTrailName(input.Name);
    requireTags(input.TagsList ?? [], 0);
    const draft = newTrail(ctx, input);
    ctx.reading(() => requireFree(ctx, draft));
    const trail = await changed(ctx, draft, input, true);
    return ctx.transaction((within) => {
      requireFree(within, trail);
      putTrail(within, trail);
      const tags = (input.TagsList ?? []).map(({ Key, Value = "" }) => ({ Key, Value }));
      tagNew(within, "cloudtrail:AddTags", trailArn(within, trail), tags);
      return settings(within, trail);
    });
  },
});

function requireFree(ctx: BodyContext | Context, { homeRegion, name }: Trail): void {
  const own = [...ctx.db(trails).list({ prefix: [homeRegion] })];
  if (own.some((trail) => trail.name === name)) throw trailExists(name, ctx.account);
  if (own.length >= trailsMax) throw tooManyTrails(ctx.account, homeRegion);
}

export const UpdateTrail = operation(cloudtrail.UpdateTrail, {
  ...rules,
  async body(input, ctx) {
    const before = ctx.transaction((within) => requireOwnTrail(within, input.Name));
    const after = await changed(ctx, before, input, false);
    return ctx.transaction((within) => {
      const known = requireOwnTrail(within, input.Name);
      const { isLogging, places, startedAt, stoppedAt } = known;
      if (known.validated && !after.validated) forgetDigests(within, known);
      const times = {
        ...(startedAt !== undefined && { startedAt }), ...(stoppedAt !== undefined && { stoppedAt }),
      };
      return settings(within, putTrail(within, { ...after, isLogging, places, ...times }));
    });
  },
});

/** What CreateTrail and UpdateTrail answer. */
function settings(ctx: ReadContext, trail: Trail): cloudtrail.CreateTrailResponse {
  const topic = topicArnOf(ctx, trail);
  return {
    Name: trail.name,
    S3BucketName: trail.bucket,
    S3KeyPrefix: trail.prefix,
    SnsTopicName: trail.topic,
    SnsTopicARN: topic,
    IncludeGlobalServiceEvents: trail.includeGlobal,
    IsMultiRegionTrail: trail.multiRegion,
    TrailARN: trailArn(ctx, trail),
    LogFileValidationEnabled: trail.validated,
    CloudWatchLogsLogGroupArn: trail.logGroupArn,
    CloudWatchLogsRoleArn: trail.logRoleArn,
    KmsKeyId: trail.kmsKeyArn,
    IsOrganizationTrail: false,
  };
}

function shown(ctx: ReadContext, trail: Trail): cloudtrail.Trail {
  return {
    ...settings(ctx, trail),
    HomeRegion: trail.homeRegion,
    HasCustomEventSelectors: trail.selectors !== undefined || trail.advanced !== undefined,
    HasInsightSelectors: trail.insights !== undefined,
  };
}

export const DeleteTrail = operation(cloudtrail.DeleteTrail, {
  ...rules,
  run(input, ctx) {
    const trail = requireOwnTrail(ctx, input.Name);
    deleteTrail(ctx, trail);
    forgetDigests(ctx, trail);
    forgetInsights(ctx, trailArn(ctx, trail));
    forgetFailedFiles(ctx, trailArn(ctx, trail));
  },
});

export const GetTrail = operation(cloudtrail.GetTrail, {
  ...rules,
  run: (input, ctx) => ({ Trail: shown(ctx, requireTrail(ctx, input.Name)) }),
});

/** Trails of other regions that log here too are seen as their shadows. */
function seenHere(ctx: ReadContext, withShadows: boolean): Trail[] {
  return [...ctx.db(trails).list()].filter(({ homeRegion, multiRegion }) =>
    homeRegion === ctx.requestRegion || (multiRegion && withShadows));
}

export const DescribeTrails = operation(cloudtrail.DescribeTrails, {
  ...inGlobalCell,
  run(input, ctx) {
    const withShadows = input.includeShadowTrails ?? true;
    const names = input.trailNameList ?? [];
    const seen = seenHere(ctx, withShadows);
    const wanted = names.length === 0
      ? seen : seen.filter((trail) => names.includes(trail.name) || names.includes(trailArn(ctx, trail)));
    return { trailList: wanted.map((trail) => shown(ctx, trail)) };
  },
});

export const ListTrails = operation(cloudtrail.ListTrails, {
  ...inGlobalCell,
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(trails),
      key: ({ homeRegion, name }) => [homeRegion, name],
      limit: pageSize, token: input.NextToken, scope: "cloudtrail:ListTrails", invalid: invalidToken,
    });
    const Trails = items.map((trail) => (
      { TrailARN: trailArn(ctx, trail), Name: trail.name, HomeRegion: trail.homeRegion }
    ));
    return { Trails, NextToken: next };
  },
});

export const StartLogging = operation(cloudtrail.StartLogging, {
  ...rules,
  run(input, ctx) {
    const trail = requireOwnTrail(ctx, input.Name);
    if (trail.isLogging) return;
    putTrail(ctx, { ...trail, isLogging: true, startedAt: ctx.clock.now(), places: presentPlaces(ctx) });
  },
});

/** Where each region's events end by now: what came before is not delivered. */
function presentPlaces(ctx: ReadContext): Trail["places"] {
  const places: Record<string, Trail["places"][string]> = {};
  for (const cell of ctx.kernel.cells()) {
    if (cell.account !== ctx.account) continue;
    places[cell.region] = ctx.kernel.read(cell, (transaction) => (
      [lastPlace(transaction.rows(trailSegments)), lastPlace(transaction.rows(dataSegments))]
    ));
  }
  return places;
}

/** What happened until then is still delivered. */
export const StopLogging = operation(cloudtrail.StopLogging, {
  ...rules,
  run(input, ctx) {
    const trail = requireOwnTrail(ctx, input.Name);
    if (!trail.isLogging) return;
    const now = ctx.clock.now();
    putTrail(ctx, { ...trail, isLogging: false, stoppedAt: now });
    ctx.schedule(deliver, { at: now, id: "last", input: {} });
  },
});

export const GetTrailStatus = operation(cloudtrail.GetTrailStatus, {
  ...rules,
  run(input, ctx) {
    const trail = requireTrail(ctx, input.Name);
    const { bucketDelivery, topicDelivery, logsDelivery, digestDelivery, startedAt, stoppedAt } = trail;
    return {
      IsLogging: trail.isLogging,
      StartLoggingTime: startedAt,
      StopLoggingTime: stoppedAt,
      LatestDeliveryTime: bucketDelivery.deliveredAt,
      LatestDeliveryError: bucketDelivery.error,
      LatestNotificationTime: topicDelivery.deliveredAt,
      LatestNotificationError: topicDelivery.error,
      LatestCloudWatchLogsDeliveryTime: logsDelivery.deliveredAt,
      LatestCloudWatchLogsDeliveryError: logsDelivery.error,
      LatestDigestDeliveryTime: digestDelivery.deliveredAt,
      LatestDigestDeliveryError: digestDelivery.error,
      TimeLoggingStarted: timeText(startedAt),
      TimeLoggingStopped: timeText(stoppedAt),
      LatestDeliveryAttemptTime: timeText(bucketDelivery.deliveredAt),
      LatestNotificationAttemptTime: timeText(topicDelivery.deliveredAt),
      LatestDeliveryAttemptSucceeded: bucketDelivery.error === undefined ? timeText(
        bucketDelivery.deliveredAt,
      ) : "",
      LatestNotificationAttemptSucceeded: topicDelivery.error === undefined ? timeText(
        topicDelivery.deliveredAt,
      ) : "",
    };
  },
});

function timeText(at: number | undefined): string {
  return at === undefined ? "" : new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}

