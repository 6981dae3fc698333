/** Headers that presigned URLs carry as parameters of their query: SDKs move them there. */

/** Parameters of the signature itself. */
const ofSignature: ReadonlySet<string> = new Set([
  "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders",
  "x-amz-signature", "x-amz-region-set",
]);

/**
 * A checksum in a query says nothing: the JavaScript SDK puts that of an empty body there, for it knows no
 * other when it signs, and S3 takes whatever body comes.
 *
 * @evidence localstack/localstack#12169, aws/aws-sdk#480, aws/aws-sdk-go-v2#2610
 */
const ofBody = /^x-amz-(?:checksum-(?:crc|sha)|sdk-checksum-algorithm$)/;

/** Names in lower case; undefined when there are none. */
export function headersInQuery(query: string): Readonly<Record<string, string>> | undefined {
  if (!/(?:^|&)x-amz-/i.test(query)) return undefined;
  let headers: Record<string, string> | undefined;
  for (const [name, value] of new URLSearchParams(query)) {
    const header = name.toLowerCase();
    if (!header.startsWith("x-amz-") || ofSignature.has(header) || ofBody.test(header)) continue;
    (headers ??= Object.create(null) as Record<string, string>)[header] ??= value;
  }
  return headers;
}
