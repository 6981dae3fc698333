import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegion } from "../../../test/region.ts";
import { createQueue } from "./queue-fixture.ts";

/** The Query protocol as SDKs spoke it to SQS until 2023, and scripts still do. */
async function query(
  url: string, parameters: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-amz-date": "20260101T000000Z",
      authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, " +
        "SignedHeaders=content-type;host;x-amz-date, Signature=00",
    },
    body: new URLSearchParams({ Version: "2012-11-05", ...parameters }).toString(),
  });
  return { status: response.status, text: await response.text() };
}

test("the Query protocol sends, receives and deletes, and names errors as it always did", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  const queue = await createQueue(region, "query");
  const QueueUrl = queue.url;
  const sent = await query(endpoint, {
    Action: "SendMessage", QueueUrl, MessageBody: "<one> & two",
    "MessageAttribute.1.Name": "my_attribute_name_1",
    "MessageAttribute.1.Value.StringValue": "my_attribute_value_1",
    "MessageAttribute.1.Value.DataType": "String",
  });
  assert.equal(sent.status, 200);
  assert.match(sent.text, /<SendMessageResponse xmlns="http:\/\/queue\.amazonaws\.com\/doc\/2012-11-05\/">/);
  assert.match(
    sent.text, /<MD5OfMessageAttributes>8ef4d60dbc8efda9f260e1dfd09d29f3<\/MD5OfMessageAttributes>/,
  );

  const received = await query(endpoint, {
    Action: "ReceiveMessage", QueueUrl,
    "AttributeName.1": "ApproximateReceiveCount", "MessageAttributeName.1": "All",
  });
  assert.match(received.text, /<Body>&lt;one&gt; &amp; two<\/Body>/);
  assert.match(
    received.text, /<Attribute><Name>ApproximateReceiveCount<\/Name><Value>1<\/Value><\/Attribute>/,
  );
  assert.match(received.text, /<Name>my_attribute_name_1<\/Name>/);
  const ReceiptHandle = /<ReceiptHandle>(.*?)<\/ReceiptHandle>/.exec(received.text)?.[1] ?? "";
  assert.equal((await query(endpoint, { Action: "DeleteMessage", QueueUrl, ReceiptHandle })).status, 200);
  assert.deepEqual(await queue.counts(), [0, 0, 0]);

  const gone = await query(endpoint, { Action: "SendMessage", QueueUrl: `${QueueUrl}x`, MessageBody: "x" });
  assert.equal(gone.status, 400);
  assert.match(gone.text, /<Code>AWS\.SimpleQueueService\.NonExistentQueue<\/Code>/);
  assert.match(gone.text, /<Message>The specified queue does not exist\.<\/Message>/);
  const invalid = await query(endpoint, { Action: "ReceiveMessage", QueueUrl, MaxNumberOfMessages: "11" });
  assert.match(invalid.text, /<Code>InvalidParameterValue<\/Code>/);
});

test("a Query request posted to a queue's URL means that queue", async () => {
  await using region = await startRegion();
  const endpoint = await region.endpoint();
  await createQueue(region, "query");
  const url = `${endpoint}/000000000000/query`;
  assert.equal((await query(url, { Action: "SendMessage", MessageBody: "by path" })).status, 200);
  assert.match((await query(url, { Action: "ReceiveMessage" })).text, /<Body>by path<\/Body>/);
  const other = await query(`${endpoint}/000000000000/other`, { Action: "SendMessage", MessageBody: "x" });
  assert.match(other.text, /<Code>AWS\.SimpleQueueService\.NonExistentQueue<\/Code>/);
});
