/** OpenID Connect providers: whose tokens are believed about who somebody is. */

import { isIP } from "node:net";
import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { tagNew } from "../../kernel/tags.ts";
import {
  alreadyExists, deniedByName, invalidInput, noSuchEntity, quotaExceeded, validationError,
} from "./errors.ts";
import { oidcProviders, withoutScheme, type OidcProvider } from "./federation-rows.ts";
import { addTags, checkTags, listTags, removeTags, tagsIfAny } from "./tagging.ts";

/** @evidence IAM User Guide, IAM and AWS STS quotas */
const providersMax = 100;
const clientIdsMax = 100;
const thumbprintsMax = 5;

interface ProviderInput { readonly OpenIDConnectProviderArn: string }

const onProvider = {
  resource: (input: ProviderInput) => input.OpenIDConnectProviderArn,
  denied: deniedByName,
};

function arnOfUrl(ctx: ReadContext, url: string): string {
  return ctx.arn(`oidc-provider/${withoutScheme(url)}`);
}

/** @evidence recorded answers of GetOpenIDConnectProvider */
function requireProvider(ctx: ReadContext, arn: string): OidcProvider {
  const provider = ctx.db(oidcProviders).get(arn);
  if (provider === undefined) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
  return provider;
}

function isLocal(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "");
  return bare === "localhost" || bare.endsWith(".localhost") || bare === "::1"
    || (isIP(bare) === 4 && bare.startsWith("127."));
}

/**
 * AWS takes https without a port. Providers on this machine may be reached by http and have a port, since
 * that is
 * where a developer's provider runs.
 *
 * @throws ValidationError
 * @evidence IAM API Reference, CreateOpenIDConnectProvider, Url
 */
function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && !url.search && !url.hash && !url.username && !url.password && !/[?#@\s]/.test(text);
  const secure = url?.protocol === "https:" && url.port === "";
  const local = url && /^https?:$/.test(url.protocol) && isLocal(url.hostname);
  if (!plain || !(secure || local)) throw validationError("Invalid Open ID Connect Provider URL");
  return text.endsWith("/") ? text.slice(0, -1) : text;
}

/** @throws InvalidInput */
function checkThumbprints(thumbprints: readonly string[]): readonly string[] {
  if (thumbprints.length > thumbprintsMax) {
    throw invalidInput("Thumbprint list must contain fewer than 5 entries.");
  }
  if (thumbprints.some((thumbprint) => !/^[0-9a-f]{40}$/i.test(thumbprint))) {
    throw invalidInput("A thumbprint has 40 hexadecimal digits.");
  }
  return thumbprints;
}

/** @throws LimitExceeded */
function checkClientIds(ids: readonly string[]): readonly string[] {
  const unique = [...new Set(ids)];
  if (unique.length > clientIdsMax) throw quotaExceeded("ClientIdsPerOpenIdConnectProvider", clientIdsMax);
  return unique;
}

export const CreateOpenIDConnectProvider = operation(iam.CreateOpenIDConnectProvider, {
  resource: (input, ctx) => arnOfUrl(ctx, input.Url.replace(/\/$/, "")),

  run(input, ctx) {
    checkTags(input.Tags, "exact");
    const url = checkUrl(input.Url);
    const thumbprints = checkThumbprints(input.ThumbprintList ?? []);
    const clientIds = checkClientIds(input.ClientIDList ?? []);
    const arn = arnOfUrl(ctx, url);
    const rows = ctx.db(oidcProviders);
    if (rows.has(arn)) throw alreadyExists(`Provider with url ${input.Url} already exists.`);
    if (rows.count() >= providersMax) throw quotaExceeded("OpenIdConnectProvidersPerAccount", providersMax);
    rows.put({ arn, url, clientIds, thumbprints, createdAt: ctx.clock.now() });
    tagNew(ctx, "iam:TagOpenIDConnectProvider", arn, input.Tags);
    return { OpenIDConnectProviderArn: arn, ...(input.Tags?.length && { Tags: input.Tags }) };
  },
});

