/** A bucket as a static website: which documents and redirects it has. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { changeBucket, requireBucket } from "../buckets/table.ts";
import { malformedXml } from "../errors.ts";
import {
  bothReplacements, emptyCondition, indexDocumentNeeded, invalidErrorCode, invalidProtocol,
  invalidRedirectCode, malformedSuffix, noSuchWebsite, redirectAllAlone, tooManyRoutingRules,
} from "./errors.ts";

/** @evidence S3 User Guide, "Configuring a webpage redirect": 50 routing rules */
const rulesMax = 50;

export const PutBucketWebsite = operation(s3.PutBucketWebsite, {
  ...onBucket,
  run(input, ctx) {
    const { WebsiteConfiguration: website } = input;
    requireWebsite(website);
    changeBucket(ctx, input.Bucket, { website });
  },
});

export const GetBucketWebsite = operation(s3.GetBucketWebsite, {
  ...onBucket,
  run(input, ctx) {
    const { website } = requireBucket(ctx, input.Bucket);
    if (!website) throw noSuchWebsite(input.Bucket);
    return website;
  },
});

export const DeleteBucketWebsite = operation(s3.DeleteBucketWebsite, {
  ...onBucket,
  run(input, ctx) {
    changeBucket(ctx, input.Bucket, { website: undefined });
  },
});

/** @throws InvalidArgument, InvalidRequest, MalformedXML */
function requireWebsite(website: s3.WebsiteConfiguration): void {
  const { RedirectAllRequestsTo: all, IndexDocument, ErrorDocument, RoutingRules } = website;
  if (all) {
    if (IndexDocument ?? ErrorDocument ?? RoutingRules) throw redirectAllAlone();
    requireProtocol(all.Protocol);
    return;
  }
  if (!IndexDocument) throw indexDocumentNeeded();
  const { Suffix } = IndexDocument;
  if (Suffix === "" || Suffix.includes("/")) throw malformedSuffix(Suffix);
  if (ErrorDocument?.Key === "") throw malformedXml();
  if (!RoutingRules) return;
  if (RoutingRules.length === 0) throw malformedXml();
  if (RoutingRules.length > rulesMax) throw tooManyRoutingRules(RoutingRules.length, rulesMax);
  for (const rule of RoutingRules) requireRule(rule);
}

function requireRule({ Condition: condition, Redirect: redirect }: s3.RoutingRule): void {
  if (redirect.ReplaceKeyPrefixWith !== undefined && redirect.ReplaceKeyWith !== undefined) {
    throw bothReplacements();
  }
  if (condition) {
    const { KeyPrefixEquals, HttpErrorCodeReturnedEquals: errorCode } = condition;
    if (KeyPrefixEquals === undefined && errorCode === undefined) throw emptyCondition();
    if (errorCode !== undefined && !/^[45]\d\d$/.test(errorCode)) throw invalidErrorCode(errorCode);
  }
  const { HttpRedirectCode: redirectCode } = redirect;
  if (redirectCode !== undefined && !/^3(?!00)\d\d$/.test(redirectCode)) {
    throw invalidRedirectCode(redirectCode);
  }
  requireProtocol(redirect.Protocol);
}

function requireProtocol(protocol: string | undefined): void {
  if (protocol !== undefined && protocol !== "http" && protocol !== "https") throw invalidProtocol();
}
