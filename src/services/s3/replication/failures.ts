/**
 * Why something is not replicated, in the words of events.
 *
 * @evidence S3 User Guide, "Amazon S3 replication failure reasons"
 */

import { AwsError } from "../../../kernel/errors.ts";
import type { ReplicatedOperation } from "./table.ts";

/** It is over, and shown as FAILED. */
export class ReplicationFailure extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`not replicated: ${reason}`);
    this.reason = reason;
  }
}

const notImplemented = 501;
const throttles: ReadonlySet<string> = new Set([
  "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded",
]);

/** Whether it is worth trying again. */
export function isPassing(error: unknown): error is AwsError {
  if (!(error instanceof AwsError)) return false;
  return throttles.has(error.code) || (error.status >= 500 && error.status !== notImplemented);
}

/** Does what may be refused, which then has a reason. @throws ReplicationFailure */
export async function refusable<Answer>(
  work: () => Promise<Answer>,
  reasonOf: (error: AwsError) => string,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AwsError) || isPassing(error)) throw error;
    throw new ReplicationFailure(reasonOf(error));
  }
}

function isOfKms({ code }: AwsError): boolean {
  return code.startsWith("KMS.");
}

export function sourceReason(error: AwsError): string {
  if (isOfKms(error)) return "SrcKmsKeyInvalidState";
  return error.status === 404 ? "SrcVersionNotFound" : "SrcGetObjectNotPermitted";
}

const refusals: Readonly<Record<ReplicatedOperation, string>> = {
  object: "DstPutObjectNotPermitted", deleteMarker: "DstDelObjNotPermitted",
  tags: "DstPutTaggingNotPermitted", acl: "DstPutAclNotPermitted",
  retention: "DstPutRetentionNotPermitted", legalHold: "DstPutLegalHoldNotPermitted",
};

const missing: ReadonlySet<string> = new Set(["NoSuchVersion", "NoSuchKey"]);

export function destinationReason(operation: ReplicatedOperation): (error: AwsError) => string {
  return (error) => {
    if (error.code === "KMS.NotFoundException") return "DstKmsKeyNotFound";
    if (isOfKms(error)) return "DstKmsKeyInvalidState";
    return missing.has(error.code) ? "DstVersionNotFound" : refusals[operation];
  };
}
