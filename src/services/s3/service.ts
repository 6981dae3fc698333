/** Amazon Simple Storage Service. */

import * as s3 from "../../generated/s3.ts";
import { service } from "../../kernel/service.ts";
import * as abac from "./abac.ts";
import * as acceleration from "./acceleration.ts";
import * as accessLog from "./access-log.ts";
import { resolveAccessPoint } from "./access-points.ts";
import { pathWithBucket } from "./addresses.ts";
import * as analysisReport from "./analysis-report.ts";
import * as analytics from "./analytics.ts";
import * as bucketAcl from "./bucket-acl.ts";
import * as bucketEncryption from "./bucket-encryption.ts";
import * as bucketPolicy from "./bucket-policy.ts";
import * as bucketSweep from "./bucket-sweep.ts";
import * as bucketTags from "./bucket-tags.ts";
import * as buckets from "./buckets.ts";
import * as completeUpload from "./complete-upload.ts";
import * as copyObject from "./copy-object.ts";
import * as cors from "./cors.ts";
import * as deleteObject from "./delete-object.ts";
import { front } from "./front.ts";
import * as getObject from "./get-object.ts";
import * as inventory from "./inventory.ts";
import * as inventoryReport from "./inventory-report.ts";
import * as kmsKeys from "./kms-keys.ts";
import * as lifecycle from "./lifecycle.ts";
import * as listing from "./listing.ts";
import * as logging from "./logging.ts";
import * as metrics from "./metrics.ts";
import * as multipartUploads from "./multipart-uploads.ts";
import * as notificationDelivery from "./notification-delivery.ts";
import * as notifications from "./notifications.ts";
import * as objectAcl from "./object-acl.ts";
import * as objectAttributes from "./object-attributes.ts";
import * as objectLock from "./object-lock.ts";
import * as objectTagging from "./object-tagging.ts";
import * as ownership from "./ownership.ts";
import { headersInQuery } from "./presigned-headers.ts";
import * as publicAccessBlock from "./public-access-block.ts";
import * as putObject from "./put-object.ts";
import * as replicating from "./replicating.ts";
import * as replication from "./replication.ts";
import * as requestMetrics from "./request-metrics.ts";
import * as requestPayment from "./request-payment.ts";
import { sayCharged } from "./requester-pays.ts";
import { denied, resourcePolicy } from "./resource-policy.ts";
import * as restoreObject from "./restore-object.ts";
import { scrub } from "./scrubbing.ts";
import * as selectObjectContent from "./select-object-content.ts";
import * as tiering from "./tiering.ts";
import * as updateEncryption from "./update-encryption.ts";
import * as uploadPartCopy from "./upload-part-copy.ts";
import * as uploadParts from "./upload-parts.ts";
import * as versionListing from "./version-listing.ts";
import * as versioning from "./versioning.ts";
import * as website from "./website.ts";

export default service(s3.service, {
  nouns: [
    buckets, putObject, getObject, deleteObject, listing, versionListing, versioning, notifications,
    notificationDelivery, multipartUploads, uploadParts, uploadPartCopy, completeUpload, copyObject,
    objectAttributes, bucketEncryption, kmsKeys, updateEncryption, objectLock, objectTagging,
    bucketTags, bucketPolicy, publicAccessBlock, ownership, bucketAcl, objectAcl, requestPayment,
    replication, replicating, analytics, analysisReport, requestMetrics, inventory, inventoryReport,
    lifecycle, bucketSweep, restoreObject, tiering, abac, cors, website, acceleration, logging, accessLog,
    selectObjectContent, metrics,
  ],
  admitsAnonymous: true,
  pathOf: pathWithBucket,
  tagging: bucketTags.tagging,
  resourcePolicy,
  denied,
  resolve: resolveAccessPoint,
  completes: sayCharged,
  headersInQuery,
  front,
  observes: metrics.observes,
  scrub,
});
