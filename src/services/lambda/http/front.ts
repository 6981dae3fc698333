/** What Lambda speaks besides its operations: functions' own addresses, and downloads of their packages. */

import type { Front } from "../../../kernel/front.ts";
import { isDownload } from "./code-downloads.ts";

export const front: Front = {
  takes: ({ headers, path, query }) =>
    (headers["host"] ?? "").includes(".lambda-url.") || (
      isDownload(path) && query.includes("X-Amz-Signature=")
    ),
  follows: () => false,
  requireEndpoint: () => undefined,
  load: () => import("./front-handlers.ts"),
};
