import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeXml, parseXml, XmlError } from "./xml.ts";

test("elements, attributes, characters and references are read", () => {
  const root = parseXml(
    '\ufeff<?xml version="1.0"?><!-- c --><a:r xmlns:a="u" k=\'v&amp;&#65;\'>' +
      "<b/><c>x &lt;&#x1F63A; <![CDATA[<&]]></c></a:r>\n",
  );
  assert.equal(root.name, "r");
  assert.deepEqual([...(root.attributes ?? [])], [["xmlns:a", "u"], ["k", "v&A"]]);
  assert.deepEqual(
    root.children.map(({ name, text }) => [name, text]), [["b", ""], ["c", "x <\u{1F63A} <&"]],
  );
});

const malformed = [
  "", "text", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a b></a>", "<a b=c/>", '<a b="1" b="2"/>',
  '<a b="1"c="2"/>',
  "<a>&nbsp;</a>", "<a>&</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a><!--</a>", "<a><![CDATA[</a>", "<1/>",
  "<a", "<a/>x",
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', `${"<a>".repeat(101)}${"</a>".repeat(101)}`, '<a b="<"/>',
];
for (const text of malformed) {
  test(`${text.slice(0, 40)} is refused`, () => assert.throws(() => parseXml(text), XmlError));
}

test("what is escaped reads as it was", () => {
  const text = "<&>\"'\r\n\t\u2028 ü \u{1F63A}";
  assert.equal(parseXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`).text, text);
});

test("a long document is read in time", () => {
  const text = `<a>${"<b>x&amp;</b>".repeat(100_000)}</a>`;
  assert.equal(parseXml(text).children.length, 100_000);
});
