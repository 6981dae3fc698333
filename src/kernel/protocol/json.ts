/**
 * AWS JSON 1.0 and 1.1: every operation is a POST to `/`, named by the header `X-Amz-Target`.
 *
 * @evidence Smithy specification, AWS JSON 1.0 and 1.1 protocols
 */

import type { OperationModel, ServiceModel } from "../model/model.ts";
import { onceFor } from "./compile.ts";
import { addQueryError, errorName, qualifiedErrorName } from "./error-fields.ts";
import { compileRpcInput, compileRpcOutput } from "./event-stream.ts";
import { readHostLabels } from "./host-labels.ts";
import { jsonBody, writeJsonError } from "./json-body.ts";
import type { Headers, Protocol } from "./protocol.ts";

const readInput = onceFor(
  (operation: OperationModel, service) => compileRpcInput(operation, service, jsonBody),
);
const writeOutput = onceFor(
  (operation: OperationModel, service) => compileRpcOutput(operation, service, jsonBody),
);

export const json: Protocol = {
  name: "json",

  parse(request, operation, service) {
    return readHostLabels(readInput(operation, service)(request), request, operation, service);
  },

  serialize(output, operation, service, requestId) {
    const { body, contentType } = writeOutput(operation, service)(output);
    const headers = {
      "content-type": contentType ?? jsonContentType(service), "x-amzn-requestid": requestId,
    };
    // An output that the model does not have is an empty body in 1.1 as in 1.0; every client takes both.
    return { status: operation.http.responseCode ?? 200, headers, body };
  },

  serializeError(error, _operation, service, requestId) {
    const headers: Headers = { "content-type": jsonContentType(service), "x-amzn-requestid": requestId };
    addQueryError(headers, error, service);
    const type = service.jsonVersion === "1.0" ? qualifiedErrorName(error, service) : errorName(error);
    return { status: error.status, headers, body: writeJsonError(error, service, type) };
  },
};

function jsonContentType(service: ServiceModel): string {
  return `application/x-amz-json-${service.jsonVersion ?? "1.1"}`;
}
