/** Functions that run from a folder of this machine, so that saving a file changes the next invocation. */

import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { ReadContext } from "../../kernel/context.ts";
import { invalidParameter } from "./errors.ts";
import type { CodeSource } from "./function-code.ts";

/** No bucket has this name: buckets whose code is not to be read. */
const hotReloadBucket = "hot-reload";

/**
 * The folder that a request names as its code. Only where the region is for developers: who may make a
 * function would else read this machine's files.
 */
export function hotFolder(ctx: ReadContext, { S3Bucket, S3Key }: CodeSource): string | undefined {
  if (S3Bucket !== hotReloadBucket || S3Key === undefined || !ctx.kernel.devKeys) return undefined;
  if (!isAbsolute(S3Key) || !statSync(S3Key, { throwIfNoEntry: false })?.isDirectory()) {
    throw invalidParameter(`There is no folder ${S3Key} on this machine to run the function from.`);
  }
  return S3Key;
}
