import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError, modelled } from "../errors.ts";
import type { Shape } from "../model/model.ts";
import { ec2 } from "./ec2.ts";
import { query } from "./query.ts";
import { operationOf, testRequest, testService } from "./test-service.ts";

const shapes: Record<string, Shape> = {
  Input: {
    type: "structure",
    members: {
      Name: { shape: "Text" }, Count: { shape: "Count" }, Names: { shape: "Names" }, Tags: { shape: "Tags" },
      Flat: { shape: "Names", flattened: true }, Inner: { shape: "Input" }, When: { shape: "When" },
      Long: { shape: "Long" }, Old: { shape: "Names", flattened: true, queryName: "OldName" },
    },
  },
  Text: { type: "string" }, Count: { type: "integer" }, Long: { type: "long" }, When: { type: "timestamp" },
  Names: { type: "list", member: { shape: "Text" } },
  Tags: { type: "map", key: { shape: "Text" }, value: { shape: "Text" } },
  NotFound: {
    type: "structure", members: { Message: { shape: "Text" }, Name: { shape: "Text" } }, exception: true,
  },
};
const operations = { Put: { input: { shape: "Input" }, output: { shape: "Input" } }, Ping: {} };
const service = testService("query", shapes, operations, { xmlNamespace: "https://test.amazonaws.com/doc/" });

function parse(body: string, protocol = query): Record<string, unknown> {
  return protocol.parse(testRequest({ body }), operationOf(service, "Put"), service);
}

test("lists are read with member and without, gaps close, and an empty parameter is an empty list", () => {
  assert.deepEqual(parse("Names.member.1=a&Names.member.3=c"), { Names: ["a", "c"] });
  assert.deepEqual(
    parse("Names.10=c&Names.2=b&Flat.1=x&OldName.1=y"), { Names: ["b", "c"], Flat: ["x"], Old: ["y"] },
  );
  assert.deepEqual(parse("Names=&Flat="), { Names: [], Flat: [] });
});

test("whole numbers up to the bounds of their types are read", () => {
  assert.deepEqual(parse("Count=2147483647&Long=9223372036854775807"), {
    Count: 2_147_483_647, Long: 2 ** 63,
  });
  assert.deepEqual(parse("Count=-2147483648"), { Count: -2_147_483_648 });
});

test("hostile indices cost nothing", () => {
  assert.deepEqual(parse("Names.member.999999999=z&Names.member.1=a"), { Names: ["a", "z"] });
  assert.deepEqual(
    parse("Names.member.-1=z&Names.member.length=9&Names.member.99999999999999999999=x"), { Names: [] },
  );
  assert.throws(() => parse(`Inner${".Inner".repeat(1_000)}.Name=a`), { code: "MalformedInput" });
});

test("maps are read by entries, and a key named __proto__ is a key like any other", () => {
  const { Tags: tags } = parse(
    "Tags.entry.1.key=__proto__&Tags.entry.1.value=x&Tags.entry.2.key=b&Tags.entry.2.value=y",
  );
  assert.equal(Object.getPrototypeOf(tags), null);
  assert.deepEqual(Object.entries(tags as object), [["__proto__", "x"], ["b", "y"]]);
});

test("parameters in the query string are read as those of the body", () => {
  const request = testRequest({ method: "GET", query: "Action=Put&Version=2020-01-01&Name=a%20b+c&Count=1" });
  assert.deepEqual(query.parse(request, operationOf(service, "Put"), service), { Name: "a b c", Count: 1 });
});

const refusals: readonly (readonly [body: string, message: string])[] = [
  ["Count=x", "STRING_VALUE can not be converted to an Integer"],
  ["Count=2147483648", "STRING_VALUE can not be converted to an Integer"],
  ["Long=9223372036854775808", "STRING_VALUE can not be converted to a Long"],
  ["When=yesterday", "timestamp must follow ISO8601"],
  ["Name.member.1=x", "Start of list found where not expected"],
  ["Names=x", "Unexpected list element termination"],
  ["Inner=x", "Unexpected complex element termination"],
];
for (const [body, message] of refusals) {
  test(`${body} is refused in the words of AWS`, () => {
    assert.throws(() => parse(body), { code: "MalformedInput", message, status: 400 });
  });
}

test("a percent sign without its digits is a syntax error", () => {
  assert.throws(() => parse("Name=%"), {
    code: "MalformedQueryString", message: "The query string contains a syntax error.",
  });
});

test("EC2 names the parameter that it refuses", () => {
  assert.throws(() => parse("Count=x", ec2), {
    code: "InvalidParameterValue", message: "Value (x) for parameter Count is invalid.",
  });
});

test("an answer has the members in the model's order and its request id", () => {
  const output = { Flat: ["x", "<y>"], Names: [], Name: "a", Tags: { k: "v" } };
  assert.equal(
    query.serialize(output, operationOf(service, "Put"), service, "id-1").body,
    '<PutResponse xmlns="https://test.amazonaws.com/doc/"><PutResult><Name>a</Name><Names/>' +
      "<Tags><entry><key>k</key><value>v</value></entry></Tags>" +
      "<Flat>x</Flat><Flat>&lt;y&gt;</Flat></PutResult>" +
      "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></PutResponse>",
  );
  assert.equal(
    query.serialize({}, operationOf(service, "Ping"), service, "id-1").body,
    '<PingResponse xmlns="https://test.amazonaws.com/doc/">' +
      "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></PingResponse>",
  );
});

const notFound: AwsError = modelled(
  { shape: "NotFound", code: "NoSuchEntity", status: 404 }, "No.", { Name: "a" },
);

test("an error says whose fault it is, its code, its message and its members", () => {
  const answer = query.serializeError(notFound, undefined, service, "id-1", testRequest({}));
  assert.equal(answer.status, 404);
  assert.equal(
    answer.body,
    '<ErrorResponse xmlns="https://test.amazonaws.com/doc/"><Error><Type>Sender</Type>' +
      "<Code>NoSuchEntity</Code><Message>No.</Message><Name>a</Name></Error>" +
      "<RequestId>id-1</RequestId></ErrorResponse>",
  );
});

test("EC2 answers in its own form, success without an output included", () => {
  assert.equal(
    ec2.serializeError(notFound, undefined, service, "id-1", testRequest({})).body,
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>NoSuchEntity</Code>' +
      "<Message>No.</Message><Name>a</Name></Error></Errors><RequestID>id-1</RequestID></Response>",
  );
  assert.equal(
    ec2.serialize({}, operationOf(service, "Ping"), service, "id-1").body,
    '<?xml version="1.0" encoding="UTF-8"?>\n<PingResponse xmlns="https://test.amazonaws.com/doc/">' +
      "<requestId>id-1</requestId><return>true</return></PingResponse>",
  );
  const { body } = ec2.serialize({ When: 0 }, operationOf(service, "Put"), service, "id-1");
  assert.match(String(body), /<When>1970-01-01T00:00:00\.000Z<\/When>/);
});
