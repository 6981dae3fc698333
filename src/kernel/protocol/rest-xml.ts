/**
 * REST-XML: HTTP bindings with XML bodies. S3 answers errors without a wrapper, others with
 * `<ErrorResponse>`.
 *
 * @evidence Smithy specification, AWS restXml protocol
 */

import { AwsError } from "../errors.ts";
import type { OperationModel, ServiceModel, ShapeRef } from "../model/model.ts";
import type { BodyFormat, BodyRead } from "./body-format.ts";
import { onceFor, onceForService, shapeOf } from "./compile.ts";
import { findModelled } from "./error-fields.ts";
import type { ModelledError } from "./error-fields.ts";
import { compileHttpInput } from "./http-input.ts";
import type { HttpRefusals } from "./http-input.ts";
import { compileHeaders, compileHttpOutput } from "./http-output.ts";
import type { Headers, Protocol, Value } from "./protocol.ts";
import { errorElements } from "./query.ts";
import { cannotConvert, malformedInput } from "./refusals.ts";
import { isS3, isUnwrapped, s3HostId, s3RootElement } from "./s3-wire.ts";
import { parseXml, xmlProlog, XmlError } from "./xml.ts";
import type { XmlElement } from "./xml.ts";
import { XmlReaders } from "./xml-reader.ts";
import type { XmlRefusals } from "./xml-reader.ts";
import { namespaceText, textElement, XmlWriters } from "./xml-writer.ts";

/** Neither has an answer to HEAD, nor one to a condition that says the client has it already, a body. */
const notModified = 304;

/** @evidence Amazon S3 API Reference, Error responses, `MalformedXML` */
function malformedXml(): AwsError {
  return new AwsError({
    code: "MalformedXML",
    message: "The XML you provided was not well-formed or did not validate against our published schema",
    status: 400,
  });
}

const s3Refusals: XmlRefusals = { text: malformedXml, structure: malformedXml };

const refusals: XmlRefusals = {
  text: (_text, type) => malformedInput(cannotConvert("string", type)),
  structure: (type) => {
    if (type === "list") return malformedInput("Unexpected list element termination");
    if (type === "structure" || type === "map") {
      return malformedInput("Unexpected complex element termination");
    }
    return malformedInput("Start of structure or map found where not expected.");
  },
};

function xmlRefusals(service: ServiceModel): XmlRefusals {
  return isS3(service) || service.serviceId === "S3 Control" ? s3Refusals : refusals;
}

function httpRefusals(service: ServiceModel): HttpRefusals {
  if (!isS3(service)) {
    return { text: refusals.text, uri: () => malformedInput("The request URI is not valid.") };
  }
  return {
    text: (text) => new AwsError(
      { code: "InvalidArgument", message: `Invalid Argument: ${text}`, status: 400 },
    ),
    uri: () => new AwsError(
      { code: "InvalidURI", message: "Couldn't parse the specified URI.", status: 400 },
    ),
  };
}

const readers = onceForService((service) => new XmlReaders(service, xmlRefusals(service)));

/**
 * @evidence Amazon S3 API Reference, ListObjectsV2, sample:
 * `<LastModified>2009-10-12T17:50:30.000Z</LastModified>`
 */
const writers = onceForService((service) => {
  return new XmlWriters(service, { 
    wireName: (ref: ShapeRef) => ref.locationName, millis: isS3(service) ? "always" : "some",
  });
});

function reading<Read>(service: ServiceModel, read: (root: XmlElement) => Read): BodyRead<Read> {
  return (body) => {
    let root: XmlElement;
    try {
      root = parseXml(body.toString("utf8"));
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      throw isS3(service) ? malformedXml() : malformedInput(error.message);
    }
    return read(root);
  };
}

