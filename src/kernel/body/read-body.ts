/** Bodies that are read whole before the operation runs. */

import type { Readable } from "node:stream";
import { AwsError } from "../errors.ts";
import { bodyTerminated, bodyTooLarge } from "./body-errors.ts";

export { verifyChecksums } from "./body-checksums.ts";

/**
 * The whole body. Past the limit the stream is paused and left alone, so that an answer can still be sent;
 * the caller destroys it afterwards.
 *
 * @param tooLarge what the service says instead of `RequestEntityTooLarge`
 * @throws AwsError over the limit, or `IncompleteBody` when the stream breaks off
 */
export function readBody(
  stream: Readable,
  limitBytes: number,
  tooLarge: (limitBytes: number) => AwsError = bodyTooLarge,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (stream.readableEnded) return resolve(Buffer.alloc(0));
    if (stream.destroyed) return reject(bodyTerminated());
    const pieces: Buffer[] = [];
    let length = 0;
    let isWhole = false;
    // The listeners stay: taking them off costs every request more than they do, and an error that comes
    // after the outcome has nobody else to take it.
    const onFailure = (error?: Error): void => {
      if (!isWhole) reject(error instanceof AwsError ? error : bodyTerminated());
    };
    stream
      .on("data", (piece: Buffer) => {
        length += piece.length;
        if (length <= limitBytes) {
          pieces.push(piece);
          return;
        }
        pieces.length = 0;
        stream.pause();
        reject(tooLarge(limitBytes));
      })
      // The usual small body is one piece, which is not copied.
      .on("end", () => {
        isWhole = true;
        resolve((pieces.length === 1 && pieces[0]) || Buffer.concat(pieces, length));
      })
      .on("error", onFailure)
      .on("close", onFailure);
  });
}
