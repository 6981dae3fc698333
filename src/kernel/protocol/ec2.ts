/**
 * EC2 Query: Query with lists that are always flattened, names that start with a capital, and answers of its
 * own.
 *
 * @evidence Smithy specification, AWS EC2 query protocol
 */

import { AwsError } from "../errors.ts";
import type { OperationModel, ShapeRef } from "../model/model.ts";
import { membersOf, onceFor, onceForService, shapeOf } from "./compile.ts";
import { readHostLabels } from "./host-labels.ts";
import type { Protocol, Value } from "./protocol.ts";
import { errorElements, readForm } from "./query.ts";
import { QueryReaders } from "./query-reader.ts";
import type { QueryStyle } from "./query-reader.ts";
import { xmlProlog } from "./xml.ts";
import { namespaceText, textElement, XmlWriters } from "./xml-writer.ts";
import type { XmlWrite } from "./xml-writer.ts";

const style: QueryStyle = {
  wireName: (ref, member) => {
    const name = ref.locationName ?? member;
    return ref.queryName ?? (name === undefined ? undefined : name.charAt(0).toUpperCase() + name.slice(1));
  },
  refuseText: (text, _type, parameter) => {
    return new AwsError({
      code: "InvalidParameterValue", message: `Value (${text}) for parameter ${parameter} is invalid.`,
      status: 400,
    });
  },
  refuseStructure: (_type, parameter) => {
    return new AwsError({
      code: "InvalidParameterValue", message: `The value of parameter ${parameter} is not of its type.`,
      status: 400,
    });
  },
};

const readers = onceForService((service) => new QueryReaders(service, style));

/**
 * @evidence EC2 API Reference, DescribeInstances, sample response:
 * `<launchTime>2018-05-08T16:46:19.000Z</launchTime>`
 */
const writers = onceForService((service) => {
  return new XmlWriters(service, { wireName: (ref: ShapeRef) => ref.locationName, millis: "always" });
});

const writeOutput = onceFor((operation: OperationModel, service): XmlWrite => {
  // Operations without an output answer that they succeeded.
  // @evidence EC2 API Reference, DeleteVpc, sample response: `<return>true</return>`
  if (!operation.output) return () => "<return>true</return>";
  return writers(service).members(membersOf(shapeOf(operation.output, service)));
});

export const ec2: Protocol = {
  name: "ec2",

  parse(request, operation, service) {
    if (!operation.input) return {};
    const input = readers(service).reader(operation.input, operation.input.shape)(readForm(request)) as Value;
    return readHostLabels(input, request, operation, service);
  },

  serialize(output, operation, service, requestId) {
    const root = `${operation.name}Response`;
    const body =
      `${xmlProlog}<${root}${namespaceText(service.xmlNamespace)}>${textElement("requestId", requestId)}` +
      `${writeOutput(operation, service)(output)}</${root}>`;
    const headers = { "content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": requestId };
    return { status: operation.http.responseCode ?? 200, headers, body };
  },

  serializeError(error, _operation, service, requestId) {
    const fields = errorElements(error, service, writers(service));
    const body =
      `${xmlProlog}<Response><Errors><Error>${fields}</Error></Errors>` +
      `${textElement("RequestID", requestId)}</Response>`;
    const headers = { "content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": requestId };
    return { status: error.status, headers, body };
  },
};
