/** Writes down who did what: the trail, and when keys, roles and services were last used. */

import { table, type CellName, type Store, type Transaction } from "../store/types.ts";
import { BoundedCache } from "./auth/bounded-cache.ts";
import type { Caller } from "./auth/caller.ts";
import type { Announcer } from "./announcer.ts";
import type { Bus, BusEvent } from "./bus.ts";
import {
  eventListeners, isLogged, isLoggedRecord, isOf, loggingTrails, onlyReads,
  type LoggingTrail,
} from "./event-listeners.ts";
import type { LastUse } from "./kernel.ts";
import type { ServiceModel } from "./model/model.ts";
import { TrailDeliveries, type TrailDeliveriesHost } from "./trail-deliveries.ts";
import { isReading, recordText, type Call } from "./trail-record.ts";
import type { SelectableRecord } from "./trail-selection.ts";
import { dataSegments, segmentMilliseconds, trailSegments, trim, trimData } from "./trail.ts";

/** The name of the sessions in which CloudTrail writes to CloudWatch Logs. */
export const deliverySession = "CloudTrail_CloudWatchLogs";

export const lastUses = table<LastUse>("kernel.lastUses", { key: (row) => row.id });

/** A use is written down again only after this long, so that a busy key costs no write a request. */
const coalesceMilliseconds = 60_000;
const usesKnownMax = 10_000;
/** So many events make a commit of their own: segments stay small, and no commit takes long. */
const waitingMax = 64;
/** Every so many segments the oldest are looked at. */
const trimEvery = 64;

interface Pending {
  readonly cell: CellName;
  /** When the first of them happened: epoch milliseconds. */
  readonly at: number;
  readonly records: string[];
  /** Data events; others are in `records`. */
  readonly data: string[];
  /** Whether there is news for a trail: what its own delivery does is none. */
  news: { reads: boolean; writes: boolean };
}

export interface RecorderHost extends TrailDeliveriesHost {
  readonly bus: Bus;
  readonly defaultAccount: string;
  readonly announcer: Pick<Announcer, "tellOne">;
}

/**
 * A call that used another account's resource is of both accounts.
 *
 * @evidence CloudTrail User Guide, "CloudTrail record contents", sharedEventID: the account that uses a KMS
 *   key and the account that owns it receive separate events; IAM User Guide, AssumeRole in both accounts
 */
function isShared({ caller, account, error, dataType }: Call): boolean {
  if (error !== undefined || dataType !== undefined || caller.type === "AWSService") return false;
  return caller.account !== "" && account !== "" && caller.account !== account;
}

export class Recorder {
  readonly #store: Store;
  readonly #bus: Bus;
  readonly #defaultAccount: string;
  readonly #incarnation: number;
  #sequence = 0;
  /** Records since the last commit, by cell; those of a cell that lie far apart are apart here too. */
  #pending: Pending[] = [];
  #latest = new Map<string, Pending>();
  #waiting = 0;
  #written = new BoundedCache<LastUse>(usesKnownMax);
  /** Counts the uses written down, so that it is seen whether there were any since. */
  #writings = 0;
  #latestUses = new WeakMap<Caller, NotedUse>();

  readonly #ids: RecorderHost["ids"];
  readonly #announcer: Pick<Announcer, "tellOne">;
  readonly #deliveries: TrailDeliveries;

  /** @param incarnation how often the store has been opened */
  constructor(host: RecorderHost, incarnation: number) {
    this.#ids = host.ids;
    this.#announcer = host.announcer;
    this.#deliveries = new TrailDeliveries(host);
    this.#store = host.store;
    this.#bus = host.bus;
    this.#defaultAccount = host.defaultAccount;
    this.#incarnation = incarnation;
  }

  /**
   * The next commit has the event: that of the call's own writes or, since no answer depends on it, a late
   * one. What trails store is no data event of any.
   */
  record(call: Call): void {
    const isOwn = isDelivery(call.caller);
    if (isOwn && call.dataType !== undefined) return;
    const account = call.caller.account || call.account || this.#defaultAccount;
    const id = isShared(call) ? this.#ids.uuid() : undefined;
    this.#take(call, account, recordText(call, id === undefined ? undefined : { id, isOwners: false }));
    if (id === undefined) return;
    const owners = { ...call, eventId: this.#ids.uuid() };
    this.#take(owners, call.account, recordText(owners, { id, isOwners: true }));
  }

