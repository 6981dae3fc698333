/**
 * AWS JSON 1.1 with CBOR for JSON: what the Java clients of Kinesis speak. Instants are whole milliseconds.
 *
 * @evidence AWS SDK for Java v1 and v2, SdkCborGenerator: tag 1 and the milliseconds since the epoch
 */

import type { OperationModel } from "../model/model.ts";
import { cborFormat } from "./cbor.ts";
import { onceFor } from "./compile.ts";
import { errorName } from "./error-fields.ts";
import { compileRpcInput, compileRpcOutput } from "./event-stream.ts";
import type { Protocol } from "./protocol.ts";

const body11 = cborFormat("application/x-amz-cbor-1.1", "milliseconds");

const readInput = onceFor(
  (operation: OperationModel, service) => compileRpcInput(operation, service, body11),
);
const writeOutput = onceFor(
  (operation: OperationModel, service) => compileRpcOutput(operation, service, body11),
);

export function isCbor11(contentType: string | undefined): boolean {
  return contentType?.startsWith(body11.contentType) ?? false;
}

export const cbor11: Protocol = {
  name: "cbor-1.1",

  parse(request, operation, service) {
    return readInput(operation, service)(request);
  },

  serialize(output, operation, service, requestId) {
    const { body, contentType } = writeOutput(operation, service)(output);
    const headers = { "content-type": contentType ?? body11.contentType, "x-amzn-requestid": requestId };
    return { status: operation.http.responseCode ?? 200, headers, body };
  },

  serializeError(error, _operation, service, requestId) {
    const headers = { "content-type": body11.contentType, "x-amzn-requestid": requestId };
    return { status: error.status, headers, body: body11.writeError(error, service, errorName(error)) };
  },
};
