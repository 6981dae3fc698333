/** Terraform's resources of SQS, Systems Manager, KMS and Secrets Manager. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startWorkstation } from "./clients.ts";
import { Terraform, withoutTerraform } from "./terraform.ts";

const skip = withoutTerraform();

// The provider waits 25 seconds for a queue, and nearly as long for a key, however fast the region is.
suite("Terraform", { concurrency: 2 }, () => {
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
});
