/** Headers of the requests that services send out of the region. */

export const jsonHeaders = { "content-type": "application/json; charset=utf-8" } as const;

export const formHeaders = { "content-type": "application/x-www-form-urlencoded" } as const;

/** @evidence EventBridge User Guide, "Headers included in requests to API destinations" */
export const apiDestinationHeaders = {
  "user-agent": "Amazon/EventBridge/ApiDestinations",
  "range": "bytes=0-1048575",
  "accept-encoding": "gzip,deflate",
} as const;

/** @evidence EventBridge User Guide, "Headers removed from requests to API destinations" */
export const removedFromApiDestinations: ReadonlySet<string> = new Set([
  "a-im", "accept-charset", "accept-datetime", "accept-encoding", "cache-control", "connection",
  "content-encoding", "content-length", "content-md5", "date", "expect", "forwarded", "from", "host",
  "http2-settings", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
  "max-forwards", "origin", "pragma", "proxy-authorization", "range", "referer", "te", "trailer",
  "transfer-encoding", "user-agent", "upgrade", "via", "warning",
]);
