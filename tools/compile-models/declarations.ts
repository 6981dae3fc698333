/** TypeScript text of a model: one interface a structure, one token an operation, one token an error. */

import type { ServiceModel, Shape, ShapeRef } from "../../src/kernel/model/model.ts";

const scalars: Readonly<Record<string, string>> = {
  string: "string",
  character: "string",
  boolean: "boolean",
  timestamp: "number",
  blob: "Buffer",
  integer: "number",
  long: "number",
  float: "number",
  double: "number",
  short: "number",
  byte: "number",
  bigInteger: "bigint",
  bigDecimal: "string",
};

function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** Names that are TypeScript's own, and so can't name an interface. */
const reserved = new Set([
  "String",
  "Object",
  "Function",
  "Array",
  "Date",
  "Record",
  "Map",
  "Error",
  "Buffer",
  "Boolean",
]);

function typeName(shape: string): string {
  const name = shape.replace(/^[^A-Za-z_]/, "_").replace(/[^\w]/g, "_");
  return reserved.has(name) ? `${name}Shape` : name;
}

function typeOf(ref: ShapeRef, model: ServiceModel): string {
  const shape = model.shapes[ref.shape];
  if (!shape) throw new Error(`${model.service}: no shape ${ref.shape}`);
  if (shape.document) return "unknown";
  if (shape.eventstream) return `AsyncIterable<${typeName(ref.shape)}>`;
  switch (shape.type) {
    case "structure":
      return typeName(ref.shape);
    case "list":
      return shape.member ? `${wrap(typeOf(shape.member, model))}[]` : "unknown[]";
    case "map":
      return `Record<string, ${shape.value ? typeOf(shape.value, model) : "unknown"}>`;
    case "string":
      return shape.enum && shape.enum.length > 0 ? typeName(ref.shape) : "string";
    case "blob":
      return ref.streaming || shape.streaming ? "Readable | Buffer" : "Buffer";
    default:
      return scalars[shape.type] ?? "unknown";
  }
}

function wrap(type: string): string {
  return type.includes("|") ? `(${type})` : type;
}

function structure(name: string, shape: Shape, model: ServiceModel): string {
  const required = new Set(shape.required ?? []);
  const members = Object.entries(shape.members ?? {}).map(([member, ref]) => {
    const type = typeOf(ref, model);
    return required.has(member)
      ? `  ${property(member)}: ${type};\n`
      : `  ${property(member)}?: ${type} | undefined;\n`;
  });
  return members.length === 0
    ? `export type ${typeName(name)} = Record<never, never>;\n`
    : `export interface ${typeName(name)} {\n${members.join("")}}\n`;
}

function errorToken(name: string, shape: Shape, model: ServiceModel): string {
  const code = shape.error?.code ?? name;
  const status = shape.error?.httpStatusCode ?? (shape.fault ? 500 : 400);
  const queryCode = model.queryCompatible && code !== name ? `, queryCode: ${JSON.stringify(code)}` : "";
  const token = `{ shape: "${name}", code: "${code}", status: ${status}${queryCode} }`;
  return `export const ${typeName(name)}: ErrorToken = ${token};\n`;
}

export function declarations(model: ServiceModel): string {
  const shapes = Object.entries(model.shapes);
  const types = shapes.flatMap(([name, shape]) => {
    if (shape.type === "structure") return [structure(name, shape, model)];
    if (shape.type === "string" && shape.enum && shape.enum.length > 0) {
      return [
        `export type ${typeName(name)} = ${shape.enum.map((value) => JSON.stringify(value)).join(" | ")};\n`,
      ];
    }
    return [];
  });
  const errors = shapes
    .filter(([, shape]) => shape.exception)
    .map(([name, shape]) => errorToken(name, shape, model));
  const operations = Object.values(model.operations).map((operation) => {
    const input = operation.input ? typeName(operation.input.shape) : "Record<never, never>";
    const output = operation.output ? typeName(operation.output.shape) : "Record<never, never>";
    return (
      `export const ${operation.name}: OperationToken<${input}, ${output}> = ` +
      `{ service: "${model.service}", name: "${operation.name}" };\n`
    );
  });
  const body = types.join("");
  const readable = body.includes("Readable | Buffer") ? `import type { Readable } from "node:stream";\n` : "";
  return (
    `${readable}import type { ErrorToken } from "../kernel/errors.ts";\n` +
    `import type { OperationToken, ServiceToken } from "../kernel/tokens.ts";\n\n` +
    `export const service: ServiceToken = { service: "${model.service}" };\n\n` +
    `${operations.join("")}\n${errors.join("")}\n${body}`
  );
}

export function directory(models: readonly ServiceModel[], built: ReadonlySet<string>): string {
  const entries = models.map((model) => {
    const target = model.targetPrefix ? `targetPrefix: "${model.targetPrefix}", ` : "";
    const load = built.has(model.service)
      ? `\n    load: () => import("../services/${model.service}/service.ts"),`
      : "";
    return (
      `  {\n    service: "${model.service}", signingName: "${model.signingName}", ` +
      `endpointPrefix: "${model.endpointPrefix}", iamPrefix: "${model.iamPrefix}",\n` +
      `    protocols: ${JSON.stringify(model.protocols)}, ${target}apiVersion: "${model.apiVersion}", ` +
      `global: ${model.global},${load}\n  },\n`
    );
  });
  return (
    `import type { DirectoryEntry } from "../kernel/tokens.ts";\n\n` +
    `/** Every service whose model is here; those with \`load\` are built. */\n` +
    `export const directory: readonly DirectoryEntry[] = [\n${entries.join("")}];\n`
  );
}
