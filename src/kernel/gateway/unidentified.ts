/** Requests for what is not here at all: refused in a form that their clients can read. */

import { notImplemented, unmodelled, type AwsError } from "../errors.ts";
import type { WireResponse } from "../protocol/protocol.ts";
import { escapeXml } from "../protocol/xml.ts";
import { isForm, parameter, signedScope, type RequestHead } from "./identify.ts";

/** Services of REST with XML; S3 is here. */
const restXmlServices = new Set(["cloudfront", "route53"]);

export interface Unidentified {
  /** As signatures name it. */
  readonly service: string | undefined;
  readonly operation: string | undefined;
  readonly error: AwsError;
  readonly response: WireResponse;
}

/** @param failure why its body could not be read, if it could not */
export function unidentified(
  head: RequestHead,
  form: string,
  requestId: string,
  failure: AwsError | undefined,
): Unidentified {
  const service = signedScope(head)?.service;
  const operation = parameter(form, "Action") ?? head.headers["x-amz-target"]?.replace(/^.*\./, "");
  const name = operation === undefined ? `The service ${service}` : `${service}:${operation}`;
  const unsigned = "The request names no AWS service: sign it, or use an AWS host name.";
  const unknown = service ? notImplemented(name) : unmodelled("UnknownService", unsigned);
  const error = failure ?? unknown;
  const isXml = isForm(head.headers) || restXmlServices.has(service ?? "");
  const headers = { "content-type": isXml ? "text/xml" : "application/json", "x-amzn-requestid": requestId };
  const body = isXml ? xmlOf(error, requestId, service === "ec2") : jsonOf(error);
  return { service, operation, error, response: { status: error.status, headers, body } };
}

function jsonOf({ code, message }: AwsError): string {
  return JSON.stringify({ __type: code, message });
}

/** EC2 has a form of its own. */
function xmlOf({ code, message }: AwsError, requestId: string, isEc2: boolean): string {
  const said = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
  if (isEc2) {
    return `<Response><Errors><Error>${said}</Error></Errors><RequestID>${requestId}</RequestID></Response>`;
  }
  const error = `<Error><Type>Sender</Type>${said}</Error>`;
  return `<ErrorResponse>${error}<RequestId>${requestId}</RequestId></ErrorResponse>`;
}
