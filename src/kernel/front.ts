/**
 * What a service speaks over HTTP besides the operations of its model: websites, preflights, browsers' forms.
 * A front answers such requests itself, mostly by passing on a request that it has made of them, and may add
 * to the answers to operations. It is loaded when it is first needed.
 */

import type { CellName } from "../store/types.ts";
import type { Caller, RequestOrigin } from "./auth/caller.ts";
import type { BodyContext, Time } from "./context.ts";
import type { AwsError } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import type { Headers, WireRequest, WireResponse } from "./protocol/protocol.ts";

export type { Headers, WireResponse } from "./protocol/protocol.ts";
export { s3HostId } from "./protocol/s3-wire.ts";
export { escapeXml, parseXml, xmlProlog, XmlError, type XmlElement } from "./protocol/xml.ts";

/** A request before its body. */
export type FrontHead = Pick<WireRequest, "method" | "path" | "query" | "headers">;

/** A request as it came: its path is not yet the model's. */
export interface FrontRequest extends WireRequest {
  readonly sourceIp: string;
  readonly secure: boolean;
  /** `1.3`, `TLS_AES_256_GCM_SHA384`; undefined without transport security. */
  readonly tlsVersion?: string | undefined;
  readonly tlsCipher?: string | undefined;
}

export interface Front {
  /** Whether the request is for no operation of the model. Asked of every request: it is quick. */
  takes(head: FrontHead): boolean;
  /** Whether the answer to an operation is of interest. Quick as well. */
  follows(head: FrontHead, kernel: Kernel): boolean;
  /**
   * Whether operations are to be had at the endpoint that the request came to.
   *
   * @throws AwsError
   */
  requireEndpoint(head: FrontHead, arrival: FrontArrival): void;
  load(): Promise<FrontHandlers>;
}

export interface FrontArrival {
  readonly kernel: Kernel;
  readonly clock: Time;
  /** The region that the request names, or the default. */
  readonly region: string;
  readonly anywhere: boolean;
  /** Whether it came by HTTPS. */
  readonly secure: boolean;
}

export interface FrontHandlers {
  answer(request: FrontRequest, ctx: FrontContext): Promise<FrontAnswer>;
  /** May answer more than the operation did: further headers. Hears of refusals too. */
  follow(request: FrontRequest, passed: Passed, ctx: FrontContext): WireResponse;
}

export interface FrontAnswer {
  readonly response: WireResponse;
  /** For the request log. */
  readonly name: string;
  /** The code of the error, where it is one. */
  readonly error?: string | undefined;
}

/** What became of a request for an operation. */
export interface Passed {
  readonly response: WireResponse;
  /** Undefined where the request named none. */
  readonly operation: string | undefined;
  /** Undefined where the signature did not hold. */
  readonly caller: Caller | undefined;
  readonly authenticationMethod: RequestOrigin["authenticationMethod"];
  readonly input: Readonly<Record<string, unknown>> | undefined;
  readonly output: Readonly<Record<string, unknown>> | undefined;
  readonly error: AwsError | undefined;
}

/** Whom a signature outside of the usual places proves. */
export interface Proven {
  readonly caller: Caller;
  readonly method: RequestOrigin["authenticationMethod"];
  /** The signature was one of version 2. */
  readonly isOlder?: true;
  /** In the region's time; epoch milliseconds. */
  readonly signedAt?: number;
}

/** The caller, and what time it is by the clock that was signed by: the machine's or the region's. */
export interface ProvenText extends Proven {
  /** By the clock that it was signed by, epoch milliseconds; undefined where that is not said. */
  readonly now: number | undefined;
}

/** A text that is signed by itself: the policy of a browser's form. */
export interface SignedText {
  readonly text: string;
  readonly accessKeyId: string;
  /** Undefined for a signature of version 2, which is for everything, and without a time. */
  readonly scope: TextScope | undefined;
  /** Hex; base 64 in version 2. */
  readonly signature: string;
  readonly securityToken: string | undefined;
}

export interface TextScope {
  /** `YYYYMMDD`, as in the credential. */
  readonly date: string;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly signedAtMs: number;
}

export interface FrontContext extends FrontArrival {
  readonly requestId: string;
  /** Since the request's head was there, by the machine's clock. */
  milliseconds(): number;
  /**
   * Runs the operation of a request whose path is the model's, as it came or as the front made it, through
   * the whole chain: identity, IAM, trail and all. It is anonymous unless somebody is proven. A stream may
   * come without its length.
   */
  pass(request: WireRequest, as?: Proven): Promise<Passed>;
  /**
   * @returns undefined when the signature is not the secret's
   * @throws AwsError for credentials that are not there
   */
  prove(signed: SignedText): ProvenText | undefined;
  /**
   * Who signed the request as it came, or nobody.
   *
   * @throws AwsError when the signature does not hold
   */
  authenticate(): Proven;
  /** Who comes without a signature. */
  nobody(method: Proven["method"]): Proven;
  /** A refusal as the service's protocol says it. What is no `AwsError` is a defect, answered as one. */
  refuse(error: unknown, head: FrontHead): WireResponse;
  /** The cell as the service itself, for what is kept of requests; or as whoever asks, for what they may. */
  within(cell: CellName, as?: Caller): BodyContext;
}

/** The headers without those named, in lower case. */
export function withoutHeaders(headers: Headers, ...names: readonly string[]): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
