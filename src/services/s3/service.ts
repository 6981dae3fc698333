/** Amazon Simple Storage Service. */

import * as s3 from "../../generated/s3.ts";
import { service } from "../../kernel/service.ts";
import * as acceleration from "./acceleration.ts";
import { pathWithBucket } from "./addresses.ts";
import * as buckets from "./buckets.ts";
import * as cors from "./cors.ts";
import * as deleteObject from "./delete-object.ts";
import { front } from "./front.ts";
import * as getObject from "./get-object.ts";
import * as listing from "./listing.ts";
import * as putObject from "./put-object.ts";
import * as versionListing from "./version-listing.ts";
import * as versioning from "./versioning.ts";
import * as website from "./website.ts";

export default service(s3.service, {
  nouns: [
    buckets, cors, website, acceleration,
    putObject, getObject, deleteObject, listing, versionListing, versioning,
  ],
  admitsAnonymous: true,
  pathOf: pathWithBucket,
  front,
});
