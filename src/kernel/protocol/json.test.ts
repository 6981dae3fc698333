import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError, modelled, unmodelled } from "../errors.ts";
import type { Shape } from "../model/model.ts";
import { json } from "./json.ts";
import { operationOf, testRequest, testService } from "./test-service.ts";

const shapes: Record<string, Shape> = {
  Input: {
    type: "structure",
    members: {
      Text: { shape: "Text" }, Count: { shape: "Count" }, On: { shape: "On" }, Data: { shape: "Data" },
      Names: { shape: "Names" }, Tags: { shape: "Tags" }, Inner: { shape: "Input" }, Any: { shape: "Any" },
      When: { shape: "When" }, Long: { shape: "Long" },
    },
  },
  Text: { type: "string" }, Count: { type: "integer" }, Long: { type: "long" },
  On: { type: "boolean" }, Data: { type: "blob" },
  Names: { type: "list", member: { shape: "Text" } },
  Tags: { type: "map", key: { shape: "Text" }, value: { shape: "Text" } },
  Any: { type: "structure", members: {}, document: true },
  When: { type: "timestamp" },
  QueueDoesNotExist: { type: "structure", members: { message: { shape: "Text" } }, exception: true },
};
const operations = { Put: { input: { shape: "Input" }, output: { shape: "Input" } } };
const service = testService("json", shapes, operations, { jsonVersion: "1.1" });
const dynamodb = testService(
  "json", shapes, operations, { targetPrefix: "DynamoDB_20120810", jsonVersion: "1.0" },
);

function parse(body: string, of = service): Record<string, unknown> {
  return json.parse(testRequest({ body }), operationOf(of, "Put"), of);
}

const refusals: readonly (readonly [body: string, usual: string, dynamodb: string])[] = [
  [
    '{"Text":1}', "NUMBER_VALUE can not be converted to a String",
    "NUMBER_VALUE cannot be converted to String",
  ],
  [
    '{"Text":1.5}', "NUMBER_VALUE can not be converted to a String",
    "DECIMAL_VALUE cannot be converted to String",
  ],
  [
    '{"Text":true}', "TRUE_VALUE can not be converted to a String",
    "TRUE_VALUE cannot be converted to String",
  ],
  ['{"Text":{}}', "Start of structure or map found where not expected.",
    "Start of structure or map found where not expected"],
  [
    '{"Text":[]}', "Start of list found where not expected",
    "Unrecognized collection type class java.lang.String",
  ],
  [
    '{"Count":"1"}', "STRING_VALUE can not be converted to an Integer",
    "STRING_VALUE cannot be converted to Integer",
  ],
  ['{"On":"yes"}', "STRING_VALUE can not be converted to a Boolean", "Unexpected token received from parser"],
  ['{"Names":"x"}', "Expected list or null", "Unexpected field type"],
  ['{"Tags":1}', "Expected map or null", "Unexpected field type"],
  ['{"Data":"abcde"}',
    "'abcde' can not be converted to a Blob: " +
      "Base64 encoded length is expected a multiple of 4 bytes but found: 5",
    "Base64 encoded length is expected a multiple of 4 bytes but found: 5"],
  [
    '{"Data":1}', "NUMBER_VALUE can not be converted to a Blob",
    "only base-64-encoded strings are convertible to bytes",
  ],
  [
    '{"Count":2147483648}', "NUMBER_VALUE can not be converted to an Integer",
    "NUMBER_VALUE cannot be converted to Integer",
  ],
  [
    '{"Count":-2147483649}', "NUMBER_VALUE can not be converted to an Integer",
    "NUMBER_VALUE cannot be converted to Integer",
  ],
  [
    '{"Long":1e19}', "NUMBER_VALUE can not be converted to a Long",
    "NUMBER_VALUE cannot be converted to Long",
  ],
  ["{", "", ""],
];

for (const [body, usual, ofDynamodb] of refusals) {
  test(`${body} is refused in the words of AWS`, () => {
    const refused = { code: "SerializationException", status: 400 };
    assert.throws(() => parse(body), { ...refused, message: usual });
    assert.throws(() => parse(body, dynamodb), { ...refused, message: ofDynamodb });
  });
}

test("whole numbers up to the bounds of their types are read", () => {
  assert.deepEqual(parse('{"Count":2147483647,"Long":9007199254740991}'), {
    Count: 2_147_483_647, Long: Number.MAX_SAFE_INTEGER,
  });
  assert.deepEqual(parse('{"Count":-2147483648}'), { Count: -2_147_483_648 });
});

