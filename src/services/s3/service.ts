/** Amazon Simple Storage Service. */

import * as s3 from "../../generated/s3.ts";
import { service } from "../../kernel/service.ts";
import * as abac from "./access/abac.ts";
import * as acceleration from "./buckets/acceleration.ts";
import * as accessLog from "./logging/access-log.ts";
import { resolveAccessPoint } from "./access/access-points.ts";
import { pathWithBucket } from "./buckets/addresses.ts";
import * as analysisReport from "./reports/analysis-report.ts";
import * as analytics from "./reports/analytics.ts";
import * as bucketAcl from "./access/bucket-acl.ts";
import * as bucketEncryption from "./encryption/bucket-encryption.ts";
import * as bucketPolicy from "./access/bucket-policy.ts";
import * as bucketSweep from "./lifecycle/bucket-sweep.ts";
import * as bucketTags from "./buckets/tags.ts";
import * as buckets from "./buckets/buckets.ts";
import * as completeUpload from "./uploads/complete-upload.ts";
import * as copyObject from "./objects/copy-object.ts";
import * as cors from "./website/cors.ts";
import * as deleteObject from "./objects/delete-object.ts";
import { front } from "./front.ts";
import * as getObject from "./objects/get-object.ts";
import * as inventory from "./reports/inventory.ts";
import * as inventoryReport from "./reports/inventory-report.ts";
import * as kmsKeys from "./encryption/kms-keys.ts";
import * as lifecycle from "./lifecycle/lifecycle.ts";
import * as listing from "./listing/listing.ts";
import * as logging from "./logging/logging.ts";
import * as metrics from "./reports/metrics.ts";
import * as multipartUploads from "./uploads/multipart-uploads.ts";
import * as notificationDelivery from "./events/delivery.ts";
import * as notifications from "./events/notifications.ts";
import * as objectAcl from "./access/object-acl.ts";
import * as objectAttributes from "./objects/attributes.ts";
import * as objectLock from "./locks/object-lock.ts";
import * as objectTagging from "./objects/tagging.ts";
import * as ownership from "./access/ownership.ts";
import { headersInQuery } from "./objects/presigned-headers.ts";
import * as publicAccessBlock from "./access/public-access-block.ts";
import * as putObject from "./objects/put-object.ts";
import * as replicating from "./replication/replicating.ts";
import * as replication from "./replication/replication.ts";
import * as requestMetrics from "./reports/request-metrics.ts";
import * as requestPayment from "./access/request-payment.ts";
import { sayCharged } from "./access/requester-pays.ts";
import { taggedAs } from "./access/conditions.ts";
import { denied, resourcePolicy } from "./access/resource-policy.ts";
import * as restoreObject from "./lifecycle/restore-object.ts";
import { scrub } from "./bodies/scrubbing.ts";
import * as selectObjectContent from "./select/object-content.ts";
import * as tiering from "./lifecycle/tiering.ts";
import * as updateEncryption from "./encryption/update-encryption.ts";
import * as uploadPartCopy from "./uploads/part-copy.ts";
import * as uploadParts from "./uploads/parts.ts";
import * as versionListing from "./listing/version-listing.ts";
import * as versioning from "./buckets/versioning.ts";
import * as website from "./website/website.ts";

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
  taggedAs,
  denied,
  resolve: resolveAccessPoint,
  completes: sayCharged,
  headersInQuery,
  front,
  observes: metrics.observes,
  scrub,
});
