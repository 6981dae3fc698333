import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { AwsError } from "../errors.ts";
import type { Shape } from "../model/model.ts";
import { cbor } from "./cbor.ts";
import { encodeFrame, FrameDecoder } from "./event-frames.ts";
import type { Frame, FrameHeaders } from "./event-frames.ts";
import { streamDefect } from "./event-stream.ts";
import { json } from "./json.ts";
import type { Protocol, Value } from "./protocol.ts";
import { restJson } from "./rest-json.ts";
import { restXml } from "./rest-xml.ts";
import { operationOf, testRequest, testService } from "./test-service.ts";

const everyType: FrameHeaders = {
  yes: { type: "boolean", value: true }, no: { type: "boolean", value: false },
  byte: { type: "byte", value: -1 },
  short: { type: "short", value: -2 }, integer: { type: "integer", value: -3 },
  long: { type: "long", value: -4n },
  bytes: { type: "bytes", value: Buffer.from("b") }, string: { type: "string", value: "sü" },
  timestamp: { type: "timestamp", value: 8_675_309 },
  uuid: { type: "uuid", value: "01020304-0506-0708-090a-0b0c0d0e0f10" },
};

/** @evidence the test vectors of the AWS SDKs for event streams, `empty_message` */
test("an empty message has these bytes", () => {
  assert.equal(encodeFrame({}, Buffer.alloc(0)).toString("hex"), "000000100000000005c248eb7d98c8ff");
});

test("frames are read as they were written, in whatever pieces they arrive", () => {
  const bytes = Buffer.concat([encodeFrame(everyType, Buffer.from("one")), encodeFrame({}, Buffer.alloc(0))]);
  for (const size of [1, 7, bytes.length]) {
    const decoder = new FrameDecoder();
    const frames: Frame[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      frames.push(...decoder.push(bytes.subarray(at, at + size)));
    }
    decoder.end();
    assert.deepEqual(
      frames.map(({ headers, payload }) => [{ ...headers }, payload.toString()]),
      [[everyType, "one"], [{}, ""]],
    );
  }
});

test("a frame with a wrong bit anywhere is refused", () => {
  const frame = encodeFrame(everyType, Buffer.from("payload"));
  for (let at = 0; at < frame.length; at += 1) {
    const wrong = Buffer.from(frame);
    wrong[at] = (wrong[at] ?? 0) ^ 1;
    assert.throws(() => {
      const decoder = new FrameDecoder();
      decoder.push(wrong);
      decoder.end();
    }, { code: "SerializationException" });
  }
});

const shapes: Record<string, Shape> = {
  Input: { type: "structure", members: { Name: { shape: "Text" }, Events: { shape: "Events" } } },
  Rest: {
    type: "structure", payload: "Events",
    members: {
      Name: { shape: "Text", location: "header", locationName: "x-name" }, Events: { shape: "Events" },
    },
  },
  Events: {
    type: "structure", eventstream: true,
    members: {
      Chunk: { shape: "Chunk" }, Stats: { shape: "Stats" }, End: { shape: "End" },
      Failed: { shape: "Failed" },
    },
  },
  Chunk: {
    type: "structure", event: true,
    members: { Payload: { shape: "Data", eventpayload: true }, At: { shape: "When", eventheader: true } },
  },
  Stats: { type: "structure", event: true, members: { Count: { shape: "Count" } } },
  End: { type: "structure", event: true, members: {} },
  Failed: { type: "structure", exception: true, members: { message: { shape: "Text" } } },
  Text: { type: "string" }, Data: { type: "blob" }, Count: { type: "long" }, When: { type: "timestamp" },
};
const events: Value[] = [
  { Chunk: { Payload: Buffer.from("abc"), At: 1_000 } }, { Stats: { Count: 3 } }, { End: {} },
];

async function collect(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of source) items.push(item);
  return items;
}

async function* failing(): AsyncGenerator<Value> {
  yield { End: {} };
  throw new AwsError({ code: "Failed", shape: "Failed", message: "No.", status: 400 });
}

for (const [protocol, shape] of [
  [json, "Input"], [cbor, "Input"], [restJson, "Rest"], [restXml, "Rest"],
] as const) {
  const service = testService(protocol.name, shapes, { Talk: { input: { shape }, output: { shape } } });
  const talk = operationOf(service, "Talk");

  test(`${protocol.name}: events are read as they were written`, async () => {
    const answer = protocol.serialize({ Name: "n", Events: Readable.from(events) }, talk, service, "id-1");
    assert.equal(answer.headers["content-type"], "application/vnd.amazon.eventstream");
    const bytes = Buffer.concat((await collect(answer.body as Readable)) as Buffer[]);
    // The initial response of RPC protocols is, but for its name, the initial request.
    const asRequest = renamed(bytes);
    const request = testRequest({ headers: { "x-name": "n" } });
    const input = (protocol as Protocol).parse(
      { ...request, stream: Readable.from([asRequest]) }, talk, service,
    );
    assert.deepEqual(await collect(input["Events"] as AsyncIterable<unknown>), events);
    assert.equal(input["Name"], "n");
  });

  test(`${protocol.name}: an error ends the stream as the model's exception`, async () => {
    const answer = protocol.serialize({ Events: failing() }, talk, service, "id-1");
    const bytes = Buffer.concat((await collect(answer.body as Readable)) as Buffer[]);
    const last = new FrameDecoder().push(bytes).at(-1);
    assert.equal(last?.headers[":message-type"]?.value, "exception");
    assert.equal(last?.headers[":exception-type"]?.value, "Failed");
    assert.match(last?.payload.toString("latin1") ?? "", /No\./);
  });

  test(`${protocol.name}: a defect ends the stream as one, and the log is told of it`, async () => {
    const hurt = new Error("the disk is hurt");
    async function* broken(): AsyncGenerator<Value> {
      yield { End: {} };
      throw hurt;
    }
    const body = protocol.serialize({ Events: broken() }, talk, service, "id-1").body as Readable;
    const defects: unknown[] = [];
    body.on(streamDefect, (cause) => defects.push(cause));
    const last = new FrameDecoder().push(Buffer.concat((await collect(body)) as Buffer[])).at(-1);
    assert.deepEqual(
      [last?.headers[":message-type"]?.value, last?.headers[":error-code"]?.value],
      ["error", "InternalFailure"],
    );
    assert.deepEqual(defects, [hurt]);
  });
}

function renamed(bytes: Buffer): Buffer {
  return Buffer.concat(new FrameDecoder().push(bytes).map(({ headers, payload }) => {
    const initial = headers[":event-type"]?.value === "initial-response";
    if (initial) headers[":event-type"] = { type: "string", value: "initial-request" };
    return encodeFrame(headers, payload);
  }));
}

test("a signed event is the frame within its frame", async () => {
  const service = testService("rest-json", shapes, { Talk: { input: { shape: "Rest" } } });
  const inner = encodeFrame(
    { ":message-type": { type: "string", value: "event" }, ":event-type": { type: "string", value: "End" } },
    Buffer.alloc(0),
  );
  const outer = encodeFrame({ ":chunk-signature": { type: "bytes", value: Buffer.alloc(32) } }, inner);
  const request = { ...testRequest({}), stream: Readable.from([outer]) };
  const input = restJson.parse(request, operationOf(service, "Talk"), service);
  assert.deepEqual(await collect(input["Events"] as AsyncIterable<unknown>), [{ End: {} }]);
});
