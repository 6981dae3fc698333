/** Which reports of its objects a bucket is to have. */

import * as s3 from "../../../generated/s3.ts";
import { notImplemented } from "../../../kernel/errors.ts";
import { operation } from "../../../kernel/operation.ts";
import { onBucket } from "../access/access.ts";
import {
  deleteConfiguration, findConfiguration, listConfigurations, putConfiguration, requireConfiguration,
} from "./configurations.ts";
import { malformedXml, refuse } from "../errors.ts";
import { inventoryFields } from "./inventory-rows.ts";
import { planReport, unplanReport } from "./inventory-schedule.ts";

const arnForm = /^arn:aws:s3:::[a-z0-9][a-z0-9.-]{2,62}$/;

/** @throws MalformedXML, InvalidS3DestinationBucket, NotImplemented */
function requireValid(configuration: s3.InventoryConfiguration): void {
  const { Schedule, IncludedObjectVersions, OptionalFields = [], Destination } = configuration;
  const { Format, Bucket } = Destination.S3BucketDestination;
  const isKnown =
    ["Daily", "Weekly"].includes(Schedule.Frequency) &&
    ["All", "Current"].includes(IncludedObjectVersions) &&
    ["CSV", "ORC", "Parquet"].includes(Format) &&
    OptionalFields.every((field) => inventoryFields.includes(field));
  if (!isKnown) throw malformedXml();
  if (!arnForm.test(Bucket)) throw refuse("InvalidS3DestinationBucket", "Invalid bucket ARN.");
  if (Format === "ORC") throw notImplemented("An inventory report as ORC");
}

export const PutBucketInventoryConfiguration = operation(s3.PutBucketInventoryConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const { Bucket, Id, InventoryConfiguration: configuration } = input;
    const before = findConfiguration<s3.InventoryConfiguration>(ctx, "inventory", Bucket, Id);
    putConfiguration(ctx, "inventory", input, configuration);
    requireValid(configuration);
    if (!configuration.IsEnabled) unplanReport(ctx, Bucket, Id);
    else planReport(ctx, Bucket, configuration, before?.IsEnabled !== true);
  },
});

export const GetBucketInventoryConfiguration = operation(s3.GetBucketInventoryConfiguration, {
  ...onBucket,
  run(input, ctx) {
    const found = requireConfiguration<s3.InventoryConfiguration>(ctx, "inventory", input);
    return { InventoryConfiguration: found };
  },
});

export const ListBucketInventoryConfigurations = operation(s3.ListBucketInventoryConfigurations, {
  ...onBucket,
  run(input, ctx) {
    const { items, marks } = listConfigurations<s3.InventoryConfiguration>(ctx, "inventory", input);
    return { ...marks, InventoryConfigurationList: items };
  },
});

export const DeleteBucketInventoryConfiguration = operation(s3.DeleteBucketInventoryConfiguration, {
  ...onBucket,
  run(input, ctx) {
    deleteConfiguration(ctx, "inventory", input);
    unplanReport(ctx, input.Bucket, input.Id);
  },
});
