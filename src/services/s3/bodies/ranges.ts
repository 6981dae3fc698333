/** The `Range` of a GET. @evidence RFC 9110, section 14; S3 API Reference, GetObject */

import type { ByteRange } from "./reading.ts";
import { invalidRange } from "../errors.ts";

const form = /^bytes=(\d*)-(\d*)$/;

/**
 * Several ranges, other units and what is no range are ignored, and the whole object is answered.
 *
 * @returns undefined for the whole object
 * @throws InvalidRange when nothing of the object is in it
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = header === undefined ? null : form.exec(header.trim().toLowerCase());
  if (!match || header === undefined) return undefined;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const count = Math.min(Number(to), sizeBytes);
    if (count === 0) throw invalidRange(header, sizeBytes);
    return { first: sizeBytes - count, last: sizeBytes - 1 };
  }
  const first = Number(from);
  const last = to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== "" && Number(to) < first) return undefined;
  if (first >= sizeBytes) throw invalidRange(header, sizeBytes);
  return { first, last };
}
