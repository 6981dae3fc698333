/** Keys in XML: as they are, or percent-encoded for clients whose parsers choke on some characters. */

import type * as s3 from "../../../generated/s3.ts";
import { invalidArgument } from "../errors.ts";

export interface EncodingInput {
  readonly EncodingType?: s3.EncodingType | undefined;
}

/** @evidence S3 API Reference, ListObjectsV2: `test_file(3).png` will appear as `test_file%283%29.png` */
export function encodeKey({ EncodingType }: EncodingInput, key: string): string {
  if (EncodingType === undefined) return key;
  if (EncodingType !== "url") {
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", EncodingType);
  }
  return encodeURIComponent(key)
    .replace(/[!'()]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+");
}
