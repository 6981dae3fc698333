/** Which objects the storage class analysis of a bucket looks at. */

import * as s3 from "../../generated/s3.ts";
import { operation } from "../../kernel/operation.ts";
import { onBucket } from "./access.ts";
import {
  deleteConfiguration, listConfigurations, putConfiguration, requireConfiguration,
} from "./configurations.ts";

export const PutBucketAnalyticsConfiguration = operation(s3.PutBucketAnalyticsConfiguration, {
  ...onBucket,
  run(input, ctx) {
    putConfiguration(ctx, "analytics", input, input.AnalyticsConfiguration);
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
  },
});
