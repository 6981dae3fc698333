import assert from "node:assert/strict";
import { test } from "node:test";
import {
  SendMessageCommand, SetQueueAttributesCommand, type MessageAttributeValue,
} from "@aws-sdk/client-sqs";
import { startRegion } from "../../../test/region.ts";
import { createQueue, refusal } from "./queue-fixture.ts";

const invalid = (message: string) => refusal("InvalidParameterValue", message);

test("a message carries attributes, their checksum, and what the receiver asked for of both", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "attributes", { VisibilityTimeout: "0" });
  const MessageAttributes = {
    General: { DataType: "String", StringValue: "Kenobi" },
    Hello: { DataType: "String", StringValue: "There" },
    "Help.Me": { DataType: "String", StringValue: "Me" },
  };
  const sent = await queue.send("msg", { MessageAttributes });
  assert.equal(sent.MD5OfMessageAttributes, "4c360f3fdafd970e05fae2f149d997f5");
  assert.equal(sent.MD5OfMessageBody, "6e2baaf3b97dbeef01c0043275f9a0e7");

  const ask = async (...MessageAttributeNames: string[]) => {
    const [message] = await queue.receive({ MessageAttributeNames });
    return [Object.keys(message?.MessageAttributes ?? {}), message?.MD5OfMessageAttributes];
  };
  const all = [["General", "Hello", "Help.Me"], "4c360f3fdafd970e05fae2f149d997f5"];
  assert.deepEqual(await ask(), [[], undefined]);
  assert.deepEqual(await ask("All"), all);
  assert.deepEqual(await ask(".*"), all);
  assert.deepEqual(await ask("Foo", "Bar"), [[], undefined]);
  assert.deepEqual(await ask("Hello", "General"), [["General", "Hello"], "fca026605781cb4126a1e9044df24232"]);
  assert.deepEqual(await ask("Foo", "Hello"), [["Hello"], "a311262e065454b75da111d535b8dacd"]);
  assert.deepEqual(await ask("Hel.*"), [["Hello", "Help.Me"], "83fee93c1bcd8b9a5a923ffacdc636c7"]);
});

test("numbers, binaries, labels and strange names come back as they were sent", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "kinds");
  const attributes: Record<string, MessageAttributeValue> = {
    count: { DataType: "Number.int", StringValue: "-12.5e3" },
    picture: { DataType: "Binary.png", BinaryValue: Uint8Array.of(0, 255, 7) },
    ["a".repeat(255)]: { DataType: "String.json", StringValue: "{}" },
  };
  const MessageAttributes = Object.fromEntries([
    ...Object.entries(attributes), ["__proto__", { DataType: "String", StringValue: "x" }],
  ]);
  const sent = await queue.send("kinds", { MessageAttributes });
  const [message] = await queue.receive({ MessageAttributeNames: ["All"] });
  assert.equal(message?.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
  const received = message?.MessageAttributes ?? {};
  assert.deepEqual(received["count"], attributes["count"]);
  assert.deepEqual(received["picture"]?.BinaryValue, Uint8Array.of(0, 255, 7));
  assert.equal(Object.entries(received).length, 4);
});

test("system attributes tell who sent what when, and the trace header comes through", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "system");
  const header = "Root=1-5759e988-bd862e3fe1be46a994272793";
  const sent = await queue.send("traced", {
    MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: header } },
  });
  assert.match(sent.MD5OfMessageSystemAttributes ?? "", /^[0-9a-f]{32}$/);
  await region.clock.advance({ seconds: 3 });
  const [message] = await queue.receive({ MessageSystemAttributeNames: ["All"] });
  assert.deepEqual(message?.Attributes, {
    SenderId: "000000000000",
    ApproximateFirstReceiveTimestamp: "1767225603000",
    ApproximateReceiveCount: "1",
    SentTimestamp: "1767225600000",
    AWSTraceHeader: header,
  });
  await region.clock.advance({ seconds: 30 });
  const [again] = await queue.receive({ AttributeNames: ["All"] });
  assert.equal(again?.Attributes?.["ApproximateReceiveCount"], "2");
  assert.equal(again.Attributes["ApproximateFirstReceiveTimestamp"], "1767225603000");
  await region.clock.advance({ seconds: 30 });
  const [some] = await queue.receive({ MessageSystemAttributeNames: ["SentTimestamp"] });
  assert.deepEqual(some?.Attributes, { SentTimestamp: "1767225600000" });
});

