/** What a request is told whose body is short, long, damaged or badly framed: one constructor a text. */

import { AwsError } from "../errors.ts";

function refuse(code: string, message: string, status = 400, members?: Record<string, unknown>): AwsError {
  return new AwsError({ code, message, status, ...(members && { members }) });
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, assertIncompleteBody, run against S3 */
export function bodyTerminated(): AwsError {
  return refuse("IncompleteBody", "The request body terminated unexpectedly");
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, test_strm_unsgnd_pyld_trl_too_many_bytes */
export function wrongBodyLength(expectedBytes: number, providedBytes: number): AwsError {
  const message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
  return refuse("IncompleteBody", message, 400, {
    NumberBytesExpected: String(expectedBytes),
    NumberBytesProvided: String(providedBytes),
  });
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, test_strm_sgnd_pyld_too_small_chunks */
export function chunkTooSmall(chunk: number, sizeBytes: number): AwsError {
  const message = "Only the last chunk is allowed to have a size less than 8192 bytes";
  return refuse("InvalidChunkSizeError", message, 403, {
    Chunk: String(chunk),
    BadChunkSize: String(sizeBytes),
  });
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, assertMalformedTrailer */
export function malformedTrailer(): AwsError {
  return refuse(
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our " +
      "published schema.",
  );
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, assertUnsupportedTrailerHeader */
export function unsupportedTrailer(): AwsError {
  return refuse("InvalidRequest", "The value specified in the x-amz-trailer header is not supported");
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, …te_chunked_no_decoded_content_length */
export function missingContentLength(): AwsError {
  return refuse("MissingContentLength", "You must provide the Content-Length HTTP header.", 411);
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, assertBadChecksumDigest */
export function checksumMismatch(algorithm: string): AwsError {
  return refuse("BadDigest", `The ${algorithm} you specified did not match the calculated checksum.`);
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, assertBadDigest */
export function contentMd5Mismatch(expected: string, calculated: string): AwsError {
  const message = "The Content-MD5 you specified did not match what we received.";
  return refuse("BadDigest", message, 400, { ExpectedDigest: expected, CalculatedDigest: calculated });
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, assertInvalidDigest */
export function invalidContentMd5(value: string): AwsError {
  return refuse("InvalidDigest", "The Content-MD5 you specified was invalid.", 400, { "Content-MD5": value });
}

/** @evidence a recorded answer of S3 to `x-amz-checksum-crc32: invalid` */
export function invalidChecksumHeader(header: string): AwsError {
  return refuse("InvalidRequest", `Value for ${header} header is invalid.`);
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, …with_trailer_checksum_invalid */
export function invalidChecksumTrailer(header: string): AwsError {
  return refuse("InvalidRequest", `Value for ${header} trailing header is invalid.`);
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, …multiple_crc_header */
export function multipleChecksums(): AwsError {
  return refuse(
    "InvalidRequest",
    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
  );
}

/** @evidence a recorded answer of S3 to `x-amz-checksum-bad` */
export function unknownChecksumHeader(): AwsError {
  return refuse("InvalidRequest", "The algorithm type you specified in x-amz-checksum- header is invalid.");
}

/** @evidence openstack/swift test/s3api/test_input_errors.py, …no_crc_but_declared */
export function announcedChecksumMissing(): AwsError {
  return refuse(
    "InvalidRequest",
    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer " +
      "headers were found.",
  );
}

/** @evidence S3 API Reference, "Error responses", RequestTimeout */
export function requestTimedOut(): AwsError {
  return refuse(
    "RequestTimeout",
    "Your socket connection to the server was not read from or written to within the timeout period. " +
      "Idle connections will be closed.",
  );
}

export function bodyTooLarge(limitBytes: number): AwsError {
  return refuse(
    "RequestEntityTooLarge",
    `The request body must not be larger than ${limitBytes} bytes.`,
    413,
  );
}

export function corruptEncoding(encoding: string): AwsError {
  return refuse("SerializationException", `The request body is not valid ${encoding}.`);
}
