/** What every wire protocol does for the gateway: bytes to input, output to bytes. One file a protocol. */

import type { Readable } from "node:stream";
import type { AwsError } from "../errors.ts";
import type { OperationModel, ProtocolName, ServiceModel } from "../model/model.ts";

/** Header names are lower case; a header sent more than once is one string, joined by `, `. */
export type Headers = Record<string, string>;

export interface WireRequest {
  readonly method: string;
  /** The path as sent, still percent-encoded, without the query: `/bucket/a%20b`. */
  readonly path: string;
  /** The query as sent, without `?`; empty when there is none. */
  readonly query: string;
  readonly headers: Headers;
  /**
   * The whole body, already decoded from `aws-chunked` and content encodings; empty for streaming operations.
   */
  readonly body: Buffer;
  /** The body of an operation whose input streams. */
  readonly stream?: Readable;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | Buffer | Readable;
}

/**
 * An input or output as handlers see it: structures are plain objects with the model's member names; lists
 * are
 * arrays; maps are objects without a prototype; blobs are `Buffer`s; timestamps are epoch milliseconds; a
 * streaming
 * blob is a `Readable`; an event stream is an `AsyncIterable` of one-member objects.
 */
export type Value = Record<string, unknown>;

export interface Protocol {
  readonly name: ProtocolName;

  /** @throws AwsError `SerializationException`, `MalformedInput` … as this protocol's services word it */
  parse(request: WireRequest, operation: OperationModel, service: ServiceModel): Value;

  serialize(output: Value, operation: OperationModel, service: ServiceModel, requestId: string): WireResponse;

  /** `operation` is undefined when the request did not name one that exists. */
  serializeError(
    error: AwsError,
    operation: OperationModel | undefined,
    service: ServiceModel,
    requestId: string,
    request: WireRequest,
  ): WireResponse;
}
