/** Which objects the storage class analysis of a bucket looks at, and where its reports go. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import { dropAnalysis, planAnalysis } from "./analysis-table.ts";
import {
  deleteConfiguration, listConfigurations, putConfiguration, requireConfiguration,
} from "./configurations.ts";
import { malformedXml, refuse } from "../errors.ts";

const arnForm = /^arn:aws:s3:::[a-z0-9][a-z0-9.-]{2,62}$/;

/** @throws MalformedXML, InvalidS3DestinationBucket */
function requireValid({ StorageClassAnalysis }: s3.AnalyticsConfiguration): void {
  const { DataExport } = StorageClassAnalysis;
  if (!DataExport) return;
  const { Bucket, Format } = DataExport.Destination.S3BucketDestination;
  if (DataExport.OutputSchemaVersion !== "V_1" || Format !== "CSV") throw malformedXml();
  if (!arnForm.test(Bucket)) throw refuse("InvalidS3DestinationBucket", "Invalid bucket ARN.");
}

export const PutBucketAnalyticsConfiguration = operation(s3.PutBucketAnalyticsConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const { AnalyticsConfiguration: configuration } = input;
    putConfiguration(ctx, "analytics", input, configuration);
    requireValid(configuration);
    if (configuration.StorageClassAnalysis.DataExport) planAnalysis(ctx, input.Bucket, configuration);
    else dropAnalysis(ctx, input.Bucket, input.Id);
  },
});

export const GetBucketAnalyticsConfiguration = operation(s3.GetBucketAnalyticsConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const found = requireConfiguration<s3.AnalyticsConfiguration>(ctx, "analytics", input);
    return { AnalyticsConfiguration: found };
  },
});

export const ListBucketAnalyticsConfigurations = operation(s3.ListBucketAnalyticsConfigurations, {
  ...onBucket,
  run(input, ctx) {
    const { items, marks } = listConfigurations<s3.AnalyticsConfiguration>(ctx, "analytics", input);
    return { ...marks, AnalyticsConfigurationList: items };
  },
});

export const DeleteBucketAnalyticsConfiguration = operation(s3.DeleteBucketAnalyticsConfiguration, {
  ...onBucket,
  run(input, ctx) {
    deleteConfiguration(ctx, "analytics", input);
    dropAnalysis(ctx, input.Bucket, input.Id);
  },
});
