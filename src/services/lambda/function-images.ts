/** Images that functions are made from: what a URI means is looked up in the machine's container engine. */

import type { BodyContext } from "../../kernel/context.ts";
import { codeRequired, imageAbsent, imageInvalid, imageMissing } from "./errors.ts";
import type { Code } from "./function-table.ts";

type ImageCode = Extract<Code, { kind: "image" }>;

/** `repository:tag` or `repository@sha256:…`; a tag is never assumed. */
const uriForm = /^[^\s@]*[^\s@/:](?::[A-Za-z0-9_][\w.-]{0,127}|@sha256:[0-9a-f]{64})$/;

/**
 * A tag stands for the image that it named when the function was made or changed, whatever it is moved to
 * later. Where nothing runs containers, what the image is named is kept, and its invocation refused.
 */
export async function imageCode(
  ctx: BodyContext, uri: string | undefined, operation: "CreateFunction" | "UpdateFunctionCode",
): Promise<ImageCode> {
  if (!uri) throw operation === "CreateFunction" ? codeRequired() : imageMissing();
  if (!uriForm.test(uri)) throw imageInvalid(uri);
  const plane = await ctx.kernel.planes.functions();
  const found = await plane.findImage(uri);
  if (found === "absent") throw imageAbsent(uri);
  if (found === "no-engine") {
    return { kind: "image", uri, sha256: /@sha256:([0-9a-f]{64})$/.exec(uri)?.[1] ?? "" };
  }
  return { kind: "image", uri, sha256: found.digest, imageId: found.id };
}

/** The URI that no tag can change. */
export function resolvedUri({ uri, sha256 }: ImageCode): string {
  if (sha256 === "") return uri;
  return `${uri.replace(/(?::[\w.-]+|@sha256:[0-9a-f]{64})$/, "")}@sha256:${sha256}`;
}
