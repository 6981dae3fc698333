/** Who am I, and whose key is this. */

import * as sts from "../../generated/sts.ts";
import { accountOfAccessKeyId } from "../../kernel/auth/access-key-id.ts";
import { operation } from "../../kernel/operation.ts";
import { validationError } from "./errors.ts";

/** No permission is needed, and none can take it away. @evidence STS API Reference, GetCallerIdentity */
export const GetCallerIdentity = operation(sts.GetCallerIdentity, {
  access: "signed",
  run: (_input, ctx) => ({
    UserId: ctx.caller.principalId,
    Account: ctx.caller.account,
    Arn: ctx.caller.arn,
  }),
});

/** An access key id tells its account, whether or not the key still exists. */
export const GetAccessKeyInfo = operation(sts.GetAccessKeyInfo, {
  run(input, ctx) {
    const id = input.AccessKeyId;
    if (ctx.kernel.devKeys && id === "test") return { Account: ctx.kernel.defaultAccount };
    const account = accountOfAccessKeyId(id);
    if (account === undefined) {
      throw validationError(`The security token included in the request is invalid: ${id}`);
    }
    return { Account: account };
  },
});
