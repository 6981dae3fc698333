/** A region's kernel: what everything in it shares. Nothing of a region lives outside its engine. */

import { createHmac } from "node:crypto";
import { directory } from "../generated/directory.ts";
import { Scheduler, type JobHost } from "../jobs/scheduler.ts";
import type { AnyJob } from "../jobs/job.ts";
import { Lags } from "./lags.ts";
import { DigestThread } from "./body/digest-thread.ts";
import { RegionPlanes } from "../planes/planes.ts";
import type { CellName, Store, Transaction } from "../store/types.ts";
import { missingAuthenticationToken } from "./auth/auth-errors.ts";
import { BoundedCache } from "./auth/bounded-cache.ts";
import { Authenticator, serviceCaller } from "./auth/authenticate.ts";
import type { RequestOrigin } from "./auth/caller.ts";
import { seal, unseal } from "./auth/session-token.ts";
import { Authorizer, type ControlPolicies } from "./authorize.ts";
import { Announcer } from "./announcer.ts";
import { Bus } from "./bus.ts";
import { CellContext } from "./cell-context.ts";
import { RegionClock } from "./clock.ts";
import type { EngineOptions, HandledRequest } from "./engine-options.ts";
import { notImplemented, type AwsError } from "./errors.ts";
import { Faults } from "./faults.ts";
import { dialectOf } from "./gateway/wording.ts";
import { Ids } from "./ids.ts";
import { IdentityCache } from "./identity-cache.ts";
import type { Kernel, LastUse } from "./kernel.ts";
import { Metrics, type MetricsHost } from "./metrics.ts";
import { Models } from "./model/load.ts";
import { findTimeline, keepRegion, keepTimeline, openRegion } from "./region-facts.ts";
import type { ServiceModel } from "./model/model.ts";
import { globalRegion } from "./perform.ts";
import { callFrom, type Called } from "./calls.ts";
import type { CallOptions } from "./context.ts";
import type { Value } from "./protocol/protocol.ts";
import { lastUses, Recorder } from "./recorder.ts";
import type { Service, Tagging } from "./service.ts";
import { RegionBlobs } from "./region-blobs.ts";
import { SealedSessions } from "./sessions.ts";
import type { DirectoryEntry, OperationToken } from "./tokens.ts";
import { Activity } from "./activity.ts";
import { Waits } from "./waits.ts";

export type { EngineOptions, HandledRequest } from "./engine-options.ts";

/** Where the kernel's own work and jobs come from. */
const internalOrigin: RequestOrigin = {
  sourceIp: "127.0.0.1",
  userAgent: "AWS Internal",
  secureTransport: true,
  authenticationMethod: "None",
};

/** Entries of a cache; a service's are as large as it makes them. */
const cachedMax = 1_000;

const entries = new Map(directory.map((entry) => [entry.service, entry]));

export class Engine implements Kernel, JobHost, MetricsHost {
  readonly clock: RegionClock;
  readonly models = new Models();
  readonly bus = new Bus();
  readonly defaultAccount = "000000000000";
  readonly store: Store;
  readonly ids: Ids;
  readonly devKeys: boolean;
  readonly secret: Buffer;
  readonly sessions: SealedSessions;
  readonly waits: Waits;
  readonly scheduler: Scheduler;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly announcer: Announcer;
  readonly recorder: Recorder;
  readonly blobs: RegionBlobs;
  readonly faults = new Faults();
  readonly planes: RegionPlanes;
  readonly digests = new DigestThread();
  readonly lags = new Lags();
  readonly metrics: Metrics;
  /** Hears of every request that came by wire, once its answer is made. */
  onRequest: ((request: HandledRequest) => void) | undefined;
  /**
   * What an organization allows its accounts at most. Organizations sets it; without one nothing is
   * restricted.
   */
  controlPolicies: ((account: string) => ControlPolicies | undefined) | undefined;
  /** Defects that requests and jobs ran into: tests fail on them. */
  readonly defects: unknown[] = [];
  readonly #options: EngineOptions;
  /** By name, as they are loaded. */
  readonly loadedServices = new Map<string, Service>();
  readonly #stopping = new AbortController();
  #isOver = false;
  readonly #incarnation: number;
  readonly #keys = new Map<string, Buffer>();
  readonly #caches = new Map<string, BoundedCache<unknown>>();
  #identity: IdentityCache | undefined;
  /** Requests and jobs under way, without those that wait. */
  readonly #activity = new Activity();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.store = options.store;
    this.clock = new RegionClock(findTimeline(this.store), (timeline) => keepTimeline(this.store, timeline));
    this.devKeys = options.devKeys;
    const { secret, incarnation } = openRegion(options.store, options.seed);
    this.secret = secret;
    this.#incarnation = incarnation;
    this.ids = new Ids(options.seed, incarnation);
    this.sessions = new SealedSessions(this.secret, this.clock, this.ids);
    this.waits = new Waits(this.clock, (waiting) => this.#activity.change(-waiting));
    this.authenticator = new Authenticator(this);
    this.authorizer = new Authorizer(this);
    this.announcer = new Announcer(this);
    this.scheduler = new Scheduler(this);
    this.recorder = new Recorder(this, incarnation);
    this.blobs = new RegionBlobs(this, options.durability);
    this.planes = new RegionPlanes({
      ...options.machine,
      now: () => this.clock.now(),
      alarm: (at, ring) => this.clock.alarm(at, ring),
      hex: (length) => this.ids.hex(length),
      log: options.log,
    });
    this.metrics = new Metrics(this);
    this.store.onDropped = () => {
      this.#forget();
      this.scheduler.lookAgain();
    };
  }

