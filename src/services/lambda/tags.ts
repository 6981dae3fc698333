/** Tags of functions, of event source mappings and of code signing configurations. */

import * as lambda from "../../generated/lambda.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import type { Tagging } from "../../kernel/service.ts";
import { codeSigningId, requireCodeSigningConfig } from "./code-signing-table.ts";
import { invalidParameter, noTags, nothingThere, tooManyTags } from "./errors.ts";
import { requireMapping } from "./event-source-table.ts";
import { requireFunction } from "./function-table.ts";
import { requireTags, tagsMax } from "./tag-rules.ts";

interface OfResource {
  readonly Resource: string;
}

const onResource = {
  owner: ({ Resource }: OfResource) => {
    const arn = parseArn(Resource);
    return arn && { account: arn.account, region: arn.region };
  },
  resource: ({ Resource }: OfResource) => Resource,
};

/** @throws AwsError for what is not there, and for what carries no tags */
function requireTaggable(ctx: ReadContext, { Resource }: OfResource): void {
  const [kind, name = "", qualifier] = (parseArn(Resource)?.resource ?? "").split(":");
  if (kind === "code-signing-config") return void requireCodeSigningConfig(ctx, codeSigningId(Resource));
  if (kind === "event-source-mapping") return void requireMapping(ctx, name);
  if (kind !== "function") throw nothingThere();
  // @evidence recorded AWS answer to TagResource with the ARN of a version
  if (qualifier !== undefined) {
    throw invalidParameter(
      "Tags on function aliases and versions are not supported. Please specify a function ARN.",
    );
  }
  requireFunction(ctx, name);
}

export const TagResource = operation(lambda.TagResource, {
  ...onResource,

  run(input, ctx) {
    requireTaggable(ctx, input);
    if (Object.keys(input.Tags).length === 0) throw noTags();
    requireTags(input.Tags);
    const tags = ctx.tags(input.Resource);
    if (Object.keys({ ...tags.get(), ...input.Tags }).length > tagsMax) throw tooManyTags();
    tags.set(input.Tags);
  },
});

export const UntagResource = operation(lambda.UntagResource, {
  ...onResource,

  run(input, ctx) {
    requireTaggable(ctx, input);
    ctx.tags(input.Resource).remove(input.TagKeys);
  },
});

export const ListTags = operation(lambda.ListTags, {
  ...onResource,

  run(input, ctx) {
    requireTaggable(ctx, input);
    return { Tags: ctx.tags(input.Resource).get() };
  },
});

export const tagging: Tagging = {
  tag: (Resource, Tags) => [lambda.TagResource, { Resource, Tags: { ...Tags } }],
  untag: (Resource, keys) => [lambda.UntagResource, { Resource, TagKeys: [...keys] }],
};
