/** One decision, whatever the client. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { signRequest } from "../../src/kernel/auth/signing.ts";
import { startWorkstation, without } from "./clients.ts";

const policy = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: "sqs:*", Resource: "*" },
    { Effect: "Deny", Action: "sqs:DeleteQueue", Resource: "*" },
  ],
};

const skip = without("aws") || without("boto3");

test(
  "iam-policy-independent-of-method: CLI, boto3, SDK and bare HTTP are denied alike",
  { skip },
  async () => {
    await using station = await startWorkstation();
    const { QueueUrl } = await station.aws<{ QueueUrl: string }>`sqs create-queue --queue-name jobs`;
    const key = await station.user("ana", policy);
    const ana = station.as(key);
    const credentials = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
    const denied =
      "User: arn:aws:iam::000000000000:user/ana is not authorized to perform: sqs:deletequeue on resource: " +
      "arn:aws:sqs:us-east-1:000000000000:jobs with an explicit deny in an identity-based policy";

    assert.ok((await ana.refusal`sqs delete-queue --queue-url ${QueueUrl}`).endsWith(denied));
    assert.equal(
      await ana.python(`
      try:
          boto3.client("sqs").delete_queue(QueueUrl="${QueueUrl}")
      except botocore.exceptions.ClientError as error:
          answer(error.response["Error"]["Message"])
    `),
      denied,
    );
    const sqs = new SQSClient({ endpoint: station.endpoint, region: "us-east-1", credentials });
    await assert.rejects(sqs.send(new DeleteQueueCommand({ QueueUrl })), { message: denied });

    const body = Buffer.from(
      new URLSearchParams({ Action: "DeleteQueue", Version: "2012-11-05", QueueUrl }).toString(),
    );
    const { headers } = signRequest(
      {
        method: "POST",
        path: "/",
        query: "",
        body,
        headers: {
          host: new URL(station.endpoint).host,
          "content-type": "application/x-www-form-urlencoded",
        },
      },
      { credentials, region: "us-east-1", service: "sqs", nowMs: performance.timeOrigin + performance.now() },
    );
    const { host: _host, ...sent } = headers;
    const answer = await fetch(station.endpoint, { method: "POST", headers: sent, body });
    assert.equal(answer.status, 403);
    assert.ok((await answer.text()).includes(`<Message>${denied}</Message>`));
  },
);
