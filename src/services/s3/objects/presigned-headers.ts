/** Headers that presigned URLs carry as parameters of their query: SDKs move them there. */

/** Parameters of the signature itself. */
const ofSignature: ReadonlySet<string> = new Set([
  "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders",
  "x-amz-signature", "x-amz-region-set",
]);

/** Names in lower case; undefined when there are none. */
export function headersInQuery(query: string): Readonly<Record<string, string>> | undefined {
  if (!/(?:^|&)x-amz-/i.test(query)) return undefined;
  let headers: Record<string, string> | undefined;
  for (const [name, value] of new URLSearchParams(query)) {
    const header = name.toLowerCase();
    if (!header.startsWith("x-amz-") || ofSignature.has(header)) continue;
    (headers ??= Object.create(null) as Record<string, string>)[header] ??= value;
  }
  return headers;
}
