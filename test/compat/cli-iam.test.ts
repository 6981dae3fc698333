/** The aws CLI and IAM: its commands, its pages, its waiters, its formats. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, root, startWorkstation, without } from "./clients.ts";

const skip = without("aws");

test("iam-cli-create-user: create-user makes a user once", { skip }, async () => {
  await using station = await startWorkstation();
  const { User } = await station.aws<{ User: Record<string, string> }>`iam create-user --user-name ana`;
  const { UserId, CreateDate, ...rest } = User;
  assert.match(UserId ?? "", /^AIDA[A-Z2-7]{17}$/);
  assert.ok(Math.abs(Date.parse(CreateDate ?? "") - station.region.clock.now()) < 60_000);
  assert.deepEqual(rest, { Path: "/", UserName: "ana", Arn: "arn:aws:iam::000000000000:user/ana" });
  assert.equal(
    await station.refusal`iam create-user --user-name ana`,
    "An error occurred (EntityAlreadyExists) when calling the CreateUser operation: User with name ana " +
      "already exists.",
  );
});

test("IAM's dates are whole seconds", { skip }, async () => {
  await using station = await startWorkstation();
  const date = await station.aws<string>`iam create-user --user-name ana --query User.CreateDate`;
  assert.match(date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)$/);
});

test(
  "iam-cli-attach-user-policy: ReadOnlyAccess gives read access everywhere and no write",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const ana = station.as(await station.user("ana"));
    assert.equal(
      await ana.refusal`sqs list-queues`,
      "An error occurred (AccessDenied) when calling the ListQueues operation: User: " +
        "arn:aws:iam::000000000000:user/ana is not authorized to perform: sqs:listqueues on resource: " +
        "arn:aws:sqs:us-east-1:000000000000: " +
        "because no identity-based policy allows the sqs:listqueues action",
    );
    await station.aws`iam attach-user-policy --user-name ana
    --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess`;
    assert.equal(await ana.aws`sqs list-queues`, undefined);
    assert.deepEqual(await ana.aws`iam list-users --query Users[].UserName`, ["ana"]);
    assert.deepEqual(await ana.aws`ssm describe-parameters --query Parameters`, []);
    assert.match(await ana.refusal`sqs create-queue --queue-name q`, /^An error occurred \(AccessDenied\) /);
    assert.match(await ana.refusal`iam create-user --user-name bob`, /^An error occurred \(AccessDenied\) /);
    assert.match(
      await ana.refusal`ssm put-parameter --name p --value v --type String`,
      /^An error occurred \(AccessDeniedException\) /,
    );
  },
);

test("iam-cli-create-role-trust: who may assume the role of a member account", { skip }, async () => {
  await using station = await startWorkstation();
  const member = station.as(root("222222222222"));
  const RoleArn = await member.aws`iam create-role --role-name Admin --query Role.Arn
    --assume-role-policy-document ${JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::000000000000:root" },
        Action: "sts:AssumeRole",
      },
    })}`;
  assert.equal(RoleArn, "arn:aws:iam::222222222222:role/Admin");

  const granted = station.as(await station.user("granted", allow("sts:AssumeRole")));
  const bare = station.as(await station.user("bare"));
  const stranger = station.as(
    await station.as(root("333333333333")).user("stranger", allow("sts:AssumeRole")),
  );
  const session = await granted.aws<{ AccessKeyId: string; SecretAccessKey: string }>`sts assume-role
    --role-arn ${RoleArn} --role-session-name work --query Credentials`;
  assert.equal(
    await station.as(session).aws`sts get-caller-identity --query Arn`,
    "arn:aws:sts::222222222222:assumed-role/Admin/work",
  );
  const refusals = [
    ["000000000000:user/bare", bare, "identity-based policy"],
    ["333333333333:user/stranger", stranger, "role trust policy"],
  ] as const;
  for (const [name, shell, missing] of refusals) {
    const refusal: string = await shell.refusal`sts assume-role --role-arn ${RoleArn}
      --role-session-name work`;
    assert.equal(
      refusal,
      `An error occurred (AccessDenied) when calling the AssumeRole operation: User: ` +
        `arn:aws:iam::${name} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn} ` +
        `because no ${missing} allows the ` + "sts:AssumeRole action",
    );
  }
});

test("lists come in pages of any size, and go on where they were left", { skip }, async () => {
  await using station = await startWorkstation();
  const names = ["a", "b", "c", "d", "e"];
  for (const name of names) await station.aws`iam create-group --group-name ${name}`;
  type Page = { Groups: { GroupName: string }[]; NextToken?: string };
  const namesOf = (page: Page) => page.Groups.map((group) => group.GroupName);
  assert.deepEqual(namesOf(await station.aws<Page>`iam list-groups --page-size 2`), names);
  const first = await station.aws<Page>`iam list-groups --max-items 3 --page-size 2`;
  assert.deepEqual(namesOf(first), ["a", "b", "c"]);
  const rest = await station.aws<Page>`iam list-groups --starting-token ${first.NextToken}`;
  assert.deepEqual(namesOf(rest), ["d", "e"]);
  assert.equal(rest.NextToken, undefined);
});

test("waiters see what exists", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`iam create-user --user-name ana`;
  await station.aws`iam wait user-exists --user-name ana`;
  const trust = {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "ec2.amazonaws.com" },
      Action: "sts:AssumeRole",
    },
  };
  await station.aws`iam create-role --role-name r --assume-role-policy-document ${JSON.stringify(trust)}`;
  await station.aws`iam wait role-exists --role-name r`;
  const arn = await station.aws`iam create-policy --policy-name p --query Policy.Arn
    --policy-document ${JSON.stringify(allow("sqs:*"))}`;
  await station.aws`iam wait policy-exists --policy-arn ${arn}`;
  await station.aws`iam create-instance-profile --instance-profile-name ip`;
  await station.aws`iam wait instance-profile-exists --instance-profile-name ip`;
});

test("a call is one attempt, made with signature version 4", { skip }, async () => {
  await using station = await startWorkstation();
  const { stderr, status } = await station.run("aws", ["iam", "list-users", "--debug"]);
  assert.equal(status, 0);
  const count = (text: string) => stderr.split(text).length - 1;
  assert.equal(count("Sending http request"), 1);
  assert.equal(count("Calculating signature using v4 auth."), 1);
  assert.equal(count("No retry needed."), 1);
});

test("answers come in every format", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`iam create-user --user-name ana --path /people/`;
  await station.aws`iam create-user --user-name bob`;
  const pairs = "Users[].[UserName,Path]";
  assert.deepEqual(await station.aws`iam list-users --query ${pairs}`, [
    ["ana", "/people/"],
    ["bob", "/"],
  ]);
  assert.equal(await station.aws`iam list-users --query ${pairs} --output text`, "ana\t/people/\nbob\t/");
  assert.equal(
    await station.aws`iam list-users --query ${pairs} --output yaml`.catch(() => "no yaml in version 1"),
    "no yaml in version 1",
  );
  assert.equal(
    await station.aws`iam list-users --query ${pairs} --output table`,
    [
      "---------------------",
      "|     ListUsers     |",
      "+------+------------+",
      "|  ana |  /people/  |",
      "|  bob |  /         |",
      "+------+------------+",
    ].join("\n"),
  );
});
