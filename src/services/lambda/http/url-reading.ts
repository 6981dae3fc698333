/** Bodies of requests to functions' addresses, and whose an address is. */

import type { FrontRequest } from "../../../kernel/front.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { partitionCell } from "../../../kernel/partition.ts";
import { payloadTooLarge } from "../errors.ts";
import { urlOwners, type UrlOwner } from "../url-table.ts";

/** @throws AwsError for more than a function takes */
export async function readAll({ body, stream }: FrontRequest, limitBytes: number): Promise<Buffer> {
  if (!stream) {
    if (body.length > limitBytes) throw payloadTooLarge(limitBytes);
    return body;
  }
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limitBytes) throw payloadTooLarge(limitBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

export function readPartition(kernel: Kernel, urlId: string): UrlOwner | undefined {
  return kernel.read(partitionCell, (transaction) => transaction.rows(urlOwners).get(urlId));
}
