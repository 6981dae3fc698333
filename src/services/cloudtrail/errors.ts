/** What CloudTrail refuses, worded once. */

import * as cloudtrail from "../../generated/cloudtrail.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";

export const invalidTimeRange = () =>
  modelled(cloudtrail.InvalidTimeRangeException, "The end time must be after the start time.");

export const invalidNextToken = () =>
  modelled(
    cloudtrail.InvalidNextTokenException,
    "The NextToken value is invalid, expired, or was made for another request.",
  );
export const invalidToken = () =>
  modelled(
    cloudtrail.InvalidTokenException,
    "The NextToken value is invalid, expired, or was made for another request.",
  );

export const invalidLookupAttributes = (message: string) =>
  modelled(cloudtrail.InvalidLookupAttributesException, message);

/** @evidence recorded AWS answers, in the tests of other implementations of the API and of Terraform */
export const invalidTrailName = (message: string): AwsError =>
  modelled(cloudtrail.InvalidTrailNameException, message);
export const trailExists = (name: string, account: string): AwsError => modelled(
  cloudtrail.TrailAlreadyExistsException, `Trail ${name} already exists for customer: ${account}`,
);
export const trailNotFound = (name: string, account: string): AwsError => modelled(
  cloudtrail.TrailNotFoundException, `Unknown trail: ${name} for the user: ${account}`,
);
export const tooManyTrails = (account: string, region: string): AwsError => modelled(
  cloudtrail.MaximumNumberOfTrailsExceededException, `User: ${account} already has 5 trails in ${region}.`,
);
export const noSuchBucket = (bucket: string): AwsError =>
  modelled(cloudtrail.S3BucketDoesNotExistException, `S3 bucket ${bucket} does not exist!`);
export const wrongBucketPolicy = (bucket: string): AwsError => modelled(
  cloudtrail.InsufficientS3BucketPolicyException,
  `Incorrect S3 bucket policy is detected for bucket: ${bucket}`,
);
export const wrongTopicPolicy = (): AwsError => modelled(
  cloudtrail.InsufficientSnsTopicPolicyException,
  "SNS Topic does not exist or the topic policy is incorrect!",
);
export const wrongKeyPolicy = (bucket: string, key: string): AwsError => modelled(
  cloudtrail.InsufficientEncryptionPolicyException,
  `Insufficient permissions to access S3 bucket ${bucket} or KMS key ${key}.`,
);
export const globalEventsRequired = (): AwsError => modelled(
  cloudtrail.InvalidParameterCombinationException, "Multi-Region trail must include global service events.",
);
export const logsAccessDenied = (): AwsError => modelled(
  cloudtrail.InvalidCloudWatchLogsLogGroupArnException, "Access denied. Check the permissions for your role.",
);

export const invalidDataResource = (value: string): AwsError => modelled(
  cloudtrail.InvalidEventSelectorsException, `Value ${value} for DataResources.Values is invalid.`,
);
/** @evidence CloudTrail User Guide, "Logging Insights events with the AWS CLI" */
export const insightsNotEnabled = (arn: string): AwsError => modelled(
  cloudtrail.InsightNotEnabledException,
  `Trail ${arn} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the `
  + "operation again.",
);

// AWS's words for these are not recorded.
export const invalidTrailArn = (arn: string): AwsError =>
  modelled(cloudtrail.CloudTrailARNInvalidException, `The trail ARN is not valid: ${arn}`);
export const invalidHomeRegion = (arn: string, region: string): AwsError => modelled(
  cloudtrail.InvalidHomeRegionException, `The trail ${arn} can only be changed in its home region ${region}.`,
);
export const logGroupWithoutRole = (): AwsError => modelled(
  cloudtrail.InvalidParameterCombinationException,
  "CloudWatchLogsLogGroupArn and CloudWatchLogsRoleArn must be specified together.",
);
export const invalidLogGroup = (arn: string): AwsError => modelled(
  cloudtrail.InvalidCloudWatchLogsLogGroupArnException, `The log group ARN is not valid: ${arn}`,
);
export const roleNotAssumable = (): AwsError => modelled(
  cloudtrail.InvalidCloudWatchLogsRoleArnException, "CloudTrail can't assume the role.",
);
export const keyNotFound = (key: string): AwsError =>
  modelled(cloudtrail.KmsKeyNotFoundException, `The KMS key ${key} does not exist.`);
export const keyDisabled = (key: string): AwsError =>
  modelled(cloudtrail.KmsKeyDisabledException, `The KMS key ${key} is disabled.`);
export const noOrganization = (): AwsError => modelled(
  cloudtrail.OrganizationsNotInUseException, "Your account is not a member of an organization.",
);
export const invalidPrefix = (): AwsError =>
  modelled(cloudtrail.InvalidS3PrefixException, "The S3 key prefix is not valid: at most 200 characters.");
export const invalidSelectors = (message: string): AwsError =>
  modelled(cloudtrail.InvalidEventSelectorsException, message);
export const selectorsOfOneKind = (): AwsError => modelled(
  cloudtrail.InvalidEventSelectorsException,
  "Either EventSelectors or AdvancedEventSelectors must be specified, but not both.",
);
export const invalidInsightSelectors = (message: string): AwsError =>
  modelled(cloudtrail.InvalidInsightSelectorsException, message);
export const trailOrStore = (): AwsError => modelled(
  cloudtrail.InvalidParameterCombinationException,
  "A trail can't be specified together with an event data store.",
);
export const notOfTrails = (): AwsError => modelled(
  cloudtrail.InvalidParameterCombinationException,
  "MaxEventSize and ContextKeySelectors can only be specified for event data stores.",
);
export const noDataEvents = (): AwsError => modelled(
  cloudtrail.InvalidParameterCombinationException, "The trail must log data events to aggregate them.",
);
export const noTrailNamed = (): AwsError => modelled(
  cloudtrail.InvalidParameterCombinationException, "TrailName or EventDataStore must be specified.",
);
export const invalidParameter = (message: string): AwsError =>
  modelled(cloudtrail.InvalidParameterException, message);
export const invalidTag = (message: string): AwsError =>
  modelled(cloudtrail.InvalidTagParameterException, message);
export const tooManyTags = (): AwsError =>
  modelled(cloudtrail.TagsLimitExceededException, "A resource can have at most 50 tags.");