test("message attributes that SQS does not take are refused in its words", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "refused");
  const refused = async (attributes: [string, MessageAttributeValue][], message: string, code?: string) => {
    await assert.rejects(
      queue.send("x", { MessageAttributes: Object.fromEntries(attributes) }),
      refusal(code ?? "InvalidParameterValue", message),
    );
  };
  const text = (StringValue: string, DataType = "String") => ({ DataType, StringValue });
  const reserved = "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. " +
    "These strings are reserved for internal use.";
  const characters = "Message (user) attributes name can only contain upper and lower score characters, " +
    "digits, periods, hyphens and underscores. ";
  await refused([["AWS.x", text("y")]], reserved);
  await refused([["amazon.x", text("y")]], reserved);
  await refused([["a b", text("y")]], characters);
  await refused([["ü", text("y")]], characters);
  await refused([[".a", text("y")]], "Message (user) attribute names cannot start or end with '.'");
  await refused([["a.", text("y")]], "Message (user) attribute names cannot start or end with '.'");
  await refused(
    [["a..b", text("y")]], "Message (user) attribute names cannot contain successive '.' characters",
  );
  await refused(
    [["a".repeat(256), text("y")]], "Message (user) attribute names must be shorter than 256 Bytes",
  );
  await refused(
    [["Hello", text("")]],
    "Message (user) attribute 'Hello' must contain a non-empty value of type 'String'.",
  );
  await refused(
    [["Hello", text("world", "Number")]],
    "Can't cast the value of message (user) attribute 'Hello' to a number.",
  );
  await refused(
    [["n", text("1e127", "Number")]], "Number attribute value 1e127 should be in range (-10**128..10**126)",
  );
  await refused(
    [["Hello", text("x", "string")]],
    "The type of message (user) attribute 'Hello' is invalid. " +
      "You must use only the following supported type prefixes: Binary, Number, String.",
  );
  await refused(
    [["Hello", { DataType: "String", StringListValues: ["x"] }]],
    "Message attribute list values in SendMessage operation are not supported.",
    "AWS.SimpleQueueService.UnsupportedOperation",
  );
  await refused(
    Array.from({ length: 11 }, (_, index) => [`a${index}`, text("y")]),
    "Number of message attributes [11] exceeds the allowed maximum [10].",
  );
  assert.deepEqual(await queue.counts(), [0, 0, 0]);
});

test("a body has characters that XML can carry, at least one", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "characters");
  await assert.rejects(
    queue.send(""), refusal("MissingParameter", "The request must contain the parameter MessageBody."),
  );
  const message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | " +
    "#x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";
  for (const body of ["\u0000", "a\u0008", "\u001f", "\ufffe", "\uffff"]) {
    await assert.rejects(queue.send(body), refusal("InvalidMessageContents", message));
  }
  const body = "\t\n\r äß漢字 🎉 \ud7ff\ue000\ufffd</Body>&amp;";
  await queue.send(body);
  assert.deepEqual(await queue.bodies(), [body]);
});

test("a message is at most as long as the queue allows, its attributes included", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "sizes", { MaximumMessageSize: "1024" });
  const tooLong = invalid(
    "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
  );
  const MessageAttributes = { abcd: { DataType: "String", StringValue: "ab" } };
  await queue.send("a".repeat(1024));
  await assert.rejects(queue.send("a".repeat(1025)), tooLong);
  await assert.rejects(queue.send("ü".repeat(513)), tooLong);
  await queue.send("a".repeat(1012), { MessageAttributes });
  await assert.rejects(queue.send("a".repeat(1013), { MessageAttributes }), tooLong);

  await queue.sqs.send(new SetQueueAttributesCommand({
    QueueUrl: queue.url, Attributes: { MaximumMessageSize: "1048576" },
  }));
  await queue.send("a".repeat(1_048_576));
  await assert.rejects(
    queue.send("a".repeat(1_048_577)),
    invalid("One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."),
  );
});

test("a delayed message shows when its delay is over, the queue's where it has none of its own", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "delays", { DelaySeconds: "10" });
  await queue.send("as the queue says");
  await queue.send("at once", { DelaySeconds: 0 });
  await queue.send("late", { DelaySeconds: 900 });
  assert.deepEqual(await queue.counts(), [1, 0, 2]);
  assert.deepEqual(await queue.bodies(), ["at once"]);
  await region.clock.advance({ seconds: 9, milliseconds: 999 });
  assert.deepEqual(await queue.bodies(), []);
  await region.clock.advance({ milliseconds: 1 });
  assert.deepEqual(await queue.bodies(), ["as the queue says"]);
  for (const DelaySeconds of [-1, 901]) {
    await assert.rejects(
      queue.send("never", { DelaySeconds }),
      invalid(
        `Value ${DelaySeconds} for parameter DelaySeconds is invalid. ` +
          "Reason: DelaySeconds must be >= 0 and <= 900.",
      ),
    );
  }
});

test("standard queues take groups, for fair queues, and no deduplication", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "fair");
  await queue.send("one", { MessageGroupId: "tenant" });
  await queue.send("two", { MessageGroupId: "tenant" });
  const received = await queue.receive({ MessageSystemAttributeNames: ["All"] });
  assert.deepEqual(received.map(({ Attributes }) => Attributes?.["MessageGroupId"]), ["tenant", "tenant"]);
  assert.equal(received[0]?.Attributes?.["SequenceNumber"], undefined);
  await assert.rejects(
    queue.send("x", { MessageDeduplicationId: "d" }),
    invalid(
      "Value d for parameter MessageDeduplicationId is invalid. Reason: " +
        "The request include parameter that is not valid for this queue type.",
    ),
  );
});

test("only the trace header is a system attribute that a sender may set", async () => {
  await using region = await startRegion();
  const queue = await createQueue(region, "headers");
  await assert.rejects(
    queue.sqs.send(new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: "x",
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "Number", StringValue: "1" } },
    })),
    invalid("Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'."),
  );
});
