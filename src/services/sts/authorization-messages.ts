/** The facts of a denial, opened for those who may see them. */

import * as sts from "../../generated/sts.ts";
import { operation } from "../../kernel/operation.ts";
import { invalidMessage } from "./errors.ts";

export const DecodeAuthorizationMessage = operation(sts.DecodeAuthorizationMessage, {
  run(input, ctx) {
    const facts = ctx.kernel.openDenial(input.EncodedMessage);
    if (!facts) throw invalidMessage();
    return { DecodedMessage: JSON.stringify(facts) };
  },
});
