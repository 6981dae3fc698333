/** Errors on demand, for proving that a program retries. */

import { directory } from "../generated/directory.ts";
import type { Fault } from "../kernel/faults.ts";
import {
  invalidRequest,
  optionalInteger,
  optionalText,
  requireText,
  type LocalRequest,
  type LocalRoute,
} from "./http.ts";
import type { LocalHost } from "./host.ts";

/** What AWS answers with these codes, where the service's model does not say. */
const knownErrors: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  ThrottlingException: { status: 400, message: "Rate exceeded" },
  Throttling: { status: 400, message: "Rate exceeded" },
  RequestLimitExceeded: { status: 503, message: "Request limit exceeded." },
  SlowDown: { status: 503, message: "Please reduce your request rate." },
  ServiceUnavailable: {
    status: 503,
    message: "The request has failed due to a temporary failure of the server.",
  },
  InternalFailure: {
    status: 500,
    message: "The request processing has failed because of an unknown error, exception or failure.",
  },
  RequestTimeout: {
    status: 400,
    message:
      "Your socket connection to the server was not read from or written to within the timeout period.",
  },
};

export const faultRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/faults",
    summary: "The faults that have still to strike.",
    run: (_request, { region }) => ({ faults: region.engine.faults.list() }),
  },
  {
    method: "POST",
    path: "/_local/v1/faults",
    summary:
      "The next {count} (default 1) requests of {service}, or of its {operation}, fail with {code} " +
      "(default ThrottlingException), {message} and {status}.",
    run: addFault,
  },
  {
    method: "DELETE",
    path: "/_local/v1/faults",
    summary: "Takes all faults back.",
    run(_request, { region }) {
      region.engine.faults.clear();
      return { faults: [] };
    },
  },
];

function addFault({ body }: LocalRequest, { region }: LocalHost): { faults: readonly Fault[] } {
  const service = requireText(body, "service");
  if (!directory.some((entry) => entry.service === service))
    throw invalidRequest(`There is no service ${service} here.`);
  const model = region.engine.models.get(service);
  const operation = optionalText(body, "operation");
  if (operation !== undefined && !Object.hasOwn(model.operations, operation)) {
    throw invalidRequest(`${service} has no operation ${operation}.`);
  }
  const code = optionalText(body, "code") ?? "ThrottlingException";
  if (!/^[A-Za-z][A-Za-z0-9.]{0,127}$/.test(code)) throw invalidRequest("code must be the code of an error.");
  const known = Object.hasOwn(knownErrors, code) ? knownErrors[code] : undefined;
  try {
    region.engine.faults.add({
      service,
      ...(operation !== undefined && { operation }),
      code,
      message: optionalText(body, "message") ?? known?.message ?? "An injected fault.",
      status: optionalInteger(body, "status", [400, 599]) ?? known?.status ?? 400,
      remaining: optionalInteger(body, "count", [1, 1_000_000]) ?? 1,
    });
  } catch (cause) {
    throw cause instanceof RangeError ? invalidRequest(cause.message) : cause;
  }
  return { faults: region.engine.faults.list() };
}
