/** Registries, schemas and their versions: rows, and how they are found. */

import type * as schemas from "../../generated/schemas.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { badRequest, notFound } from "./errors.ts";

export interface Registry {
  readonly name: string;
  readonly description?: string | undefined;
  readonly policy?: string | undefined;
  readonly policyRevision?: string | undefined;
}

export const registries = table<Registry>("schemas.registries", { key: (row) => row.name });

export interface Schema {
  readonly registry: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly latest: number;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

export const schemaRows = table<Schema>("schemas.schemas", { key: (row) => [row.registry, row.name] });

export interface SchemaVersion {
  readonly registry: string;
  readonly schema: string;
  readonly number: number;
  readonly type: schemas.Type;
  readonly content: string;
  readonly createdAt: number;
}

export const versions = table<SchemaVersion>("schemas.versions", {
  key: (row) => [row.registry, row.schema, row.number],
});

export function registryArn(ctx: ReadContext, name: string): string {
  return ctx.arn(`registry/${name}`);
}

export function schemaArn(ctx: ReadContext, registry: string, name: string): string {
  return ctx.arn(`schema/${registry}/${name}`);
}

/**
 * The registry that is there from the beginning; it has a row once there is something to keep.
 *
 * @evidence EventBridge User Guide, "Schema registries": the default schema registries; API Reference,
 *   GetResourcePolicy, which means it where no name is given
 */
export const discoveredRegistry = "discovered-schemas";

export function findRegistry(ctx: ReadContext, name: string): Registry | undefined {
  return ctx.db(registries).get(name) ?? (name === discoveredRegistry ? { name } : undefined);
}

/** In the order of their names. */
export function registriesFrom(ctx: ReadContext, prefix: string): Registry[] {
  const rows = [...ctx.db(registries).list(prefix === "" ? {} : { prefix, prefixOfLastPart: true })];
  const isListed = rows.some(({ name }) => name === discoveredRegistry);
  if (isListed || !discoveredRegistry.startsWith(prefix)) return rows;
  return [...rows, { name: discoveredRegistry }].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws NotFoundException */
export function requireRegistry(ctx: ReadContext, name: string): Registry {
  const registry = findRegistry(ctx, name);
  if (!registry) throw notFound(`Registry with name ${name}`);
  return registry;
}

/** @throws NotFoundException */
export function requireSchema(ctx: ReadContext, registry: string, name: string): Schema {
  requireRegistry(ctx, registry);
  const schema = ctx.db(schemaRows).get([registry, name]);
  if (!schema) throw notFound(`Schema with name ${name} in registry ${registry}`);
  return schema;
}

/** Default: the latest. @throws NotFoundException */
export function requireVersion(ctx: ReadContext, schema: Schema, number: string | undefined): SchemaVersion {
  const { registry, name, latest } = schema;
  const version = ctx.db(versions).get([registry, name, number === undefined ? latest : Number(number) || 0]);
  if (!version) throw notFound(`Version ${number ?? latest} of schema ${name}`);
  return version;
}

const tagsMax = 50;

/** @throws BadRequestException */
/** Of what is made with tags: who makes it must be allowed to tag it, too. */
export function authorizeTagging(
  ctx: Context, arn: string, tags: Readonly<Record<string, string>> | undefined,
): void {
  if (Object.keys(tags ?? {}).length > 0) ctx.authorize({ action: "schemas:TagResource", resource: arn });
}

export function setTags(ctx: Context, arn: string, tags: Readonly<Record<string, string>> | undefined): void {
  for (const [key, value] of Object.entries(tags ?? {})) {
    if (key.toLowerCase().startsWith("aws:")) throw badRequest("Tag keys that begin with aws: are reserved.");
    if (key === "" || key.length > 128) throw badRequest("A tag's key has 1 to 128 characters.");
    if (value.length > 256) throw badRequest("A tag's value has at most 256 characters.");
  }
  const set = ctx.tags(arn);
  set.set(tags);
  if (set.list().length > tagsMax) throw badRequest(`A resource has at most ${String(tagsMax)} tags.`);
}

/** @returns the schema with its new version */
export function addVersion(
  ctx: Context, schema: Schema, { type, content }: Pick<SchemaVersion, "type" | "content">,
): Schema {
  const { registry, name: of, latest } = schema;
  const now = ctx.clock.now();
  ctx.db(versions).put({ registry, schema: of, number: latest + 1, type, content, createdAt: now });
  return ctx.db(schemaRows).put({ ...schema, latest: latest + 1, modifiedAt: now });
}

export function dropSchema(ctx: Context, { registry, name }: Schema): void {
  for (const { number } of [...ctx.db(versions).list({ prefix: [registry, name] })]) {
    ctx.db(versions).delete([registry, name, number]);
  }
  ctx.db(schemaRows).delete([registry, name]);
  ctx.tags(schemaArn(ctx, registry, name)).clear();
}
