/** Aliases: friendly names for keys, unique in an account and Region. */

import * as kms from "../../generated/kms.ts";
import type { AliasListEntry } from "../../generated/kms.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page, pageOf } from "../../kernel/page.ts";
import { aliases, type Alias } from "./alias-rows.ts";
import { keyConditions } from "./conditions.ts";
import {
  aliasExists, aliasNotFound, aliasReserved, invalidMarker, limitExceeded, unsupported, validation,
} from "./errors.ts";
import { locateKey, ownKey, requireKey } from "./key-ids.ts";
import { keyArn, keys, requireNotPendingDeletion, type Key } from "./keys.ts";

/**
 * @evidence recorded AWS answer: "Aliases per key quota for this account in this region is 50, current
 * usage is 60."
 */
const aliasesPerKeyMax = 50;
const pageSizeMax = 100;
const pageSizeDefault = 50;

/** @evidence recorded AWS answer without the prefix; the other texts are unverified, see NOTES.md */
function requireName(name: string): void {
  if (!name.startsWith("alias/")) {
    throw validation('Alias must start with the prefix "alias/". Please see '
      + "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
  }
  if (name.startsWith("alias/aws/")) throw aliasReserved();
  if (name === "alias/") throw validation("Invalid identifier");
  if (name.includes(":")) throw validation(`${name} contains invalid characters for an alias`);
}

function requireKeyName(name: string): void {
  if (name.startsWith("alias/") || name.includes(":alias/")) {
    throw validation("Aliases must refer to keys. Not aliases");
  }
}

function requireRoom(ctx: Context, key: Key): void {
  const usage = ctx.db(aliases).by("key").count({ prefix: key.keyId });
  if (usage < aliasesPerKeyMax) return;
  throw limitExceeded(
    `Aliases per key quota for this account in this region is ${aliasesPerKeyMax}, `
    + `current usage is ${usage}.`,
  );
}

/**
 * Both the alias's and the key's permission are needed.
 *
 * @evidence KMS Developer Guide, "Controlling access to aliases"
 */
export const CreateAlias = operation(kms.CreateAlias, {
  resource: (input, ctx) => {
    requireName(input.AliasName);
    requireKeyName(input.TargetKeyId);
    return [ctx.arn(input.AliasName), keyArn(ctx, locateKey(ctx, input.TargetKeyId, ownKey("CreateAlias")))];
  },
  conditions: (input, ctx) => keyConditions(ctx, locateKey(ctx, input.TargetKeyId, ownKey("CreateAlias"))),

  run(input, ctx) {
    const key = requireKey(ctx, input.TargetKeyId, ownKey("CreateAlias"));
    requireNotPendingDeletion(ctx, key);
    if (ctx.db(aliases).has(input.AliasName)) throw aliasExists(ctx.arn(input.AliasName));
    requireRoom(ctx, key);
    const now = ctx.clock.now();
    ctx.db(aliases).put({ name: input.AliasName, targetKeyId: key.keyId, createdAt: now, updatedAt: now });
    return {};
  },
});

function requireAlias(ctx: ReadContext, name: string): Alias {
  const alias = ctx.db(aliases).get(name);
  if (!alias) throw aliasNotFound(ctx.arn(name));
  return alias;
}

function arnsOf(ctx: ReadContext, name: string): string[] {
  requireName(name);
  return [ctx.arn(name), keyArn(ctx, { keyId: requireAlias(ctx, name).targetKeyId })];
}

/** @evidence KMS API Reference, UpdateAlias: both keys of one type and one usage */
export const UpdateAlias = operation(kms.UpdateAlias, {
  resource: (input, ctx) => {
    const known = arnsOf(ctx, input.AliasName);
    requireKeyName(input.TargetKeyId);
    return [...known, keyArn(ctx, locateKey(ctx, input.TargetKeyId, ownKey("UpdateAlias")))];
  },
  conditions: (input, ctx) => keyConditions(ctx, locateKey(ctx, input.TargetKeyId, ownKey("UpdateAlias"))),

  run(input, ctx) {
    const alias = requireAlias(ctx, input.AliasName);
    const key = requireKey(ctx, input.TargetKeyId, ownKey("UpdateAlias"));
    requireNotPendingDeletion(ctx, key);
    const before = ctx.db(keys).get(alias.targetKeyId);
    if (before && (before.usage !== key.usage || before.spec !== key.spec)) {
      throw unsupported("The new target key must be of the same type and usage as the current target key.");
    }
    if (alias.targetKeyId !== key.keyId) requireRoom(ctx, key);
    ctx.db(aliases).put({ ...alias, targetKeyId: key.keyId, updatedAt: ctx.clock.now() });
    return {};
  },
});

export const DeleteAlias = operation(kms.DeleteAlias, {
  resource: (input, ctx) => arnsOf(ctx, input.AliasName),
  conditions: (input, ctx) => {
    const key = ctx.db(keys).get(requireAlias(ctx, input.AliasName).targetKeyId);
    return key ? keyConditions(ctx, key) : {};
  },

  run(input, ctx) {
    ctx.db(aliases).delete(requireAlias(ctx, input.AliasName).name);
    return {};
  },
});

function shown(ctx: ReadContext, alias: Alias): AliasListEntry {
  return {
    AliasName: alias.name,
    AliasArn: ctx.arn(alias.name),
    TargetKeyId: alias.targetKeyId,
    CreationDate: alias.createdAt,
    LastUpdatedDate: alias.updatedAt,
  };
}

export const ListAliases = operation(kms.ListAliases, {
  run(input, ctx) {
    const request = {
      limit: Math.min(input.Limit ?? pageSizeDefault, pageSizeMax),
      token: input.Marker,
      scope: `kms.ListAliases ${input.KeyId ?? ""}`,
      invalid: invalidMarker,
    };
    const ofKey = input.KeyId === undefined ? undefined : requireKey(ctx, input.KeyId, ownKey("ListAliases"));
    const found = ofKey
      ? pageOf([...ctx.db(aliases).by("key").list({ prefix: ofKey.keyId })], request)
      : page({ ...request, rows: ctx.db(aliases), key: (alias) => alias.name });
    return {
      Aliases: found.items.map((alias) => shown(ctx, alias)),
      Truncated: found.next !== undefined,
      NextMarker: found.next,
    };
  },
});
