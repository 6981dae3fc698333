/** Answers what is for no operation, and adds to the answers of operations. */

import type {
  FrontAnswer, FrontContext, FrontRequest, Passed, WireResponse,
} from "../../kernel/front.ts";
import { AwsError } from "../../kernel/errors.ts";
import { namedBy, websiteInHost } from "./addresses.ts";
import { originNeeded } from "./cors-errors.ts";
import { uploadForm } from "./form-upload.ts";
import { crossOriginHeaders, preflight } from "./preflight.ts";
import { visitWebsite } from "./website-serving.ts";
import { requestIdHeaders } from "./request-ids.ts";

export async function answer(request: FrontRequest, ctx: FrontContext): Promise<FrontAnswer> {
  if (request.method === "OPTIONS") return answerPreflight(request, ctx);
  const isVisit = websiteInHost(request.headers["host"] ?? "") !== undefined;
  return isVisit ? visitWebsite(request, ctx) : uploadForm(request, ctx);
}

function answerPreflight(request: FrontRequest, ctx: FrontContext): FrontAnswer {
  try {
    const named = namedBy(request);
    if (!named) throw originNeeded();
    const headers = { ...preflight(request, named, ctx.kernel), ...requestIdHeaders(ctx.requestId) };
    return { name: "preflight", response: { status: 200, headers, body: "" } };
  } catch (error) {
    const code = error instanceof AwsError ? error.code : "InternalFailure";
    return { name: "preflight", response: ctx.refuse(error, request), error: code };
  }
}

export function follow(request: FrontRequest, passed: Passed, ctx: FrontContext): WireResponse {
  const { response } = passed;
  const named = namedBy(request);
  if (!named) return response;
  const added = crossOriginHeaders(request, named, ctx.kernel);
  return { ...response, headers: { ...response.headers, ...added } };
}
