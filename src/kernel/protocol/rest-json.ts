/**
 * REST-JSON: HTTP bindings with JSON bodies.
 *
 * @evidence Smithy specification, AWS restJson1 protocol
 */

import type { OperationModel } from "../model/model.ts";
import { onceFor } from "./compile.ts";
import { addQueryError, errorName, findModelled } from "./error-fields.ts";
import type { ModelledError } from "./error-fields.ts";
import { compileHttpInput } from "./http-input.ts";
import type { HttpRefusals } from "./http-input.ts";
import { compileHeaders, compileHttpOutput } from "./http-output.ts";
import { jsonBody, writeJsonError } from "./json-body.ts";
import type { Headers, Protocol } from "./protocol.ts";
import { cannotConvert, serializationException } from "./refusals.ts";

const refuse: HttpRefusals = {
  text: (_text, type) => serializationException(cannotConvert("string", type)),
  uri: () => serializationException("The request URI is not valid."),
};

const readInput = onceFor((operation: OperationModel, service) => {
  return compileHttpInput(operation, service, jsonBody, refuse);
});

const writeOutput = onceFor(
  (operation: OperationModel, service) => compileHttpOutput(operation, service, jsonBody),
);

const fillErrorHeaders = onceFor(
  (modelled: ModelledError, service) => compileHeaders(modelled.members, service),
);

export const restJson: Protocol = {
  name: "rest-json",

  parse: (request, operation, service) => readInput(operation, service)(request),

  serialize(output, operation, service, requestId) {
    const { status, headers, body } = writeOutput(operation, service)(output);
    headers["content-type"] ??= jsonBody.contentType;
    headers["x-amzn-requestid"] = requestId;
    return { status, headers, body };
  },

  serializeError(error, _operation, service, requestId, request) {
    const headers: Headers = {
      "content-type": jsonBody.contentType, "x-amzn-errortype": errorName(error),
      "x-amzn-requestid": requestId,
    };
    addQueryError(headers, error, service);
    const modelled = findModelled(error, service);
    if (modelled) fillErrorHeaders(modelled, service)(headers, error.members);
    const body = request.method === "HEAD" ? "" : writeJsonError(error, service);
    return { status: error.status, headers, body };
  },
};
