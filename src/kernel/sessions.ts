/**
 * Temporary credentials: made here, and never stored. A session token seals all that its session stands for.
 */

import { accessKeyId } from "./auth/access-key-id.ts";
import type { Session } from "./auth/caller.ts";
import { SessionTokens, type SessionPayload } from "./auth/session-token.ts";
import type { RegionClock } from "./clock.ts";
import type { Ids } from "./ids.ts";
import type { IssuedSession, Sessions } from "./kernel.ts";

const secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export class SealedSessions implements Sessions {
  readonly #tokens: SessionTokens;
  readonly #clock: RegionClock;
  readonly #ids: Ids;

  /** @param key 32 bytes */
  constructor(key: Buffer, clock: RegionClock, ids: Ids) {
    this.#tokens = new SessionTokens(key);
    this.#clock = clock;
    this.#ids = ids;
  }

  issue(draft: Omit<Session, "accessKeyId" | "secretAccessKey" | "issuedAt">): IssuedSession {
    const random = (count: number): Buffer => this.#ids.bytes(count);
    const session: Session = {
      ...draft,
      issuedAt: this.#clock.now(),
      accessKeyId: accessKeyId("ASIA", draft.account, random),
      secretAccessKey: this.#ids.from(secretAlphabet, 40),
    };
    return { ...session, sessionToken: this.#tokens.seal(session as unknown as SessionPayload, random) };
  }

  open(token: string): Session | undefined {
    return this.#tokens.unseal(token) as Session | undefined;
  }
}
