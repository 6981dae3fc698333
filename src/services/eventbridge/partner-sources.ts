/**
 * Event sources of partners: a partner makes one for an account, which gets a bus for it by giving the bus
 * the source's name. Here any account can be a partner.
 */

import * as events from "../../generated/eventbridge.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { alreadyExists, invalidState, invalidToken, notFound } from "./errors.ts";

/** In the cell of the account that it is for. */
interface PartnerSource {
  readonly name: string;
  readonly state: events.EventSourceState;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

const sources = table<PartnerSource>("eventbridge.partnerSources", { key: (row) => row.name });

/** In the partner's cell: for which accounts it has made a source. */
interface PartnerOffer {
  readonly name: string;
  readonly account: string;
  readonly createdAt: number;
}

const offers = table<PartnerOffer>("eventbridge.partnerOffers", { key: (row) => [row.name, row.account] });

/** @evidence EventBridge API Reference, EventSource: a source that is not used expires after two weeks */
const expiresAfterMilliseconds = 14 * 86_400_000;

function sourceArn(ctx: ReadContext, name: string): string {
  return formatArn({ service: "events", region: ctx.region, account: "", resource: `event-source/${name}` });
}

function sourceNotFound(name: string): Error {
  return notFound(`Event source ${name} does not exist.`);
}

function requireSource(ctx: ReadContext, name: string): PartnerSource {
  const source = ctx.db(sources).get(name);
  if (!source) throw sourceNotFound(name);
  return source;
}

/** @throws ResourceNotFoundException */
export function associatePartnerSource(ctx: Context, name: string): void {
  ctx.db(sources).put({ ...requireSource(ctx, name), state: "ACTIVE" });
}

export function dissociatePartnerSource(ctx: Context, name: string): void {
  const source = ctx.db(sources).get(name);
  if (source) ctx.db(sources).put({ ...source, state: "PENDING" });
}

/** Whether events of a partner's source are taken in. */
export function isActiveSource(ctx: ReadContext, name: string): boolean {
  return ctx.db(sources).get(name)?.state === "ACTIVE";
}

/** What a partner does in another account, EventBridge does there as itself. */
export function isForPartner(action: string, principal: string): boolean {
  return principal === "events.amazonaws.com" && /^events:(Create|Delete)PartnerEventSource$/.test(action);
}

/** The other account gets the source before the partner has it listed. */
export const CreatePartnerEventSource = operation(events.CreatePartnerEventSource, {
  resource: (input, ctx) => sourceArn(ctx, input.Name),
  async body(input, ctx) {
    const { Name, Account } = input;
    const isThere = ctx.caller.type === "AWSService";
    if (!isThere) await ctx.call(events.CreatePartnerEventSource, input, { as: "service", account: Account });
    ctx.transaction((within) => {
      const createdAt = ctx.clock.now();
      if (!isThere) {
        within.db(offers).put({ name: Name, account: Account, createdAt });
        return;
      }
      if (within.db(sources).has(Name)) throw alreadyExists(`Event source ${Name} already exists.`);
      within.db(sources).put({ name: Name, state: "PENDING", createdAt });
    });
    return { EventSourceArn: sourceArn(ctx, Name) };
  },
});

export const DeletePartnerEventSource = operation(events.DeletePartnerEventSource, {
  resource: (input, ctx) => sourceArn(ctx, input.Name),
  async body(input, ctx) {
    const { Name, Account } = input;
    const isThere = ctx.caller.type === "AWSService";
    if (!isThere) await ctx.call(events.DeletePartnerEventSource, input, { as: "service", account: Account });
    ctx.transaction((within) => {
      if (!isThere) within.db(offers).delete([Name, Account]);
      else dropSource(within, Name);
    });
  },
});

/** A source that has a bus stays, to be seen as deleted. */
function dropSource(ctx: Context, name: string): void {
  const source = ctx.db(sources).get(name);
  if (source?.state === "ACTIVE") ctx.db(sources).put({ ...source, state: "DELETED" });
  else ctx.db(sources).delete(name);
}

export const DescribePartnerEventSource = operation(events.DescribePartnerEventSource, {
  resource: (input, ctx) => sourceArn(ctx, input.Name),
  run({ Name }, ctx) {
    if (!ctx.db(offers).first({ prefix: Name })) throw sourceNotFound(Name);
    return { Arn: sourceArn(ctx, Name), Name };
  },
});

export const ListPartnerEventSourceAccounts = operation(events.ListPartnerEventSourceAccounts, {
  resource: (input, ctx) => sourceArn(ctx, input.EventSourceName),
  run({ EventSourceName, Limit, NextToken }, ctx) {
    if (!ctx.db(offers).first({ prefix: EventSourceName })) throw sourceNotFound(EventSourceName);
    const { items, next } = page({
      rows: ctx.db(offers),
      range: { prefix: EventSourceName },
      key: (offer) => [offer.name, offer.account],
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListPartnerEventSourceAccounts ${EventSourceName}`,
      invalid: invalidToken,
    });
    const PartnerEventSourceAccounts = items.map(({ account, createdAt }) => {
      const state = ctx.kernel.read({ account, region: ctx.region }, (transaction) =>
        transaction.rows(sources).get(EventSourceName)?.state);
      return {
        Account: account, CreationTime: createdAt, State: state,
        ...(state === "PENDING" && { ExpirationTime: createdAt + expiresAfterMilliseconds }),
      };
    });
    return { PartnerEventSourceAccounts, NextToken: next };
  },
});

export const ListPartnerEventSources = operation(events.ListPartnerEventSources, {
  run({ NamePrefix, Limit, NextToken }, ctx) {
    const { items, next } = page({
      rows: ctx.db(offers),
      range: { prefix: [NamePrefix], prefixOfLastPart: true },
      key: (offer) => [offer.name, offer.account],
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListPartnerEventSources ${NamePrefix}`,
      invalid: invalidToken,
    });
    const names = [...new Set(items.map(({ name }) => name))];
    return {
      PartnerEventSources: names.map((name) => ({ Arn: sourceArn(ctx, name), Name: name })), NextToken: next,
    };
  },
});

function shownSource(ctx: ReadContext, source: PartnerSource): events.EventSource {
  return {
    Arn: sourceArn(ctx, source.name),
    CreatedBy: source.name.split("/")[1],
    CreationTime: source.createdAt,
    ExpirationTime: source.state === "PENDING" ? source.createdAt + expiresAfterMilliseconds : undefined,
    Name: source.name,
    State: source.state,
  };
}

export const DescribeEventSource = operation(events.DescribeEventSource, {
  resource: (input, ctx) => sourceArn(ctx, input.Name),
  run: ({ Name }, ctx) => shownSource(ctx, requireSource(ctx, Name)),
});

export const ListEventSources = operation(events.ListEventSources, {
  run({ NamePrefix: prefix = "", Limit, NextToken }, ctx) {
    const { items, next } = page({
      rows: ctx.db(sources),
      range: prefix === "" ? {} : { prefix, prefixOfLastPart: true },
      key: (source) => source.name,
      limit: Limit ?? 100,
      token: NextToken,
      scope: `eventbridge.ListEventSources ${prefix}`,
      invalid: invalidToken,
    });
    return { EventSources: items.map((source) => shownSource(ctx, source)), NextToken: next };
  },
});

function setState(ctx: Context, name: string, state: "ACTIVE" | "PENDING"): void {
  const source = requireSource(ctx, name);
  if (source.state === "DELETED") throw invalidState(`Event source ${name} is deleted.`);
  ctx.db(sources).put({ ...source, state });
}

export const ActivateEventSource = operation(events.ActivateEventSource, {
  resource: (input, ctx) => sourceArn(ctx, input.Name),
  run: ({ Name }, ctx) => setState(ctx, Name, "ACTIVE"),
});

export const DeactivateEventSource = operation(events.DeactivateEventSource, {
  resource: (input, ctx) => sourceArn(ctx, input.Name),
  run: ({ Name }, ctx) => setState(ctx, Name, "PENDING"),
});
