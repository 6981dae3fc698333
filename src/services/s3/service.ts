/** Amazon Simple Storage Service. */

import * as s3 from "../../generated/s3.ts";
import { service } from "../../kernel/service.ts";
import { pathWithBucket } from "./addresses.ts";
import * as bucketEncryption from "./bucket-encryption.ts";
import * as bucketTags from "./bucket-tags.ts";
import * as buckets from "./buckets.ts";
import * as deleteObject from "./delete-object.ts";
import * as getObject from "./get-object.ts";
import * as kmsKeys from "./kms-keys.ts";
import * as listing from "./listing.ts";
import * as objectLock from "./object-lock.ts";
import * as objectTagging from "./object-tagging.ts";
import * as putObject from "./put-object.ts";
import * as updateEncryption from "./update-encryption.ts";
import * as versionListing from "./version-listing.ts";
import * as versioning from "./versioning.ts";

export default service(s3.service, {
  nouns: [
    buckets, putObject, getObject, deleteObject, listing, versionListing, versioning, bucketEncryption,
    kmsKeys, updateEncryption, objectLock, objectTagging, bucketTags,
  ],
  tagging: bucketTags.tagging,
  admitsAnonymous: true,
  pathOf: pathWithBucket,
});