export const xmlBody: BodyFormat = {
  contentType: "application/xml",
  readMembers(members, service) {
    const read = readers(service).members(() => members);
    return reading(service, (root) => read(root) as Value);
  },
  readShape(ref, service) {
    return reading(service, readers(service).reader(ref));
  },
  writeMembers(members, service, ref, root) {
    const shape = shapeOf(ref, service);
    const name = root ?? ref.locationName ?? shape.locationName ?? ref.shape;
    const namespace = ref.xmlNamespace ?? shape.xmlNamespace ?? service.xmlNamespace;
    const write = writers(service).structure(members, name, namespace);
    return (value) => xmlProlog + write(value);
  },
  writeShape(ref, service) {
    const name = ref.locationName ?? shapeOf(ref, service).locationName ?? ref.shape;
    const write = writers(service).element(ref, name, service.xmlNamespace);
    return (value) => xmlProlog + write(value);
  },
};

/** The body of the one operation whose output is the content of its root. */
const unwrappedBody: BodyFormat = {
  ...xmlBody,
  writeMembers(members, service) {
    const [name, ref] = members[0] ?? ["", { shape: "" }];
    const write = writers(service).element(ref, name, service.xmlNamespace);
    return (output) => xmlProlog + write((output as Value)[name] ?? "");
  },
};

const readInput = onceFor((operation: OperationModel, service) => {
  return compileHttpInput(operation, service, xmlBody, httpRefusals(service));
});

const writeOutput = onceFor((operation: OperationModel, service) => {
  const root = isS3(service) ? s3RootElement(operation) : undefined;
  return compileHttpOutput(
    operation, service, isUnwrapped(operation, service) ? unwrappedBody : xmlBody, root,
  );
});

const fillErrorHeaders = onceFor(
  (modelled: ModelledError, service) => compileHeaders(modelled.members, service),
);

export const restXml: Protocol = {
  name: "rest-xml",

  parse: (request, operation, service) => readInput(operation, service)(request),

  serialize(output, operation, service, requestId) {
    const { status, headers, body } = writeOutput(operation, service)(output);
    addRequestId(headers, requestId, service);
    return { status, headers, body };
  },

  serializeError(error, _operation, service, requestId, request) {
    const headers: Headers = { "content-type": xmlBody.contentType, ...error.headers };
    addRequestId(headers, requestId, service);
    const modelled = findModelled(error, service);
    if (modelled) fillErrorHeaders(modelled, service)(headers, error.members);
    if (request.method === "HEAD" || error.status === notModified) {
      delete headers["content-type"];
      return { status: error.status, headers, body: "" };
    }
    const body = isS3(service) ? s3Error(error, service, requestId) : wrappedError(error, service, requestId);
    return { status: error.status, headers, body };
  },
};

function addRequestId(headers: Headers, requestId: string, service: ServiceModel): void {
  if (isS3(service)) {
    headers["x-amz-request-id"] = requestId;
    headers["x-amz-id-2"] = s3HostId(requestId);
  } else headers["x-amzn-requestid"] = requestId;
}

function wrappedError(error: AwsError, service: ServiceModel, requestId: string): string {
  const fields = textElement("Type", error.fault) + errorElements(error, service, writers(service));
  return (
    `${xmlProlog}<ErrorResponse${namespaceText(service.xmlNamespace)}><Error>${fields}</Error>` +
    `${textElement("RequestId", requestId)}</ErrorResponse>`
  );
}

/** S3 says more of its errors than its model declares: `<BucketName>`, `<Key>`, `<Resource>`. */
function s3Error(error: AwsError, service: ServiceModel, requestId: string): string {
  const declared = new Set(findModelled(error, service)?.members.map(([name]) => name));
  const others = Object.entries(error.members)
    .filter(
      ([name, value]) => !declared.has(name) && (typeof value === "string" || typeof value === "number"),
    )
    .map(([name, value]) => textElement(name, String(value)));
  const ids = textElement("RequestId", requestId) + textElement("HostId", s3HostId(requestId));
  const fields = errorElements(error, service, writers(service));
  return `${xmlProlog}<Error>${fields}${others.join("")}${ids}</Error>`;
}
