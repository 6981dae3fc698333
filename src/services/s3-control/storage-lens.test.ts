import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateStorageLensGroupCommand, DeleteStorageLensConfigurationCommand, DeleteStorageLensGroupCommand,
  GetStorageLensConfigurationCommand, GetStorageLensConfigurationTaggingCommand, GetStorageLensGroupCommand,
  ListStorageLensConfigurationsCommand, ListStorageLensGroupsCommand, PutStorageLensConfigurationCommand,
  S3ControlClient, UpdateStorageLensGroupCommand,
} from "@aws-sdk/client-s3-control";
import { startRegion } from "../../../test/region.ts";

const AccountId = "000000000000";

test("dashboards of Storage Lens are kept as they are set", async () => {
  await using region = await startRegion();
  const control = region.client(S3ControlClient);
  const named = { AccountId, ConfigId: "dashboard" };
  const StorageLensConfiguration = { Id: "dashboard", AccountLevel: { BucketLevel: {} }, IsEnabled: true };
  const Tags = [{ Key: "team", Value: "red" }];
  await control.send(new PutStorageLensConfigurationCommand({ ...named, StorageLensConfiguration, Tags }));
  const StorageLensArn = `arn:aws:s3:us-east-1:${AccountId}:storage-lens/dashboard`;
  const got = await control.send(new GetStorageLensConfigurationCommand(named));
  assert.deepEqual(got.StorageLensConfiguration, { ...StorageLensConfiguration, StorageLensArn });
  const tagged = await control.send(new GetStorageLensConfigurationTaggingCommand(named));
  assert.deepEqual(tagged.Tags, Tags);
  const listed = await control.send(new ListStorageLensConfigurationsCommand({ AccountId }));
  assert.deepEqual(listed.StorageLensConfigurationList, [
    { Id: "dashboard", StorageLensArn, HomeRegion: "us-east-1", IsEnabled: true },
  ]);
  await control.send(new DeleteStorageLensConfigurationCommand(named));
  await assert.rejects(control.send(new GetStorageLensConfigurationCommand(named)), {
    name: "NoSuchConfiguration", message: "The specified configuration does not exist.",
  });
});

test("groups of Storage Lens are kept as they are set", async () => {
  await using region = await startRegion();
  const control = region.client(S3ControlClient);
  const group = (prefix: string) => ({ Name: "group", Filter: { MatchAnyPrefix: [prefix] } });
  await control.send(new CreateStorageLensGroupCommand({ AccountId, StorageLensGroup: group("a") }));
  const named = { AccountId, Name: "group" };
  await control.send(new UpdateStorageLensGroupCommand({ ...named, StorageLensGroup: group("b") }));
  const { StorageLensGroup } = await control.send(new GetStorageLensGroupCommand(named));
  assert.deepEqual(StorageLensGroup?.Filter, { MatchAnyPrefix: ["b"] });
  await control.send(new DeleteStorageLensGroupCommand(named));
  const { StorageLensGroupList } = await control.send(new ListStorageLensGroupsCommand({ AccountId }));
  assert.deepEqual(StorageLensGroupList ?? [], []);
});
