/** What S3 speaks besides its operations: preflights, websites, browsers' forms, and logs of all of it. */

import type { Front, FrontHead } from "../../kernel/front.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { namedBy, websiteInHost } from "./buckets/addresses.ts";
import { bucketAt } from "./buckets/table.ts";
import { requireEndpoint } from "./buckets/endpoints.ts";

/** Posting to a bucket itself, to nothing of it that a query names, is posting a form. */
function isForm(head: FrontHead): boolean {
  return head.method === "POST" && head.query === "" && namedBy(head)?.key === "";
}

function isLogged(head: FrontHead, kernel: Kernel): boolean {
  const bucket = namedBy(head)?.bucket;
  if (bucket !== undefined && bucketAt(kernel, bucket)?.logging !== undefined) return true;
  const source = /^\/?([^/]+)/.exec(head.headers["x-amz-copy-source"] ?? "")?.[1];
  return source !== undefined && bucketAt(kernel, source)?.logging !== undefined;
}

export const front: Front = {
  takes: (head) =>
    head.method === "OPTIONS" || isForm(head) || websiteInHost(head.headers["host"] ?? "") !== undefined,
  follows: (head, kernel) => head.headers["origin"] !== undefined || isLogged(head, kernel),
  requireEndpoint,
  load: () => import("./front-handlers.ts"),
};
