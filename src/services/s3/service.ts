/** Amazon Simple Storage Service. */

import * as s3 from "../../generated/s3.ts";
import { service } from "../../kernel/service.ts";
import { pathWithBucket } from "./addresses.ts";
import { headersInQuery } from "./presigned-headers.ts";
import { resolveAccessPoint } from "./access-points.ts";
import * as bucketAcl from "./bucket-acl.ts";
import * as bucketPolicy from "./bucket-policy.ts";
import * as buckets from "./buckets.ts";
import * as deleteObject from "./delete-object.ts";
import * as getObject from "./get-object.ts";
import * as listing from "./listing.ts";
import * as objectAcl from "./object-acl.ts";
import * as ownership from "./ownership.ts";
import * as publicAccessBlock from "./public-access-block.ts";
import * as requestPayment from "./request-payment.ts";
import { denied, resourcePolicy } from "./resource-policy.ts";
import * as putObject from "./put-object.ts";
import * as versionListing from "./version-listing.ts";
import * as versioning from "./versioning.ts";

export default service(s3.service, {
  nouns: [
    buckets, putObject, getObject, deleteObject, listing, versionListing, versioning,
    bucketPolicy, publicAccessBlock, ownership, bucketAcl, objectAcl, requestPayment,
  ],
  resourcePolicy,
  denied,
  resolve: resolveAccessPoint,
  headersInQuery,
  admitsAnonymous: true,
  pathOf: pathWithBucket,
});
