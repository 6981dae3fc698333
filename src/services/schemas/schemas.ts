/** Schemas and their versions. */

import * as schemas from "../../generated/schemas.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { isDeeperThan } from "../../kernel/json-depth.ts";
import { operation } from "../../kernel/operation.ts";
import { page, pageOf } from "../../kernel/page.ts";
import { badRequest, conflict, invalidToken } from "./errors.ts";
import { asJsonSchema } from "./inference.ts";
import {
  addVersion, authorizeTagging, dropSchema, requireRegistry, requireSchema, requireVersion, schemaArn,
  schemaRows, setTags,
  versions, type Schema, type SchemaVersion,
} from "./schema-table.ts";

interface NamesSchema {
  readonly RegistryName: string;
  readonly SchemaName: string;
}

const onSchema = {
  resource: ({ RegistryName, SchemaName }: NamesSchema, ctx: ReadContext): string =>
    schemaArn(ctx, RegistryName, SchemaName),
};

const levelsMax = 1_000;

/** @throws BadRequestException */
function requireContent(type: schemas.Type, content: string): void {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch {
    throw badRequest("The content is not valid JSON.");
  }
  const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
  if (!isObject) throw badRequest("The content is no JSON object.");
  if (isDeeperThan(content, levelsMax)) throw badRequest("The content is nested too deep.");
  const { openapi } = document as { openapi?: unknown };
  if (type === "OpenApi3" && !(typeof openapi === "string" && openapi.startsWith("3."))) {
    throw badRequest("The content is no OpenAPI 3 document.");
  }
}

function shown(ctx: ReadContext, schema: Schema, version: SchemaVersion): schemas.CreateSchemaResponse {
  const SchemaArn = schemaArn(ctx, schema.registry, schema.name);
  return {
    SchemaName: schema.name,
    SchemaArn,
    Description: schema.description,
    LastModified: schema.modifiedAt,
    SchemaVersion: String(version.number),
    Tags: ctx.tags(SchemaArn).get(),
    Type: version.type,
    VersionCreatedDate: version.createdAt,
  };
}

export const CreateSchema = operation(schemas.CreateSchema, {
  ...onSchema,
  run({ RegistryName: registry, SchemaName: name, Type: type, Content: content, Description, Tags }, ctx) {
    requireRegistry(ctx, registry);
    if (ctx.db(schemaRows).has([registry, name])) throw conflict(`Schema with name ${name}`);
    requireContent(type, content);
    const draft = { registry, name, description: Description, latest: 0, modifiedAt: ctx.clock.now() };
    const schema = addVersion(ctx, draft, { type, content });
    const arn = schemaArn(ctx, registry, name);
    authorizeTagging(ctx, arn, Tags);
    setTags(ctx, arn, Tags);
    return shown(ctx, schema, requireVersion(ctx, schema, undefined));
  },
});

/** Content that is the same makes no version. */
export const UpdateSchema = operation(schemas.UpdateSchema, {
  ...onSchema,
  run({ RegistryName, SchemaName, Content, Description, Type }, ctx) {
    const before = requireSchema(ctx, RegistryName, SchemaName);
    const latest = requireVersion(ctx, before, undefined);
    const type = Type ?? latest.type;
    let schema: Schema = { ...before, description: Description ?? before.description };
    if (Content !== undefined && Content !== latest.content) {
      requireContent(type, Content);
      schema = addVersion(ctx, schema, { type, content: Content });
    } else {
      ctx.db(schemaRows).put({ ...schema, modifiedAt: ctx.clock.now() });
    }
    return shown(ctx, schema, requireVersion(ctx, schema, undefined));
  },
});

export const DeleteSchema = operation(schemas.DeleteSchema, {
  ...onSchema,
  run({ RegistryName, SchemaName }, ctx) {
    dropSchema(ctx, requireSchema(ctx, RegistryName, SchemaName));
  },
});

/** With the last of its versions a schema goes. */
export const DeleteSchemaVersion = operation(schemas.DeleteSchemaVersion, {
  ...onSchema,
  run({ RegistryName, SchemaName, SchemaVersion }, ctx) {
    const schema = requireSchema(ctx, RegistryName, SchemaName);
    const version = requireVersion(ctx, schema, SchemaVersion);
    ctx.db(versions).delete([RegistryName, SchemaName, version.number]);
    const last = ctx.db(versions).first({ prefix: [RegistryName, SchemaName], reverse: true });
    if (!last) dropSchema(ctx, schema);
    else ctx.db(schemaRows).put({ ...schema, latest: last.number });
  },
});

