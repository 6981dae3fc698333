/** Who a service is to the service that it calls. */

import { serviceCaller, sessionCaller } from "./auth/authenticate.ts";
import type { Caller, RequestOrigin } from "./auth/caller.ts";
import type { CallOptions, ReadContext } from "./context.ts";
import type { SealedSessions } from "./sessions.ts";

/** @param principal of the service that calls */
export function callerFor(
  sessions: SealedSessions, from: ReadContext, principal: string, options: CallOptions,
): Caller {
  if (options.as === "request") return from.caller;
  if (typeof options.as === "object" && "for" in options.as) {
    const { for: asker } = options.as;
    return { ...asker, calledVia: [...asker.calledVia, principal] };
  }
  if (typeof options.as === "object") {
    const session = sessions.open(options.as.session);
    if (!session) throw new Error("a service acts with a session that is none");
    return sessionCaller(session);
  }
  if (options.as !== "service") {
    return { ...from.caller, calledVia: [...from.caller.calledVia, principal] };
  }
  const caller = serviceCaller(principal, options.account ?? from.account);
  const { sourceArn } = options;
  return sourceArn === undefined ? caller : { ...caller, sourceArn };
}

/** Where a call comes from, as its policies and its record see it. */
export function originFor(
  { origin }: ReadContext, principal: string, { as, traceHeader = origin.traceHeader }: CallOptions,
): RequestOrigin {
  if (as === "request") return origin;
  const own = { ...origin, sourceIp: principal, userAgent: principal };
  return traceHeader === undefined ? own : { ...own, traceHeader };
}
