/**
 * AWS Query, answered in JSON because the client asked for that. No SDK does; those do who prove who they are
 * by a presigned GetCallerIdentity, as nodes of Kubernetes and of Teleport.
 *
 * @evidence kubernetes-sigs/aws-iam-authenticator, pkg/token: `accept: application/json`, and what it reads
 */

import type { OperationModel } from "../model/model.ts";
import { onceFor } from "./compile.ts";
import { jsonWriters, type JsonWrite } from "./json-body.ts";
import type { Headers, Protocol } from "./protocol.ts";
import { query } from "./query.ts";

/** What comes before the result, and what writes it. */
interface ResultWrite {
  readonly start: string;
  readonly write: JsonWrite | undefined;
}

const writeResult = onceFor(({ name, output }: OperationModel, service): ResultWrite => {
  if (!output) return { start: `{"${name}Response":{`, write: undefined };
  const start = `{"${name}Response":{"${output.resultWrapper ?? `${name}Result`}":`;
  return { start, write: jsonWriters(service).writer(output) };
});

function jsonHeaders(requestId: string): Headers {
  return { "content-type": "application/json", "x-amzn-requestid": requestId };
}

export const queryInJson: Protocol = {
  ...query,

  serialize(output, operation, service, requestId) {
    const { start, write } = writeResult(operation, service);
    const metadata = `"ResponseMetadata":${JSON.stringify({ RequestId: requestId })}`;
    const body = `${start}${write ? `${write(output)},` : ""}${metadata}}}`;
    return { status: operation.http.responseCode ?? 200, headers: jsonHeaders(requestId), body };
  },

  serializeError(error, _operation, _service, requestId) {
    const { code, queryCode = code, message: Message, fault: Type } = error;
    const body = JSON.stringify({ Error: { Code: queryCode, Message, Type }, RequestId: requestId });
    return { status: error.status, headers: jsonHeaders(requestId), body };
  },
};
