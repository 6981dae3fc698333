import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isSelected, type FieldSelector, type SelectableRecord, type TrailSelection,
} from "./trail-selection.ts";

const bucket = "arn:aws:s3:::b";
const put: SelectableRecord = {
  eventName: "PutObject", eventSource: "s3.amazonaws.com", eventType: "AwsApiCall", eventCategory: "Data",
  readOnly: false, userIdentity: { arn: "arn:aws:iam::000000000000:user/ana" },
  resources: [
    { ARN: `${bucket}/private/key`, type: "AWS::S3::Object" }, { ARN: bucket, type: "AWS::S3::Bucket" },
  ],
};
const list: SelectableRecord = {
  eventName: "ListKeys", eventSource: "kms.amazonaws.com", eventType: "AwsApiCall",
  eventCategory: "Management", readOnly: true, userIdentity: {},
};

const objects: readonly FieldSelector[] = [
  { Field: "eventCategory", Equals: ["Data"] }, { Field: "resources.type", Equals: ["AWS::S3::Object"] },
];
const by = (...more: readonly FieldSelector[]): TrailSelection =>
  ({ advanced: [{ FieldSelectors: [...objects, ...more] }] });

test("without selectors a trail wants management events", () => {
  assert.equal(isSelected({}, list), true);
  assert.equal(isSelected({}, put), false);
});

test("basic selectors: what is read and written, whose are left out, resources by prefix", () => {
  const within = (Value: string): TrailSelection =>
    ({ selectors: [{ DataResources: [{ Type: "AWS::S3::Object", Values: [Value] }] }] });
  assert.equal(isSelected(within("arn:aws:s3"), put), true);
  assert.equal(isSelected(within("arn:aws:s3:::"), put), true);
  assert.equal(isSelected(within(`${bucket}/`), put), true);
  assert.equal(isSelected(within(`${bucket}/priv`), put), true);
  assert.equal(isSelected(within(`${bucket}/public`), put), false);
  assert.equal(isSelected(within("arn:aws:lambda"), put), false);
  const management = (more: object): TrailSelection =>
    ({ selectors: [{ IncludeManagementEvents: true, ...more }] });
  assert.equal(isSelected(management({ ReadWriteType: "WriteOnly" }), list), false);
  assert.equal(isSelected(management({ ReadWriteType: "ReadOnly" }), list), true);
  assert.equal(isSelected(management({ ExcludeManagementEventSources: [list.eventSource] }), list), false);
});

test("advanced selectors: each field with each operator", () => {
  const cases: readonly (readonly [FieldSelector, boolean])[] = [
    [{ Field: "readOnly", Equals: ["false"] }, true],
    [{ Field: "readOnly", Equals: ["true"] }, false],
    [{ Field: "eventName", Equals: ["GetObject", "PutObject"] }, true],
    [{ Field: "eventName", StartsWith: ["Get"] }, false],
    [{ Field: "eventName", EndsWith: ["Object"] }, true],
    [{ Field: "eventName", NotEquals: ["PutObject"] }, false],
    [{ Field: "eventName", NotStartsWith: ["Get", "Put"] }, false],
    [{ Field: "eventName", NotEndsWith: ["Tagging"] }, true],
    [{ Field: "eventSource", Equals: ["s3.amazonaws.com"] }, true],
    [{ Field: "eventType", NotEquals: ["AwsServiceEvent"] }, true],
    [{ Field: "userIdentity.arn", EndsWith: [":user/ana"] }, true],
    [{ Field: "userIdentity.arn", NotEndsWith: [":user/ana"] }, false],
    [{ Field: "sessionCredentialFromConsole", Equals: ["true"] }, false],
    [{ Field: "sessionCredentialFromConsole", NotEquals: ["true"] }, true],
    [{ Field: "resources.ARN", StartsWith: [`${bucket}/private/`] }, true],
    [{ Field: "resources.ARN", NotStartsWith: [`${bucket}/private/`] }, false],
    // The bucket is a resource of the event, but none of the type.
    [{ Field: "resources.ARN", Equals: [bucket] }, false],
    [{ Field: "resources.ARN", NotEquals: [bucket] }, true],
  ];
  for (const [field, expected] of cases) {
    assert.equal(isSelected(by(field), put), expected, JSON.stringify(field));
  }
});

test("conditions of a field: those that select are alternatives, those that leave out all hold", () => {
  const name = (operators: object): boolean => isSelected(by({ Field: "eventName", ...operators }), put);
  assert.equal(name({ StartsWith: ["Get"], EndsWith: ["Object"] }), true);
  assert.equal(name({ StartsWith: ["Put"], NotEndsWith: ["Object"] }), false);
  assert.equal(name({ NotStartsWith: ["Get"], NotEndsWith: ["Object"] }), false);
  assert.equal(name({ NotStartsWith: ["Get"], NotEndsWith: ["Tagging"] }), true);
});

test("fields that an event does not have keep it out, and one selector is enough", () => {
  const network: readonly FieldSelector[] = [
    { Field: "eventCategory", Equals: ["NetworkActivity"] }, { Field: "vpcEndpointId", Equals: ["vpce-1"] },
  ];
  assert.equal(isSelected({ advanced: [{ FieldSelectors: network }] }, put), false);
  const both = [{ FieldSelectors: network }, { FieldSelectors: objects }];
  assert.equal(isSelected({ advanced: both }, put), true);
});
