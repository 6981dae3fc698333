/** What is refused of copies. @evidence recorded answers of CopyObject and UploadPartCopy */

import * as s3 from "../../../generated/s3.ts";
import { modelled, type AwsError } from "../../../kernel/errors.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";

const header = "x-amz-copy-source";

/** @param what of the source is not as it should be: `bucket name`, `object key`, `encoding` */
export function invalidCopySource(what: string): AwsError {
  return invalidArgument(`Invalid copy source ${what}`, header, header);
}

export function sourceIsDeleteMarker(): AwsError {
  return invalidRequest(
    "The source of a copy request may not specifically refer to a delete marker by version id.",
  );
}

/** @evidence answers of S3 to `aws s3 cp`, quoted in issues: worded otherwise than for reads */
export function sourceIsArchived({ members }: AwsError): AwsError {
  const message = "Operation is not valid for the source object's storage class";
  return modelled(s3.InvalidObjectState, message, { ...members });
}

export function sourceTooLarge(sizeBytesMax: number): AwsError {
  return invalidRequest(
    `The specified copy source is larger than the maximum allowable size for a copy source: ${sizeBytesMax}`,
  );
}

export function copyToItself(): AwsError {
  return invalidRequest(
    "This copy request is illegal because it is trying to copy an object to itself without changing the " +
      "object's metadata, storage class, website redirect location or encryption attributes.",
  );
}

/** @param kind `metadata` or `tagging` */
export function unknownDirective(kind: string, value: string): AwsError {
  return invalidArgument(`Unknown ${kind} directive.`, `x-amz-${kind}-directive`, value);
}

export function malformedCopyRange(range: string): AwsError {
  return invalidArgument(
    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the " +
      "zero-based offsets of the first and last bytes to copy",
    "x-amz-copy-source-range",
    range,
  );
}

export function copyRangeBeyondSource(): AwsError {
  return invalidRequest("The specified copy range is invalid for the source object size");
}

export function copyRangeTooLong(range: string, sizeBytes: number): AwsError {
  return invalidArgument(
    `Range specified is not valid for source object of size: ${sizeBytes}`,
    "x-amz-copy-source-range",
    range,
  );
}
