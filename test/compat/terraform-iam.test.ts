/** Terraform's IAM resources: applied, seen without drift, changed, imported, destroyed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { authorityCertificate, leafCertificate, leafKey } from "../../src/services/iam/test-certificates.ts";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

test("users, groups, their policies, keys and passwords", { skip }, async () => {
  await using station = await startWorkstation();
  const users = await Terraform.open(station, "iam-users");
  await users.apply();
  assert.equal(await users.drift(), "");
  assert.deepEqual(await users.outputs(), {
    user_id_agrees: true,
    members: ["ana"],
    people: ["ana"],
    managed_policy: "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess",
  });

  const changed = { path: "/former/", actions: "sqs:SendMessage,sqs:PurgeQueue" };
  await users.apply(changed);
  assert.equal(await users.drift(changed), "");
  await users.reimport("aws_iam_policy.send", "arn:aws:iam::000000000000:policy/send", changed);
  await users.reimport("aws_iam_user_policy.inline", "ana:inline", changed);
  assert.equal(await users.drift(changed), "");
  await users.destroy(changed);
});

test("roles, their policies, instance profiles and service-linked roles", { skip }, async () => {
  await using station = await startWorkstation();
  const roles = await Terraform.open(station, "iam-roles");
  await roles.apply();
  assert.equal(await roles.drift(), "");
  assert.deepEqual(await roles.outputs(), {
    account: "000000000000",
    region: "us-east-1",
    role: "arn:aws:iam::000000000000:role/service/app",
    roles: ["app"],
    profile_role: "app",
  });

  const changed = { session_seconds: "7200" };
  await roles.apply(changed);
  assert.equal(await roles.drift(changed), "");
  await roles.reimport("aws_iam_role.app", "app", changed);
  await roles.reimport("aws_iam_instance_profile.app", "app", changed);
  await roles.reimport(
    "aws_iam_role_policy_attachment.read",
    "app/arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
    changed,
  );
  assert.equal(await roles.drift(changed), "");
  await roles.destroy(changed);
});

test("the account's alias and password policy", { skip }, async () => {
  await using station = await startWorkstation();
  const account = await Terraform.open(station, "iam-account");
  await account.apply();
  assert.equal(await account.drift(), "");
  assert.deepEqual(await account.outputs(), { alias: "our-shop" });
  await account.apply({ length: "16" });
  assert.equal(await account.drift({ length: "16" }), "");
  await account.destroy();
});

test(
  "identity providers, certificates, SSH keys, MFA devices and service credentials",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const federation = await Terraform.open(station, "iam-federation", {
      "leaf.pem": leafCertificate,
      "leaf-key.pem": leafKey,
      "authority.pem": authorityCertificate,
    });
    await federation.apply();
    assert.equal(await federation.drift(), "");
    await federation.apply({ client: "second" });
    assert.equal(await federation.drift({ client: "second" }), "");
    await federation.reimport(
      "aws_iam_openid_connect_provider.google",
      "arn:aws:iam::000000000000:oidc-provider/accounts.google.com",
      { client: "second" },
    );
    assert.equal(await federation.drift({ client: "second" }), "");
    await federation.destroy({ client: "second" });
  },
);