export const DescribeSchema = operation(schemas.DescribeSchema, {
  ...onSchema,
  run({ RegistryName, SchemaName, SchemaVersion }, ctx) {
    const schema = requireSchema(ctx, RegistryName, SchemaName);
    const version = requireVersion(ctx, schema, SchemaVersion);
    return { ...shown(ctx, schema, version), Content: version.content };
  },
});

export const ExportSchema = operation(schemas.ExportSchema, {
  ...onSchema,
  run({ RegistryName, SchemaName, SchemaVersion, Type }, ctx) {
    if (Type !== "JSONSchemaDraft4") throw badRequest(`Schemas can't be exported as ${Type}.`);
    const schema = requireSchema(ctx, RegistryName, SchemaName);
    const version = requireVersion(ctx, schema, SchemaVersion);
    return {
      Content: version.type === "OpenApi3" ? asJsonSchema(version.content) : version.content,
      SchemaArn: schemaArn(ctx, RegistryName, SchemaName),
      SchemaName,
      SchemaVersion: String(version.number),
      Type,
    };
  },
});

export const ListSchemas = operation(schemas.ListSchemas, {
  resource: (_input, ctx) => ctx.arn("schema/*"),
  run({ RegistryName, SchemaNamePrefix: prefix = "", Limit, NextToken }, ctx) {
    requireRegistry(ctx, RegistryName);
    const { items, next } = page({
      rows: ctx.db(schemaRows),
      range: prefix === "" ? { prefix: RegistryName } : { prefix: [RegistryName, prefix],
        prefixOfLastPart: true },
      key: (schema) => [schema.registry, schema.name],
      limit: Limit ?? 100,
      token: NextToken,
      scope: `schemas.ListSchemas ${RegistryName} ${prefix}`,
      invalid: invalidToken,
    });
    const Schemas = items.map(({ registry, name, modifiedAt }): schemas.SchemaSummary => {
      const SchemaArn = schemaArn(ctx, registry, name);
      return {
        SchemaName: name, SchemaArn, LastModified: modifiedAt, Tags: ctx.tags(SchemaArn).get(),
        VersionCount: ctx.db(versions).count({ prefix: [registry, name] }),
      };
    });
    return { Schemas, NextToken: next };
  },
});

export const ListSchemaVersions = operation(schemas.ListSchemaVersions, {
  ...onSchema,
  run({ RegistryName, SchemaName, Limit, NextToken }, ctx) {
    requireSchema(ctx, RegistryName, SchemaName);
    const { items, next } = page({
      rows: ctx.db(versions),
      range: { prefix: [RegistryName, SchemaName] },
      key: (version) => [version.registry, version.schema, version.number],
      limit: Limit ?? 100,
      token: NextToken,
      scope: `schemas.ListSchemaVersions ${RegistryName} ${SchemaName}`,
      invalid: invalidToken,
    });
    const SchemaArn = schemaArn(ctx, RegistryName, SchemaName);
    const SchemaVersions = items.map(({ number, type }) => (
      { SchemaArn, SchemaName, SchemaVersion: String(number), Type: type }
    ));
    return { SchemaVersions, NextToken: next };
  },
});

/** All of the words must be in a version's content or in the schema's name. */
export const SearchSchemas = operation(schemas.SearchSchemas, {
  resource: ({ RegistryName }, ctx) => ctx.arn(`registry/${RegistryName}`),
  run({ RegistryName, Keywords, Limit, NextToken }, ctx) {
    requireRegistry(ctx, RegistryName);
    const words = Keywords.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const found: schemas.SearchSchemaSummary[] = [];
    for (const { name } of ctx.db(schemaRows).list({ prefix: RegistryName })) {
      const matching = [...ctx.db(versions).list({ prefix: [RegistryName, name] })].filter(({ content }) => {
        const text = `${name} ${content}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
      if (matching.length === 0) continue;
      found.push({
        RegistryName,
        SchemaArn: schemaArn(ctx, RegistryName, name),
        SchemaName: name,
        SchemaVersions: matching.map(({ number, type, createdAt }) => (
          { SchemaVersion: String(number), Type: type, CreatedDate: createdAt }
        )),
      });
    }
    const { items, next } = pageOf(found, {
      limit: Limit ?? 100, token: NextToken, scope: `schemas.SearchSchemas ${RegistryName} ${Keywords}`,
      invalid: invalidToken,
    });
    return { Schemas: items, NextToken: next };
  },
});
