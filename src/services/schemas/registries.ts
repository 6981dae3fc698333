/** Registries, and who else may use them. */

import * as schemas from "../../generated/schemas.ts";
import { validatePolicy } from "../../iam/parse.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import { badRequest, conflict, invalidToken, notFound, outdated } from "./errors.ts";
import {
  authorizeTagging, discoveredRegistry, dropSchema, findRegistry, registries, registriesFrom, registryArn,
  requireRegistry, schemaRows, setTags, type Registry,
} from "./schema-table.ts";

const nameForm = /^[0-9A-Za-z_.@-]{1,64}$/;

const onRegistry = {
  resource: ({ RegistryName }: { readonly RegistryName?: string | undefined }, ctx: ReadContext): string =>
    (RegistryName === undefined ? "*" : registryArn(ctx, RegistryName)),
};

function shown(ctx: ReadContext, registry: Registry): schemas.CreateRegistryResponse {
  const RegistryArn = registryArn(ctx, registry.name);
  return {
    RegistryName: registry.name, RegistryArn, Description: registry.description,
      Tags: ctx.tags(RegistryArn).get(),
  };
}

export const CreateRegistry = operation(schemas.CreateRegistry, {
  ...onRegistry,
  run({ RegistryName: name, Description, Tags }, ctx) {
    if (!nameForm.test(name) ||
      /^aws\./i.test(name)) throw badRequest(`The registry name ${name} is not valid.`);
    if (findRegistry(ctx, name)) throw conflict(`Registry with name ${name}`);
    const registry = ctx.db(registries).put({ name, description: Description });
    const arn = registryArn(ctx, name);
    authorizeTagging(ctx, arn, Tags);
    setTags(ctx, arn, Tags);
    return shown(ctx, registry);
  },
});

export const UpdateRegistry = operation(schemas.UpdateRegistry, {
  ...onRegistry,
  run({ RegistryName, Description }, ctx) {
    const registry = requireRegistry(ctx, RegistryName);
    return shown(ctx, ctx.db(registries).put({ ...registry, description: Description ??
      registry.description }));
  },
});

/** Its schemas go with it. */
export const DeleteRegistry = operation(schemas.DeleteRegistry, {
  ...onRegistry,
  run({ RegistryName }, ctx) {
    requireRegistry(ctx, RegistryName);
    for (const schema of [...ctx.db(schemaRows).list({ prefix: RegistryName })]) dropSchema(ctx, schema);
    ctx.db(registries).delete(RegistryName);
    ctx.tags(registryArn(ctx, RegistryName)).clear();
  },
});

export const DescribeRegistry = operation(schemas.DescribeRegistry, {
  ...onRegistry,
  run: ({ RegistryName }, ctx) => shown(ctx, requireRegistry(ctx, RegistryName)),
});

export const ListRegistries = operation(schemas.ListRegistries, {
  run({ RegistryNamePrefix: prefix = "", Scope, Limit, NextToken }, ctx) {
    const all = registriesFrom(ctx, prefix);
    const { items, next } = page({
      rows: { list: (range) => all.filter(({ name }) => !range?.after || name > String(range.after)) },
      key: (registry) => registry.name,
      // Registries of AWS's own are not here.
      keep: () => Scope?.toUpperCase() !== "AWS",
      limit: Limit ?? 100,
      token: NextToken,
      scope: `schemas.ListRegistries ${prefix}`,
      invalid: invalidToken,
    });
    const Registries = items.map((registry) => {
      const { Description: _description, ...rest } = shown(ctx, registry);
      return rest;
    });
    return { Registries, NextToken: next };
  },
});

export const PutResourcePolicy = operation(schemas.PutResourcePolicy, {
  ...onRegistry,
  run({ RegistryName = discoveredRegistry, Policy, RevisionId }, ctx) {
    const registry = requireRegistry(ctx, RegistryName);
    if (RevisionId !== undefined && RevisionId !== registry.policyRevision) throw outdated();
    if (validatePolicy(Policy, "resource").length > 0) throw badRequest("The resource policy is not valid.");
    const policy = keptPolicy(ctx.kernel.identity, Policy, (name) => badRequest(`${name} does not exist.`));
    const { policyRevision } = ctx.db(registries).put({ ...registry, policy,
      policyRevision: ctx.ids.uuid() });
    return { Policy, RevisionId: policyRevision };
  },
});

export const GetResourcePolicy = operation(schemas.GetResourcePolicy, {
  ...onRegistry,
  run({ RegistryName = discoveredRegistry }, ctx) {
    const { policy, policyRevision } = requireRegistry(ctx, RegistryName);
    if (policy === undefined) throw notFound(`A resource policy of registry ${RegistryName}`);
    return { Policy: shownPolicy(ctx.kernel.identity, policy), RevisionId: policyRevision };
  },
});

export const DeleteResourcePolicy = operation(schemas.DeleteResourcePolicy, {
  ...onRegistry,
  run({ RegistryName = discoveredRegistry }, ctx) {
    const { policy, policyRevision: _revision, ...rest } = requireRegistry(ctx, RegistryName);
    if (policy === undefined) throw notFound(`A resource policy of registry ${RegistryName}`);
    ctx.db(registries).put(rest);
  },
});

/** A registry's policy decides over it and its schemas. */
export function registryPolicy(arn: string, ctx: ReadContext): string | undefined {
  const [kind, name = ""] = (parseArn(arn)?.resource ?? "").split("/");
  return kind === "registry" || kind === "schema" ? findRegistry(ctx, name)?.policy : undefined;
}
