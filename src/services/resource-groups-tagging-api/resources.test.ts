import assert from "node:assert/strict";
import { test } from "node:test";
import {
  GetResourcesCommand, ResourceGroupsTaggingAPIClient, type GetResourcesCommandInput,
} from "@aws-sdk/client-resource-groups-tagging-api";
import { refusal } from "../../../test/refusal.ts";
import { startRegion } from "../../../test/region.ts";

test("GetResources has limits, and filters that exclude each other", async () => {
  await using region = await startRegion();
  const client = region.client(ResourceGroupsTaggingAPIClient);
  const get = (input: GetResourcesCommandInput) => refusal(client.send(new GetResourcesCommand(input)));
  const good: readonly GetResourcesCommandInput[] = [
    { ResourcesPerPage: 1 }, { ResourcesPerPage: 100 }, { TagsPerPage: 100 }, { TagsPerPage: 500 },
    { IncludeComplianceDetails: true, ExcludeCompliantResources: true },
  ];
  for (const input of good) assert.equal(await get(input), "no refusal");
  const bad: readonly GetResourcesCommandInput[] = [
    { ResourcesPerPage: 0 }, { ResourcesPerPage: 101 }, { TagsPerPage: 99 }, { TagsPerPage: 150 },
    { TagsPerPage: 600 }, { ResourcesPerPage: 1, TagsPerPage: 100 }, { ExcludeCompliantResources: true },
    { ResourceARNList: ["arn:aws:sqs:us-east-1:000000000000:q"], TagFilters: [{ Key: "a" }] },
  ];
  for (const input of bad) assert.match(await get(input), /^InvalidParameterException: /);
});
