/** The ways to name a key: its id, its ARN, an alias, an alias's ARN. */

import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import type { OperationRules } from "../../kernel/operation.ts";
import { aliases } from "./alias-rows.ts";
import { requestConditions } from "./conditions.ts";
import {
  accessDenied, accessDeniedToKey, aliasesNotTaken, aliasNotFound, invalidArn, invalidKeyId, keyNotFound,
  wrongRegion,
} from "./errors.ts";
import { keyArn, keys, type Key } from "./keys.ts";
import { createManagedKey, managedKeyDraft } from "./managed-keys.ts";
import { readIn, type Cell } from "./multi-region.ts";

/** Which names an operation takes. @evidence KMS API Reference, the KeyId of each operation */
export interface KeyNaming {
  /** The IAM action, for denials. */
  readonly action: string;
  readonly aliases: boolean;
  readonly crossAccount: boolean;
}

const keyIdForm = /^(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Where the resource part of an ARN, or a bare name, points. */
interface Target {
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly resource: string;
}

function targetOf(name: string): Target {
  if (!name.startsWith("arn:")) return { resource: name.startsWith("alias/") ? name : `key/${name}` };
  const arn = parseArn(name);
  if (arn?.service !== "kms" || !/^(?:key|alias)\/./.test(arn.resource)) throw invalidArn(name);
  return { account: arn.account, region: arn.region, resource: arn.resource };
}

/** The account in an ARN, for the `owner` of operations that work across accounts. */
export function accountIn(name: string | undefined): string | undefined {
  const account = name?.startsWith("arn:") ? parseArn(name)?.account : undefined;
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

/** The key's row; of AWS managed keys that nobody has used yet, the row it will have. */
export function locateKey(ctx: ReadContext, name: string, naming: KeyNaming): Key {
  const target = targetOf(name);
  if (target.region !== undefined && target.region !== ctx.region) throw wrongRegion(target.region);
  if (target.account !== undefined && target.account !== ctx.account) {
    throw accessDeniedToKey(ctx.caller.arn, naming.action);
  }
  if (target.resource.startsWith("alias/")) return aliased(ctx, target.resource, naming);
  const keyId = target.resource.slice("key/".length);
  if (!keyIdForm.test(keyId)) throw invalidKeyId(keyId);
  const key = ctx.db(keys).get(keyId);
  if (key) return key;
  const arn = keyArn(ctx, { keyId });
  if (ctx.caller.account === ctx.account) throw keyNotFound(arn);
  throw accessDeniedToKey(ctx.caller.arn, naming.action);
}

function aliased(ctx: ReadContext, alias: string, naming: KeyNaming): Key {
  if (!naming.aliases) throw aliasesNotTaken();
  const row = ctx.db(aliases).get(alias);
  const key = row ? ctx.db(keys).get(row.targetKeyId) : managedKeyDraft(ctx, alias);
  if (!key) throw aliasNotFound(ctx.arn(alias));
  return key;
}

/**
 * A key of another account, named by its ARN or its alias's; what is not there is not told apart from what
 * is closed.
 */
export function locateForeignKey(
  ctx: ReadContext, cell: Cell, name: string, action: string,
): Key {
  const { resource, region } = targetOf(name);
  if (region !== undefined && region !== cell.region) throw wrongRegion(region);
  const keyId = resource.startsWith("alias/")
    ? readIn(ctx, cell, aliases, (rows) => rows.get(resource)?.targetKeyId)
    : resource.slice("key/".length);
  const key = keyId === undefined ? undefined : readIn(ctx, cell, keys, (rows) => rows.get(keyId));
  if (!key) throw accessDeniedToKey(ctx.caller.arn, action);
  return key;
}

/** The key, for use: an AWS managed key comes into being on its first use. */
export function requireKey(ctx: Context, name: string, naming: KeyNaming): Key {
  const key = locateKey(ctx, name, naming);
  if (key.manager === "AWS" && !ctx.db(keys).has(key.keyId)) return createManagedKey(ctx, key);
  return key;
}

type KeyRules<Input> = Pick<OperationRules<Input>, "resource" | "owner" | "conditions" | "denied">;

/** What the kernel must know of an operation on the key that `KeyId` names. */
export function keyRules<Input extends { KeyId: string }>(naming: KeyNaming): KeyRules<Input> {
  return {
    ...(naming.crossAccount && { owner: (input: Input) => ({ account: accountIn(input.KeyId) }) }),
    resource: (input, ctx) => keyArn(ctx, locateKey(ctx, input.KeyId, naming)),
    conditions: (input, ctx) =>
      requestConditions(ctx, naming.action, locateKey(ctx, input.KeyId, naming), input),
    denied: (message) => accessDenied(deniedAcrossAccounts(message)),
  };
}

const denial =
  /^User: (\S+) is not authorized to perform: (\S+) on resource: (\S+) (because no resource-)?/;

/**
 * Another account is not told which key it is, nor a key that does not let it in from one that is not there.
 *
 * @evidence recorded AWS answers, radkawar/stackd, testdata/aws/kms/grants.json, cross_owner_…
 */
export function deniedAcrossAccounts(message: string): string {
  const [, user = "", action = "", resource = "", closed] = denial.exec(message) ?? [];
  if (user === "" || parseArn(user)?.account === parseArn(resource)?.account) return message;
  if (closed !== undefined) return accessDeniedToKey(user, action).message;
  return message.replace(`on resource: ${resource} `, "on this resource ");
}

/** Management operations: the account's own keys, by id or ARN. */
export function ownKey(operation: string): KeyNaming {
  return { action: `kms:${operation}`, aliases: false, crossAccount: false };
}

/** Operations that other accounts may be allowed, on keys by id or ARN. */
export function sharedKey(operation: string): KeyNaming {
  return { action: `kms:${operation}`, aliases: false, crossAccount: true };
}

/** Cryptographic operations: every way to name a key, of any account. */
export function anyKey(operation: string): KeyNaming {
  return { action: `kms:${operation}`, aliases: true, crossAccount: true };
}
