/** What S3 refuses about server-side encryption, in its own words. */

import type { AwsError } from "../../../kernel/errors.ts";
import { accessDenied, invalidArgument, invalidRequest, refuse } from "../errors.ts";

const header = "x-amz-server-side-encryption";

/** @evidence recorded: an empty value of the header */
export function unknownMethod(value: string): AwsError {
  return invalidArgument("The encryption method specified is not supported", header, value);
}

/** @evidence recorded: a key id without `aws:kms` */
export function keyNeedsKms(value: string): AwsError {
  const message =
    "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : " +
    "aws:kms";
  return invalidArgument(message, header, value);
}

/** @evidence recorded: a context that is not Base64 of JSON */
export function invalidEncryptionContext(value: string): AwsError {
  const message =
    "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON " +
    "which represents a string-string map";
  return invalidArgument(message, "x-amz-server-side-encryption-context", value);
}

/** @evidence recorded: an unsigned GET of an object under a KMS key */
export function needsSignature(): AwsError {
  const message =
    "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.";
  return invalidArgument(message, "Authorization", "null");
}

/**
 * KMS's refusal, under S3's name for it: `KMS.DisabledException`.
 *
 * @evidence S3 API Reference, list of error codes; recorded: AccessDenied carries the sentence of KMS
 */
export function refusedByKms(cause: AwsError): AwsError {
  if (cause.code === "ThrottlingException") return kmsIsBusy();
  if (cause.code === "AccessDeniedException") return accessDenied(cause.message);
  return refuse(`KMS.${cause.shape ?? cause.code}`, cause.message);
}

/** @evidence recorded: what S3 says while KMS throttles it (aws-samples/cql-replicator#92) */
function kmsIsBusy(): AwsError {
  const message = "Please reduce your request rate for operations involving AWS KMS.";
  return refuse("SlowDown", message, 503);
}

const customerKeys = "Requests specifying Server Side Encryption with Customer provided keys must";

/** Keys that came over HTTP must be thought of as lost. The text is unverified, see NOTES.md. */
export function needsSecureConnection(): AwsError {
  return invalidRequest(`${customerKeys} be made over a secure connection.`);
}

/** @evidence recorded, as are the texts that follow */
export function twoMethods(value: string): AwsError {
  const message =
    "Server Side Encryption with Customer provided key is incompatible with the encryption method specified";
  return invalidArgument(message, header, value);
}

export function unknownCustomerAlgorithm(value: string): AwsError {
  const message = "The Encryption request you specified is not valid. Supported value: AES256.";
  return refuse("InvalidEncryptionAlgorithmError", message, 400, {
    members: { ArgumentName: header, ArgumentValue: value },
  });
}

export function missingCustomerAlgorithm(): AwsError {
  return invalidArgument(`${customerKeys} provide a valid encryption algorithm.`, header, "null");
}

export function missingCustomerKey(): AwsError {
  return invalidArgument(`${customerKeys} provide an appropriate secret key.`, header, "null");
}

/** Unverified, see NOTES.md. */
export function missingCustomerKeyMd5(): AwsError {
  const message = `${customerKeys} provide the client calculated MD5 of the secret key.`;
  return invalidArgument(message, header, "null");
}

export function wrongCustomerKeyMd5(): AwsError {
  const message = "The calculated MD5 hash of the key did not match the hash that was provided.";
  return invalidArgument(message, header, "null");
}

export function invalidCustomerKey(): AwsError {
  return invalidArgument("The secret key was invalid for the specified algorithm.", header, "null");
}

export function wrongCustomerKey(): AwsError {
  return accessDenied(`${customerKeys} provide the correct secret key.`);
}

export function needsCustomerKey(): AwsError {
  const message =
    "The object was stored using a form of Server Side Encryption. The correct parameters must be provided " +
    "to retrieve the object.";
  return invalidRequest(message);
}

export function parametersNotApplicable(): AwsError {
  return invalidRequest("The encryption parameters are not applicable to this object.");
}

/** @evidence recorded: UploadPart with a customer's key where the upload has none, and the other way round */
export function partNeedsSameEncryption(): AwsError {
  return invalidRequest(
    "The multipart upload initiate requested encryption. Subsequent part requests must include the " +
      "appropriate encryption parameters.",
  );
}

export function otherEncryptionThanUpload(): AwsError {
  return invalidRequest("The provided encryption parameters did not match the ones used originally.");
}

/** @evidence S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors", SSE-C is blocked */
export function customerKeysBlocked(callerArn: string, action: string, resource: string): AwsError {
  const message =
    `User: ${callerArn} is not authorized to perform: ${action} on resource: "${resource}" because this ` +
    "bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys " +
    "(SSE-C). Please specify a different server-side encryption type";
  return accessDenied(message);
}

/** @evidence recorded: PutBucketEncryption with AES256 and a key */
export function keyNotApplicable(): AwsError {
  const message =
    "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
  return refuse("InvalidArgument", message, 400, {
    members: { ArgumentName: "ApplyServerSideEncryptionByDefault" },
  });
}

/** @evidence S3 API Reference, UpdateObjectEncryption, "Errors", as for all that follow */
export function needsEncryptionType(): AwsError {
  return invalidRequest(
    "Requests that modify an object encryption configuration require a valid new encryption type. Valid " +
      "values are SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then " +
      "try again.",
  );
}

export function needsKeyArn(): AwsError {
  return invalidRequest(
    "Requests that modify an object's encryption type to SSE-KMS require an AWS KMS key Amazon Resource " +
      "Name (ARN). Modify the request to specify a KMS key ARN, and then try again.",
  );
}

export function needsValidKeyArn(): AwsError {
  return invalidRequest(
    "Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key Amazon " +
      "Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and " +
      "then try again.",
  );
}

export function needsOwnKey(): AwsError {
  return accessDenied(
    "The AWS KMS key in the request must be owned by the same account as the bucket. Modify the request to " +
      "specify a KMS key from the same account, and then try again.",
  );
}

export function sourceNotSupported(): AwsError {
  return invalidRequest(
    "The UpdateObjectEncryption operation doesn't support source objects with the encryption type DSSE-KMS " +
      "or SSE-C. Only source objects encrypted with SSE-S3 or SSE-KMS are supported.",
  );
}

export function lockedAgainstUpdate(): AwsError {
  return accessDenied(
    "The encryption type for the specified object can’t be updated because that object is protected by S3 " +
      "Object Lock. If the object has a governance-mode retention period or a legal hold, you must first " +
      "remove the Object Lock status on the object before you issue your UpdateObjectEncryption request. " +
      "You can't use the UpdateObjectEncryption operation with objects that have an Object Lock compliance " +
      "mode retention period applied to them.",
  );
}
