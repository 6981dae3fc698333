/** Services made up for tests, as small as the model allows. */

import type { OperationModel, ProtocolName, ServiceModel, Shape } from "../model/model.ts";
import type { WireRequest } from "./protocol.ts";

export interface TestOperation extends Partial<Omit<OperationModel, "http">> {
  readonly http?: OperationModel["http"];
}

export function testService(
  protocol: ProtocolName,
  shapes: Readonly<Record<string, Shape>>,
  operations: Readonly<Record<string, TestOperation>>,
  more: Partial<ServiceModel> = {},
): ServiceModel {
  const complete = Object.entries(operations).map(([name, operation]): [string, OperationModel] => {
    return [name, {
      http: { method: "POST", requestUri: "/" }, iamAction: `test:${name}`, access: "Read", ...operation,
      name,
    }];
  });
  return {
    service: "test", serviceId: "Test", apiVersion: "2020-01-01", signingName: "test", endpointPrefix: "test",
    protocols: [protocol], queryCompatible: false, global: false, iamPrefix: "test",
    eventSource: "test.amazonaws.com", operations: Object.fromEntries(complete), shapes, ...more,
  };
}

export function operationOf(service: ServiceModel, name: string): OperationModel {
  const operation = service.operations[name];
  if (!operation) throw new Error(`The test service has no operation ${name}.`);
  return operation;
}

export function testRequest(
  more: Partial<Omit<WireRequest, "body">> & { readonly body?: string | Buffer },
): WireRequest {
  const body = Buffer.isBuffer(more.body) ? more.body : Buffer.from(more.body ?? "", "utf8");
  return { method: "POST", path: "/", query: "", headers: {}, ...more, body };
}