test("nulls and unknown members are dropped, fractions of whole numbers cut off", () => {
  assert.deepEqual(
    parse('{"Text":null,"Unknown":1,"Count":2.9,"Names":["a",null]}'), { Count: 2, Names: ["a"] },
  );
});

test("a key named __proto__ is a key like any other", () => {
  const { Tags: tags, Any: document } = parse(
    '{"Tags":{"__proto__":"x"},"Any":{"__proto__":{"polluted":1}},"__proto__":{}}',
  );
  assert.equal(Object.getPrototypeOf(tags), null);
  assert.deepEqual(Object.entries(tags as object), [["__proto__", "x"]]);
  assert.equal(Object.getPrototypeOf(document), null);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

test("nesting without end is refused", () => {
  const deep = `${'{"Inner":'.repeat(5_000)}{}${"}".repeat(5_000)}`;
  assert.throws(
    () => parse(deep), { code: "SerializationException", message: "The request is nested too deeply." },
  );
  assert.throws(
    () => parse(`{"Any":${"[".repeat(5_000)}${"]".repeat(5_000)}}`), { code: "SerializationException" },
  );
});

test("an output is written with the model's members only, in their order", () => {
  const output = {
    When: 1_398_796_238_123, Text: 'a"b\u2028\ud800', Data: Buffer.from("x"), Other: 1, Names: [],
  };
  assert.deepEqual(json.serialize(output, operationOf(service, "Put"), service, "id-1"), {
    status: 200,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "id-1" },
    body: '{"Text":"a\\"b\u2028\\ud800","Data":"eA==","Names":[],"When":1398796238.123}',
  });
});

function errorBody(error: AwsError, of = service): string {
  return String(json.serializeError(error, undefined, of, "id-1", testRequest({})).body);
}

test("JSON 1.1 names an error by its shape, JSON 1.0 with its namespace", () => {
  const token = { shape: "QueueDoesNotExist", code: "QueueDoesNotExist", status: 400 };
  assert.equal(errorBody(modelled(token, "No.")), '{"__type":"QueueDoesNotExist","message":"No."}');
  assert.equal(
    errorBody(modelled(token, "No."), dynamodb),
    '{"__type":"com.amazonaws.test.v20120810#QueueDoesNotExist","message":"No."}',
  );
  assert.equal(
    errorBody(unmodelled("ValidationException", "Bad."), dynamodb),
    '{"__type":"com.amazon.coral.validate#ValidationException","message":"Bad."}',
  );
  assert.equal(
    errorBody(unmodelled("SerializationException", "Bad."), dynamodb),
    '{"__type":"com.amazon.coral.service#SerializationException","Message":"Bad."}',
  );
});

test("a query-compatible service gives the Query protocol's code in a header", () => {
  const compatible = { ...service, queryCompatible: true };
  const error = modelled(
    {
      shape: "QueueDoesNotExist", code: "QueueDoesNotExist", status: 400,
      queryCode: "AWS.SimpleQueueService.NonExistentQueue",
    },
    "No.",
  );
  const { headers } = json.serializeError(error, undefined, compatible, "id-1", testRequest({}));
  assert.equal(headers["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender");
});

test("members of the host name are read where the rest of the request does not have them", () => {
  const hosted = testService("json", shapes, {
    Put: { input: { shape: "Input" }, endpoint: { hostPrefix: "data.{Text}." } },
  });
  const read = (host: string, body: string): unknown => {
    return json.parse(testRequest({ body, headers: { host } }), operationOf(hosted, "Put"), hosted);
  };
  assert.deepEqual(read("data.one.example.com", "{}"), { Text: "one" });
  assert.deepEqual(read("data.one.example.com", '{"Text":"two"}'), { Text: "two" });
  assert.deepEqual(read("127.0.0.1:4566", "{}"), {});
});

test("half a surrogate pair is no character, and becomes the replacement character, also in keys", () => {
  assert.equal(parse(String.raw`{"Text":"a\ud800b\udc00"}`)["Text"], "a\ufffdb\ufffd");
  assert.equal(parse(String.raw`{"Text":"\ud83d\ud83d\ude00"}`)["Text"], "\ufffd\u{1f600}");
  assert.equal(parse(String.raw`{"Text":"\\ud800"}`)["Text"], "\\ud800");
  assert.deepEqual({ ...(parse(String.raw`{"Tags":{"\uDFFF":"x"}}`)["Tags"] as object) }, { "\ufffd": "x" });
});
