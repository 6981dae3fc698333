/** Which requests of a bucket CloudWatch counts by themselves. */

import * as s3 from "../../../generated/s3.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import {
  deleteConfiguration, listConfigurations, putConfiguration, requireConfiguration,
} from "./configurations.ts";

export const PutBucketMetricsConfiguration = operation(s3.PutBucketMetricsConfiguration, {
  ...onBucket,
  run(input, ctx) {
    putConfiguration(ctx, "metrics", input, input.MetricsConfiguration);
  },
});

export const GetBucketMetricsConfiguration = operation(s3.GetBucketMetricsConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const found = requireConfiguration<s3.MetricsConfiguration>(ctx, "metrics", input);
    return { MetricsConfiguration: found };
  },
});

export const ListBucketMetricsConfigurations = operation(s3.ListBucketMetricsConfigurations, {
  ...onBucket,
  run(input, ctx) {
    const { items, marks } = listConfigurations<s3.MetricsConfiguration>(ctx, "metrics", input);
    return { ...marks, MetricsConfigurationList: items };
  },
});

export const DeleteBucketMetricsConfiguration = operation(s3.DeleteBucketMetricsConfiguration, {
  ...onBucket,
  run(input, ctx) {
    deleteConfiguration(ctx, "metrics", input);
  },
});
