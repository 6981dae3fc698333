/** ListSecrets, and the filters that BatchGetSecretValue shares with it. */

import * as sm from "../../generated/secrets-manager.ts";
import type { Filter, ListSecretsRequest, SortByType } from "../../generated/secrets-manager.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page, type Page } from "../../kernel/page.ts";
import type { Key, Ordered } from "../../store/types.ts";
import { shownSecret } from "./describe-secret.ts";
import { invalidNextToken } from "./errors.ts";
import { secretArn, secrets, stagesById, type Secret } from "./secret-rows.ts";

type Test = (value: string) => boolean;

function words(text: string): string[] {
  return text.toLowerCase().split(/[ /_+=.@!-]+/).filter((word) => word !== "");
}

/** Every word of the value is somewhere in the texts. */
function hasWords(texts: readonly string[]): Test {
  const lower = texts.map((text) => text.toLowerCase());
  return (value) => {
    const wanted = words(value);
    return wanted.length > 0 && wanted.every((word) => lower.some((text) => text.includes(word)));
  };
}

function hasPrefix(texts: readonly (string | undefined)[]): Test {
  return (value) => texts.some((text) => text?.startsWith(value) === true);
}

/**
 * @evidence Secrets Manager API Reference, Filter, Key; for the description, recorded AWS answers: by words
 */
function testOf(ctx: ReadContext, key: Filter["Key"], secret: Secret): Test {
  const tags = Object.entries(ctx.tags(secretArn(ctx, secret)).get());
  switch (key) {
    case "name": return hasPrefix([secret.name]);
    case "description": return hasWords([secret.description ?? ""]);
    case "tag-key": return hasPrefix(tags.map(([name]) => name));
    case "tag-value": return hasPrefix(tags.map(([, value]) => value));
    case "primary-region": return hasPrefix([secret.primaryRegion]);
    case "owning-service": return hasPrefix([secret.owningService]);
    default: {
      const texts = [
        secret.name, secret.description, secret.primaryRegion, secret.owningService, ...tags.flat(),
      ];
      return hasWords(texts.filter((text) => text !== undefined));
    }
  }
}

/** Filters are joined by AND, their values by OR; `!` asks for the opposite. */
function matches(ctx: ReadContext, secret: Secret, filters: readonly Filter[]): boolean {
  return filters.every(({ Key: key, Values: values = [] }) => {
    const test = testOf(ctx, key, secret);
    return values.some((value) => (value.startsWith("!") ? !test(value.slice(1)) : test(value)));
  });
}

function ordered(ctx: ReadContext, by: SortByType): { rows: Ordered<Secret>; key: (secret: Secret) => Key } {
  const rows = ctx.db(secrets);
  switch (by) {
    case "name": return { rows, key: (secret) => secret.name };
    case "last-changed-date":
      return { rows: rows.by("changed"), key: (secret) => [secret.changedAt, secret.name] };
    case "last-accessed-date":
      return { rows: rows.by("accessed"), key: (secret) => [secret.accessedAt ?? 0, secret.name] };
    default: return { rows: rows.by("created"), key: (secret) => [secret.createdAt, secret.name] };
  }
}

const resultsMax = 100;

export function listSecrets(ctx: ReadContext, input: ListSecretsRequest, scope: string): Page<Secret> {
  const by = input.SortBy ?? "created-date";
  const reverse = input.SortOrder === "desc";
  return page({
    ...ordered(ctx, by),
    range: { reverse },
    keep: (secret) => (secret.deletionAt === undefined || input.IncludePlannedDeletion === true)
      && matches(ctx, secret, input.Filters ?? []),
    limit: input.MaxResults ?? resultsMax,
    token: input.NextToken,
    scope: `${scope} ${by} ${reverse}`,
    invalid: invalidNextToken,
  });
}

export const ListSecrets = operation(sm.ListSecrets, {
  run(input, ctx) {
    const { items, next } = listSecrets(ctx, input, "secretsmanager:ListSecrets");
    const SecretList = items.map((secret) => ({
      ...shownSecret(ctx, secret), SecretVersionsToStages: stagesById(ctx, secret.name),
    }));
    return { SecretList, NextToken: next };
  },
});
