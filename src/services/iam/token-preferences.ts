/** Which version of session tokens the account's global STS endpoint gives out. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";

interface TokenPreference {
  readonly name: "global endpoint";
  readonly version: 1 | 2;
}

const preferences = table<TokenPreference>("iam.tokenPreferences", { key: (row) => row.name });

/** Both versions are the same here: tokens count in every region of this machine. */
export function globalTokenVersion(ctx: ReadContext): 1 | 2 {
  return ctx.db(preferences).get("global endpoint")?.version ?? 1;
}

export const SetSecurityTokenServicePreferences = operation(iam.SetSecurityTokenServicePreferences, {
  run(input, ctx) {
    ctx.db(preferences).put({
      name: "global endpoint", version: input.GlobalEndpointTokenVersion === "v2Token" ? 2 : 1,
    });
    return {};
  },
});
