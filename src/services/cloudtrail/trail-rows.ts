/**
 * Trails as rows of the account's global cell, as they are seen from every region: their operations work
 * there, whichever region they are asked in.
 */

import type * as cloudtrail from "../../generated/cloudtrail.ts";
import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { loggingTrails } from "../../kernel/event-listeners.ts";
import type { SegmentPlace } from "../../kernel/trail.ts";
import { table } from "../../store/types.ts";
import { invalidHomeRegion, invalidTrailArn, trailNotFound } from "./errors.ts";
import { defaultSelectors, managementOf, wantedDataTypes } from "./selectors.ts";
import { requireTrailName } from "./trail-names.ts";

/** How delivery went: what GetTrailStatus tells. */
export interface DeliveryState {
  readonly deliveredAt?: number;
  readonly error?: string | undefined;
}

export interface Trail {
  readonly name: string;
  readonly homeRegion: string;
  readonly bucket: string;
  readonly prefix?: string | undefined;
  readonly topic?: string | undefined;
  readonly includeGlobal: boolean;
  readonly multiRegion: boolean;
  readonly validated: boolean;
  /** Since when it is, where it was not from the beginning: epoch milliseconds. */
  readonly validatedSince?: number | undefined;
  readonly logGroupArn?: string | undefined;
  readonly logRoleArn?: string | undefined;
  readonly kmsKeyArn?: string | undefined;
  readonly selectors?: readonly cloudtrail.EventSelector[] | undefined;
  readonly advanced?: readonly cloudtrail.AdvancedEventSelector[] | undefined;
  readonly insights?: readonly cloudtrail.InsightSelector[] | undefined;
  /** Since when Insights are looked for: epoch milliseconds. */
  readonly insightsSince?: number | undefined;
  readonly aggregations?: readonly cloudtrail.AggregationConfiguration[] | undefined;
  readonly isLogging: boolean;
  /** Epoch milliseconds. */
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  /** Up to where each region's events have been delivered: management events, data events. */
  readonly places: Readonly<Record<string, readonly [SegmentPlace, SegmentPlace]>>;
  readonly bucketDelivery: DeliveryState;
  readonly topicDelivery: DeliveryState;
  readonly logsDelivery: DeliveryState;
  readonly digestDelivery: DeliveryState;
}

export const trails = table<Trail>(
  "cloudtrail.trails", { key: ({ homeRegion, name }) => [homeRegion, name] },
);

/** Also from another cell than theirs. */
export function allTrails({ account, kernel }: Pick<ReadContext, "account" | "kernel">): Trail[] {
  const cell = { account, region: "aws-global" };
  return kernel.read(cell, (transaction) => [...transaction.rows(trails).list()]);
}

/** All trails of an account are in its global cell. */
export const inGlobalCell = { owner: () => ({ region: "aws-global" }) } as const;

export function trailArn(
  { account }: Pick<ReadContext, "account">, { homeRegion, name }: Pick<Trail, "homeRegion" | "name">,
): string {
  return formatArn({ service: "cloudtrail", region: homeRegion, account, resource: `trail/${name}` });
}

interface Named {
  readonly name: string;
  readonly homeRegion: string;
}

/** A trail by its name in the region that is asked, or by its ARN. @throws InvalidTrailNameException */
export function named(ctx: ReadContext, nameOrArn: string): Named {
  if (!nameOrArn.startsWith("arn:")) {
    requireTrailName(nameOrArn);
    return { name: nameOrArn, homeRegion: ctx.requestRegion };
  }
  const arn = parseArn(nameOrArn);
  const [, name] = /^trail\/([^/]+)$/.exec(arn?.resource ?? "") ?? [];
  if (arn?.service !== "cloudtrail" || name === undefined) throw invalidTrailArn(nameOrArn);
  return { name, homeRegion: arn.region };
}

/** Also another region's, where it is a trail of all regions. */
export function findTrail(ctx: ReadContext, nameOrArn: string): Trail | undefined {
  const { name, homeRegion } = named(ctx, nameOrArn);
  const account = nameOrArn.startsWith("arn:") ? parseArn(nameOrArn)?.account : ctx.account;
  if (account !== ctx.account) return undefined;
  const own = ctx.db(trails).get([homeRegion, name]);
  if (own) return own;
  if (nameOrArn.startsWith("arn:")) return undefined;
  for (const trail of ctx.db(trails).list()) if (trail.name === name && trail.multiRegion) return trail;
  return undefined;
}

export function requireTrail(ctx: ReadContext, nameOrArn: string): Trail {
  const trail = findTrail(ctx, nameOrArn);
  if (!trail) throw trailNotFound(nameOrArn, ctx.account);
  return trail;
}

/** Trails are changed in their home region only. */
export function requireOwnTrail(ctx: Context, nameOrArn: string): Trail {
  const trail = requireTrail(ctx, nameOrArn);
  if (trail.homeRegion !== ctx.requestRegion) throw invalidHomeRegion(trailArn(ctx, trail), trail.homeRegion);
  return trail;
}

/** For IAM: what is asked about, also when it is not there. */
export function trailResource(nameOrArn: string, ctx: ReadContext): string {
  if (nameOrArn.startsWith("arn:")) return nameOrArn;
  return trailArn(ctx, { name: nameOrArn, homeRegion: ctx.requestRegion });
}

/** Keeps what the kernel knows of it: whose calls become events, and which data events are written down. */
export function putTrail(ctx: Context, trail: Trail): Trail {
  ctx.db(trails).put(trail);
  const arn = trailArn(ctx, trail);
  if (!trail.isLogging) {
    ctx.db(loggingTrails).delete(arn);
    return trail;
  }
  ctx.db(loggingTrails).put({
    arn,
    ...(!trail.multiRegion && { region: trail.homeRegion }),
    logs: managementOf(trail),
    dataTypes: wantedDataTypes(trail),
    selectors: trail.selectors,
    advanced: trail.advanced,
    hasInsights: trail.insights !== undefined,
  });
  return trail;
}

export function deleteTrail(ctx: Context, trail: Trail): void {
  ctx.db(trails).delete([trail.homeRegion, trail.name]);
  ctx.db(loggingTrails).delete(trailArn(ctx, trail));
  ctx.tags(trailArn(ctx, trail)).clear();
}

export function selectorsOf(trail: Trail): readonly cloudtrail.EventSelector[] | undefined {
  return trail.advanced ? undefined : (trail.selectors ?? defaultSelectors);
}
