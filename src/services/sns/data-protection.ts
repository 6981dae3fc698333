/** Data protection policies: none can be set, because no message would be looked through. */

import * as sns from "../../generated/sns.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { ownerOf, readArn, requireTopic } from "./topic-table.ts";

/** @throws NotImplemented: a policy that masks nothing would be a promise that is not kept */
export function readDataProtectionPolicy(_text: string): never {
  throw notImplemented("A data protection policy of a topic");
}

const onResource = {
  owner: ({ ResourceArn }: { readonly ResourceArn: string }) => ownerOf(ResourceArn),
  resource: ({ ResourceArn }: { readonly ResourceArn: string }): string => ResourceArn,
};

export const PutDataProtectionPolicy = operation(sns.PutDataProtectionPolicy, {
  ...onResource,
  run(input, ctx) {
    readArn(ctx, input.ResourceArn, "ResourceArn");
    requireTopic(ctx, input.ResourceArn, "ResourceArn");
    readDataProtectionPolicy(input.DataProtectionPolicy);
  },
});

export const GetDataProtectionPolicy = operation(sns.GetDataProtectionPolicy, {
  ...onResource,
  run(input, ctx) {
    requireTopic(ctx, input.ResourceArn, "ResourceArn");
    return { DataProtectionPolicy: "" };
  },
});
