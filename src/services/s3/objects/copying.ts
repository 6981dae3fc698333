/** Bodies that come from other bodies. */

import type { ChecksumAlgorithm } from "../../../kernel/body/checksums.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import type { ByteRange } from "../bodies/reading.ts";
import type { Piece } from "../bodies/table.ts";
import type { CopySource } from "./copy-source.ts";
import { tagIsHash, type Encryption } from "../encryption/encryption.ts";
import { receiveBody, type Received } from "../bodies/receiving.ts";

export interface CopyOptions {
  readonly encryption: Encryption;
  readonly algorithm: ChecksumAlgorithm;
  readonly range?: ByteRange | undefined;
}

/**
 * Where the copy rests under the same key, and all that is to be known of it is known of the source, no byte
 * is looked at: the files get further names. Anything else is read, and received as if it were uploaded.
 */
export async function copyBody(
  ctx: BodyContext,
  source: CopySource,
  { encryption, algorithm, range }: CopyOptions,
): Promise<Received> {
  const { version, shareable } = source;
  const { checksum, sizeBytes, etag } = version;
  const isKnown = checksum?.type === "FULL_OBJECT" && checksum.algorithm === algorithm;
  const isShared = shareable !== undefined && shareable.key.equals(encryption.key) && tagIsHash(encryption);
  if (isKnown && isShared && range === undefined) {
    const pieces = await sharePieces(ctx, shareable.pieces);
    return { pieces, sizeBytes, md5: etag, checksum };
  }
  return receiveBody(ctx, await source.read(range), { key: encryption.key, algorithm });
}

async function sharePieces(ctx: BodyContext, pieces: readonly Piece[]): Promise<Piece[]> {
  const shared: Piece[] = [];
  for (const piece of pieces) {
    const { content } = piece;
    shared.push(typeof content === "string" ? { ...piece, content: await ctx.blobs.copy(content) } : piece);
  }
  return shared;
}
