/**
 * Bodies at rest, read again and compared with what was written down of them when they came. What KMS or a
 * customer has the key of is compared by its length: nobody else may read it, not even for this.
 */

import { checksum } from "../../../kernel/body/checksums.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import type { Scrubbed } from "../../../kernel/service.ts";
import { blobsOf, readBody } from "./reading.ts";
import { findBody, type StoredBody } from "./table.ts";
import { objectArn } from "../buckets/table.ts";
import { ownKey } from "../encryption/encryption.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { objects, versions } from "../objects/version-table.ts";

/** Rows read at a time: what is written meanwhile is not held up. */
const batchRows = 200;

export async function* scrub(ctx: BodyContext): AsyncGenerator<Scrubbed> {
  const cell = ctx as BodyContext & Context;
  for (const rows of [objects, versions]) {
    let after: readonly (string | number)[] | undefined;
    for (;;) {
      const batch = ctx.reading(() => [
        ...cell.db(rows).list({ ...(after && { after }), limit: batchRows }),
      ]);
      for (const version of batch) if (!version.isDeleteMarker) yield await scrubOne(ctx, version);
      const last = batch.at(-1);
      if (!last) break;
      after = rows === objects ? [last.bucket, last.key] : [last.bucket, last.key, -last.order];
    }
  }
}

async function scrubOne(ctx: BodyContext, version: ObjectVersion): Promise<Scrubbed> {
  const cell = ctx as BodyContext & Context;
  const body = ctx.reading(() => findBody(cell, version.bodyId));
  const { bucket, key, versionId } = version;
  const of = `${objectArn(bucket, key)} (version ${versionId})`;
  const release = ctx.blobs.hold(blobsOf(body));
  try {
    const damage = await damageOf(ctx, version, body);
    return damage === undefined ? { of } : { of, damage };
  } finally {
    release();
  }
}

/** What is wrong with a body; undefined when nothing is. */
async function damageOf(
  ctx: BodyContext,
  version: ObjectVersion,
  body: StoredBody | undefined,
): Promise<string | undefined> {
  const { sizeBytes, checksum: expected, encryption } = version;
  const isReadable = encryption === undefined;
  const comparable = isReadable && expected?.type === "FULL_OBJECT" ? expected : undefined;
  const sum = comparable && checksum(comparable.algorithm);
  let seenBytes = 0;
  try {
    const range = { first: 0, last: sizeBytes - 1 };
    // With any key the length shows; what is read with the wrong one is not compared.
    const content = readBody(ctx.blobs, body, ownKey(ctx.kernel), range, () => undefined);
    const chunks = Buffer.isBuffer(content) ? [content] : (content as AsyncIterable<Buffer>);
    for await (const chunk of chunks) {
      seenBytes += chunk.length;
      sum?.update(chunk);
    }
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`;
  }
  if (seenBytes !== sizeBytes) return `has ${seenBytes} bytes of ${sizeBytes}`;
  if (!sum || !comparable) return undefined;
  const isWhole = sum.digest().toString("base64") === comparable.value;
  return isWhole ? undefined : `does not match its ${comparable.algorithm} checksum`;
}
