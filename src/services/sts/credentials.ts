/** Temporary credentials as STS answers them. */

import type * as sts from "../../generated/sts.ts";
import type { IssuedSession } from "../../kernel/kernel.ts";

export function answer(session: IssuedSession): sts.Credentials {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: Math.floor(session.expiresAt / 1000) * 1000,
  };
}