  /** Loads what every request needs, and takes up the jobs that earlier runs left. */
  async start(): Promise<void> {
    const iam = entries.get("iam");
    const service = iam && (await this.load(iam));
    if (service?.identity) {
      this.#identity = new IdentityCache(
        service.identity,
        (account) => this.contextIn("iam", { account, region: globalRegion }),
        () => this.cells().flatMap(({ account, region }) => (region === globalRegion ? [account] : [])),
      );
    }
    this.scheduler.start();
    this.blobs.recover();
  }

  /** Aborted when the region stops: nobody waits any longer. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** The region has stopped, and nothing of it can be asked any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get identity(): IdentityCache {
    if (!this.#identity) throw new Error("the identity service is not loaded");
    return this.#identity;
  }

  cacheFor<Value>(purpose: string): BoundedCache<Value> {
    let cache = this.#caches.get(purpose);
    if (!cache) this.#caches.set(purpose, (cache = new BoundedCache(cachedMax)));
    return cache as BoundedCache<Value>;
  }

  keyFor(purpose: string): Buffer {
    let key = this.#keys.get(purpose);
    if (!key) {
      key = createHmac("sha256", this.secret).update(purpose).digest();
      this.#keys.set(purpose, key);
    }
    return key;
  }

  endpoint(): string {
    return this.#options.endpoint();
  }

  get authorities(): readonly string[] {
    const { authority } = this.#options;
    return authority === undefined ? [] : [authority];
  }

  model(service: string): ServiceModel {
    return this.models.get(service);
  }

  services(): readonly string[] {
    return [...entries.keys()];
  }

  cells(): readonly CellName[] {
    return this.store.cells();
  }

  read<T>(cell: CellName, work: (transaction: Transaction) => T): T {
    return this.store.read(cell, work);
  }

  lastUse(account: string, id: string): LastUse | undefined {
    return this.store.read({ account, region: globalRegion }, (transaction) =>
      transaction.rows(lastUses).get(id),
    );
  }

  sealDenial(denial: object): string {
    return seal(this.secret, denial as Record<string, unknown>, (count) => this.ids.bytes(count));
  }

  openDenial(message: string): object | undefined {
    return unseal(this.secret, message);
  }

  /** The service, where its handlers are loaded already. */
  loaded(entry: DirectoryEntry): Service | undefined {
    return this.loadedServices.get(entry.service);
  }

  loadedByIamPrefix(prefix: string): Service | undefined {
    const all = [...this.loadedServices.values()];
    return all.find(({ service }) => entries.get(service)?.iamPrefix === prefix);
  }

  /** Undefined while only the service's model is here. */
  async load(entry: DirectoryEntry): Promise<Service | undefined> {
    const known = this.loadedServices.get(entry.service);
    if (known || !entry.load) return known;
    const service = (await entry.load()).default as Service;
    this.loadedServices.set(entry.service, service);
    return service;
  }

  async taggingOf(iamPrefix: string): Promise<Tagging | undefined> {
    const entry = directory.find((candidate) => candidate.iamPrefix === iamPrefix);
    return entry && (await this.load(entry))?.tagging;
  }

  missingToken(model: ServiceModel): AwsError {
    return missingAuthenticationToken(dialectOf(model));
  }

  /** @throws NotImplemented */
  async loadFor({ service: name, name: operation }: OperationToken<unknown, unknown>): Promise<Called> {
    const entry = entries.get(name);
    const service = entry && (await this.load(entry));
    const model = service && this.models.get(name);
    const found = model?.operations[operation];
    if (!entry || !service || !found) throw notImplemented(`${name}:${operation}`);
    return { entry, service, model, operation: found };
  }

  /** Another service's operation, on behalf of a request or as the calling service. */
  callFrom(
    from: CellContext, token: OperationToken<unknown, unknown>, input: Value, options: CallOptions,
  ): Promise<Value> {
    return callFrom(this, from, token, input, options);
  }

  async findJob(name: string): Promise<AnyJob | undefined> {
    const entry = entries.get(name.slice(0, name.indexOf(".")));
    return entry && (await this.load(entry))?.jobs.get(name);
  }

  jobContext(name: string, cell: CellName): CellContext {
    return this.contextIn(name.slice(0, name.indexOf(".")), cell);
  }

  async loadNamed(name: string): Promise<Service | undefined> {
    const entry = entries.get(name);
    return entry && (await this.load(entry));
  }

  /** A cell as a service itself acts in it. */
  contextIn(service: string, cell: CellName): CellContext {
    const entry = entries.get(service);
    if (!entry) throw new Error(`no service is named ${service}`);
    const requestRegion = cell.region === globalRegion ? "us-east-1" : cell.region;
    const caller = serviceCaller(`${entry.endpointPrefix}.amazonaws.com`, cell.account);
    return new CellContext({
      engine: this,
      entry,
      ...cell,
      requestRegion,
      caller,
      origin: internalOrigin,
      requestId: this.ids.uuid(),
      hangUp: this.#stopping,
    });
  }

  failed(what: string, cause: unknown): void {
    this.defects.push(cause);
    if (this.defects.length > 100) this.defects.shift();
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    this.#options.log(`${what} failed: ${text}`);
  }

  /** A request or a job is under way, until `end`. */
  begin(): void {
    this.#activity.change(1);
  }

  end(): void {
    this.#activity.change(-1);
  }

  aside<T>(work: Promise<T>): Promise<T> {
    return this.#activity.during(-1, work);
  }

  pause(milliseconds: number): Promise<void> {
    return this.waits.wait(this.clock.now() + milliseconds, undefined, this.#stopping.signal);
  }

  track<T>(work: Promise<T>): Promise<T> {
    return this.#activity.during(1, work);
  }

  trailWritten(): Promise<void> {
    return this.store.flush();
  }

  /**
   * When no request and no job is under way (waiting ones apart) or due, and the store has everything.
   */
  async settled(): Promise<void> {
    do {
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.#activity.idle();
      await this.store.flush();
    } while (!this.#activity.isIdle || this.clock.isDue);
  }

  /** Moves time on, running what falls due in order. @param target epoch milliseconds */
  advanceTo(target: number): Promise<void> {
    return this.clock.advanceTo(target, () => this.settled());
  }

  /**
   * Takes over what the store holds now, after a reset or a restore: the region stays itself, with its
   * secret.
   */
  adoptStore(clock: "goes on" | "is the store's"): void {
    keepRegion(this.store, this.secret, this.#incarnation);
    if (clock === "is the store's") this.clock.resume(findTimeline(this.store));
    else keepTimeline(this.store, this.clock.timeline());
    this.#forget();
    this.metrics.forget();
    this.scheduler.start();
  }

  /** What is remembered of the store's content, which is another now. */
  #forget(): void {
    this.#identity?.forget();
    this.recorder.forget();
    this.#caches.clear();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.clock.stop();
    await this.planes.close();
    await this.digests.close();
    await this.settled();
    if (!this.#options.ephemeral) await this.metrics.flush();
    await this.store.close();
    this.#isOver = true;
  }
}
