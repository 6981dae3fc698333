/** Members that clients write into the host name: `123456789012.s3-control.us-east-1.amazonaws.com`. */

import type { OperationModel, ServiceModel } from "../model/model.ts";
import { membersOf, onceFor, shapeOf } from "./compile.ts";
import type { Value, WireRequest } from "./protocol.ts";

interface HostLabels {
  readonly pattern: RegExp;
  readonly members: readonly string[];
}

const hostLabelsOf = onceFor((operation: OperationModel, service): HostLabels | null => {
  const prefix = operation.endpoint?.hostPrefix;
  if (!prefix?.includes("{") || !operation.input) return null;
  const known = new Set(membersOf(shapeOf(operation.input, service)).map(([name]) => name));
  const members: string[] = [];
  const source = prefix.split(/(\{[^}]+\})/).map((part) => {
    if (!part.startsWith("{")) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    members.push(part.slice(1, -1));
    return "([^.:]+)";
  });
  if (!members.every((name) => known.has(name))) return null;
  return { pattern: new RegExp(`^${source.join("")}`), members };
});

/** Sets what the host name says and the rest of the request does not. */
export function readHostLabels(
  input: Value, request: WireRequest, operation: OperationModel, service: ServiceModel,
): Value {
  const labels = operation.endpoint && hostLabelsOf(operation, service);
  const host = request.headers["host"];
  if (!labels || !host || /^(?:[\d.]+|\[.*\])(?::\d+)?$/.test(host)) return input;
  const found = labels.pattern.exec(host);
  if (!found) return input;
  labels.members.forEach((name, index) => (input[name] ??= found[index + 1]));
  return input;
}
