/** What is known of a new object from its body, once that is there. */

import type * as s3 from "../../../generated/s3.ts";
import type { ChecksumAlgorithm } from "../../../kernel/body/checksums.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import { tagIsHash, type Encryption } from "../encryption/encryption.ts";
import { givenChecksum, requireAlgorithm } from "../objects/input.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { announcedAlgorithm, type Received } from "./receiving.ts";

/** A checksum that comes with the body says more than the name of one. */
export function askedAlgorithm(input: s3.PutObjectRequest): ChecksumAlgorithm | undefined {
  const given = givenChecksum(input)?.algorithm ?? announcedAlgorithm(input.Body);
  return given ?? requireAlgorithm(input.ChecksumAlgorithm);
}

/** What is known once a body is there. */
export function storedFacts(
  ctx: Context | BodyContext,
  received: Received,
  encryption: Encryption,
): Pick<ObjectVersion, "modifiedAt" | "sizeBytes" | "etag" | "checksum" | "encryption"> {
  return {
    modifiedAt: ctx.clock.now(),
    sizeBytes: received.sizeBytes,
    etag: tagIsHash(encryption) ? received.md5 : ctx.ids.hex(32),
    checksum: { ...received.checksum, type: "FULL_OBJECT" },
    ...(encryption.stored && { encryption: encryption.stored }),
  };
}
