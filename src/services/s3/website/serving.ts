/** A website's answers. Visitors are anonymous: they see what policies and access control lists let all. */

import type * as s3 from "../../../generated/s3.ts";
import { AwsError } from "../../../kernel/errors.ts";
import {
  withoutHeaders, type FrontAnswer, type FrontContext, type FrontRequest, type Headers, type Passed,
  type WireResponse,
} from "../../../kernel/front.ts";
import { websiteInHost } from "../buckets/addresses.ts";
import { buckets, findBucketName, type Bucket, type BucketName } from "../buckets/table.ts";
import { accessDenied, noSuchBucket, noSuchKey } from "../errors.ts";
import { printableUrl } from "../printable-url.ts";
import { requestIdHeaders } from "../request-ids.ts";
import { objects } from "../objects/version-table.ts";
import {
  incorrectEndpoint, noSuchWebsite, websiteInsecureOnly, websiteReadOnly,
} from "./errors.ts";
import { errorHeaders, errorPage } from "./pages.ts";
import { redirectedToAll, routedTo, type Redirection, type Visit } from "./routing.ts";

interface Site {
  readonly name: BucketName;
  readonly website: s3.WebsiteConfiguration;
  readonly request: FrontRequest;
  readonly visit: Visit;
  readonly ctx: FrontContext;
}

/** An answer, or the refusal that is to be shown as a page. */
type Outcome = { readonly response: WireResponse } | { readonly error: AwsError };

const emptyPage = { "content-length": "0" };

export async function visitWebsite(request: FrontRequest, ctx: FrontContext): Promise<FrontAnswer> {
  const { bucket, region } = websiteInHost(request.headers["host"] ?? "") ?? {};
  if (bucket === undefined) return answered(redirect({ status: 301, location: productPage }, ctx));
  try {
    return await visitBucket(bucket, region, request, ctx);
  } catch (cause) {
    if (cause instanceof AwsError) return refused(cause, errorPage(cause, ctx.requestId));
    return refused(undefined, ctx.refuse(cause, request));
  }
}

/** Where a visitor of an endpoint itself is sent. */
const productPage = "https://aws.amazon.com/s3/";

/**
 * @param region the one that the host names
 * @evidence S3 User Guide, "Hosting a static website using Amazon S3"
 */
async function visitBucket(
  bucket: string,
  region: string | undefined,
  request: FrontRequest,
  ctx: FrontContext,
): Promise<FrontAnswer> {
  if (request.secure) throw websiteInsecureOnly();
  if (request.method !== "GET" && request.method !== "HEAD") throw websiteReadOnly(request.method);
  const name = findBucketName(ctx.kernel, bucket);
  const found = name && ctx.kernel.read(name, (transaction) => transaction.rows(buckets).get(bucket));
  if (!name || !found) throw noSuchBucket(bucket);
  if (region !== undefined && region !== name.region) throw incorrectEndpoint(bucket, name.region);
  const site = { name, website: requireWebsite(found), request, visit: visitOf(request), ctx };
  const { RedirectAllRequestsTo: all, RoutingRules: rules } = site.website;
  if (all) return answered(redirect(redirectedToAll(all, site.visit), ctx));
  const routed = routedTo(rules, site.visit);
  if (routed) return answered(redirect(routed, ctx));
  const outcome = await showDocument(site);
  return "response" in outcome ? answered(outcome.response) : showError(site, outcome.error);
}

/** Visitors pay for nothing. */
function requireWebsite(bucket: Bucket): s3.WebsiteConfiguration {
  if (!bucket.website) throw noSuchWebsite(bucket.name);
  if (bucket.requestPayer === "Requester") throw accessDenied();
  return bucket.website;
}

function visitOf({ path, query, headers, secure }: FrontRequest): Visit {
  const host = headers["host"] ?? "";
  return { host, protocol: secure ? "https" : "http", path, query, key: decoded(path.slice(1)) };
}

/** What is no encoding stands for itself, and for no object. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/**
 * What is not there is not found, whoever may list the bucket; a folder is sent to its index document.
 *
 * @evidence S3 User Guide, "Configuring an index document", "Setting permissions for website access"
 */
async function showDocument(site: Site): Promise<Outcome> {
  const { visit, website } = site;
  const suffix = website.IndexDocument?.Suffix ?? "";
  const isFolder = visit.key === "" || visit.key.endsWith("/");
  const key = isFolder ? visit.key + suffix : visit.key;
  if (exists(site, key)) return read(site, key);
  if (!isFolder && exists(site, `${key}/${suffix}`)) {
    return { response: redirect({ status: 302, location: `${visit.path}/` }, site.ctx) };
  }
  return { error: noSuchKey(key) };
}

function exists({ name, ctx }: Site, key: string): boolean {
  return ctx.kernel.read(name, (transaction) => transaction.rows(objects).has([name.name, key]));
}

const conditions = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range"];
const redirectHeader = "x-amz-website-redirect-location";

async function read(site: Site, key: string, headers = conditionsOf(site.request)): Promise<Outcome> {
  const passed = await passRead(site, key, headers);
  const { response, error } = passed;
  const location = response.headers[redirectHeader];
  if (location !== undefined) {
    drop(response);
    return { response: redirect({ status: 301, location: printableUrl(location) }, site.ctx) };
  }
  if (!error || response.status === 304) return { response };
  // Who is nobody is told no reasons.
  return { error: error.code === "AccessDenied" ? accessDenied() : error };
}

function conditionsOf({ headers }: FrontRequest): Headers {
  return Object.fromEntries(
    conditions.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  ) as Headers;
}

function passRead({ name, request, ctx }: Site, key: string, headers: Headers): Promise<Passed> {
  const path = `/${name.name}/${key.split("/").map(encodeURIComponent).join("/")}`;
  return ctx.pass({ method: request.method, path, query: "", headers, body: nothing });
}

const nothing = Buffer.alloc(0);

/** A body that nobody reads lets go of its files. */
function drop({ body }: WireResponse): void {
  if (typeof body === "object" && "destroy" in body) body.destroy();
}

/**
 * Rules that wait for the error come first, then the website's own page for errors.
 *
 * @evidence S3 User Guide, "Configuring a custom error document": for errors of the 4XX class
 */
async function showError(site: Site, error: AwsError): Promise<FrontAnswer> {
  const { website, visit, ctx } = site;
  const routed = routedTo(website.RoutingRules, visit, error.status);
  if (routed) return answered(redirect(routed, ctx));
  const key = website.ErrorDocument?.Key;
  if (key === undefined || error.status >= 500) return refused(error, errorPage(error, ctx.requestId));
  const shown = exists(site, key) ? await read(site, key, {}) : { error: noSuchKey(key) };
  if ("error" in shown) return refused(error, errorPage(error, ctx.requestId, shown.error));
  const { response } = shown;
  if (response.status >= 300) return answered(response);
  const headers = { ...withoutHeaders(response.headers, "accept-ranges"), ...errorHeaders(error) };
  return refused(error, { status: error.status, headers, body: response.body });
}

function redirect({ status, location }: Redirection, ctx: FrontContext): WireResponse {
  return { status, headers: { location, ...requestIdHeaders(ctx.requestId), ...emptyPage }, body: "" };
}

const name = "website";

function answered(response: WireResponse): FrontAnswer {
  return { name, response };
}

function refused(error: AwsError | undefined, response: WireResponse): FrontAnswer {
  return { name, response, error: error?.code ?? "InternalFailure" };
}