/**
 * The URL comes back without its scheme. @evidence IAM API Reference, GetOpenIDConnectProvider, the example
 */
export const GetOpenIDConnectProvider = operation(iam.GetOpenIDConnectProvider, {
  ...onProvider,
  run(input, ctx) {
    const provider = requireProvider(ctx, input.OpenIDConnectProviderArn);
    return {
      Url: withoutScheme(provider.url), ClientIDList: [...provider.clientIds],
      ThumbprintList: [...provider.thumbprints], CreateDate: provider.createdAt,
      ...tagsIfAny(ctx, provider.arn),
    };
  },
});

export const ListOpenIDConnectProviders = operation(iam.ListOpenIDConnectProviders, {
  /** @evidence recorded denials: "iam:ListOpenIDConnectProviders on resource: …:oidc-provider/*" */
  resource: (_, ctx) => ctx.arn("oidc-provider/*"),
  run: (_, ctx) => ({
    OpenIDConnectProviderList: [...ctx.db(oidcProviders).list()].map(({ arn }) => ({ Arn: arn })),
  }),
});

/** @evidence recorded answers of DeleteOpenIDConnectProvider */
export const DeleteOpenIDConnectProvider = operation(iam.DeleteOpenIDConnectProvider, {
  ...onProvider,
  run(input, ctx) {
    const arn = input.OpenIDConnectProviderArn;
    if (!ctx.db(oidcProviders).delete(arn)) {
      throw noSuchEntity(`OpenId connect Provider ${arn} cannot be found.`);
    }
    ctx.tags(arn).clear();
    return {};
  },
});

/** Adding twice and removing what is not there succeed. @evidence IAM API Reference, both: "idempotent" */
export const AddClientIDToOpenIDConnectProvider = operation(iam.AddClientIDToOpenIDConnectProvider, {
  ...onProvider,
  run(input, ctx) {
    const provider = requireProvider(ctx, input.OpenIDConnectProviderArn);
    const clientIds = checkClientIds([...provider.clientIds, input.ClientID]);
    ctx.db(oidcProviders).put({ ...provider, clientIds });
    return {};
  },
});

export const RemoveClientIDFromOpenIDConnectProvider =
  operation(iam.RemoveClientIDFromOpenIDConnectProvider, {
  ...onProvider,
  run(input, ctx) {
    const provider = requireProvider(ctx, input.OpenIDConnectProviderArn);
    const clientIds = provider.clientIds.filter((id) => id !== input.ClientID);
    ctx.db(oidcProviders).put({ ...provider, clientIds });
    return {};
  },
});

export const UpdateOpenIDConnectProviderThumbprint = operation(iam.UpdateOpenIDConnectProviderThumbprint, {
  ...onProvider,
  run(input, ctx) {
    const provider = requireProvider(ctx, input.OpenIDConnectProviderArn);
    ctx.db(oidcProviders).put({ ...provider, thumbprints: checkThumbprints(input.ThumbprintList) });
    return {};
  },
});

export const TagOpenIDConnectProvider = operation(iam.TagOpenIDConnectProvider, {
  ...onProvider,
  run(input, ctx) {
    addTags(ctx, requireProvider(ctx, input.OpenIDConnectProviderArn).arn, input.Tags, "exact");
    return {};
  },
});

export const UntagOpenIDConnectProvider = operation(iam.UntagOpenIDConnectProvider, {
  ...onProvider,
  run(input, ctx) {
    removeTags(ctx, requireProvider(ctx, input.OpenIDConnectProviderArn).arn, input.TagKeys, "exact");
    return {};
  },
});

export const ListOpenIDConnectProviderTags = operation(iam.ListOpenIDConnectProviderTags, {
  ...onProvider,
  run: (input, ctx) => listTags(ctx, requireProvider(ctx, input.OpenIDConnectProviderArn).arn, input),
});
