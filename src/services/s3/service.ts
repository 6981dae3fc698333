/** Amazon Simple Storage Service. */

import * as s3 from "../../generated/s3.ts";
import { service } from "../../kernel/service.ts";
import { pathWithBucket } from "./addresses.ts";
import * as bucketEncryption from "./bucket-encryption.ts";
import * as bucketTags from "./bucket-tags.ts";
import * as buckets from "./buckets.ts";
import * as completeUpload from "./complete-upload.ts";
import * as copyObject from "./copy-object.ts";
import * as deleteObject from "./delete-object.ts";
import * as getObject from "./get-object.ts";
import * as kmsKeys from "./kms-keys.ts";
import * as listing from "./listing.ts";
import * as multipartUploads from "./multipart-uploads.ts";
import * as notificationDelivery from "./notification-delivery.ts";
import * as notifications from "./notifications.ts";
import * as objectAttributes from "./object-attributes.ts";
import * as objectLock from "./object-lock.ts";
import * as objectTagging from "./object-tagging.ts";
import * as putObject from "./put-object.ts";
import * as updateEncryption from "./update-encryption.ts";
import * as uploadPartCopy from "./upload-part-copy.ts";
import * as uploadParts from "./upload-parts.ts";
import * as versionListing from "./version-listing.ts";
import * as versioning from "./versioning.ts";

export default service(s3.service, {
  nouns: [
    buckets, putObject, getObject, deleteObject, listing, versionListing, versioning, notifications,
    notificationDelivery, multipartUploads, uploadParts, uploadPartCopy, completeUpload, copyObject,
    objectAttributes, bucketEncryption, kmsKeys, updateEncryption, objectLock, objectTagging,
    bucketTags,
  ],
  admitsAnonymous: true,
  pathOf: pathWithBucket,
  tagging: bucketTags.tagging,
});
