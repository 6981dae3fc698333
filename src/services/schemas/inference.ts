/**
 * The schema of events that have been seen: what kinds of values their members have, and which are in all of
 * them.
 *
 * @evidence EventBridge User Guide, "Amazon EventBridge schemas": the form of discovered schemas
 */

import type * as schemas from "../../generated/schemas.ts";

/**
 * The kind of a value: what it has been, over all that was seen. `anything` has been nothing yet, `mixed` has
 * been of several kinds, and stays so.
 */
export type Shape =
  | { readonly kind: "string" | "date-time" | "number" | "boolean" | "anything" | "mixed" }
  | { readonly kind: "array"; readonly items: Shape | undefined }
  | { readonly kind: "object"; readonly members: Readonly<Record<string, Member>> };

interface Member {
  readonly shape: Shape;
  readonly isRequired: boolean;
}

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** Deeper than this, anything may be. */
const depthMax = 100;

export function shapeOf(value: unknown, depth = 0): Shape {
  if (depth > depthMax || value === null || value === undefined) return { kind: "anything" };
  if (Array.isArray(value)) {
    const items = value.map((item) => shapeOf(item, depth + 1));
    return { kind: "array", items: items.length === 0 ? undefined : items.reduce(merged) };
  }
  if (typeof value === "object") {
    const members = Object.entries(value).map(([name, member]) => (
      [name, { shape: shapeOf(member, depth + 1), isRequired: true }] as const
    ));
    return { kind: "object", members: namesOnly(members) };
  }
  if (typeof value === "string") return { kind: dateTime.test(value) ? "date-time" : "string" };
  return { kind: typeof value === "number" ? "number" : "boolean" };
}

/** Names come from events: none of them is more than a name. */
function namesOnly<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  const record = Object.create(null) as Record<string, Value>;
  for (const [name, value] of entries) record[name] = value;
  return record;
}

export function merged(one: Shape, other: Shape): Shape {
  if (one.kind === "anything") return other;
  if (other.kind === "anything") return one;
  if (one.kind === "array" && other.kind === "array") {
    const items = one.items && other.items ? merged(one.items, other.items) : (one.items ?? other.items);
    return { kind: "array", items };
  }
  if (one.kind === "object" && other.kind === "object") return mergedObjects(one.members, other.members);
  if (one.kind === other.kind) return one;
  const texts = new Set(["string", "date-time"]);
  return texts.has(one.kind) && texts.has(other.kind) ? { kind: "string" } : { kind: "mixed" };
}

type Members = Readonly<Record<string, Member>>;

function mergedObjects(one: Members, other: Members): Shape {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const members = names.map((name): readonly [string, Member] => {
    const first = one[name];
    const second = other[name];
    if (!first || !second) {
      const known = first ?? second;
      return [name, { shape: known?.shape ?? { kind: "anything" }, isRequired: false }];
    }
    const shape = merged(first.shape, second.shape);
    return [name, { shape, isRequired: first.isRequired && second.isRequired }];
  });
  return { kind: "object", members: namesOnly(members) };
}

/** Objects become definitions of their own, named after the members that they are. */
class Definitions {
  readonly all = new Map<string, object>();
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  reference(shape: Shape, name: string): object {
    switch (shape.kind) {
      case "anything":
      case "mixed":
        return { type: "object" };
      case "date-time":
        return { type: "string", format: "date-time" };
      case "array":
        return {
          type: "array",
          items: shape.items ? this.reference(shape.items, `${name}Item`) : { type: "object" },
        };
      case "object":
        return { $ref: `${this.#prefix}${this.define(shape.members, name)}` };
      default:
        return { type: shape.kind };
    }
  }

  define(members: Members, wanted: string): string {
    let name = wanted;
    for (let count = 2; this.all.has(name); count++) name = `${wanted}${String(count)}`;
    // The place is taken before what is within: definitions stand in the order of their first mention.
    this.all.set(name, {});
    const required = Object.keys(members).filter((member) => members[member]?.isRequired);
    const properties = namesOnly(Object.entries(members).map(([member, { shape }]) => (
      [member, this.reference(shape, definitionName(member))] as const
    )));
    this.all.set(name, { type: "object", ...(required.length > 0 && { required }), properties });
    return name;
  }
}

/** `EC2 Instance State-change Notification`: `EC2InstanceStateChangeNotification`. */
export function definitionName(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return name === "" ? "Detail" : name;
}

export interface SeenEvent {
  readonly source: string;
  readonly detailType: string;
}

/** @param detail the shape of the details that were seen */
export function documentOf(type: schemas.Type, { source, detailType }: SeenEvent, detail: Shape): string {
  const definitions = definitionsFor(type);
  const title = definitionName(detailType);
  const text = { type: "string" };
  const event = {
    type: "object",
    required: ["detail-type", "resources", "detail", "id", "source", "time", "region", "version", "account"],
    "x-amazon-events-detail-type": detailType,
    "x-amazon-events-source": source,
    properties: {
      detail: definitions.reference(detail, title),
      account: text,
      "detail-type": text,
      id: text,
      region: text,
      resources: { type: "array", items: { type: "object" } },
      source: text,
      time: { type: "string", format: "date-time" },
      version: text,
    },
  };
  return written(type, title, "AWSEvent", event, definitions);
}

/** Of JSON that is no event of EventBridge. */
export function documentOfJson(type: schemas.Type, shape: Shape): string {
  const definitions = definitionsFor(type);
  const name = "Event";
  if (shape.kind !== "object") {
    return written(type, name, name, definitions.reference(shape, name), definitions);
  }
  const own = definitions.define(shape.members, name);
  const schema = definitions.all.get(own) ?? {};
  definitions.all.delete(own);
  return written(type, name, own, schema, definitions);
}

function definitionsFor(type: schemas.Type): Definitions {
  return new Definitions(type === "OpenApi3" ? "#/components/schemas/" : "#/definitions/");
}

function written(
  type: schemas.Type, title: string, name: string, schema: object, { all }: Definitions,
): string {
  const others = Object.fromEntries(all);
  if (type !== "OpenApi3") return JSON.stringify({ $schema: draft4, title, definitions: others, ...schema });
  return JSON.stringify({
    openapi: "3.0.0", info: { version: "1.0.0", title }, paths: {},
    components: { schemas: { [name]: schema, ...others } },
  });
}

const draft4 = "http://json-schema.org/draft-04/schema#";

/** An OpenAPI document's first schema, with the others as its definitions. */
export function asJsonSchema(content: string): string {
  const document = JSON.parse(content) as {
    info?: { title?: unknown };
    components?: { schemas?: Record<string, object> };
  };
  const all = document.components?.schemas ?? {};
  const [first, ...others] = Object.keys(all);
  const schema = {
    $schema: draft4,
    ...(typeof document.info?.title === "string" && { title: document.info.title }),
    definitions: Object.fromEntries(others.map((name) => [name, all[name]])),
    ...(first !== undefined && all[first]),
  };
  return JSON.stringify(schema).replaceAll('"#/components/schemas/', '"#/definitions/');
}
