import assert from "node:assert/strict";
import { test } from "node:test";
import { render, withReadableData } from "./templates.ts";

function rendered(template: string, event: object): string {
  return render(template, withReadableData(event), { "aws.pipes.pipe-name": "orders" });
}

test("templates: a body of JSON stands for what it holds, and loses its quotes within a text", () => {
  const body = '{"key": "a \\"b\\"\\n", "n": 1.50, "list": [{"x": "y"}]}';
  const expected: readonly (readonly [string, string])[] = [
    ['{"data": <$.body>}', `{"data": ${body}}`],
    ["<$.body>", "{key: a b\\n, n: 1.50, list: [{x: y}]}"],
    ['"Body is <$.body>"', '"Body is {key: a b\\n, n: 1.50, list: [{x: y}]}"'],
    ['{"list": "<$.body.list>", "key": "<$.body.key>"}', '{"list": "[{x:y}]", "key": "a \\"b\\"\\n"}'],
    ["<$.body.list> of <aws.pipes.pipe-name>", "[{x:y}] of orders"],
    ["<aws.pipes.event.json>", '{"body":{"key":"a \\"b\\"\\n","n":1.5,"list":[{"x":"y"}]}}'],
  ];
  for (const [template, text] of expected) assert.equal(rendered(template, { body }), text);
});

test("templates: a body that is no JSON is a text", () => {
  assert.equal(rendered("<$.body>", { body: "a {b" }), "a {b");
  assert.equal(rendered('{"body": <$.body>}', { body: '"a' }), '{"body": "\\"a"}');
});

test("templates: the data of a record are read where they are JSON, and stay in base64 where not", () => {
  const record = (data: string) => ({ data: Buffer.from(data).toString("base64") });
  assert.equal(rendered('{"data": <$.data>}', record('{"n": 1}')), '{"data": {"n": 1}}');
  assert.equal(rendered('{"data": <$.data>}', record("text")), '{"data": "dGV4dA=="}');
});