  #take(call: Call, account: string, text: string): void {
    const isOwn = isDelivery(call.caller);
    if (this.#pending.length === 0) this.#store.beforeCommit(() => this.#write(), true);
    else if (++this.#waiting === waitingMax) this.#store.beforeCommit(() => undefined);
    const pending = this.#pendingFor({ account, region: call.region }, call.at);
    if (call.dataType !== undefined) {
      pending.data.push(text);
      return;
    }
    pending.records.push(text);
    if (!isOwn) {
      if (isReading(call.model, call.operation)) pending.news.reads = true;
      else pending.news.writes = true;
    }
    if (this.#bus.heard) this.#announce(call, text, account);
  }

  #pendingFor(cell: CellName, at: number): Pending {
    const name = `${cell.account} ${cell.region}`;
    let pending = this.#latest.get(name);
    if (!pending || Math.abs(at - pending.at) >= segmentMilliseconds) {
      pending = { cell, at, records: [], data: [], news: { reads: false, writes: false } };
      this.#pending.push(pending);
      this.#latest.set(name, pending);
    }
    return pending;
  }

  /** Notes that a caller was let in: its key, its role, and the service it used. */
  used(caller: Caller, service: string, region: string, at: number): void {
    const { account, accessKeyId, roleArn, arn } = caller;
    if (account === "" || caller.type === "Root") return;
    const latest = this.#latestUses.get(caller);
    const isLatest = latest?.writings === this.#writings && latest.service === service;
    if (isLatest && latest.region === region && isFresh(latest.at, at)) return;
    const cell = { account, region: "aws-global" };
    let since = this.#note(cell, { id: `${roleArn ?? arn} ${service}`, at, service, region });
    for (const id of [accessKeyId?.startsWith("AKIA") ? accessKeyId : undefined, roleArn]) {
      if (id !== undefined) since = Math.min(since, this.#note(cell, { id, at, service, region }));
    }
    this.#latestUses.set(caller, { service, region, at: since, writings: this.#writings });
  }

  /** To be called when the store's content has been replaced. */
  forget(): void {
    this.#written = new BoundedCache(usesKnownMax);
    this.#writings += 1;
    this.#deliveries.forget();
  }

  /** What a service's data events are about, where a trail of the account wants them. */
  wantedData(account: string, model: ServiceModel): string | undefined {
    return this.#deliveries.wantedData(account || this.#defaultAccount, model);
  }

  #write(): void {
    const all = this.#pending;
    this.#pending = [];
    this.#waiting = 0;
    // A map that is cleared keeps hold of what was in it until V8's next collection of what is old.
    this.#latest = new Map();
    this.#deliveries.forget();
    for (const { cell, at, records, data, news } of all) {
      const sequence = this.#sequence++;
      const trails = this.#trailsOf(cell.account);
      this.#store.transact(cell, (transaction) => {
        if (trails.length > 0) {
          this.#tellCalls(transaction, cell, records, trails);
          this.#tellCalls(transaction, cell, data, trails);
        }
        const order = [this.#incarnation, sequence] as const;
        const rows = transaction.rows(trailSegments);
        if (records.length > 0) rows.put({ at, order, records: records.join("\n") });
        if (sequence % trimEvery === 0) trim(rows, at);
        const dataRows = transaction.rows(dataSegments);
        if (data.length > 0) dataRows.put({ at, order, records: data.join("\n") });
        if (data.length > 0 && sequence % trimEvery === 0) trimData(dataRows, at);
      });
      const isNews = data.length > 0 || (news.reads && isLogged(trails, cell.region, true))
        || (news.writes && isLogged(trails, cell.region, false));
      if (!isNews) continue;
      this.#deliveries.expect(cell.account, at);
      if (trails.some((trail) => trail.hasInsights === true && isOf(trail, cell.region))) {
        this.#deliveries.expectInsights(cell, at);
      }
    }
  }

  #announce({ region }: Call, text: string, account: string): void {
    this.#bus.emit(callEvent(JSON.parse(text) as TrailRecord, { account, region }));
  }

  #trailsOf(account: string): readonly LoggingTrail[] {
    const cell = { account, region: "aws-global" };
    return this.#store.read(cell, (transaction) => [...transaction.rows(loggingTrails).list()]);
  }

  /**
   * Calls become events where a trail logs them; EventBridge's own do not, or there might be no end. Those
   * that only read are held back where they are management events.
   */
  #tellCalls(
    transaction: Transaction, cell: CellName, texts: readonly string[], trails: readonly LoggingTrail[],
  ): void {
    for (const listener of transaction.rows(eventListeners).list()) {
      if (listener.apiCalls === "none") continue;
      for (const text of texts) {
        const record = JSON.parse(text) as TrailRecord;
        const isManagement = record.eventCategory === "Management";
        if (isManagement && onlyReads(record) && listener.apiCalls !== "all") continue;
        if (record.sourceIPAddress === "events.amazonaws.com") continue;
        const event = callEvent(record, cell);
        if (listener.sources && !listener.sources.includes(event.source)) continue;
        if (!isLoggedRecord(trails, cell.region, record)) continue;
        this.#announcer.tellOne(transaction, cell, listener, event);
      }
    }
  }

  /** Returns when the use that is written down was. */
  #note(cell: CellName, use: LastUse): number {
    const name = `${cell.account} ${use.id}`;
    const known = this.#written.get(name);
    const isKnown = known?.service === use.service && known.region === use.region;
    if (isKnown && isFresh(known.at, use.at)) return known.at;
    this.#written.set(name, use);
    this.#writings += 1;
    this.#store.transact(cell, (transaction) => transaction.rows(lastUses).put(use));
    return use.at;
  }
}

/** What CloudTrail does to deliver leads to no delivery, or there would be no end. */
function isDelivery({ arn, session }: Caller): boolean {
  return arn === "cloudtrail.amazonaws.com" || session?.principalId.endsWith(`:${deliverySession}`) === true;
}

/** What of a record makes it an event. */
interface TrailRecord extends SelectableRecord {
  readonly eventID: string;
  readonly eventTime: string;
  /** Of a service that calls: its principal. */
  readonly sourceIPAddress: string;
}

/** @evidence EventBridge User Guide, "AWS service events delivered via CloudTrail" */
function callEvent(record: TrailRecord, { account, region }: CellName): BusEvent {
  return {
    source: `aws.${record.eventSource.replace(/\.amazonaws\.com$/, "")}`,
    detailType: "AWS API Call via CloudTrail",
    resources: [],
    detail: { ...record },
    id: record.eventID,
    account,
    region,
    time: Date.parse(record.eventTime),
  };
}

/** The latest use by a caller, all of whose notes are at least as new as `at`. */
interface NotedUse {
  readonly service: string;
  readonly region: string;
  readonly at: number;
  readonly writings: number;
}

/** Whether what was written down so long ago need not be written again. */
function isFresh(writtenAt: number, now: number): boolean {
  return now - writtenAt < coalesceMilliseconds && writtenAt <= now;
}
