/** The aws CLI: whose keys it uses, and what happens to those who have none. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { base32, codeOf, stepAt } from "../../src/services/iam/totp.ts";
import {
  allow,
  keySection,
  root,
  section,
  startWorkstation,
  without,
  type Key,
  type Workstation,
} from "./clients.ts";

const skip = without("aws");

const arnOf = (station: Workstation): Promise<string> =>
  station.aws<string>`sts get-caller-identity --query Arn --output text`;

test(
  "cli-profile-role-arn-source-profile: a profile assumes its role with the keys of its source",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const project = station.as(root("222222222222"));
    await project.aws`iam create-role --role-name CrossAccountAccess
    --assume-role-policy-document ${JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::000000000000:root" },
        Action: "sts:AssumeRole",
      },
    })}`;
    const key = await station.user("ana", allow("sts:AssumeRole"));
    station.write(".aws/credentials", keySection("default", key));
    station.write(
      ".aws/config",
      section("profile project1", {
        role_arn: "arn:aws:iam::222222222222:role/CrossAccountAccess",
        source_profile: "default",
      }),
    );

    const shell = station.anonymous();
    assert.equal(await arnOf(shell), "arn:aws:iam::000000000000:user/ana");
    const arn = await shell.aws<string>`sts get-caller-identity --profile project1 --query Arn --output text`;
    assert.match(arn, /^arn:aws:sts::222222222222:assumed-role\/CrossAccountAccess\/botocore-session-\d+$/);
  },
);

test(
  "cli-configure-profile: configure keeps the keys of several accounts under names",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const shell = station.anonymous().with({ AWS_DEFAULT_REGION: "" });
    for (const [profile, account] of [
      ["project1", "111111111111"],
      ["project2", "222222222222"],
    ] as const) {
      const input = `${account}\nsecret\neu-west-1\njson\n`;
      const { status } = await shell.run("aws", ["configure", "--profile", profile], { input });
      assert.equal(status, 0);
    }
    assert.equal(
      readFileSync(join(station.home, ".aws/credentials"), "utf8"),
      [
        "[project1]",
        "aws_access_key_id = 111111111111",
        "aws_secret_access_key = secret",
        "[project2]",
        "aws_access_key_id = 222222222222",
        "aws_secret_access_key = secret",
        "",
      ].join("\n"),
    );
    assert.equal(
      readFileSync(join(station.home, ".aws/config"), "utf8"),
      [
        "[profile project1]",
        "region = eu-west-1",
        "output = json",
        "[profile project2]",
        "region = eu-west-1",
        "output = json",
        "",
      ].join("\n"),
    );
    const identity = (profile: string) => shell.aws`sts get-caller-identity
    --query Account --profile ${profile}`;
    assert.equal(await identity("project1"), "111111111111");
    assert.equal(await identity("project2"), "222222222222");
  },
);

test("cli-profile-option: --profile runs one command with that profile's account", { skip }, async () => {
  await using station = await startWorkstation();
  station.write(
    ".aws/credentials",
    keySection("a", root("111111111111")) + keySection("b", root("222222222222")),
  );
  const shell = station.anonymous();
  await shell.aws`sqs create-queue --queue-name of-a --profile a`;
  await shell.aws`sqs create-queue --queue-name of-b --profile b`;
  const queues = (profile: string) => shell.aws`sqs list-queues --profile ${profile} --query QueueUrls`;
  assert.deepEqual(await queues("a"), [`${station.endpoint}/111111111111/of-a`]);
  assert.deepEqual(await queues("b"), [`${station.endpoint}/222222222222/of-b`]);
});

test(
  "cli-sdk-protected-by-access-keys: no key, a wrong secret, an unknown and an inactive key",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const key = await station.user("ana", allow("iam:ListUsers"));
    const refusal = (shell: Workstation) => shell.refusal`iam list-users`;
    assert.match(await refusal(station.anonymous()), /^Unable to locate credentials\./);
    const [mismatch] = (await refusal(station.as({ ...key, SecretAccessKey: "wrong" }))).split("\n");
    assert.equal(
      mismatch,
      "An error occurred (SignatureDoesNotMatch) when calling the ListUsers operation: The request " +
        "signature we calculated does not match the signature you provided. Check your AWS Secret Access " +
        "Key and signing method. Consult the service documentation for details.",
    );
    const invalid =
      "An error occurred (InvalidClientTokenId) when calling the ListUsers operation: The " +
      "security token included in the request is invalid.";
    assert.equal(await refusal(station.as({ ...key, AccessKeyId: "AKIAIOSFODNN7EXAMPLE" })), invalid);
    assert.deepEqual(await station.as(key).aws`iam list-users --query Users[].UserName`, ["ana"]);
    await station.aws`iam update-access-key --user-name ana --status Inactive
    --access-key-id ${key.AccessKeyId}`;
    assert.equal(await refusal(station.as(key)), invalid);
  },
);

test(
  "cli-credential-chain-order: options, the environment, the credentials file, the config file",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const keys = new Map<string, Key>();
    for (const name of ["option", "environment", "credentials", "config"])
      keys.set(name, await station.user(name));
    const keyOf = (name: string): Key => keys.get(name) ?? root("none");
    const configSections = keySection("default", keyOf("config"));
    station.write(".aws/config", configSections);
    station.write(
      ".aws/credentials",
      keySection("default", keyOf("credentials")) + keySection("x", keyOf("option")),
    );

    const shell = station.as(keyOf("environment"));
    const user = (name: string) => `arn:aws:iam::000000000000:user/${name}`;
    assert.equal(await shell.aws`sts get-caller-identity --profile x --query Arn`, user("option"));
    assert.equal(await arnOf(shell), user("environment"));
    assert.equal(await arnOf(shell.anonymous()), user("credentials"));
    station.write(".aws/credentials", "");
    assert.equal(await arnOf(shell.anonymous()), user("config"));
    station.write(".aws/config", "");
    assert.match(await shell.anonymous().refusal`sts get-caller-identity`, /^Unable to locate credentials\./);
  },
);

test("cli-default-profile: without --profile the default profile is who calls", { skip }, async () => {
  await using station = await startWorkstation();
  station.write(
    ".aws/credentials",
    keySection("default", root("111111111111")) + keySection("other", root("222222222222")),
  );
  const shell = station.anonymous();
  assert.equal(await arnOf(shell), "arn:aws:iam::111111111111:root");
  assert.equal(await arnOf(shell.with({ AWS_PROFILE: "other" })), "arn:aws:iam::222222222222:root");
});

test("cli-direct-public-api-access: every service of the region answers the CLI", { skip }, async () => {
  await using station = await startWorkstation();
  assert.equal(await station.aws`sts get-caller-identity --query Account --output text`, "000000000000");
  assert.deepEqual(await station.aws`iam list-users --query Users`, []);
  assert.equal(await station.aws`sqs list-queues`, undefined);
  assert.deepEqual(await station.aws`kms list-keys --query Keys`, []);
  assert.deepEqual(await station.aws`ssm describe-parameters --query Parameters`, []);
  assert.deepEqual(await station.aws`secretsmanager list-secrets --query SecretList`, []);
  assert.deepEqual(await station.aws`resourcegroupstaggingapi get-tag-keys --query TagKeys`, []);
  assert.deepEqual(
    await station.aws`cloudtrail lookup-events --max-items 1
    --lookup-attributes AttributeKey=EventName,AttributeValue=ListKeys --query Events[].EventSource`,
    ["kms.amazonaws.com"],
  );
});

test("sts-mfa-get-session-token: a session with a code may do what asks for MFA", { skip }, async () => {
  await using station = await startWorkstation();
  const condition = { Bool: { "aws:MultiFactorAuthPresent": "true" } };
  const key = await station.user("ana", {
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "iam:ListUsers", Resource: "*", Condition: condition },
  });
  const seedFile = join(station.home, "seed");
  const serial = await station.aws<string>`iam create-virtual-mfa-device --virtual-mfa-device-name ana
    --outfile ${seedFile} --bootstrap-method Base32StringSeed
    --query VirtualMFADevice.SerialNumber --output text`;
  const seed = bytesOf(readFileSync(seedFile, "utf8"));
  // No code may get old while the CLI starts.
  station.region.clock.freeze();
  const code = (steps: number) => codeOf(seed, stepAt(station.region.clock.now()) + steps);
  await station.aws`iam enable-mfa-device --user-name ana --serial-number ${serial}
    --authentication-code1 ${code(-2)} --authentication-code2 ${code(-1)}`;

  const ana = station.as(key);
  const denied =
    "An error occurred (AccessDenied) when calling the ListUsers operation: User: " +
    "arn:aws:iam::000000000000:user/ana is not authorized to perform: iam:ListUsers on resource: " +
    "arn:aws:iam::000000000000:user/ because no identity-based policy allows the iam:ListUsers action";
  assert.equal(await ana.refusal`iam list-users`, denied);
  assert.equal(
    await ana.refusal`sts get-session-token --serial-number ${serial} --token-code ${code(9)}`,
    "An error occurred (AccessDenied) when calling the GetSessionToken operation: " +
      "MultiFactorAuthentication failed with invalid MFA one time pass code.",
  );

  await station.region.clock.advance({ seconds: 60 });
  const before = station.region.clock.now();
  const session = await ana.aws<Key & { Expiration: string }>`sts get-session-token --serial-number ${serial}
    --token-code ${code(0)} --duration-seconds 3600 --query Credentials`;
  const secondsLeft = Math.round((Date.parse(session.Expiration) - before) / 1000);
  assert.ok(secondsLeft >= 3599 && secondsLeft <= 3605, `${secondsLeft} seconds`);
  assert.deepEqual(await station.as(session).aws`iam list-users --query Users[].UserName`, ["ana"]);
});

/** The seed that a device is given in letters. */
function bytesOf(seed: string): Buffer {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...seed.trim()]
    .map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  assert.equal(base32(bytes), seed.trim());
  return bytes;
}

test("the CLI opens an encoded authorization message", { skip }, async () => {
  await using station = await startWorkstation();
  const facts = { allowed: false, explicitDeny: false, matchedStatements: { items: [] } };
  const message = station.region.engine.sealDenial(facts);
  const { DecodedMessage } = await station.aws<{ DecodedMessage: string }>`sts decode-authorization-message
    --encoded-message ${message}`;
  assert.deepEqual(JSON.parse(DecodedMessage), facts);
  assert.equal(
    await station.refusal`sts decode-authorization-message --encoded-message ${`x${message}`}`,
    "An error occurred (InvalidAuthorizationMessageException) when calling the DecodeAuthorizationMessage " +
      "operation: Message is not valid.",
  );
});
