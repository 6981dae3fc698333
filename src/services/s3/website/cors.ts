/** Which pages of other origins may use a bucket from within a browser. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { changeBucket, requireBucket } from "../buckets/table.ts";
import {
  corsIdTooLong, corsMethodUnsupported, corsWildcardExposed, corsWildcards, noSuchCors,
} from "./cors-errors.ts";
import { malformedXml } from "../errors.ts";

/** @evidence S3 API Reference, PutBucketCors: up to 100 rules; CORSRule: an id of up to 255 characters */
const rulesMax = 100;
const idCharactersMax = 255;
const methods: ReadonlySet<string> = new Set(["GET", "PUT", "HEAD", "POST", "DELETE"]);

export const PutBucketCors = operation(s3.PutBucketCors, {
  ...onBucket,
  run(input, ctx) {
    const { CORSRules } = input.CORSConfiguration;
    if (CORSRules.length === 0 || CORSRules.length > rulesMax) throw malformedXml();
    for (const rule of CORSRules) requireRule(rule);
    changeBucket(ctx, input.Bucket, { cors: { CORSRules } });
  },
});

export const GetBucketCors = operation(s3.GetBucketCors, {
  ...onBucket,
  run(input, ctx) {
    const { cors } = requireBucket(ctx, input.Bucket);
    if (!cors) throw noSuchCors(input.Bucket);
    return cors;
  },
});

export const DeleteBucketCors = operation(s3.DeleteBucketCors, {
  ...onBucket,
  run(input, ctx) {
    changeBucket(ctx, input.Bucket, { cors: undefined });
  },
});

/** @throws MalformedXML, InvalidRequest, InvalidArgument */
function requireRule(rule: s3.CORSRule): void {
  const { ID, AllowedMethods, AllowedOrigins, AllowedHeaders = [], ExposeHeaders = [], MaxAgeSeconds } = rule;
  if (AllowedMethods.length === 0 || AllowedOrigins.length === 0) throw malformedXml();
  if (MaxAgeSeconds !== undefined && MaxAgeSeconds < 0) throw malformedXml();
  if (ID !== undefined && [...ID].length > idCharactersMax) throw corsIdTooLong(ID);
  const method = AllowedMethods.find((each) => !methods.has(each));
  if (method !== undefined) throw corsMethodUnsupported(method);
  for (const each of AllowedOrigins) if (hasWildcards(each)) throw corsWildcards("AllowedOrigin", each);
  for (const each of AllowedHeaders) if (hasWildcards(each)) throw corsWildcards("AllowedHeader", each);
  const exposed = ExposeHeaders.find((each) => each.includes("*"));
  if (exposed !== undefined) throw corsWildcardExposed(exposed);
}

function hasWildcards(pattern: string): boolean {
  return pattern.indexOf("*") !== pattern.lastIndexOf("*");
}
