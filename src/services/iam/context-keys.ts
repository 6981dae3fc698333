/** Which condition keys policies look at: what a simulation should be told. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { PolicyDocument } from "../../iam/parse.ts";
import { parseTemplate } from "../../iam/variables.ts";
import { operation } from "../../kernel/operation.ts";
import { deniedByName } from "./errors.ts";
import { readSimulated, requirePolicySource, sourcesOf } from "./simulated-policies.ts";

/** Variables are read in lower case, and shown as they were written. */
function spelledIn(text: string, key: string): string {
  const at = text.toLowerCase().indexOf(key);
  return at < 0 ? key : text.slice(at, at + key.length);
}

/** As the policies spell them, each once. */
export function contextKeysOf(documents: readonly PolicyDocument[]): string[] {
  const keys = new Map<string, string>();
  const add = (key: string) => {
    const lower = key.toLowerCase();
    if (!keys.has(lower)) keys.set(lower, key);
  };
  const addVariables = (text: string) => {
    for (const part of parseTemplate(text, true)) {
      if (part.type === "variable" && part.key !== "") add(spelledIn(text, part.key));
    }
  };
  for (const statement of documents.flatMap((document) => document.statements)) {
    for (const { key, values } of statement.conditions) {
      if (key !== undefined) add(key);
      values.forEach(addVariables);
    }
    [...(statement.resources ?? []), ...(statement.notResources ?? [])].forEach(addVariables);
  }
  return [...keys.values()];
}

function answer(ctx: ReadContext, arn: string | undefined, given: readonly string[]) {
  const attached = arn === undefined ? [] : sourcesOf(ctx, requirePolicySource(ctx, arn)).identity;
  const texts = [...attached.map((policy) => policy.document), ...given];
  return { ContextKeyNames: contextKeysOf(texts.map((text) => readSimulated(text))) };
}

export const GetContextKeysForCustomPolicy = operation(iam.GetContextKeysForCustomPolicy, {
  run: (input, ctx) => answer(ctx, undefined, input.PolicyInputList),
});

export const GetContextKeysForPrincipalPolicy = operation(iam.GetContextKeysForPrincipalPolicy, {
  resource: (input) => input.PolicySourceArn,
  denied: deniedByName,
  run: (input, ctx) => answer(ctx, input.PolicySourceArn, input.PolicyInputList ?? []),
});
