import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, PutBucketLifecycleConfigurationCommand, PutObjectCommand, S3Client, type LifecycleRule,
} from "@aws-sdk/client-s3";
import { startRegion } from "../../../../test/region.ts";

const Bucket = "bucket";
const malformed =
  "MalformedXML: The XML you provided was not well-formed or did not validate against our published schema";
const expiration = { Expiration: { Days: 100 } };
const tag = { Key: "a", Value: "1" };

type Given = Partial<Record<keyof LifecycleRule, unknown>>;

/** What a single rule, with an empty filter unless it says otherwise, is refused for. */
const refusals: readonly (readonly [expected: string, ...rules: Given[]])[] = [
  [malformed],
  [malformed, { ...expiration, Status: "enabled" }],
  [malformed, { ...expiration, Filter: undefined }],
  [malformed, { ...expiration, Filter: { Prefix: "a", Tag: tag } }],
  [malformed, { ...expiration, Filter: { Prefix: "a", And: { Prefix: "b", Tags: [tag] } } }],
  [malformed, { ...expiration, Filter: { And: { Prefix: "a" } } }],
  [malformed, { ...expiration, Filter: { Prefix: "a".repeat(1025) } }],
  [malformed, { Expiration: {} }],
  [malformed, { Expiration: { Days: 2 ** 31 } }],
  [malformed, { Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }],
  [malformed, { Expiration: { Days: 1, Date: new Date("2030-01-01") } }],
  [malformed, { NoncurrentVersionExpiration: {} }],
  [malformed, { NoncurrentVersionExpiration: { NewerNoncurrentVersions: 1 } }],
  [malformed, { Transitions: [{ Days: 1, StorageClass: "STANDARD" }] }],
  [malformed, { Transitions: [{ StorageClass: "GLACIER" }] }],
  [malformed, { Transitions: [{ Days: 1 }] }],
  ["InvalidRequest: At least one action needs to be specified in a rule", {}],
  [
    "InvalidArgument: ID length should not exceed allowed limit of 255",
    { ...expiration, ID: "i".repeat(256) },
  ],
  [
    "InvalidArgument: Rule ID must be unique. Found same ID for more than one rule",
    { ...expiration, ID: "id" }, { ...expiration, ID: "id" },
  ],
  [
    "InvalidRequest: Filter element can only be used in Lifecycle V2.",
    { ...expiration, Filter: undefined, Prefix: "a" }, expiration,
  ],
  [
    "InvalidRequest: Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the " +
      "Filter.",
    expiration, { ...expiration, Filter: undefined, Prefix: "a" },
  ],
  [
    "InvalidRequest: Found overlapping prefixes '' and 'a' for same action type 'Expiration'",
    { ...expiration, Filter: undefined, Prefix: "" }, { ...expiration, Filter: undefined, Prefix: "a" },
  ],
  [
    "InvalidRequest: NewerNoncurrentVersions element can only be used in Lifecycle V2.",
    {
      Filter: undefined, Prefix: "",
      NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 1 },
    },
  ],
  [
    "InvalidRequest: Duplicate Tag Keys are not allowed.",
    { ...expiration, Filter: { And: { Tags: [tag, { Key: "a", Value: "2" }] } } },
  ],
  [
    "InvalidRequest: 'ObjectSizeLessThan' should be between 1 and 1099511627776000.",
    { ...expiration, Filter: { ObjectSizeLessThan: 0 } },
  ],
  [
    "InvalidRequest: 'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
    { ...expiration, Filter: { And: { ObjectSizeLessThan: 5, ObjectSizeGreaterThan: 5 } } },
  ],
  [
    "InvalidRequest: AbortIncompleteMultipartUpload cannot be specified with Tags.",
    { Filter: { Tag: tag }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
  ],
  [
    "InvalidRequest: AbortIncompleteMultipartUpload cannot be specified with Object Size.",
    { Filter: { ObjectSizeGreaterThan: 1 }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
  ],
  [
    "InvalidRequest: ExpiredObjectDeleteMarker cannot be specified with Object Size.",
    { Filter: { ObjectSizeGreaterThan: 1 }, Expiration: { ExpiredObjectDeleteMarker: false } },
  ],
  ["InvalidArgument: 'Days' for Expiration action must be a positive integer", { Expiration: { Days: 0 } }],
  [
    "InvalidArgument: 'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
    { NoncurrentVersionExpiration: { NoncurrentDays: 0 } },
  ],
  [
    "InvalidArgument: 'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive " +
      "integer",
    { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 0 } },
  ],
  [
    "InvalidArgument: 'Date' must be at midnight GMT",
    { Expiration: { Date: new Date("2030-01-01T00:00:01Z") } },
  ],
  [
    "InvalidArgument: 'Days' in Transition action must be greater than or equal to 30 for storageClass " +
      "'ONEZONE_IA'",
    { Transitions: [{ Days: 29, StorageClass: "ONEZONE_IA" }] },
  ],
  [
    "InvalidRequest: 'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter " +
      "'(prefix=)'",
    { Transitions: [{ Days: 1, StorageClass: "GLACIER" }, { Days: 2, StorageClass: "GLACIER" }] },
  ],
  [
    "InvalidRequest: Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle " +
      "rule for filter '(prefix=a)'",
    {
      Filter: { Prefix: "a" }, Expiration: { Date: new Date("2030-01-01") },
      Transitions: [{ Days: 1, StorageClass: "GLACIER" }],
    },
  ],
  [
    "InvalidArgument: 'Days' in the Expiration action for filter '(tag={key=a, value=1})' must be greater " +
      "than 'Days' in the Transition action",
    {
      Filter: { Tag: tag }, Expiration: { Days: 5 }, Transitions: [{ Days: 5, StorageClass: "GLACIER" }],
    },
  ],
  [
    "InvalidArgument: 'Days' in the Transition action for StorageClass 'GLACIER' for filter '(prefix=)' " +
      "must be greater than 'Days' in the Transition action for StorageClass 'STANDARD_IA' for filter " +
      "'(prefix=)'",
    { Transitions: [{ Days: 30, StorageClass: "GLACIER" }, { Days: 30, StorageClass: "STANDARD_IA" }] },
  ],
];

