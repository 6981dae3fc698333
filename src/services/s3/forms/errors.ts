/** Refusals of browsers' forms. */

import { AwsError } from "../../../kernel/errors.ts";
import { invalidArgument } from "../errors.ts";

function refuse(code: string, message: string, status: number, members = {}): AwsError {
  return new AwsError({ code, message, status, members });
}

/** @evidence recorded: a POST of `text/html` to a bucket */
export function formNeeded(): AwsError {
  return refuse("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, {
    Condition: "Bucket POST must be of the enclosure-type multipart/form-data",
  });
}

/** @evidence recorded: a form whose content type has no boundary */
export function malformedForm(): AwsError {
  const message = "The body of your POST request is not well-formed multipart/form-data.";
  return refuse("MalformedPOSTRequest", message, 400);
}

/** @evidence recorded, misspelt as it is */
export function fieldsTooLarge(): AwsError {
  const message = "Your POST request fields preceeding the upload file was too large.";
  return refuse("MaxPostPreDataLengthExceeded", message, 400, { MaxPostPreDataLengthBytes: "20480" });
}

/** @evidence recorded: a form without a part named `file` */
export function fileNeeded(): AwsError {
  return invalidArgument("POST requires exactly one file upload per request.", "file", "0");
}

export function uploadBrokenOff(): AwsError {
  return refuse("IncompleteBody", "The request body terminated unexpectedly", 400);
}

/** @evidence recorded: forms without `key`, `x-amz-signature` …; two spaces */
export function fieldNeeded(name: string): AwsError {
  const message =
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the ` +
    "fields.";
  return invalidArgument(message, name, "");
}

/** @evidence recorded: a presigned form whose policy was cut short */
export function formSignatureMismatch(accessKeyId: string, policy: string, signature: string): AwsError {
  const message =
    "The request signature we calculated does not match the signature you provided. Check your key and " +
    "signing method.";
  return refuse("SignatureDoesNotMatch", message, 403, {
    AWSAccessKeyId: accessKeyId,
    StringToSign: policy,
    SignatureProvided: signature,
    StringToSignBytes: Buffer.from(policy).toString("hex").replace(/..(?=.)/g, "$& "),
  });
}

/** @evidence recorded: a credential of another region than the bucket's, one without a key, a date by hand */
export function invalidCredential(detail: string, credential: string, region?: string): AwsError {
  const { code, status, message, members } = invalidArgument(detail, "X-Amz-Credential", credential);
  return refuse(code, message, status, { ...members, ...(region !== undefined && { Region: region }) });
}

export function invalidFormDate(date: string): AwsError {
  return invalidArgument("X-Amz-Date must be formated via ISO8601 Long format", "X-Amz-Date", date);
}

export function invalidAlgorithm(algorithm: string): AwsError {
  return invalidArgument('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"', "X-Amz-Algorithm", algorithm);
}

/** @evidence recorded: `Invalid Policy: Invalid JSON.` and the like */
export function invalidPolicyDocument(problem: string): AwsError {
  return refuse("InvalidPolicyDocument", `Invalid Policy: ${problem}`, 400);
}

/** @evidence recorded: `Policy expired.`, `Policy Condition failed: […]`, `Extra input fields: …` */
export function againstPolicy(problem: string): AwsError {
  return refuse("AccessDenied", `Invalid according to Policy: ${problem}`, 403);
}

/** @evidence recorded: forms with `content-length-range` */
export function fileTooLarge(sizeBytes: number, sizeBytesMax: number): AwsError {
  return refuse("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400, {
    ProposedSize: String(sizeBytes), MaxSizeAllowed: String(sizeBytesMax),
  });
}

export function fileTooSmall(sizeBytes: number, sizeBytesMin: number): AwsError {
  return refuse("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400, {
    ProposedSize: String(sizeBytes), MinSizeAllowed: String(sizeBytesMin),
  });
}
