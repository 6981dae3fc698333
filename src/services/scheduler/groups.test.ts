import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import {
  CreateScheduleGroupCommand, DeleteScheduleGroupCommand, GetScheduleCommand, GetScheduleGroupCommand,
  ListScheduleGroupsCommand, ListTagsForResourceCommand, SchedulerClient, TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-scheduler";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { refusal, schedulerFixture, type SchedulerFixture } from "./scheduler-fixture.ts";

let region: TestRegion;
let it: SchedulerFixture;
before(async () => {
  region = await startRegion();
  it = await schedulerFixture(region);
});
after(() => region.stop());

test("a group goes with its schedules, and is DELETING until then", async () => {
  const Name = "team";
  const { ScheduleGroupArn } = await it.scheduler.send(new CreateScheduleGroupCommand({ Name }));
  assert.equal(ScheduleGroupArn, "arn:aws:scheduler:us-east-1:000000000000:schedule-group/team");
  const arn = await it.create("mine", { GroupName: Name, ScheduleExpression: "rate(1 hour)" });
  assert.equal(arn, "arn:aws:scheduler:us-east-1:000000000000:schedule/team/mine");
  await region.engine.settled();
  assert.deepEqual(await it.bodies(), ["mine"]);
  await it.scheduler.send(new DeleteScheduleGroupCommand({ Name }));
  const { State } = await it.scheduler.send(new GetScheduleGroupCommand({ Name }));
  assert.equal(State, "DELETING");
  assert.equal(
    await refusal(it.create("late", { GroupName: Name })),
    "ConflictException: Schedule group team is being deleted.",
  );
  await region.clock.advance({ hours: 2 });
  const gone = "ResourceNotFoundException: Schedule group team does not exist.";
  assert.equal(await refusal(it.scheduler.send(new GetScheduleGroupCommand({ Name }))), gone);
  assert.equal(
    await refusal(it.scheduler.send(new GetScheduleCommand({ Name: "mine", GroupName: Name }))), gone,
  );
  assert.deepEqual(await it.bodies(), []);
});

test("the default group is always there", async () => {
  const { Arn, State, CreationDate } = await it.scheduler.send(
    new GetScheduleGroupCommand({ Name: "default" }),
  );
  assert.deepEqual([Arn, State, CreationDate], [
    "arn:aws:scheduler:us-east-1:000000000000:schedule-group/default", "ACTIVE", undefined,
  ]);
  assert.match(
    await refusal(
      it.scheduler.send(new DeleteScheduleGroupCommand({ Name: "default" })),
    ), /^ValidationException: /,
  );
  assert.equal(
    await refusal(it.scheduler.send(new CreateScheduleGroupCommand({ Name: "default" }))),
    "ConflictException: Schedule group default already exists.",
  );
});

test("who makes a group with tags must be allowed to tag", async () => {
  const credentials = await region.user("untagging", { Version: "2012-10-17", Statement: [
    { Effect: "Allow", Action: "scheduler:CreateScheduleGroup", Resource: "*" },
  ] });
  const scheduler = region.client(SchedulerClient, { credentials });
  const Tags = [{ Key: "a", Value: "b" }];
  assert.match(
    await refusal(scheduler.send(new CreateScheduleGroupCommand({ Name: "tagged", Tags }))),
    /^AccessDeniedException: .* not authorized to perform: scheduler:TagResource on resource: .*\/tagged /,
  );
  await scheduler.send(new CreateScheduleGroupCommand({ Name: "plain" }));
});

test("groups have tags and are listed by name", async () => {
  for (const Name of ["b-two", "a-one", "b-one"]) {
    await it.scheduler.send(new CreateScheduleGroupCommand({ Name, Tags: [{ Key: "name", Value: Name }] }));
  }
  const { ScheduleGroups = [] } = await it.scheduler.send(
    new ListScheduleGroupsCommand({ NamePrefix: "b-" }),
  );
  assert.deepEqual(ScheduleGroups.map(({ Name }) => Name), ["b-one", "b-two"]);
  const ResourceArn = ScheduleGroups[0]?.Arn ?? "";
  await it.scheduler.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "more", Value: "1" }] }));
  await it.scheduler.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["name"] }));
  const { Tags } = await it.scheduler.send(new ListTagsForResourceCommand({ ResourceArn }));
  assert.deepEqual(Tags, [{ Key: "more", Value: "1" }]);
  const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
  assert.match(
    await refusal(it.scheduler.send(new TagResourceCommand({ ResourceArn, Tags: many }))),
    /^ServiceQuotaExceededException: /,
  );
});
