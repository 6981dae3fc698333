/** Answers what `front.ts` takes. */

import type { FrontAnswer, FrontContext, FrontRequest, Passed, WireResponse } from "../../../kernel/front.ts";
import { isDownload, openDownload } from "./code-downloads.ts";
import { isKept, packageBytes } from "../function-code.ts";
import { answerUrl } from "./url-requests.ts";

export function answer(request: FrontRequest, ctx: FrontContext): Promise<FrontAnswer> {
  const isUrl = (request.headers["host"] ?? "").includes(".lambda-url.");
  return isDownload(request.path) && !isUrl ? download(request, ctx) : answerUrl(request, ctx);
}

async function download(request: FrontRequest, ctx: FrontContext): Promise<FrontAnswer> {
  const found = openDownload(ctx.kernel, request.path, request.query, ctx.clock.now());
  if (!found) return refused(403, "AccessDenied");
  const cell = ctx.within(found.cell);
  if (!isKept(cell, found.sha256)) return refused(404, "NoSuchKey");
  const body = await packageBytes(cell, found.sha256);
  return {
    name: "DownloadCode", response: { status: 200, headers: { "content-type": "application/zip" }, body },
  };
}

function refused(status: number, error: string): FrontAnswer {
  const headers = { "content-type": "application/xml" };
  return {
    name: "DownloadCode", error, response: { status, headers, body: `<Error><Code>${error}</Code></Error>` },
  };
}

/** It follows no operation. */
export function follow(_request: FrontRequest, { response }: Passed): WireResponse {
  return response;
}
