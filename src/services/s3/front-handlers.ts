/** Answers what is for no operation, and adds to the answers of operations. */

import type {
  FrontAnswer, FrontContext, FrontRequest, Passed, WireResponse,
} from "../../kernel/front.ts";
import { AwsError } from "../../kernel/errors.ts";
import { logAnswer, logPassed, objectBytesOf, type LoggedFacts } from "./logging/access-logging.ts";
import { namedBy, websiteInHost } from "./buckets/addresses.ts";
import { originNeeded } from "./website/cors-errors.ts";
import { uploadForm, type FormAnswer } from "./forms/upload.ts";
import { crossOriginHeaders, preflight, type Named } from "./website/preflight.ts";
import { printableUrl } from "./printable-url.ts";
import { requestIdHeaders } from "./request-ids.ts";
import { visitWebsite } from "./website/serving.ts";

export async function answer(request: FrontRequest, ctx: FrontContext): Promise<FrontAnswer> {
  const named = namedBy(request);
  const isVisit = websiteInHost(request.headers["host"] ?? "") !== undefined;
  const protocol = isVisit ? "WEBSITE" : "REST";
  if (request.method === "OPTIONS") {
    const answered = answerPreflight(request, named, ctx);
    return finished(request, named, answered, `${protocol}.OPTIONS.PREFLIGHT`, ctx);
  }
  if (!isVisit) return finished(request, named, await uploadForm(request, ctx), "REST.POST.BUCKET", ctx);
  const answered = await visitWebsite(request, ctx);
  return finished(request, named, answered, `WEBSITE.${request.method}.OBJECT`, ctx);
}

/** With what pages of other origins are told, and logged where the bucket is. */
function finished(
  request: FrontRequest,
  named: Named | undefined,
  answered: FormAnswer,
  operation: string,
  ctx: FrontContext,
): FrontAnswer {
  if (!named) return answered;
  const { key, put, error } = answered;
  const added = request.method === "OPTIONS" ? {} : crossOriginHeaders(request, named, ctx.kernel);
  const response = { ...answered.response, headers: { ...answered.response.headers, ...added } };
  const facts: LoggedFacts = {
    operation,
    key: key === undefined ? named.key : printableUrl(key),
    caller: put?.caller,
    authenticationMethod: put?.authenticationMethod ?? "None",
    error,
    objectBytes: put && objectBytesOf(put),
    versionId: undefined,
  };
  logAnswer(request, response, named.bucket, facts, ctx);
  return { ...answered, response };
}

function answerPreflight(request: FrontRequest, named: Named | undefined, ctx: FrontContext): FrontAnswer {
  try {
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
  logPassed(request, passed, named, ctx);
  return { ...response, headers: { ...response.headers, ...added } };
}
