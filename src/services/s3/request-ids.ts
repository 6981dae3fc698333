/** The two ids of a request, as S3's answers carry them. */

import { s3HostId, type Headers } from "../../kernel/front.ts";

export function requestIdHeaders(requestId: string): Headers {
  return { "x-amz-request-id": requestId, "x-amz-id-2": s3HostId(requestId) };
}
