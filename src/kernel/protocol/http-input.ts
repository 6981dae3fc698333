/** Reads what HTTP bindings put into paths, queries, headers and bodies. */

import { Readable } from "node:stream";
import type { AwsError } from "../errors.ts";
import type { OperationModel, ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import type { BodyFormat } from "./body-format.ts";
import { emptyMap, membersOf, partOf, shapeOf } from "./compile.ts";
import type { Members } from "./compile.ts";
import { decodeEvents } from "./event-stream.ts";
import { formPairs } from "./form.ts";
import { readHostLabels } from "./host-labels.ts";
import type { Headers, Value, WireRequest } from "./protocol.ts";
import { isScalar, textReader } from "./scalar-text.ts";
import type { RefuseText, TextRead } from "./scalar-text.ts";
import { timestampFormat } from "./timestamps.ts";
import { decodeSegment, matchPath, parseTemplate } from "./uri-template.ts";

export interface HttpRefusals {
  readonly text: RefuseText;
  /** The path or query is not percent-encoded UTF-8, or not of the operation. */
  uri(): AwsError;
}

/** Sets some members of the input from some part of the request. */
type Fill = (input: Value, request: WireRequest) => void;

export function compileHttpInput(
  operation: OperationModel, service: ServiceModel, format: BodyFormat, refuse: HttpRefusals,
): (request: WireRequest) => Value {
  const ref = operation.input;
  if (!ref) return () => ({});
  const shape = shapeOf(ref, service);
  const members = membersOf(shape);
  const at = (location: ShapeRef["location"]): Members => {
    return members.filter(([, member]) => member.location === location);
  };
  const fills: Fill[] = [];
  if (at("uri").length > 0) fills.push(fillLabels(at("uri"), operation, service, refuse));
  if (at("querystring").length > 0) fills.push(fillQuery(at("querystring"), operation, service, refuse));
  for (const member of at("header")) fills.push(fillHeader(member, service, refuse));
  for (const member of at("headers")) fills.push(fillPrefixHeaders(member));
  const payload = shape.payload === undefined ? undefined : members.find(([name]) => name === shape.payload);
  const inBody = at(undefined);
  if (payload) fills.push(fillPayload(payload, service, format));
  else if (inBody.length > 0) fills.push(fillBody(inBody, ref, service, format));
  return (request) => {
    const input: Value = {};
    for (const fill of fills) fill(input, request);
    return readHostLabels(input, request, operation, service);
  };
}

function fillLabels(
  members: Members, operation: OperationModel, service: ServiceModel, refuse: HttpRefusals,
): Fill {
  const { segments } = parseTemplate(operation.http.requestUri);
  const labels = members.map(([name, ref]) => {
    return { name, label: ref.locationName ?? name, read: valueReader(ref, service, refuse) };
  });
  return (input, request) => {
    const raw = matchPath(segments, request.path);
    if (!raw) throw refuse.uri();
    for (const { name, label, read } of labels) {
      const text = decodeSegment(raw[label] ?? "");
      if (text === undefined) throw refuse.uri();
      input[name] = read(text);
    }
  };
}

interface QueryMember {
  readonly name: string;
  readonly isList: boolean;
  readonly read: TextRead;
}

function fillQuery(
  members: Members, operation: OperationModel, service: ServiceModel, refuse: HttpRefusals,
): Fill {
  const byKey = new Map<string, QueryMember>();
  const maps: { readonly name: string; readonly ofLists: boolean }[] = [];
  for (const [name, ref] of members) {
    const shape = shapeOf(ref, service);
    if (shape.type === "map") {
      maps.push({ name, ofLists: shapeOf(partOf(shape, "value"), service).type === "list" });
      continue;
    }
    const isList = shape.type === "list";
    const read = valueReader(isList ? partOf(shape, "member") : ref, service, refuse);
    byKey.set(ref.locationName ?? name, { name, isList, read });
  }
  const constants = new Set(parseTemplate(operation.http.requestUri).constants.map(([name]) => name));
  return (input, request) => {
    if (request.query === "") return;
    for (const [key, value = ""] of formPairs(request.query)) {
      const member = byKey.get(key);
      if (member?.isList) ((input[member.name] ??= []) as unknown[]).push(member.read(value));
      else if (member) input[member.name] = member.read(value);
      // A map has every parameter, those with members of their own too: so the Smithy specification
      // (httpQueryParams).
      if (!constants.has(key)) {
        for (const { name, ofLists } of maps) addToMap(input, name, ofLists, key, value);
      }
    }
  };
}

function addToMap(input: Value, name: string, ofLists: boolean, key: string, value: string): void {
  const map = (input[name] ??= emptyMap()) as Record<string, unknown>;
  if (ofLists) ((map[key] ??= []) as string[]).push(value);
  else map[key] ??= value;
}

function fillHeader([name, ref]: Members[number], service: ServiceModel, refuse: HttpRefusals): Fill {
  const header = (ref.locationName ?? name).toLowerCase();
  const shape = shapeOf(ref, service);
  if (shape.type === "list") {
    const item = partOf(shape, "member");
    const read = valueReader(item, service, refuse);
    const itemShape = shapeOf(item, service);
    const dates = itemShape.type === "timestamp" && timestampFormat(item, itemShape, "rfc822") === "rfc822";
    return (input, { headers }) => {
      const text = headers[header];
      if (text !== undefined) input[name] = (dates ? splitDates(text) : splitHeader(text)).map(read);
    };
  }
  const read = ref.jsonvalue ? readJsonValue : valueReader(ref, service, refuse);
  return (input, { headers }) => {
    const text = headers[header];
    if (text !== undefined) input[name] = read(text);
  };
}

/** JSON in a header is base64, for it may have characters that headers may not. */
function readJsonValue(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

function fillPrefixHeaders([name, ref]: Members[number]): Fill {
  const prefix = (ref.locationName ?? "").toLowerCase();
  return (input, { headers }) => {
    let map: Record<string, string> | undefined;
    for (const [header, text] of Object.entries(headers as Headers)) {
      if (header.startsWith(prefix)) (map ??= emptyMap())[header.slice(prefix.length)] = text;
    }
    if (map) input[name] = map;
  };
}

function fillPayload([name, ref]: Members[number], service: ServiceModel, format: BodyFormat): Fill {
  const shape = shapeOf(ref, service);
  if (shape.eventstream) {
    return (input, request) => {
      const source = request.stream ?? Readable.from([request.body], { objectMode: false });
      input[name] = decodeEvents(source, ref, service, format);
    };
  }
  if (shape.type === "blob") {
    return (input, { body, stream }) => {
      if (stream) input[name] = stream;
      else if (body.length > 0) input[name] = body;
    };
  }
  // A body of nothing is a text, too: as the policy of a bucket, one that is no JSON.
  if (shape.type === "string") return (input, { body }) => (input[name] = body.toString("utf8"));
  const read = format.readShape(ref, service);
  return (input, { body }) => {
    if (body.length === 0) return;
    const value = read(body);
    if (value !== null && value !== undefined) input[name] = value;
  };
}

function fillBody(members: Members, ref: ShapeRef, service: ServiceModel, format: BodyFormat): Fill {
  const read = format.readMembers(members, service, ref);
  return (input, { body }) => {
    if (body.length > 0) Object.assign(input, read(body));
  };
}

function valueReader(ref: ShapeRef, service: ServiceModel, refuse: HttpRefusals): TextRead {
  const shape: Shape = shapeOf(ref, service);
  if (!isScalar(shape)) throw new Error(`The model binds ${ref.shape}, a ${shape.type}, to a text.`);
  return textReader(shape, refuse.text);
}

/** The values of a header of several, quoted where they have commas of their own. */
export function splitHeader(text: string): string[] {
  const values: string[] = [];
  const value = /[ \t]*(?:"((?:[^"\\]|\\.)*)"[ \t]*|([^,]*))(?:,|$)/y;
  while (value.lastIndex < text.length) {
    const found = value.exec(text);
    if (!found) break;
    const quoted = found[1]?.replace(/\\(.)/g, "$1");
    values.push(quoted ?? (found[2] ?? "").trim());
  }
  return values;
}

/** HTTP dates have a comma each. */
function splitDates(text: string): string[] {
  const parts = text.split(",");
  const dates: string[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    dates.push(parts.slice(index, index + 2).join(",").trim());
  }
  return dates;
}
