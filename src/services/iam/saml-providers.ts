/** SAML providers: whose signed assertions are believed about who somebody is. */

import * as iam from "../../generated/iam.ts";
import { parseSamlMetadata, type SamlMetadata } from "../../kernel/auth/saml-xml.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { tagNew } from "../../kernel/tags.ts";
import { alreadyExists, deniedByName, invalidInput, noSuchEntity, quotaExceeded } from "./errors.ts";
import { samlProviders, type SamlProvider } from "./federation-rows.ts";
import { addTags, checkTags, listTags, removeTags, tagsIfAny } from "./tagging.ts";

/** @evidence IAM User Guide, IAM and AWS STS quotas: SAML providers in an AWS account */
const providersMax = 100;
/**
 * Metadata that does not say counts for a century. @evidence IAM CLI reference, get-saml-provider, the
 * example
 */
const validYears = 100;

interface ProviderInput { readonly SAMLProviderArn: string }

const onProvider = {
  resource: (input: ProviderInput) => input.SAMLProviderArn,
  denied: deniedByName,
};

/** @evidence recorded answers of GetSAMLProvider */
function requireProvider(ctx: ReadContext, arn: string): SamlProvider {
  const provider = ctx.db(samlProviders).get(arn);
  if (provider === undefined) throw noSuchEntity(`SAMLProvider ${arn} does not exist.`);
  return provider;
}

/** @evidence IAM User Guide, Troubleshoot SAML federation: "Could not parse metadata" */
function checkMetadata(text: string): SamlMetadata {
  const metadata = parseSamlMetadata(text);
  if (metadata === undefined) throw invalidInput("Could not parse metadata");
  return metadata;
}

function refuseEncryption(input: {
  readonly AssertionEncryptionMode?: string | undefined;
  readonly AddPrivateKey?: string | undefined;
  readonly RemovePrivateKey?: string | undefined;
}): void {
  if (input.AssertionEncryptionMode ?? input.AddPrivateKey ?? input.RemovePrivateKey) {
    throw notImplemented("Encryption of SAML assertions");
  }
}

function validUntil(metadata: SamlMetadata, now: number): number {
  if (metadata.validUntil !== undefined) return metadata.validUntil;
  const date = new Date(now);
  return date.setUTCFullYear(date.getUTCFullYear() + validYears);
}

export const CreateSAMLProvider = operation(iam.CreateSAMLProvider, {
  resource: (input, ctx) => ctx.arn(`saml-provider/${input.Name}`),

  run(input, ctx) {
    checkTags(input.Tags, "exact");
    refuseEncryption(input);
    const metadata = checkMetadata(input.SAMLMetadataDocument);
    const arn = ctx.arn(`saml-provider/${input.Name}`);
    const rows = ctx.db(samlProviders);
    if (rows.has(arn)) throw alreadyExists(`SAMLProvider ${input.Name} already exists.`);
    if (rows.count() >= providersMax) throw quotaExceeded("SAMLProvidersPerAccount", providersMax);
    const now = ctx.clock.now();
    rows.put({
      arn, name: input.Name, id: ctx.ids.unique("SAMLSP", 17), metadata: input.SAMLMetadataDocument,
      createdAt: now, validUntil: validUntil(metadata, now),
    });
    tagNew(ctx, "iam:TagSAMLProvider", arn, input.Tags);
    return { SAMLProviderArn: arn, ...(input.Tags?.length && { Tags: input.Tags }) };
  },
});

export const GetSAMLProvider = operation(iam.GetSAMLProvider, {
  ...onProvider,
  run(input, ctx) {
    const provider = requireProvider(ctx, input.SAMLProviderArn);
    return {
      SAMLProviderUUID: provider.id, SAMLMetadataDocument: provider.metadata, CreateDate: provider.createdAt,
      ValidUntil: provider.validUntil, ...tagsIfAny(ctx, provider.arn),
    };
  },
});

export const ListSAMLProviders = operation(iam.ListSAMLProviders, {
  run: (_, ctx) => ({
    SAMLProviderList: [...ctx.db(samlProviders).list()].map((provider) => ({
      Arn: provider.arn, ValidUntil: provider.validUntil, CreateDate: provider.createdAt,
    })),
  }),
});

export const UpdateSAMLProvider = operation(iam.UpdateSAMLProvider, {
  ...onProvider,
  run(input, ctx) {
    const provider = requireProvider(ctx, input.SAMLProviderArn);
    refuseEncryption(input);
    if (input.SAMLMetadataDocument !== undefined) {
      const metadata = checkMetadata(input.SAMLMetadataDocument);
      ctx.db(samlProviders).put({
        ...provider, metadata: input.SAMLMetadataDocument, validUntil: validUntil(metadata, ctx.clock.now()),
      });
    }
    return { SAMLProviderArn: provider.arn };
  },
});

/** @evidence recorded answers of DeleteSAMLProvider */
export const DeleteSAMLProvider = operation(iam.DeleteSAMLProvider, {
  ...onProvider,
  run(input, ctx) {
    const arn = input.SAMLProviderArn;
    if (!ctx.db(samlProviders).delete(arn)) throw noSuchEntity(`Manifest not found for arn ${arn}`);
    ctx.tags(arn).clear();
    return {};
  },
});

export const TagSAMLProvider = operation(iam.TagSAMLProvider, {
  ...onProvider,
  run(input, ctx) {
    addTags(ctx, requireProvider(ctx, input.SAMLProviderArn).arn, input.Tags, "exact");
    return {};
  },
});

export const UntagSAMLProvider = operation(iam.UntagSAMLProvider, {
  ...onProvider,
  run(input, ctx) {
    removeTags(ctx, requireProvider(ctx, input.SAMLProviderArn).arn, input.TagKeys, "exact");
    return {};
  },
});

export const ListSAMLProviderTags = operation(iam.ListSAMLProviderTags, {
  ...onProvider,
  run: (input, ctx) => listTags(ctx, requireProvider(ctx, input.SAMLProviderArn).arn, input),
});