test("a lifecycle configuration that is none is refused, each in S3's words", async () => {
  await using region = await startRegion();
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const send = (rules: readonly Given[], size?: string) => {
    const Rules = rules.map((rule) => ({ Status: "Enabled", Filter: {}, ...rule })) as LifecycleRule[];
    return s3.send(new PutBucketLifecycleConfigurationCommand({
      Bucket, LifecycleConfiguration: { Rules }, TransitionDefaultMinimumObjectSize: size as never,
    }));
  };
  for (const [expected, ...rules] of refusals) {
    await assert.rejects(send(rules), (error: Error) => {
      assert.equal(`${error.name}: ${error.message}`, expected, JSON.stringify(rules));
      return true;
    });
  }
  await assert.rejects(send([expiration], "value"), {
    name: "InvalidRequest", message: "Invalid TransitionDefaultMinimumObjectSize found: value",
  });
  await assert.rejects(send(Array.from({ length: 1001 }, () => expiration)), {
    name: "InvalidRequest",
    message: "The number of lifecycle rules must not exceed the allowed limit of 1000 rules.",
  });
  await send(Array.from({ length: 1000 }, () => expiration));
  await send([{ Expiration: { Days: 2 ** 31 - 1 } }]);
  const { Expiration } = await s3.send(new PutObjectCommand({ Bucket, Key: "key" }));
  assert.match(Expiration ?? "", /^expiry-date="Fri, 31 Dec 9999 00:00:00 GMT"/);
  await assert.rejects(s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket })), {
    name: "MalformedXML",
  });
});
