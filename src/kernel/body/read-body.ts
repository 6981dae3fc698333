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
    const pieces: Buffer[] = [];
    let length = 0;
    const settle = (outcome: () => void): void => {
      stream.off("data", onData).off("end", onEnd).off("error", onFailure).off("close", onFailure);
      // An error that comes after the outcome has nobody else to take it.
      stream.on("error", () => undefined);
      outcome();
    };
    const onData = (piece: Buffer): void => {
      length += piece.length;
      if (length <= limitBytes) {
        pieces.push(piece);
        return;
      }
      stream.pause();
      settle(() => reject(tooLarge(limitBytes)));
    };
    // The usual small body is one piece, which is not copied.
    const whole = (): Buffer => (pieces.length === 1 && pieces[0]) || Buffer.concat(pieces, length);
    const onEnd = (): void => settle(() => resolve(whole()));
    const onFailure = (error?: Error): void =>
      settle(() => reject(error instanceof AwsError ? error : bodyTerminated()));

    if (stream.readableEnded) return resolve(Buffer.alloc(0));
    if (stream.destroyed) return reject(bodyTerminated());
    stream.on("data", onData).on("end", onEnd).on("error", onFailure).on("close", onFailure);
  });
}
