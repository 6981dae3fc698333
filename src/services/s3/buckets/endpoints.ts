/** Endpoints that serve some buckets and not others. */

import type { FrontArrival, FrontHead } from "../../../kernel/front.ts";
import { bucketInHost, isAccelerated, isGlobalEndpoint, namedBy } from "./addresses.ts";
import { bucketAt, findBucketName } from "./table.ts";
import {
  accelerationDisabled, accelerationNeedsHost, accelerationNotConfigured, temporaryRedirect, wrongRegion,
} from "./endpoint-errors.ts";

/** @throws InvalidRequest, TemporaryRedirect, AuthorizationHeaderMalformed */
export function requireEndpoint(head: FrontHead, arrival: FrontArrival): void {
  const host = head.headers["host"] ?? "";
  if (isAccelerated(host)) requireAcceleration(host, arrival);
  else if (!arrival.anywhere && isGlobalEndpoint(host)) requireRegion(head, host, arrival);
}

/** @evidence S3 User Guide, "Getting started with Amazon S3 Transfer Acceleration" */
function requireAcceleration(host: string, { kernel }: FrontArrival): void {
  const name = bucketInHost(host);
  if (name === undefined) throw accelerationNeedsHost();
  const bucket = bucketAt(kernel, name);
  if (!bucket || bucket.acceleration === "Enabled") return;
  throw bucket.acceleration === undefined ? accelerationNotConfigured() : accelerationDisabled();
}

/** How long it takes until the names of a new bucket lead to its region. */
const propagationMilliseconds = 24 * 60 * 60 * 1000;

/**
 * A bucket's name at the endpoint of no region leads to us-east-1 as long as the bucket is new, which sends
 * clients on; later it leads to the bucket's region, which takes no signature for another.
 *
 * @evidence S3 User Guide, "Making requests using the REST API", "Request redirection and the REST API"
 */
function requireRegion(head: FrontHead, host: string, { kernel, clock, region, secure }: FrontArrival): void {
  const named = namedBy(head);
  const found = named && findBucketName(kernel, named.bucket);
  if (!found || found.region === region) return;
  if (clock.now() - found.createdAt >= propagationMilliseconds) throw wrongRegion(region, found.region);
  const regional = host.replace(/\.s3\./i, `.s3.${found.region}.`);
  const query = head.query === "" ? "" : `?${head.query}`;
  const location = `${secure ? "https" : "http"}://${regional}${head.path}${query}`;
  throw temporaryRedirect(found.name, regional, location, found.region);
}
