/** Who signed this? Looks the credentials up, verifies the signature, and says who the caller is. */

import type { Engine } from "../engine.ts";
import { AwsError } from "../errors.ts";
import { dialectOf } from "../gateway/wording.ts";
import type { ProvenText, SignedText } from "../front.ts";
import type { ServiceModel } from "../model/model.ts";
import type { Service } from "../service.ts";
import {
  expiredSessionToken,
  invalidSessionToken,
  unknownAccessKey,
  type AuthDialect,
} from "./auth-errors.ts";
import type { Caller, RequestOrigin, Session } from "./caller.ts";
import type { AccessKeyOwner } from "./identity.ts";
import { UNSIGNED_PAYLOAD } from "./payload-hash.ts";
import type { SignatureClaim, SignableRequest } from "./signature-claim.ts";
import { requireRegionOfHost, verifyScope } from "./signature-scope.ts";
import { KeyPairs, verifyAsymmetricSignature } from "./sigv4a.ts";
import { KnownClaims } from "./known-claims.ts";
import { SigningKeys } from "./signing-keys.ts";
import {
  holdsOlder, parseOlderSignature, requireNotExpired, signOlder, verifyOlderSignature,
} from "./sigv2.ts";
import { parseSignature, sameText, verifySignature, type VerifiedSignature } from "./sigv4.ts";
import { UsualSecrets } from "./usual-secrets.ts";

export interface Authenticated {
  readonly caller: Caller;
  readonly method: RequestOrigin["authenticationMethod"];
  /** When it was signed, in the region's time; epoch milliseconds. */
  readonly signedAt?: number;
  /** What the chunks of a signed streaming body continue. */
  readonly verified?: VerifiedSignature;
  /** The signature was one of version 2. */
  readonly isOlder?: true;
}

const noTags: Readonly<Record<string, string>> = Object.freeze({});
const noServices: readonly string[] = [];

export const anonymousCaller: Caller = {
  type: "Anonymous",
  account: "",
  arn: "*",
  principalId: "",
  tags: noTags,
  calledVia: noServices,
};

/** Who signed nothing. */
export const anonymous: Authenticated = { caller: anonymousCaller, method: "None" };

export function rootCaller(account: string, accessKeyId?: string): Caller {
  return {
    type: "Root",
    account,
    arn: `arn:aws:iam::${account}:root`,
    principalId: account,
    tags: noTags,
    calledVia: noServices,
    ...(accessKeyId !== undefined && { accessKeyId }),
  };
}

/** @param account the one that the service acts in */
export function serviceCaller(principal: string, account = ""): Caller {
  return {
    type: "AWSService",
    account,
    arn: principal,
    principalId: principal,
    tags: noTags,
    calledVia: noServices,
  };
}

const sessionTypes = {
  role: "AssumedRole",
  "federated-user": "FederatedUser",
  user: "IAMUser",
  root: "Root",
} as const;

export function sessionCaller(session: Session): Caller {
  return {
    type: sessionTypes[session.kind],
    account: session.account,
    arn: session.arn,
    principalId: session.principalId,
    accessKeyId: session.accessKeyId,
    session,
    tags: session.tags ?? noTags,
    calledVia: noServices,
    ...(session.kind === "user" && session.userName !== undefined && { userName: session.userName }),
    ...(session.roleArn !== undefined && { roleArn: session.roleArn }),
  };
}

/** Keys that root made for itself are the account's. */
function keyCaller(owner: AccessKeyOwner, accessKeyId: string): Caller {
  const account = owner.userArn.split(":")[4] ?? "";
  if (owner.userId === account) return rootCaller(account, accessKeyId);
  return {
    type: "IAMUser",
    account,
    arn: owner.userArn,
    principalId: owner.userId,
    userName: owner.userName,
    accessKeyId,
    tags: owner.tags,
    calledVia: noServices,
  };
}

