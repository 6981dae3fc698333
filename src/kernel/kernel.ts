/** What the kernel offers the few services that are part of it: IAM, STS, CloudTrail, tagging. */

import type { AccessKeyOwner, FederationProvider, PrincipalPolicies, RoleFacts } from "./auth/identity.ts";
import type { BoundedCache } from "./auth/bounded-cache.ts";
import type { DigestThread } from "./body/digest-thread.ts";
import type { Caller, Session } from "./auth/caller.ts";
import type { OutboundIssuer } from "./auth/outbound-issuer.ts";
import type { Lags } from "./lags.ts";
import type { Tagging } from "./service.ts";
import type { SourcedPolicy } from "../iam/types.ts";
import type { Metrics } from "./metrics.ts";
import type { ServiceModel } from "./model/model.ts";
import type { Planes } from "../planes/planes.ts";
import type { CellName, Transaction } from "../store/types.ts";

export interface IssuedSession extends Session {
  readonly sessionToken: string;
}

export interface Sessions {
  /** Makes temporary credentials. Nothing is stored: the token seals what it stands for. */
  issue(draft: Omit<Session, "accessKeyId" | "secretAccessKey" | "issuedAt">): IssuedSession;
  /**
   * Undefined when this region did not make the token. Expired sessions are given out: the caller compares.
   */
  open(token: string): Session | undefined;
}

/** IAM's answers, from whichever account's cell. */
export interface Identity {
  accessKey(accessKeyId: string): AccessKeyOwner | undefined;
  role(account: string, roleName: string): RoleFacts | undefined;
  /**
   * Whether a policy may name this principal: an account, or a user or role that is there. Sessions of a role
   * that is there may be yet to come.
   */
  principalExists(principal: string): boolean;
  /** The unique id of the user or role that has this ARN; of a role's session, `AROA…:session`. */
  uniqueIdOf(arn: string): string | undefined;
  /** The ARN of the user, role or session with this unique id, in whichever account. */
  arnOfUniqueId(uniqueId: string): string | undefined;
  policiesOf(caller: Caller): PrincipalPolicies | undefined;
  managedPolicy(account: string, arn: string): SourcedPolicy | undefined;
  mfaCodeIsRight(caller: Caller, serialNumber: string, code: string): boolean;
  federation(account: string, providerArn: string): FederationProvider | undefined;
  outboundIssuer(account: string): OutboundIssuer | undefined;
  outboundIssuerById(id: string): OutboundIssuer | undefined;
  oidcProviderArn(account: string, issuer: string): string | undefined;
}

/**
 * When something was last used to sign: coalesced to the minute, so that a busy key costs no write a request.
 */
export interface LastUse {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly service: string;
  readonly region: string;
}

export interface Kernel {
  readonly sessions: Sessions;
  readonly identity: Identity;
  /** The account whose keys and ARNs `test` stands for. */
  readonly defaultAccount: string;
  /** Whether account numbers are accepted as root keys. */
  readonly devKeys: boolean;
  /** Seals the facts of a denial for `sts decode-authorization-message`; opens what `seal` made. */
  sealDenial(facts: object): string;
  openDenial(message: string): object | undefined;
  /**
   * Last use of an access key (`AKIA…`), of a role (its ARN), or of a service by a principal (`ARN service`).
   */
  lastUse(account: string, id: string): LastUse | undefined;
  /** Where clients reach a service, without a trailing slash: what queue URLs and the like begin with. */
  endpoint(service: string, region: string): string;
  /** The region's own authority, in PEM: requests out of the region trust it beside the public ones. */
  readonly authorities: readonly string[];
  /** A service's model, loaded on first use. */
  model(service: string): ServiceModel;
  /**
   * How resources of the service with this IAM prefix are tagged; undefined when it is not built or does not
   * say.
   */
  taggingOf(iamPrefix: string): Promise<Tagging | undefined>;
  /** Names of all services whose models are here. */
  services(): readonly string[];
  /** Every cell that holds rows: for what looks at a whole account, such as tagging and reports. */
  cells(): readonly CellName[];
  /** Reads another cell. */
  read<T>(cell: CellName, work: (transaction: Transaction) => T): T;
  /** When the trail holds every call that was answered before. */
  trailWritten(): Promise<void>;
  /**
   * What services measured of themselves, which is not stored yet. `add` is for what belongs to another cell
   * than the context's own; else there is `ctx.metric`.
   */
  readonly metrics: Pick<Metrics, "add" | "flushCell">;
  /** What can always be worked out again, kept while there is room: some hundred entries a purpose. */
  cacheFor<Value>(purpose: string): BoundedCache<Value>;
  /**
   * Counts as activity until it is settled, which whoever moves the clock waits for: for what goes on behind
   * an answer.
   */
  track<T>(work: Promise<T>): Promise<T>;
  /**
   * For work under way that gathers before it goes on: so long of the region's clock, which is no activity,
   * or until the region stops. What is done at once then is done before the region is gone.
   */
  pause(milliseconds: number): Promise<void>;
  /**
   * Whoever waits for others counts as activity no more until they are done: they count for themselves. For
   * calls that may wait long.
   */
  aside<T>(work: Promise<T>): Promise<T>;
  /** A key of 32 bytes for one purpose, derived from `secret`: always the same in this region. */
  keyFor(purpose: string): Buffer;
  /** How far behind eventual reads are. */
  readonly lags: Lags;
  /** Where large bodies are hashed. */
  readonly digests: DigestThread;
  /** What really runs: functions. */
  readonly planes: Planes;
  /** 32 random bytes kept with the region: what it seals tokens and managed keys with. */
  readonly secret: Buffer;
}
