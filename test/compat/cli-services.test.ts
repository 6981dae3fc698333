/** The aws CLI and SQS, Systems Manager's parameters, KMS and Secrets Manager. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { allow, startWorkstation, without } from "./clients.ts";

const skip = without("aws");

interface Message {
  readonly Body: string;
  readonly ReceiptHandle: string;
  readonly Attributes?: Record<string, string>;
  readonly MessageAttributes?: Record<string, object>;
}

test("a message carries its attributes from send-message to receive-message", { skip }, async () => {
  await using station = await startWorkstation();
  const url = await station.aws`sqs create-queue --queue-name orders --attributes VisibilityTimeout=120
    --tags team=shop --query QueueUrl`;
  assert.deepEqual(await station.aws`sqs get-queue-url --queue-name orders`, { QueueUrl: url });
  assert.deepEqual(await station.aws`sqs list-queue-tags --queue-url ${url} --query Tags`, { team: "shop" });
  const attributes = {
    color: { DataType: "String", StringValue: "blå" },
    weight: { DataType: "Number.kg", StringValue: "1.5" },
    // Version 1 of the CLI takes the text of a blob as its bytes, and answers base64.
    blob: { DataType: "Binary", BinaryValue: "raw" },
  };
  await station.aws`sqs send-message --queue-url ${url} --message-body héllo
    --message-attributes ${JSON.stringify(attributes)}`;
  const {
    Messages: [message],
  } = await station.aws<{ Messages: Message[] }>`sqs receive-message
    --queue-url ${url} --message-attribute-names All --attribute-names All`;
  assert.equal(message?.Body, "héllo");
  const blob = { DataType: "Binary", BinaryValue: Buffer.from("raw").toString("base64") };
  assert.deepEqual(message?.MessageAttributes, { ...attributes, blob });
  assert.equal(message?.Attributes?.["ApproximateReceiveCount"], "1");
  assert.equal(await station.aws`sqs receive-message --queue-url ${url}`, undefined);
  await station.aws`sqs delete-message --queue-url ${url} --receipt-handle ${message?.ReceiptHandle}`;
  assert.deepEqual(
    await station.aws`sqs get-queue-attributes --queue-url ${url} --attribute-names
    ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible VisibilityTimeout --query Attributes`,
    {
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
      VisibilityTimeout: "120",
    },
  );
  await station.aws`sqs delete-queue --queue-url ${url}`;
  assert.equal(
    await station.refusal`sqs get-queue-url --queue-name gone`,
    "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: " +
      "The specified queue does not exist.",
  );
});

test("a FIFO queue keeps the order of a group and drops what was sent twice", { skip }, async () => {
  await using station = await startWorkstation();
  const url = await station.aws`sqs create-queue --queue-name orders.fifo --query QueueUrl
    --attributes FifoQueue=true`;
  const send = (body: string, deduplication: string) => station.aws`sqs send-message --queue-url ${url}
    --message-body ${body} --message-group-id g --message-deduplication-id ${deduplication}`;
  await send("one", "1");
  await send("two", "2");
  await send("two again", "2");
  assert.deepEqual(
    await station.aws`sqs receive-message --queue-url ${url} --max-number-of-messages 10
    --query Messages[].Body`,
    ["one", "two"],
  );
});

test("a SecureString is readable to those who ask for it in the clear", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`ssm put-parameter --name /app/password --type SecureString --value hunter2`;
  await station.aws`ssm put-parameter --name /app/names --type StringList --value a,b`;
  const value = (...options: string[]) => station.aws`ssm get-parameter --name /app/password
    --query Parameter.Value ${options[0] ?? "--no-with-decryption"}`;
  assert.equal(await value("--with-decryption"), "hunter2");
  assert.notEqual(await value(), "hunter2");
  assert.equal(
    await station.aws`ssm put-parameter --name /app/password --type SecureString --value changed
    --overwrite --query Version`,
    2,
  );
  assert.equal(await value("--with-decryption"), "changed");
  assert.deepEqual(
    await station.aws`ssm get-parameters-by-path --path /app --with-decryption
    --query Parameters[].[Name,Type,Value]`,
    [
      ["/app/names", "StringList", "a,b"],
      ["/app/password", "SecureString", "changed"],
    ],
  );
  assert.equal(
    await station.refusal`ssm get-parameter --name /app/none`,
    "An error occurred (ParameterNotFound) when calling the GetParameter operation:",
  );
});

test(
  "kms-encryption-operations: encrypt and decrypt files, with and without their context",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const keyId = await station.aws<string>`kms create-key --query KeyMetadata.KeyId`;
    await station.aws`kms create-alias --alias-name alias/files --target-key-id ${keyId}`;
    station.write("plain", Buffer.from([0, 1, 2, 250]));
    const cipher = await station.aws<string>`kms encrypt --key-id alias/files --plaintext fileb://plain
    --encryption-context purpose=test --query CiphertextBlob --output text`;
    station.write("cipher", Buffer.from(cipher, "base64"));
    const plain = await station.aws<string>`kms decrypt --ciphertext-blob fileb://cipher
    --encryption-context purpose=test --query Plaintext --output text`;
    assert.deepEqual([...Buffer.from(plain, "base64")], [0, 1, 2, 250]);
    assert.equal(
      await station.refusal`kms decrypt --ciphertext-blob fileb://cipher`,
      "An error occurred (InvalidCiphertextException) when calling the Decrypt operation:",
    );
    const dataKey = await station.aws<{ Plaintext: string; CiphertextBlob: string }>`kms generate-data-key
    --key-id ${keyId} --key-spec AES_256`;
    assert.equal(Buffer.from(dataKey.Plaintext, "base64").length, 32);
    await station.aws`kms disable-key --key-id ${keyId}`;
    assert.equal(
      await station.refusal`kms encrypt --key-id ${keyId} --plaintext fileb://plain`,
      "An error occurred (DisabledException) when calling the Encrypt operation: " +
        `arn:aws:kms:us-east-1:000000000000:key/${keyId} is disabled.`,
    );
  },
);

test("a secret lives: created, changed, given a policy, deleted, restored", { skip }, async () => {
  await using station = await startWorkstation();
  const arn = await station.aws<string>`secretsmanager create-secret --name db
    --secret-string first --query ARN`;
  assert.match(arn, /^arn:aws:secretsmanager:us-east-1:000000000000:secret:db-[A-Za-z0-9]{6}$/);
  const value = (...stage: string[]) => station.aws`secretsmanager get-secret-value --secret-id db
    --version-stage ${stage[0] ?? "AWSCURRENT"} --query SecretString`;
  assert.equal(await value(), "first");
  await station.aws`secretsmanager put-secret-value --secret-id db --secret-string second`;
  assert.equal(await value(), "second");
  assert.equal(await value("AWSPREVIOUS"), "first");
  const ana = station.as(await station.user("ana"));
  assert.match(
    await ana.refusal`secretsmanager get-secret-value --secret-id db`,
    /^An error occurred \(AccessDeniedException\) /,
  );
  await station.aws`secretsmanager put-resource-policy --secret-id db --resource-policy ${JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:user/ana" },
      Action: "secretsmanager:GetSecretValue",
      Resource: "*",
    },
  })}`;
  assert.equal(
    await ana.aws`secretsmanager get-secret-value --secret-id ${arn}
    --query SecretString`,
    "second",
  );
  await station.aws`secretsmanager delete-secret --secret-id db --recovery-window-in-days 7`;
  assert.equal(
    await station.refusal`secretsmanager get-secret-value --secret-id db`,
    "An error occurred (InvalidRequestException) when calling the GetSecretValue operation: You can't " +
      "perform this operation on the secret because it was marked for deletion.",
  );
  await station.aws`secretsmanager restore-secret --secret-id db`;
  assert.equal(await value(), "second");
});

test("sqs-messages-queue: a message that is not deleted comes back", { skip }, async () => {
  await using station = await startWorkstation();
  const url = await station.aws`sqs create-queue --queue-name work --query QueueUrl`;
  await station.aws`sqs send-message --queue-url ${url} --message-body job`;
  const receive = () => station.aws`sqs receive-message --queue-url ${url} --query Messages[].Body`;
  assert.deepEqual(await receive(), ["job"]);
  assert.equal(await receive(), null);
  await station.region.clock.advance({ seconds: 31 });
  assert.deepEqual(await receive(), ["job"]);
});

test("what a policy file says is what a user may do", { skip }, async () => {
  await using station = await startWorkstation();
  const file = station.write(
    "policy.json",
    JSON.stringify(allow("sqs:SendMessage", "arn:aws:sqs:*:*:orders")),
  );
  const ana = station.as(await station.user("ana"));
  await station.aws`iam put-user-policy --user-name ana --policy-name send
    --policy-document ${`file://${file}`}`;
  assert.equal(
    readFileSync(join(station.home, "policy.json"), "utf8"),
    JSON.stringify(
      await station.aws`iam get-user-policy --user-name ana --policy-name send --query PolicyDocument`,
    ),
  );
  const url = await station.aws`sqs create-queue --queue-name orders --query QueueUrl`;
  await ana.aws`sqs send-message --queue-url ${url} --message-body hello`;
  assert.equal(
    await ana.refusal`sqs receive-message --queue-url ${url}`,
    "An error occurred (AccessDenied) when calling the ReceiveMessage operation: User: " +
      "arn:aws:iam::000000000000:user/ana is not authorized to perform: sqs:receivemessage on resource: " +
      "arn:aws:sqs:us-east-1:000000000000:orders because no identity-based policy allows the " +
      "sqs:receivemessage action",
  );
});
