import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CreateRoleCommand, IAMClient, PutUserPolicyCommand, TagUserCommand } from "@aws-sdk/client-iam";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { startRegion, type TestCredentials } from "../../../test/region.ts";
import { refusal } from "../iam/test-policies.ts";

const account = "000000000000";
const other = "111122223333";
const region = await startRegion();
after(() => region.stop());

/** A role that everybody of the first account may be let into, tagged with the project that it is for. */
async function projectRole(RoleName: string, project: string, owner = account): Promise<string> {
  const iam = owner === account ? region.client(IAMClient)
    : region.client(IAMClient, { credentials: region.root(owner) });
  await iam.send(new CreateRoleCommand({
    RoleName,
    Tags: [{ Key: "access-project", Value: project }],
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "sts:AssumeRole",
        },
        { Effect: "Allow", Principal: { Service: "scheduler.amazonaws.com" }, Action: "sts:AssumeRole" },
      ],
    }),
  }));
  return `arn:aws:iam::${owner}:role/${RoleName}`;
}

const assume = (credentials: TestCredentials, RoleArn: string) =>
  region.client(STSClient, { credentials })
    .send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "session" }));

/** @evidence IAM User Guide, "IAM tutorial: Define permissions to access AWS resources based on tags" */
for (const key of ["iam:ResourceTag", "aws:ResourceTag"]) {
  test(`a user may assume the roles of the project in the user's tag, by ${key}`, async () => {
    const name = key.slice(0, 3);
    const heart = await projectRole(`${name}-heart`, "heart");
    const unicorn = await projectRole(`${name}-unicorn`, "unicorn");
    const foreign = await projectRole(`${name}-foreign`, "heart", other);
    const arnav = await region.user(`${name}-arnav`);
    const iam = region.client(IAMClient);
    await iam.send(new TagUserCommand({
      UserName: `${name}-arnav`, Tags: [{ Key: "access-project", Value: "heart" }],
    }));
    await iam.send(new PutUserPolicyCommand({
      UserName: `${name}-arnav`, PolicyName: "access-assume-role", PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
          Effect: "Allow", Action: "sts:AssumeRole", Resource: "arn:aws:iam::*:role/*",
          Condition: { StringEquals: { [`${key}/access-project`]: "${aws:PrincipalTag/access-project}" } },
        }],
      }),
    }));
    await assume(arnav, heart);
    await assume(arnav, foreign);
    assert.equal((await refusal(assume(arnav, unicorn)))[0], "AccessDenied");
  });
}

test("who passes a role to a service is asked for the role's tags", async () => {
  const heart = await projectRole("pass-heart", "heart");
  const unicorn = await projectRole("pass-unicorn", "unicorn");
  const credentials = await region.user("passer", {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "scheduler:*", Resource: "*" },
      {
        Effect: "Allow", Action: "iam:PassRole", Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/access-project": "heart" } },
      },
    ],
  });
  const scheduler = region.client(SchedulerClient, { credentials });
  const schedule = (Name: string, RoleArn: string) => scheduler.send(new CreateScheduleCommand({
    Name, ScheduleExpression: "rate(1 day)", FlexibleTimeWindow: { Mode: "OFF" },
    Target: { Arn: `arn:aws:sqs:us-east-1:${account}:queue`, RoleArn },
  }));
  await schedule("heart", heart);
  assert.equal((await refusal(schedule("unicorn", unicorn)))[0], "AccessDeniedException");
});

test("aws:ResourceAccount is the account of the resource", async () => {
  const own = await projectRole("account-own", "heart");
  const foreign = await projectRole("account-foreign", "heart", other);
  const credentials = await region.user("abroad", {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Action: "sts:AssumeRole", Resource: "*",
      Condition: { StringEquals: { "aws:ResourceAccount": other } },
    }],
  });
  await assume(credentials, foreign);
  assert.equal((await refusal(assume(credentials, own)))[0], "AccessDenied");
});