/** Stands for a signature whose secret may be any: chunks of a body are framed by it all the same. */
function takenAtItsWord(claim: SignatureClaim, request: SignableRequest): VerifiedSignature {
  const payloadHash = request.headers["x-amz-content-sha256"] ?? UNSIGNED_PAYLOAD;
  return { claim, payloadHash, signingKey: undefined };
}

/** What is thrown besides refusals is a defect, and no word about the signature. */
function isAccepted(verify: () => unknown): boolean {
  try {
    verify();
    return true;
  } catch (cause) {
    if (cause instanceof AwsError) return false;
    throw cause;
  }
}

const accountPattern = /^\d{12}$/;

interface Credential {
  readonly caller: Caller;
  /** Undefined for an account's root keys, which take any secret: see `UsualSecrets`. */
  readonly secret: string | undefined;
}

export class Authenticator {
  readonly #engine: Engine;
  readonly #keys = new SigningKeys();
  readonly #claims = new KnownClaims();
  readonly #pairs = new KeyPairs();
  readonly #usualSecrets = new UsualSecrets();
  readonly #credentials = new WeakMap<AccessKeyOwner | Session, Credential>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * @param hostRegion the region in the host's name, if any
   * @param pathOf the path with what the host's name says of it, as version 2 signs it
   * @throws AwsError in the words of the service's family
   */
  authenticate(
    request: SignableRequest,
    model: ServiceModel,
    hostRegion?: string,
    pathOf?: Service["pathOf"],
  ): Authenticated {
    const dialect = dialectOf(model);
    const claim = parseSignature(request, dialect, this.#claims);
    if (!claim) return dialect === "s3" ? this.#authenticateOlder(request, pathOf) : anonymous;
    if (hostRegion !== undefined && dialect === "s3") requireRegionOfHost(claim, hostRegion);
    const { caller, secret } = this.#credential(claim, dialect);
    const nowMs = this.#nowFor(claim);
    const verified =
      secret === undefined
        ? this.#takeAtItsWord(claim, request, nowMs, model, dialect)
        : this.#verify(claim, request, secret, nowMs, model, dialect);
    const method = claim.source === "header" ? "AuthHeader" : "QueryString";
    return { caller, method, signedAt: claim.signedAtMs + (this.#engine.clock.now() - nowMs), verified };
  }

  /** When it was signed, nobody can tell: only when it ends. */
  #authenticateOlder(request: SignableRequest, pathOf: Service["pathOf"]): Authenticated {
    const claim = parseOlderSignature(request);
    if (!claim) return anonymous;
    const { accessKeyId } = claim;
    const path = pathOf?.(request.headers["host"] ?? "", request.path) ?? request.path;
    const credential = this.#credential(claim, "s3");
    requireNotExpired(claim, this.#engine.clock.nowFor(claim.expiresAtMs));
    const holds = (secret: string): boolean => holdsOlder(claim, request, path, secret);
    const secret = credential.secret ?? this.#usualSecrets.ofHandedOn(accessKeyId, holds);
    if (secret !== undefined) verifyOlderSignature(claim, request, path, secret);
    return { caller: credential.caller, method: "QueryString", isOlder: true };
  }

  /**
   * Who signed a text by itself.
   *
   * @returns undefined when the signature is not the secret's
   * @throws AwsError for credentials that are not there
   */
  authenticateText(signed: SignedText, model: ServiceModel): ProvenText | undefined {
    const { accessKeyId, scope, text, signature } = signed;
    const holds = (secret: string): boolean => {
      if (!scope) return sameText(signOlder(secret, text), signature);
      const key = this.#keys.get(accessKeyId, secret, scope.date, scope.region, model.signingName);
      return sameText(key.signHex(text), signature);
    };
    const { caller, secret = this.#usualSecrets.ofHandedOn(accessKeyId, holds) } =
      this.#credential(signed, dialectOf(model));
    if (secret !== undefined && !holds(secret)) return undefined;
    if (!scope) return { caller, method: "Form", isOlder: true, now: undefined };
    const { signedAtMs } = scope;
    const now = this.#nowFor({ signedAtMs, source: "query" });
    return { caller, method: "Form", now, signedAt: signedAtMs + (this.#engine.clock.now() - now) };
  }

  /** A URL is valid for as long as it says, whatever its key. */
  #takeAtItsWord(
    claim: SignatureClaim,
    request: SignableRequest,
    nowMs: number,
    model: ServiceModel,
    dialect: AuthDialect,
  ): VerifiedSignature {
    const isUrl = claim.source === "query";
    if (isUrl) verifyScope(claim, request, { nowMs, dialect, service: model.signingName, region: undefined });
    const verify = (secret: string): VerifiedSignature =>
      this.#verify(claim, request, secret, nowMs, model, dialect);
    const holds = (secret: string): boolean => isAccepted(() => verify(secret));
    if (isUrl) {
      const usual = this.#usualSecrets.ofHandedOn(claim.accessKeyId, holds);
      if (usual !== undefined) return verify(usual);
    } else this.#usualSecrets.noteRequest(claim.accessKeyId, holds, performance.now());
    return takenAtItsWord(claim, request);
  }

  #verify(
    claim: SignatureClaim,
    request: SignableRequest,
    secret: string,
    nowMs: number,
    model: ServiceModel,
    dialect: AuthDialect,
  ): VerifiedSignature {
    const options = {
      nowMs,
      dialect,
      service: model.signingName,
      region: undefined,
      keys: this.#keys,
      pairs: this.#pairs,
    };
    return claim.algorithm === "AWS4-HMAC-SHA256"
      ? verifySignature(claim, request, secret, options)
      : verifyAsymmetricSignature(claim, request, secret, options);
  }

  /**
   * Clients sign by the machine's clock, or by ours once they corrected their skew: a signature is read by
   * either. A request that is sent right away may have been signed right after the clock was changed; a
   * presigned one is read by the clock as it was.
   */
  #nowFor(claim: Pick<SignatureClaim, "signedAtMs" | "source">): number {
    const { clock } = this.#engine;
    const signedAt = clock.asRegionTime(claim.signedAtMs, claim.source === "header" ? 1_000 : 0);
    return signedAt === undefined ? clock.now() : clock.now() - (signedAt - claim.signedAtMs);
  }

  #credential(
    claim: Pick<SignatureClaim, "accessKeyId" | "securityToken">,
    dialect: AuthDialect,
  ): Credential {
    const { accessKeyId, securityToken } = claim;
    const { devKeys, defaultAccount } = this.#engine;
    if (devKeys && (accessKeyId === "test" || accountPattern.test(accessKeyId))) {
      const account = accessKeyId === "test" ? defaultAccount : accessKeyId;
      return { caller: rootCaller(account, accessKeyId), secret: undefined };
    }
    if (securityToken !== undefined) return this.#temporary(accessKeyId, securityToken, dialect);
    const owner = this.#engine.identity.accessKey(accessKeyId);
    if (!owner?.active) throw unknownAccessKey(dialect, accessKeyId);
    return this.#known(owner, () => keyCaller(owner, accessKeyId), owner.secretAccessKey);
  }

  /** The same credentials give the same caller, so that others can remember things of it. */
  #known(source: AccessKeyOwner | Session, caller: () => Caller, secret: string): Credential {
    let credential = this.#credentials.get(source);
    if (!credential) this.#credentials.set(source, (credential = { caller: caller(), secret }));
    return credential;
  }

  #temporary(accessKeyId: string, token: string, dialect: AuthDialect): Credential {
    const session = this.#engine.sessions.open(token);
    if (session?.accessKeyId !== accessKeyId) throw invalidSessionToken(dialect, accessKeyId, token);
    if (session.expiresAt <= this.#engine.clock.now()) throw expiredSessionToken(dialect, token);
    const credential = this.#known(session, () => sessionCaller(session), session.secretAccessKey);
    const { caller } = credential;
    if (caller.type !== "Root" && !this.#engine.identity.policiesOf(caller))
      throw unknownAccessKey(dialect, accessKeyId);
    return credential;
  }
}
