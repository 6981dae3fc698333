/**
 * AWS Query: parameters in a form or a query string, answers in XML.
 *
 * @evidence Smithy specification, AWS query protocol
 */

import type { AwsError } from "../errors.ts";
import type { OperationModel, ServiceModel, ShapeRef } from "../model/model.ts";
import { onceFor, onceForService } from "./compile.ts";
import { addQueryError, findModelled } from "./error-fields.ts";
import { addForm, newFormNode } from "./form.ts";
import type { FormNode } from "./form.ts";
import { readHostLabels } from "./host-labels.ts";
import type { Headers, Protocol, Value, WireRequest } from "./protocol.ts";
import { QueryReaders } from "./query-reader.ts";
import type { QueryStyle } from "./query-reader.ts";
import { cannotConvert, malformedInput } from "./refusals.ts";
import { namespaceText, textElement, XmlWriters } from "./xml-writer.ts";
import type { XmlWrite } from "./xml-writer.ts";

/** Services that moved to JSON keep the names of their Query days in `queryName`. */
function wireName(ref: ShapeRef): string | undefined {
  return ref.queryName ?? ref.locationName;
}

/**
 * @evidence texts of `MalformedInput` in answers of SNS, ELB and CloudFront that clients' issue trackers
 * quote
 */
const style: QueryStyle = {
  wireName,
  refuseText: (_text, type) => {
    return malformedInput(
      type === "timestamp" ? "timestamp must follow ISO8601" : cannotConvert("string", type),
    );
  },
  refuseStructure: (type) => {
    if (type === "list") return malformedInput("Unexpected list element termination");
    if (type === "structure" || type === "map") {
      return malformedInput("Unexpected complex element termination");
    }
    return malformedInput("Start of list found where not expected");
  },
};

const readers = onceForService((service) => new QueryReaders(service, style));
/**
 * @evidence recorded answers: IAM and STS write whole seconds, where CloudFormation and RDS write
 *   milliseconds
 */
const wholeSeconds: ReadonlySet<string> = new Set(["iam", "sts"]);

const writers = onceForService(
  (service) =>
    new XmlWriters(service, { wireName, millis: wholeSeconds.has(service.service) ? "never" : "some" }),
);

/** All parameters of a request: those of the query string, and those of the body over them. */
export function readForm(request: WireRequest): FormNode {
  const root = newFormNode();
  if (request.query !== "") addForm(root, request.query);
  if (request.body.length > 0) addForm(root, request.body.toString("utf8"));
  return root;
}

const writeOutput = onceFor((operation: OperationModel, service): XmlWrite => {
  const { name, output } = operation;
  const start = `<${name}Response${namespaceText(service.xmlNamespace)}>`;
  const write = output && writers(service).element(output, output.resultWrapper ?? `${name}Result`);
  return (value) => start + (write ? write(value) : "");
});

export const query: Protocol = {
  name: "query",

  parse(request, operation, service) {
    if (!operation.input) return {};
    const input = readers(service).reader(operation.input, operation.input.shape)(readForm(request)) as Value;
    return readHostLabels(input, request, operation, service);
  },

  serialize(output, operation, service, requestId) {
    const metadata = `<ResponseMetadata>${textElement("RequestId", requestId)}</ResponseMetadata>`;
    const body = `${writeOutput(operation, service)(output)}${metadata}</${operation.name}Response>`;
    return { status: operation.http.responseCode ?? 200, headers: xmlHeaders(requestId), body };
  },

  serializeError(error, _operation, service, requestId) {
    const headers = xmlHeaders(requestId);
    addQueryError(headers, error, service);
    const fields = `${textElement("Type", error.fault)}${errorElements(error, service, writers(service))}`;
    const body =
      `<ErrorResponse${namespaceText(service.xmlNamespace)}><Error>${fields}</Error>` +
      `${textElement("RequestId", requestId)}</ErrorResponse>`;
    return { status: error.status, headers, body };
  },
};

function xmlHeaders(requestId: string): Headers {
  return { "content-type": "text/xml", "x-amzn-requestid": requestId };
}

/** `<Code>`, `<Message>` and the members of the model, as every XML protocol puts them into `<Error>`. */
export function errorElements(error: AwsError, service: ServiceModel, write: XmlWriters): string {
  const modelled = findModelled(error, service);
  const message = error.message === "" ? "" : textElement("Message", error.message);
  const members = modelled?.members.filter(([, ref]) => ref.location === undefined);
  const rest = members ? write.members(members)(error.members) : "";
  return `${textElement("Code", error.queryCode ?? error.code)}${message}${rest}`;
}
