/**
 * A development key takes any secret. What was signed to be used later, a URL or a form, is worth nothing,
 * though, when nobody can tell whether it was changed, and nearly everybody signs with one of two secrets.
 * Where all that was seen of a key was signed with one of them, it is taken for the key's secret.
 */

import { BoundedCache } from "./bounded-cache.ts";

interface Seen {
  /** Those of the two that something was signed with. */
  readonly usual: readonly string[];
  /** Something was signed with none of them: what holds with neither may be as it was signed. */
  readonly isOther: boolean;
  /** When a request was looked at the last time, by the machine's clock. */
  readonly lookedAt: number;
}

const keysMax = 1_000;
/** A request of a busy key is looked at once in so long: it costs as much as verifying a signature. */
const lookMilliseconds = 1_000;

export class UsualSecrets {
  readonly #seen = new BoundedCache<Seen>(keysMax);

  /**
   * A request that its sender signed. Whatever it was signed with, it is taken.
   *
   * @param holds whether it was signed with a secret
   * @param now milliseconds of the machine's clock
   */
  noteRequest(accessKeyId: string, holds: (secret: string) => boolean, now: number): void {
    const seen = this.#seen.get(accessKeyId);
    if (seen && Math.abs(now - seen.lookedAt) < lookMilliseconds) return;
    this.#note(accessKeyId, candidatesOf(accessKeyId).find(holds), now);
  }

  /**
   * The secret of what was signed to be handed on, and may have been changed on its way.
   *
   * @returns undefined where it may be any; else one that `holds` need not say yes to
   */
  ofHandedOn(accessKeyId: string, holds: (secret: string) => boolean): string | undefined {
    const seen = this.#seen.get(accessKeyId);
    const secret = candidatesOf(accessKeyId).find(holds);
    if (secret === undefined) return seen?.isOther ? undefined : seen?.usual[0];
    if (!seen?.usual.includes(secret)) this.#note(accessKeyId, secret, seen?.lookedAt ?? -Infinity);
    return secret;
  }

  #note(accessKeyId: string, secret: string | undefined, lookedAt: number): void {
    const { usual = [], isOther = false } = this.#seen.get(accessKeyId) ?? {};
    this.#seen.set(accessKeyId, {
      usual: secret === undefined || usual.includes(secret) ? usual : [...usual, secret],
      isOther: isOther || secret === undefined,
      lookedAt,
    });
  }
}

function candidatesOf(accessKeyId: string): readonly string[] {
  return ["test", accessKeyId];
}
