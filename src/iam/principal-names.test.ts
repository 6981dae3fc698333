import assert from "node:assert/strict";
import { test } from "node:test";
import { mapPrincipalNames } from "./principal-names.ts";

const angled = (document: string): string => mapPrincipalNames(document, (name) => `<${name}>`);

test("names are replaced where they stand, and nothing else of the text changes", () => {
  const document = `{
    "Version": "2012-10-17", "Id": "AWS",
    "Statement" : [
      { "Effect": "Allow", "Principal": { "AWS": [ "a", "b\\u0063", "*" ], "Service": "s" }, "Action": "x",
        "Condition": { "StringEquals": { "aws:PrincipalArn": "a", "Principal": "a" } } },
      {"NotPrincipal":{"AWS":"a"},"Resource":["a",{"x":[1,true,null,-1.5e3]}]},
      {"Principal":"*"},
      []
    ]
  }`;
  assert.equal(
    angled(document),
    document
      .replace('[ "a", "b\\u0063", "*" ]', '[ "<a>", "<bc>", "<*>" ]')
      .replace('{"NotPrincipal":{"AWS":"a"}', '{"NotPrincipal":{"AWS":"<a>"}'),
  );
  assert.equal(mapPrincipalNames(document, (name) => name), document);
});

test("one statement may stand alone, and what is no policy stays as it is", () => {
  const alone = (name: string): string => `{"Statement":{"Principal":{"AWS":"${name}"}}}`;
  assert.equal(angled(alone('a\\"b')), alone('<a\\"b>'));
  const none = '{"Statement":{"Principal":{"AWS":[]}}}';
  const deeper = `{"__proto__":${alone("a")}}`;
  for (const text of ["{}", "[]", '"x"', "1", '{"Statement":[]}', '{"Statement":[{}]}', none, deeper]) {
    assert.equal(angled(text), text);
  }
});
