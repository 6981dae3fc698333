/** Why an endpoint gave no answer. */

import { OutboundFailure } from "../../kernel/outbound.ts";
import { failed, type Failure } from "../../delivery/failure.ts";

/** @throws what is no failure of the other side */
export function outboundFailure(cause: unknown): Failure {
  if (!(cause instanceof OutboundFailure)) throw cause;
  if (cause.reason === "timeout") return failed("TIMEOUT", cause.message, true);
  return failed("CONNECTION_FAILURE", cause.message, cause.reason !== "malformed");
}
