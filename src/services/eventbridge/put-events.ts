/** PutEvents: what may come to a bus. */

import * as events from "../../generated/eventbridge.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation, type Owner } from "../../kernel/operation.ts";
import { busArn, busNameOf, findBus, ownerOfBus } from "./bus-table.ts";
import { validation } from "./errors.ts";
import { withKeys, type Keyring } from "./encryption.ts";
import { compactObject, type Event } from "./event.ts";
import type { ForwardedEntry } from "./forwarding.ts";
import { failedEntries, putBytes, putCalls, putEntries } from "./metrics.ts";
import { isActiveSource } from "./partner-sources.ts";
import { routeEvent } from "./routing.ts";

/** @evidence EventBridge quotas, PutEvents: 1 MB in all, by the rules of "Calculating event entry size" */
const bytesMax = 1_048_576;

function sizeOf(entry: events.PutEventsRequestEntry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  const time = entry.Time === undefined ? 0 : 14;
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), time);
}

type Refusal = Required<Pick<events.PutEventsResultEntry, "ErrorCode" | "ErrorMessage">>;

function isMissing(value: string | undefined): boolean {
  return value === undefined || value === "";
}

/** @evidence recorded: codes and texts, entry by entry */
function refusalOf(entry: events.PutEventsRequestEntry): Refusal | undefined {
  for (const name of ["Source", "DetailType", "Detail"] as const) {
    if (!isMissing(entry[name])) continue;
    const ErrorMessage = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
    return { ErrorCode: "InvalidArgument", ErrorMessage };
  }
  if (entry.Source?.startsWith("aws.")) {
    return { ErrorCode: "NotAuthorizedForSource", ErrorMessage: "Not authorized for the source." };
  }
  if (compactObject(entry.Detail ?? "") === undefined) {
    return { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
  }
  return undefined;
}

function eventOf(ctx: ReadContext, entry: events.PutEventsRequestEntry, account: string): Event {
  const now = ctx.clock.now();
  return {
    id: ctx.ids.uuid(),
    detailType: entry.DetailType ?? "",
    source: entry.Source ?? "",
    account,
    time: entry.Time ?? now,
    region: ctx.region,
    resources: entry.Resources ?? [],
    detail: compactObject(entry.Detail ?? "") ?? "{}",
    ingestedAt: now,
  };
}

/** An event for a bus that is not there is taken, and is nobody's. @evidence recorded */
function take(ctx: Context, entry: ForwardedEntry, keyring: Keyring): events.PutEventsResultEntry {
  const forwarded = entry.internalMetadata;
  const refusal = forwarded ? undefined : refusalOf(entry);
  if (refusal) return refusal;
  const event = forwarded
    ? { ...forwarded, ingestedAt: ctx.clock.now() }
    : eventOf(ctx, entry, ctx.caller.account || ctx.account);
  const bus = findBus(ctx, busNameOf(entry.EventBusName));
  if (bus) routeEvent(ctx, bus.name, event, { keyring });
  return { EventId: event.id };
}

function isElsewhere(ctx: ReadContext, owner: Owner | undefined): boolean {
  return owner !== undefined && (owner.account !== ctx.account || owner.region !== ctx.region);
}

/** All in one transaction. */
function takeAll(
  ctx: BodyContext, entries: readonly ForwardedEntry[],
): Promise<events.PutEventsResultEntry[]> {
  const buses = entries.map(({ EventBusName }) => busNameOf(EventBusName));
  return withKeys(ctx, buses, (within, keyring) => entries.map((entry) => take(within, entry, keyring)));
}

/** Entries for buses of several accounts go each to its own. */
async function put(ctx: BodyContext, entry: ForwardedEntry): Promise<events.PutEventsResultEntry> {
  const owner = ownerOfBus(entry.EventBusName);
  if (!isElsewhere(ctx, owner)) {
    const [result = {}] = await takeAll(ctx, [entry]);
    return result;
  }
  const region = owner?.region ?? ctx.region;
  const { Entries } = await ctx.call(events.PutEvents, { Entries: [entry] }, { as: "request", region });
  return Entries?.[0] ?? {};
}

export const PutEvents = operation(events.PutEvents, {
  resource: (input, ctx) => input.Entries.map(({ EventBusName: name }) => (
    name?.startsWith("arn:") ? name : busArn(ctx, busNameOf(name))
  )),
  owner({ Entries }) {
    const [first, ...others] = Entries.map(({ EventBusName }) => EventBusName);
    return others.every((name) => name === first) ? ownerOfBus(first) : undefined;
  },
  conditions: ({ Entries }) => ({
    "events:source": Entries.map(({ Source = "" }) => Source),
    "events:detail-type": Entries.map(({ DetailType = "" }) => DetailType),
    "events:eventbusinvocation": String(Entries.some((entry: ForwardedEntry) => entry.internalMetadata)),
  }),
  dataEvent: true,
  async body(input, ctx) {
    if (input.EndpointId !== undefined) throw notImplemented("eventbridge:PutEvents to an endpoint");
    if (input.Entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > bytesMax) {
      throw validation("Total size of the entries in the request is over the limit.");
    }
    const isHere = input.Entries.every(({ EventBusName }) => !isElsewhere(ctx, ownerOfBus(EventBusName)));
    const Entries = isHere
      ? await takeAll(ctx, input.Entries)
      : await inOrder(input.Entries, (entry) => put(ctx, entry));
    const FailedEntryCount = Entries.filter(({ ErrorCode }) => ErrorCode !== undefined).length;
    ctx.metric(putCalls, [], 1);
    ctx.metric(putEntries, [], Entries.length);
    ctx.metric(putBytes, [], input.Entries.reduce((sum, entry) => sum + sizeOf(entry), 0));
    if (FailedEntryCount > 0) ctx.metric(failedEntries, [], FailedEntryCount);
    return { FailedEntryCount, Entries };
  },
});

async function inOrder<Item, Result>(
  items: readonly Item[], work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/** A partner's events come to the bus that has the source's name, in the account that it was made for. */
export const PutPartnerEvents = operation(events.PutPartnerEvents, {
  async body(input, ctx) {
    const buses = input.Entries.map(({ Source = "" }) => Source);
    const Entries = await withKeys(ctx, buses, (within, keyring) => (
      input.Entries.map((entry) => takePartner(within, entry, keyring))
    ));
    return { FailedEntryCount: Entries.filter(({ ErrorCode }) => ErrorCode !== undefined).length, Entries };
  },
});

function takePartner(
  ctx: Context, entry: events.PutPartnerEventsRequestEntry, keyring: Keyring,
): events.PutPartnerEventsResultEntry {
  const refusal = refusalOf({ ...entry, Source: entry.Source?.replace(/^aws\.partner\//, "partner/") });
  if (refusal) return refusal;
  const event = eventOf(ctx, entry, ctx.account);
  if (isActiveSource(ctx, event.source)) routeEvent(ctx, event.source, event, { keyring });
  return { EventId: event.id };
}
