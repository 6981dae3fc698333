/**
 * botocore's protocol tests, seen from the server: what they say a client sends must parse to what its caller
 * gave; what they say a client understands must be what is written.
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AwsError } from "../errors.ts";
import type { OperationModel, ProtocolName, ServiceModel, Shape, ShapeRef } from "../model/model.ts";
import type { Headers, Value, WireRequest } from "./protocol.ts";

export interface Case {
  readonly id: string;
  readonly given: OperationModel;
  readonly params?: Value;
  readonly serialized?: {
    readonly method?: string; readonly uri: string; readonly host?: string; readonly headers?: Headers;
    readonly body?: string;
  };
  readonly result?: Value;
  readonly error?: Value;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly response?: { readonly status_code: number; readonly headers?: Headers; readonly body?: string };
}

interface Suite {
  readonly description: string;
  readonly metadata: {
    readonly protocol: ProtocolName; readonly apiVersion: string; readonly jsonVersion?: "1.0" | "1.1";
    readonly targetPrefix?: string; readonly awsQueryCompatible?: object; readonly xmlNamespace?: string;
    readonly serviceId?: string;
  };
  readonly shapes: Record<string, Shape>;
  readonly cases: readonly Case[];
}

export interface LoadedCase {
  readonly file: string;
  readonly test: Case;
  readonly operation: OperationModel;
  readonly service: ServiceModel;
}

const fixtures = fileURLToPath(new URL("../../../../test/fixtures/protocol-tests/", import.meta.url));

export const suiteFiles = [
  "ec2", "json", "json_1_0", "json_1_0-query-compatible", "query", "rest-json", "rest-xml",
  "smithy-rpc-v2-cbor",
  "smithy-rpc-v2-cbor-query-compatible", "smithy-rpc-v2-cbor-non-query-compatible",
] as const;

export function loadCases(direction: "input" | "output", file: string): LoadedCase[] {
  const suites = JSON.parse(readFileSync(`${fixtures}${direction}/${file}.json`, "utf8")) as readonly Suite[];
  return suites.flatMap((suite) => suite.cases.map((test) => {
    const service = serviceOf(suite, test.given);
    return { file, test, operation: test.given, service };
  }));
}

function serviceOf({ metadata, shapes }: Suite, operation: OperationModel): ServiceModel {
  return {
    service: "protocol-tests", serviceId: metadata.serviceId ?? "Protocol Tests",
    apiVersion: metadata.apiVersion,
    signingName: "protocol-tests", endpointPrefix: "protocol-tests",
    ...(metadata.targetPrefix && { targetPrefix: metadata.targetPrefix }),
    ...(metadata.jsonVersion && { jsonVersion: metadata.jsonVersion }),
    ...(metadata.xmlNamespace && { xmlNamespace: metadata.xmlNamespace }),
    protocols: [metadata.protocol], queryCompatible: metadata.awsQueryCompatible !== undefined, global: false,
    iamPrefix: "protocol-tests", eventSource: "protocol-tests.amazonaws.com", shapes,
    operations: { [operation.name]: operation },
  };
}

export function isCbor(service: ServiceModel): boolean {
  return service.protocols[0] === "smithy-rpc-v2-cbor";
}

export function requestOf({ test, service }: LoadedCase): WireRequest {
  const { serialized } = test;
  if (!serialized) throw new Error(`${test.id} has no request.`);
  const [path = "", query = ""] = serialized.uri.split(/\?(.*)/s);
  const headers: Headers = {};
  for (const [name, value] of Object.entries(serialized.headers ?? {})) headers[name.toLowerCase()] = value;
  if (serialized.host !== undefined) headers["host"] = serialized.host;
  const body = Buffer.from(serialized.body ?? "", isCbor(service) ? "base64" : "utf8");
  return { method: serialized.method ?? "POST", path, query, headers, body };
}

/**
 * The values of a case as handlers have them. The cases write timestamps as epoch seconds, blobs as text,
 * numbers that are not finite as strings.
 */
export function toValue(value: unknown, ref: ShapeRef | undefined, service: ServiceModel): unknown {
  const shape = ref && service.shapes[ref.shape];
  if (!shape || shape.document || value === null) return value;
  switch (shape.type) {
    case "structure":
      return mapValues(value as Value, (item, name) => toValue(item, shape.members?.[name], service));
    case "map": return mapValues(value as Value, (item) => toValue(item, shape.value, service));
    case "list": return (value as readonly unknown[]).map((item) => toValue(item, shape.member, service));
    case "blob": return Buffer.from(String(value), "utf8");
    case "timestamp": return Math.round(Number(value) * 1000);
    case "float": case "double": return Number(value);
    default: return value;
  }
}

function mapValues(value: Value, convert: (item: unknown, name: string) => unknown): Value {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, convert(item, name)]));
}

/** Nulls count as absent, and maps without a prototype as any others, so that values can be compared. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (Buffer.isBuffer(value)) return { blob: value.toString("base64") };
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, comparable(item)]));
}

/** The error of a case as a handler throws it. */
export function errorOf({ test, service }: LoadedCase): AwsError {
  const shapeName = Object.keys(service.shapes).find((name) => {
    const { exception, error } = service.shapes[name] as Shape;
    return exception && (name === test.errorCode || error?.code === test.errorCode);
  });
  const { Message: _Message, message: _message, ...members } = test.error ?? {};
  const converted = shapeName === undefined ? members : toValue(members, { shape: shapeName }, service);
  const queryCode = shapeName === undefined ? undefined : service.shapes[shapeName]?.error?.code;
  // Some cases leave the message out that their answer has.
  const message = test.errorMessage ?? /<Message>([^<]*)</.exec(test.response?.body ?? "")?.[1] ?? "";
  return new AwsError({
    code: test.errorCode ?? "", message, status: test.response?.status_code ?? 400,
    members: converted as Value,
    ...(shapeName !== undefined && { shape: shapeName }), ...(queryCode !== undefined && { queryCode }),
  });
}
