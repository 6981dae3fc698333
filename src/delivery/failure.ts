/** Why a payload did not arrive, and whether trying again may help. */

import type { AwsError } from "../kernel/errors.ts";

/** @evidence EventBridge User Guide, "Using dead-letter queues": `ERROR_CODE` */
export type FailureCode =
  | "CONNECTION_FAILURE" | "CROSS_ACCOUNT_INGESTION_FAILED" | "CROSS_REGION_INGESTION_FAILED"
  | "ERROR_FROM_TARGET" | "FAILED_TO_ASSUME_ROLE" | "INTERNAL_ERROR" | "INVALID_JSON" | "INVALID_PARAMETER"
  | "NO_PERMISSIONS" | "NO_RESOURCE" | "RESOURCE_LIMIT_EXCEEDED" | "SDK_CLIENT_ERROR" | "THROTTLING"
  | "THIRD_ACCOUNT_HOP_DETECTED" | "THIRD_REGION_HOP_DETECTED" | "TIMEOUT" | "TRANSIENT_ASSUME_ROLE"
  | "UNKNOWN";

export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  readonly isRetryable: boolean;
  /** How long the other side wants to be left alone. */
  readonly waitMilliseconds?: number;
}

export function failed(code: FailureCode, message: string, isRetryable: boolean): Failure {
  return { code, message, isRetryable };
}

/**
 * What is not there and what is not allowed stays so; who is too busy may have time later.
 *
 * @evidence EventBridge User Guide, "How EventBridge retries delivering events"
 */
export function failureOf({ code, message, status }: AwsError): Failure {
  if (code === "NotImplemented") return failed("INTERNAL_ERROR", message, false);
  if (/Throttl|TooManyRequests|ProvisionedThroughputExceeded|RequestLimitExceeded|SlowDown/.test(code)) {
    return failed("THROTTLING", message, true);
  }
  if (code === "FunctionError") return failed("ERROR_FROM_TARGET", message, true);
  if (status >= 500) return failed("INTERNAL_ERROR", message, true);
  if (/AccessDenied|AuthorizationError|NotAuthorized|UnauthorizedOperation/.test(code)) {
    return failed("NO_PERMISSIONS", message, false);
  }
  if (/NotFound|DoesNotExist|NoSuch|NonExistent/.test(code)) return failed("NO_RESOURCE", message, false);
  if (/LimitExceeded/.test(code)) return failed("RESOURCE_LIMIT_EXCEEDED", message, true);
  return failed("INVALID_PARAMETER", message, false);
}
