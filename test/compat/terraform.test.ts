/** Terraform's resources: applied, seen without drift, changed, imported, destroyed. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  CreateBucketCommand, ListBucketsCommand, PutBucketLifecycleConfigurationCommand, S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Region } from "../../src/region.ts";
import { authorityCertificate, leafCertificate, leafKey } from "../../src/services/iam/test-certificates.ts";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

/**
 * What buckets are given: a queue, and keys.
 *
 * @returns the variables that name them
 */
async function beforeBuckets(region: Region): Promise<Record<string, string>> {
  const statement = {
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: "*",
  };
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  const queue = { QueueName: "uploads", Attributes: { Policy: policy } };
  await region.client(SQSClient).send(new CreateQueueCommand(queue));
  return {
    queue_arn: "arn:aws:sqs:us-east-1:000000000000:uploads",
    key_arn: await newKey(region, "us-east-1"),
    replica_key_arn: await newKey(region, "eu-west-1"),
  };
}

/** A bucket with a lifecycle configuration, which is to be imported. */
async function keepBucket(region: Region): Promise<void> {
  const kept = { ID: "kept", Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 365 } } as const;
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "tf-kept" }));
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: "tf-kept",
      LifecycleConfiguration: { Rules: [kept] },
    }),
  );
}

async function newKey(region: Region, name: string): Promise<string> {
  const { KeyMetadata } = await region.client(KMSClient, { region: name }).send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? "";
}

async function bucketsOf(region: Region): Promise<(string | undefined)[]> {
  const { Buckets = [] } = await region.client(S3Client).send(new ListBucketsCommand({}));
  return Buckets.map(({ Name }) => Name);
}

/**
 * At the same time, because the provider waits 25 seconds for a queue, 45 for its end, nearly as long for a
 * key, and longer for lifecycle rules and access points of many regions, however fast the region is.
 */
suite("Terraform", { concurrency: 4 }, () => {
  test("queues with their policies and dead-letter queues", { skip }, async () => {
    await using station = await startWorkstation();
    const queues = await Terraform.open(station, "sqs");
    await queues.apply();
    assert.equal(await queues.drift(), "");
    const url = `${station.endpoint}/000000000000/orders`;
    assert.deepEqual(await queues.outputs(), {
      url,
      arn: "arn:aws:sqs:us-east-1:000000000000:orders",
      count: 2,
    });
    await queues.apply({ visibility_seconds: "60" });
    assert.equal(await queues.drift({ visibility_seconds: "60" }), "");
    await queues.reimport("aws_sqs_queue.orders", url, { visibility_seconds: "60" });
    await queues.reimport("aws_sqs_queue.ordered", `${station.endpoint}/000000000000/ordered.fifo`);
    assert.equal(await queues.drift({ visibility_seconds: "60" }), "");
    await queues.destroy();
  });

  test("buckets with everything set on them, and objects", { skip }, async () => {
    await using station = await startWorkstation();
    const first = await beforeBuckets(station.region);
    const buckets = await Terraform.open(station, "s3", { "large.txt": "x".repeat(12_000_000) });
    await buckets.apply(first);
    assert.equal(await buckets.drift(first), "");
    const bucket = {
      arn: "arn:aws:s3:::tf-shop",
      domain: "tf-shop.s3.amazonaws.com",
      hosted_zone: "Z3AQBSTGFYJSTF",
      region: "us-east-1",
      replica: "eu-west-1",
    };
    const outputs = {
      access_point: "arn:aws:s3:us-east-1:000000000000:accesspoint/tf-shop-point",
      bucket,
      keys: ["texts/copy.txt", "texts/greeting.txt"],
      policy_agrees: true,
      text: "good morning",
      website: "tf-site.s3-website-us-east-1.amazonaws.com",
    };
    assert.deepEqual(await buckets.outputs(), outputs);

    const second = { ...first, changed: "true" };
    await buckets.apply(second);
    assert.equal(await buckets.drift(second), "");
    await buckets.destroy(second);
    assert.deepEqual(await bucketsOf(station.region), []);
  });

  test("lifecycle rules of every kind", { skip }, async () => {
    await using station = await startWorkstation();
    await keepBucket(station.region);
    const lifecycle = await Terraform.open(station, "s3-lifecycle");
    await lifecycle.apply();
    assert.equal(await lifecycle.drift(), "");
    await lifecycle.destroy();
    assert.deepEqual(await bucketsOf(station.region), ["tf-kept"]);
  });

  test("an access point of two regions", { skip }, async () => {
    await using station = await startWorkstation();
    const multiRegion = await Terraform.open(station, "s3-multi-region");
    await multiRegion.apply();
    assert.equal(await multiRegion.drift(), "");
    assert.deepEqual(await multiRegion.outputs(), { name: true, status: "READY" });
    await multiRegion.destroy();
    assert.deepEqual(await bucketsOf(station.region), []);
  });

  test("parameters of every type and tier", { skip }, async () => {
    await using station = await startWorkstation();
    const parameters = await Terraform.open(station, "ssm");
    await parameters.apply();
    assert.equal(await parameters.drift(), "");
    const names = ["advanced", "insecure", "list", "own/secret", "secret", "text"].map(
      (name) => `/shop/${name}`,
    );
    assert.deepEqual(await parameters.outputs(), { secret: "first", names });
    await parameters.apply({ value: "second" });
    assert.equal(await parameters.drift({ value: "second" }), "");
    await parameters.reimport("aws_ssm_parameter.text", "/shop/text", { value: "second" });
    assert.equal((await parameters.outputs())["secret"], "second");
    await parameters.destroy();
  });

  test("keys, aliases, grants, replicas, imported material and ciphertexts", { skip }, async () => {
    await using station = await startWorkstation();
    const keys = await Terraform.open(station, "kms");
    const expiry = new Date(Math.trunc(station.region.clock.now() / 1000) * 1000 + 30 * 86_400_000);
    const first = { valid_to: expiry.toISOString().replace(".000Z", "Z") };
    await keys.apply(first);
    assert.equal(await keys.drift(first), "");
    const outputs = await keys.outputs();
    assert.equal(outputs["password"], "hunter2");
    assert.equal(outputs["alias_agrees"], true);
    assert.match(String(outputs["public_key"]), /^-----BEGIN PUBLIC KEY-----\n/);
    const second = { ...first, description: "second" };
    await keys.apply(second);
    assert.equal(await keys.drift(second), "");
    await keys.reimport("aws_kms_alias.main", "alias/shop", second);
    assert.equal(await keys.drift(second), "");
    await keys.destroy(second);
  });

  test("secrets, their versions and policies, and generated passwords", { skip }, async () => {
    await using station = await startWorkstation();
    const secrets = await Terraform.open(station, "secrets");
    await secrets.apply();
    assert.equal(await secrets.drift(), "");
    const { arn, ...outputs } = await secrets.outputs();
    assert.match(
      String(arn),
      /^arn:aws:secretsmanager:us-east-1:000000000000:secret:database-[A-Za-z0-9]{6}$/,
    );
    assert.deepEqual(outputs, { password: "first", generated_length: 40, names: ["database"] });
    await secrets.apply({ password: "second" });
    assert.equal(await secrets.drift({ password: "second" }), "");
    assert.equal((await secrets.outputs())["password"], "second");
    await secrets.reimport("aws_secretsmanager_secret.database", String(arn), { password: "second" });
    await secrets.destroy();
  });

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
});
