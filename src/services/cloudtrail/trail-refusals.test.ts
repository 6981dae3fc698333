import assert from "node:assert/strict";
import test from "node:test";
import {
  CloudTrailClient, CreateTrailCommand, PutEventSelectorsCommand, type Tag,
} from "@aws-sdk/client-cloudtrail";
import { startRegion } from "../../../test/region.ts";
import { bucket, refusal, trailFixture } from "./trail-fixture.ts";

const ofObjects = [
  { Field: "eventCategory", Equals: ["Data"] }, { Field: "resources.type", Equals: ["AWS::S3::Object"] },
];
const ofNetwork = [
  { Field: "eventCategory", Equals: ["NetworkActivity"] },
  { Field: "eventSource", Equals: ["kms.amazonaws.com"] },
];

const bucketPolicy = JSON.stringify({
  Version: "2012-10-17", Statement: [{
    Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${bucket}/*`,
  }],
});

test("who makes a trail with tags must be allowed to tag", async () => {
  await using region = await startRegion();
  await trailFixture(region, bucketPolicy);
  const credentials = await region.user("untagging", { Version: "2012-10-17", Statement: [
    { Effect: "Allow", Action: "cloudtrail:CreateTrail", Resource: "*" },
  ] });
  const client = region.client(CloudTrailClient, { credentials });
  const create = (Name: string, TagsList: Tag[]) => refusal(client.send(
    new CreateTrailCommand({ Name, S3BucketName: bucket, TagsList }),
  ));
  assert.match(await create("tagged", [{ Key: "a", Value: "b" }]),
    /^AccessDeniedException: .* not authorized to perform: cloudtrail:AddTags on resource: /);
  assert.equal(await create("plain", []), "nothing was refused");
});

test("what can't be a trail is refused", async () => {
  await using region = await startRegion();
  const it = await trailFixture(region, bucketPolicy);
  const refused = (input: object): Promise<string> =>
    refusal(it.cloudtrail.send(new CreateTrailCommand({ Name: "valid", S3BucketName: bucket, ...input })));
  assert.equal(
    await refused({ Name: "ab" }),
    "InvalidTrailNameException: Trail name too short. Minimum allowed length: 3 characters. Specified name "
    + "length: 2 characters.",
  );
  assert.match(
    await refused({ Name: "x".repeat(129) }), /^InvalidTrailNameException: Trail name too long\. /,
  );
  assert.equal(
    await refused({ Name: "-abc" }),
    "InvalidTrailNameException: Trail name must starts with a letter or number.",
  );
  assert.match(
    await refused({ Name: "a b" }), /^InvalidTrailNameException: Trail name or ARN can only contain /,
  );
  assert.equal(
    await refused({ IsMultiRegionTrail: true, IncludeGlobalServiceEvents: false }),
    "InvalidParameterCombinationException: Multi-Region trail must include global service events.",
  );
  assert.match(await refused({ IsOrganizationTrail: true }), /^OrganizationsNotInUseException: /);
  assert.match(
    await refused({ CloudWatchLogsRoleArn: "arn:aws:iam::000000000000:role/x" }),
    /^InvalidParameterCombinationException: /,
  );
  assert.match(await refused({ KmsKeyId: "alias/none" }), /^KmsKeyNotFoundException: /);
  for (const Name of ["one", "two", "three", "four", "five"]) await it.create(Name);
  assert.equal(
    await refused({ Name: "one" }), "TrailAlreadyExistsException: Trail one already exists for customer: "
    + "000000000000",
  );
  assert.equal(
    await refused({ Name: "six" }),
    "MaximumNumberOfTrailsExceededException: User: 000000000000 already has 5 trails in us-east-1.",
  );
  const selectors = (input: object): Promise<string> =>
    refusal(it.cloudtrail.send(new PutEventSelectorsCommand({ TrailName: "one", ...input })));
  for (const input of [
    {}, { EventSelectors: [] }, { EventSelectors: Array.from({ length: 6 }, () => ({})) },
    { EventSelectors: [{ DataResources: [{ Type: "AWS::SQS::Queue", Values: ["arn:aws:sqs"] }] }] },
    { AdvancedEventSelectors: [{ FieldSelectors: [{ Field: "eventCategory", Equals: ["Insight"] }] }] },
    { AdvancedEventSelectors: [{ FieldSelectors: [{ Field: "eventCategory", Equals: ["Data"] }] }] },
    { AdvancedEventSelectors: [{ FieldSelectors: [
      { Field: "eventCategory", Equals: ["Management"] }, { Field: "wrong", Equals: ["x"] },
    ] }] },
    ...[
      [{ Field: "eventCategory", Equals: ["Management"] }, { Field: "eventName", Equals: ["CreateKey"] }],
      [
        { Field: "eventCategory", Equals: ["Management"] },
        { Field: "eventSource", Equals: ["kms.amazonaws.com"] },
      ],
      [
        { Field: "eventCategory", Equals: ["Management"] },
        { Field: "eventSource", NotEquals: ["s3.amazonaws.com"] },
      ],
      [{ Field: "eventCategory", Equals: ["Management", "Data"] }],
      [{ Field: "eventCategory", Equals: ["Management"] }, { Field: "readOnly", Equals: ["yes"] }],
      [{ Field: "eventCategory", Equals: ["Management"] }, { Field: "readOnly", NotEquals: ["true"] }],
      [...ofObjects, { Field: "resources.type", Equals: ["AWS::Lambda::Function"] }],
      [...ofObjects, { Field: "vpcEndpointId", Equals: ["vpce-1"] }],
      [...ofObjects, { Field: "eventName" }],
      [{ Field: "eventCategory", Equals: ["NetworkActivity"] }],
      [...ofNetwork, { Field: "errorCode", Equals: ["AccessDenied"] }],
      [...ofNetwork, { Field: "readOnly", Equals: ["true"] }],
    ].map((FieldSelectors) => ({ AdvancedEventSelectors: [{ FieldSelectors }] })),
  ]) assert.match(await selectors(input), /^InvalidEventSelectorsException: /, JSON.stringify(input));

  const values = (Type: string, value: string): Promise<string> => selectors({
    EventSelectors: [{ ReadWriteType: "All", DataResources: [{ Type, Values: [value] }] }],
  });
  for (const value of ["arn:aws:s3:::*/*", "arn:aws:s3:::/", "arn:aws:s3:::bucket", "bucket/"]) {
    assert.equal(
      await values("AWS::S3::Object", value),
      `InvalidEventSelectorsException: Value ${value} for DataResources.Values is invalid.`,
    );
  }
  for (const value of ["arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::bucket/", "arn:aws:s3:::bucket/a"]) {
    assert.equal(await values("AWS::S3::Object", value), "nothing was refused");
  }
  assert.equal(await values("AWS::Lambda::Function", "arn:aws:lambda"), "nothing was refused");
  const valuesOf = (count: number): object[] => [{
    FieldSelectors: [
      ...ofObjects,
      { Field: "eventName", Equals: Array.from({ length: count - 2 }, (_, index) => `Name${index}`) },
    ],
  }];
  assert.equal(await selectors({ AdvancedEventSelectors: valuesOf(500) }), "nothing was refused");
  assert.match(await selectors({ AdvancedEventSelectors: valuesOf(501) }), /up to 500 values/);
  assert.equal(
    await selectors({ AdvancedEventSelectors: [{
      FieldSelectors: [
        ...ofNetwork, { Field: "errorCode", Equals: ["VpceAccessDenied"] },
        { Field: "vpcEndpointId", NotStartsWith: ["vpce-1"] },
      ],
    }] }),
    "nothing was refused",
  );
});
