/**
 * The actions that a bucket's policy may speak of, and the condition keys that each of them has.
 *
 * @evidence Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"
 */

function names(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

export const bucketActions = names(`
AllowVendedLogDeliveryForResource CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket
DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite
GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS
GetBucketLocation GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification
GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning
GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration
GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration
GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
ListTagsForResource PauseReplication PutAccelerateConfiguration PutAnalyticsConfiguration
PutBucketAbac PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning
PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration
PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration
PutReplicationConfiguration TagResource UntagResource
UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration
UpdateBucketMetadataJournalTableConfiguration
`);

export const objectActions = names(`
AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectAnnotation
DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionAnnotation DeleteObjectVersionTagging
GetObject GetObjectAcl GetObjectAnnotation GetObjectAttributes GetObjectLegalHold GetObjectRetention
GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAnnotation
GetObjectVersionAnnotationForReplication GetObjectVersionAttributes GetObjectVersionForReplication
GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication ListMultipartUploadParts
ListObjectAnnotations ListObjectVersionAnnotations ObjectOwnerOverrideToBucketOwner PutObject
PutObjectAcl PutObjectAnnotation PutObjectLegalHold PutObjectRetention PutObjectTagging
PutObjectVersionAcl PutObjectVersionAnnotation PutObjectVersionTagging ReplicateDelete
ReplicateObject ReplicateObjectAnnotation ReplicateTags RestoreObject UpdateObjectEncryption
`);

/** Keys that every request has, or that belong to the way it came. */
export const generalKeys = names(`
s3:accessgrantsinstancearn s3:accesspointnetworkorigin s3:authtype s3:dataaccesspointaccount
s3:dataaccesspointarn s3:resourceaccount s3:signatureage s3:signatureversion s3:tlsversion
s3:x-amz-content-sha256
`);

/** Keys that end in the key of a tag, which is left out here. */
export const tagKeys = names(`
s3:accesspointtag s3:buckettag s3:existingobjecttag s3:requestobjecttag
`);

/** Keys of single actions. */
export const actionsOfKey: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["s3:annotation-prefix", names("ListObjectAnnotations ListObjectVersionAnnotations")],
  ["s3:max-annotation-results", names("ListObjectAnnotations ListObjectVersionAnnotations")],
  ["s3:delimiter", names("ListBucket ListBucketVersions")],
  ["s3:max-keys", names("ListBucket ListBucketVersions")],
  ["s3:prefix", names("ListBucket ListBucketVersions")],
  ["s3:destinationregion", names("PauseReplication")],
  ["s3:existingobjecttag", names(`
DeleteObjectAnnotation DeleteObjectTagging DeleteObjectVersionAnnotation DeleteObjectVersionTagging
GetObject GetObjectAcl GetObjectAnnotation GetObjectAttributes GetObjectTagging GetObjectVersion
GetObjectVersionAcl GetObjectVersionAnnotation GetObjectVersionAttributes GetObjectVersionTagging
ListObjectAnnotations ListObjectVersionAnnotations PutObjectAcl PutObjectAnnotation PutObjectTagging
PutObjectVersionAcl PutObjectVersionAnnotation PutObjectVersionTagging UpdateObjectEncryption
`)],
  ["s3:if-match", names("DeleteObject PutObject")],
  ["s3:inventoryaccessibleoptionalfields", names("PutInventoryConfiguration")],
  ["s3:isreplicationpauserequest", names("PutReplicationConfiguration")],
  ["s3:object-lock-event-hold", names("PutObject PutObjectRetention ReplicateObject")],
  ["s3:object-lock-event-hold-duration-days", names("PutObject PutObjectRetention ReplicateObject")],
  ["s3:object-lock-legal-hold", names("PutObject PutObjectLegalHold")],
  ["s3:object-lock-mode", names("PutObject PutObjectRetention")],
  ["s3:object-lock-remaining-retention-days", names("PutObject PutObjectRetention")],
  ["s3:object-lock-retain-until-date", names("PutObject PutObjectRetention")],
  ["s3:if-none-match", names("PutObject")],
  ["s3:objectcreationoperation", names("PutObject")],
  ["s3:x-amz-object-annotation-directive", names("PutObject")],
  ["s3:requestobjecttag", names(`
BypassGovernanceRetention PutObject PutObjectTagging PutObjectVersionTagging
`)],
  ["s3:requestobjecttagkeys", names(`
BypassGovernanceRetention PutObject PutObjectTagging PutObjectVersionTagging
`)],
  ["s3:deliverysourcearn", names("AllowVendedLogDeliveryForResource")],
  ["s3:logtype", names("AllowVendedLogDeliveryForResource")],
  ["s3:resourcearnbeingauthorized", names("AllowVendedLogDeliveryForResource")],
  ["s3:versionid", names(`
DeleteObjectVersion DeleteObjectVersionAnnotation DeleteObjectVersionTagging GetObjectVersion
GetObjectVersionAcl GetObjectVersionAnnotation GetObjectVersionAttributes GetObjectVersionTagging
GetObjectVersionTorrent ListObjectVersionAnnotations PutObjectVersionAcl PutObjectVersionAnnotation
PutObjectVersionTagging
`)],
  ["s3:x-amz-acl", names(`
BypassGovernanceRetention CreateBucket PutBucketAcl PutObject PutObjectAcl PutObjectVersionAcl
`)],
  ["s3:x-amz-grant-full-control", names(`
BypassGovernanceRetention CreateBucket PutBucketAcl PutObject PutObjectAcl PutObjectVersionAcl
`)],
  ["s3:x-amz-grant-read", names(`
BypassGovernanceRetention CreateBucket PutBucketAcl PutObject PutObjectAcl PutObjectVersionAcl
`)],
  ["s3:x-amz-grant-read-acp", names(`
BypassGovernanceRetention CreateBucket PutBucketAcl PutObject PutObjectAcl PutObjectVersionAcl
`)],
  ["s3:x-amz-grant-write", names(`
BypassGovernanceRetention CreateBucket PutBucketAcl PutObject PutObjectAcl PutObjectVersionAcl
`)],
  ["s3:x-amz-grant-write-acp", names(`
BypassGovernanceRetention CreateBucket PutBucketAcl PutObject PutObjectAcl PutObjectVersionAcl
`)],
  ["s3:locationconstraint", names("CreateBucket")],
  ["s3:x-amz-bucket-namespace", names("CreateBucket")],
  ["s3:x-amz-object-ownership", names("CreateBucket")],
  ["s3:x-amz-copy-source", names("BypassGovernanceRetention PutObject")],
  ["s3:x-amz-metadata-directive", names("BypassGovernanceRetention PutObject")],
  ["s3:x-amz-website-redirect-location", names("BypassGovernanceRetention PutObject")],
  ["s3:x-amz-object-if-match", names(`
DeleteObjectAnnotation DeleteObjectVersionAnnotation PutObjectAnnotation PutObjectVersionAnnotation
`)],
  ["s3:x-amz-server-side-encryption", names(`
BypassGovernanceRetention PutObject ReplicateObject UpdateObjectEncryption
`)],
  ["s3:x-amz-server-side-encryption-aws-kms-key-id", names(`
BypassGovernanceRetention PutObject ReplicateObject UpdateObjectEncryption
`)],
  [
    "s3:x-amz-server-side-encryption-customer-algorithm",
    names("BypassGovernanceRetention PutObject ReplicateObject"),
  ],
  ["s3:x-amz-storage-class", names("BypassGovernanceRetention PutObject PutObjectAcl PutObjectVersionAcl")],
]);
