import * as cloudtrail from "../../generated/cloudtrail.ts";
import { modelled } from "../../kernel/errors.ts";

export const invalidTimeRange = () =>
  modelled(cloudtrail.InvalidTimeRangeException, "The end time must be after the start time.");

export const invalidNextToken = () =>
  modelled(
    cloudtrail.InvalidNextTokenException,
    "The NextToken value is invalid, expired, or was made for another request.",
  );

export const invalidLookupAttributes = (message: string) =>
  modelled(cloudtrail.InvalidLookupAttributesException, message);
