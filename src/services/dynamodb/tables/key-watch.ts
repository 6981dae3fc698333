/**
 * Whether a table's key can still be used. Nobody tells a table that its key was disabled: it finds out when
 * it asks for the key again, which it does every five minutes.
 *
 * @evidence Developer Guide, "DynamoDB encryption at rest": the key of a table is cached for five minutes.
 *   Recorded: items are refused five minutes after a key was disabled, and the status follows later, with the
 *   time of detection; descriptions, tags and most settings go on; a key that is enabled again heals it
 */

import * as kms from "../../../generated/kms.ts";
import { asynchronousJob } from "../../../jobs/job.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { AwsError, unmodelled } from "../../../kernel/errors.ts";
import { validation } from "../errors.ts";
import { encryptionContext, translated } from "./encryption.ts";
import { tables, type Encryption, type Table } from "./table-rows.ts";

const watchEveryMilliseconds = 5 * 60_000;
/** AWS's status follows after 13 to 75 minutes. */
const statusAfterMilliseconds = 10 * 60_000;

interface Watched {
  readonly name: string;
  readonly number: number;
}

function encryptionOf(ctx: Context, { name, number }: Watched): Encryption | undefined {
  const row = ctx.db(tables).get(name);
  return row?.number === number && row.status !== "DELETING" ? row.encryption : undefined;
}

/** @returns why the key cannot be used, undefined where it can */
async function refusalOf(ctx: BodyContext, name: string, keyArn: string): Promise<AwsError | undefined> {
  try {
    await ctx.call(
      kms.GenerateDataKey,
      { KeyId: keyArn, KeySpec: "AES_256", EncryptionContext: encryptionContext(ctx, name) },
      { as: "service" },
    );
    return undefined;
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.status >= 500) throw cause;
    return translated(ctx, cause);
  }
}

function note(ctx: Context, watched: Watched, keyArn: string, refusal: AwsError | undefined): void {
  const row = ctx.db(tables).get(watched.name);
  if (!row || encryptionOf(ctx, watched)?.keyArn !== keyArn || !row.encryption) return;
  const { locked, ...usable } = row.encryption;
  if (!refusal) {
    if (locked) ctx.db(tables).put({ ...row, encryption: usable });
    return;
  }
  const { code, message } = refusal;
  const now = ctx.clock.now();
  const since = locked?.since ?? now;
  const shownSince = locked?.shownSince ?? (now - since >= statusAfterMilliseconds ? now : undefined);
  const after = { code, message, since, ...(shownSince !== undefined && { shownSince }) };
  ctx.db(tables).put({ ...row, encryption: { ...usable, locked: after } });
}

export const watchKey = asynchronousJob<Watched>("dynamodb.watchKey", async (watched, ctx) => {
  const key = ctx.transaction((within) => encryptionOf(within, watched));
  if (key?.grantId === undefined) return;
  const refusal = await refusalOf(ctx, watched.name, key.keyArn);
  ctx.transaction((within) => {
    note(within, watched, key.keyArn, refusal);
    scheduleWatch(within, watched);
  });
});

function scheduleWatch(ctx: Context, { name, number }: Watched): void {
  const at = ctx.clock.now() + watchEveryMilliseconds;
  ctx.schedule(watchKey, { at, input: { name, number }, id: String(number) });
}

/** Keys of AWS's cannot be disabled. */
export function watchKeyOf(ctx: Context, { name, number, encryption, transition }: Table): void {
  const grantId = encryption?.grantId ?? transition?.becomes.encryption?.grantId;
  if (grantId !== undefined) scheduleWatch(ctx, { name, number });
}

/** @throws what KMS said when the table last asked for its key, in DynamoDB's words */
export function requireUnlocked({ encryption }: Table): void {
  const locked = encryption?.locked;
  if (!locked) return;
  const { code, message } = locked;
  throw code === "ValidationException" ? validation(message) : unmodelled(code, message);
}
