import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePattern, PatternError } from "./parse.ts";
import { PatternIndex } from "./pattern-index.ts";

function matches(pattern: unknown, event: unknown): boolean {
  return parsePattern(JSON.stringify(pattern)).matches(event);
}

function refusal(text: string): string {
  try {
    parsePattern(text);
  } catch (cause) {
    assert.ok(cause instanceof PatternError);
    return cause.message;
  }
  return "none";
}

test("patterns: what is refused, with AWS's words and positions", () => {
  // Recorded on AWS.
  const recorded: readonly (readonly [string, string, number])[] = [
    ['{"int": 42}', '"int" must be an object or an array', 11],
    ['{"string": "my-value"}', '"string" must be an object or an array', 13],
    ['{"resources": []}', "Empty arrays are not allowed", 17],
    ['{"source": ["aws.health"], "detail": {}}', "Empty objects are not allowed", 40],
    ['{"my_key": [{"EXISTS": true}]}', "Unrecognized match type EXISTS", 28],
    ['{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}', "Unrecognized match type NUMERIC", 36],
    ['{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}', "Bad numeric range operator: >", 49],
    ['{"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}}', "Value of < must be numeric", 50],
    [
      '{"source":["test-source"],"detail":{"name":[{"exists":"true"}],"age":[{"numeric":[">","25"]}]}}',
      "exists match pattern must be either true or false.", 56,
    ],
    [
      '{"source":["test.event-pattern"],"detail":{"lenderId":"LenderA"}}',
      '"lenderId" must be an object or an array', 56,
    ],
  ];
  for (const [text, reason, column] of recorded) {
    assert.equal(
      refusal(text), `${reason}\n at [Source: (String)"${text}"; line: 1, column: ${String(column)}]`,
    );
  }
  const lines = '{\n  "detail": {\n    "slug": "some-pipeline"\n  }\n}';
  assert.equal(
    refusal(lines),
    `"slug" must be an object or an array\n at [Source: (String)"${lines}"; line: 3, column: 14]`,
  );
});

test("patterns: the other refusals", () => {
  const reasons: readonly (readonly [string, string])[] = [
    ['["a"]', "Filter is not an object"],
    ["", "Filter is not an object"],
    ['{"a":[["b"]]}', "Match value must be String, number, true, false, or null"],
    ['{"a":[{}]}', "Match expression name not found"],
    ['{"a":[{"prefix":1}]}', "prefix match pattern must be a string"],
    ['{"a":[{"prefix":"a","suffix":"b"}]}', "Only one key allowed in match expression"],
    ['{"a":[{"prefix":{"wildcard":"a"}}]}', "Unsupported prefix pattern: wildcard"],
    ['{"a":[{"anything-but":{"numeric":1}}]}', "Unsupported anything-but pattern: numeric"],
    ['{"a":[{"anything-but":{"prefix":""}}]}', "Null prefix/suffix not allowed"],
    ['{"a":[{"anything-but":["a",1]}]}',
      "Inside anything but list, either all values are number or string, mixed type is not supported"],
    ['{"a":[{"anything-but":[null]}]}', "Inside anything but list, start|null|boolean is not supported."],
    ['{"a":[{"anything-but":true}]}',
      "Value of anything-but must be an array or single string/number value."],
    ['{"a":[{"numeric":5}]}', "Value of numeric must be an array."],
    ['{"a":[{"numeric":[">",5,"<",3]}]}', "Bottom must be less than top"],
    ['{"a":[{"numeric":["<",3,">",1]}]}', "Too many elements in numeric expression"],
    ['{"a":[{"numeric":["=",6000000000]}]}', "Value must be between -5.0E9 and 5.0E9, inclusive"],
    ['{"a":[{"cidr":"10.0.0.0"}]}', "Malformed CIDR, one '/' required"],
    ['{"a":[{"cidr":"10.0.0.0/32"}]}', "IPv4 mask bits must be < 32"],
    ['{"a":[{"wildcard":"a**b"}]}', "Consecutive wildcard characters at pos 2"],
    ['{"a":[{"wildcard":"a\\\\x"}]}', "Invalid escape character at pos 2"],
    ['{"$or":[{"a":["b"]}]}', "There must have at least 2 Objects in $or relationship."],
    ['{"$or":{"a":["b"]}}', "It must be an Array followed with $or."],
    ['{"$or":["a","b"]}', "Only JSON object is allowed in array of $or relationship."],
    ['{"$or":[{"prefix":["a"]},{"b":["c"]}]}',
      "prefix is Ruler reserved fieldName which cannot be used inside $or."],
  ];
  for (const [text, reason] of reasons) {
    assert.equal(refusal(text).split("\n at [Source")[0], reason, text);
  }
  const broken = ["{", '{"a"', '{"a":', '{"a":[', '{"a":["b"', '{"a":["b"]', '{"a":["b]}', "{a:1}", "{]"];
  for (const text of broken) {
    assert.notEqual(refusal(text), "none", text);
  }
});

test("patterns: values", () => {
  const event = {
    text: "Hello/World.PNG", number: 3.018e2, big: 123456789012, flag: true, nothing: null, empty: "",
    ip: "10.0.0.17", ip6: "2001:0db8:0:0::1", list: ["a", "b"], none: [],
    nested: { deep: { key: "x" } }, "dotted.key": "y",
  };
  const yes: readonly object[] = [
    { text: ["Hello/World.PNG"] }, { number: [301.8] }, { number: [1, 301.8] }, { big: [123456789012] },
    { flag: [true] }, { nothing: [null] }, { empty: [""] }, { text: [{ prefix: "Hello" }] },
    { text: [{ suffix: ".PNG" }] }, { text: [{ suffix: { "equals-ignore-case": ".png" } }] },
    { text: [{ prefix: { "equals-ignore-case": "hELLO" } }] },
    { text: [{ "equals-ignore-case": "hello/world.png" }] }, { text: [{ wildcard: "*lo/*.PNG" }] },
    { number: [{ numeric: [">", 0, "<=", 301.8] }] }, { number: [{ numeric: ["=", 301.8] }] },
    { ip: [{ cidr: "10.0.0.0/24" }] }, { ip6: [{ cidr: "2001:db8::/32" }] }, { ip6: ["2001:db8::1"] },
    { text: [{ "anything-but": "x" }] }, { text: [{ "anything-but": ["x", "y"] }] },
    { text: [{ "anything-but": { prefix: "x" } }] }, { text: [{ "anything-but": { suffix: ["x", "y"] } }] },
    { text: [{ "anything-but": { wildcard: "*x*" } }] },
    { text: [{ "anything-but": { "equals-ignore-case": ["x"] } }] }, { number: [{ "anything-but": 5 }] },
    { nothing: [{ "anything-but": "x" }] }, { list: ["b"] }, { list: [{ "anything-but": "a" }] },
    { nothing: [{ exists: true }] }, { missing: [{ exists: false }] }, { none: [{ exists: false }] },
    { nested: { deep: { key: ["x"] } } }, { "nested.deep": { key: ["x"] } }, { dotted: { key: ["y"] } },
    { nested: [{ exists: false }] }, { missing: ["a", { exists: false }] },
    { $or: [{ text: ["no"] }, { flag: [true] }] },
    { flag: [true], $or: [{ text: ["no"] }, { number: [301.8], nested: { deep: { key: ["x"] } } }] },
  ];
  for (const pattern of yes) assert.ok(matches(pattern, event), JSON.stringify(pattern));
  const no: readonly object[] = [
    { text: ["hello/world.png"] }, { number: ["301.8"] }, { flag: ["true"] }, { nothing: ["null"] },
    { nothing: [""] }, { empty: [null] }, { text: [{ prefix: "ello" }] }, { number: [{ prefix: "3" }] },
    { number: [{ numeric: ["<", 301.8] }] }, { text: [{ numeric: [">", 0] }] },
    { big: [{ numeric: [">", 0] }] }, { ip: [{ cidr: "10.0.1.0/24" }] }, { ip: [{ cidr: "2001:db8::/32" }] },
    { text: [{ "anything-but": { prefix: ["x", "Hello"] } }] }, { missing: [{ "anything-but": "x" }] },
    { list: [{ "anything-but": ["a", "b"] }] }, { none: [{ exists: true }] }, { nested: [{ exists: true }] },
    { text: [{ exists: false }] }, { "nested.deep": { deep: { key: ["x"] } } },
    { flag: [false], $or: [{ number: [301.8] }, { text: ["x"] }] },
  ];
  for (const pattern of no) assert.ok(!matches(pattern, event), JSON.stringify(pattern));
});

test("patterns: values in arrays must be of one element", () => {
  const event = {
    employees: [
      { name: "Anna", dates: [{ day: 1, city: "A" }, { day: 2, city: "B" }] },
      { name: "Bob", dates: [{ day: 3, city: "A" }] },
    ],
    tags: ["x"],
  };
  assert.ok(matches({ employees: { name: ["Anna"], dates: { day: [2], city: ["B"] } } }, event));
  assert.ok(!matches({ employees: { name: ["Bob"], dates: { day: [2] } } }, event));
  assert.ok(!matches({ employees: { dates: { day: [1], city: ["B"] } } }, event));
  assert.ok(matches({ employees: { dates: { day: [3], city: ["A"] } }, tags: ["x"] }, event));
});

test("patterns: wildcards that would be followed in too many ways at once are refused", () => {
  const tooComplex =
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences " +
    "after a wildcard character";
  assert.equal(refusal('{"EventBusArn": [ { "wildcard": "*:*:*:*:*:event-bus/*" } ]}'), tooComplex);
  assert.equal(refusal('{"FileName": [ { "wildcard": "/Users/*/dir/dir/dir/dir/dir/doc.txt" } ]}'), "none");
  const four = ["*.tif", "*.tiff", "*.svs", "*.jpg"].map((wildcard) => ({ wildcard }));
  assert.equal(refusal(JSON.stringify({ a: four })), tooComplex);
  assert.equal(refusal(JSON.stringify({ a: four.slice(1) })), "none");
  assert.equal(refusal(JSON.stringify({ a: [{ wildcard: "*a*b*c" }] })), "none");
});

test("patterns: hostile ones neither hang nor confuse", () => {
  for (const wildcard of ["*a".repeat(900), `*${"ab".repeat(1_000)}`]) {
    assert.match(refusal(JSON.stringify({ a: [{ wildcard }] })), /^Rule is too complex/);
  }
  const ors = `{${Array.from({ length: 40 }, () => '"$or":[{"a":[1]},{"b":[1]}]').join()}}`;
  assert.match(refusal(ors), /^Rule is too complex/);
  const deep = `${'{"a":'.repeat(600)}["x"]${"}".repeat(600)}`;
  const deepEvent: unknown = JSON.parse(`${'{"a":'.repeat(600)}"x"${"}".repeat(600)}`);
  assert.ok(parsePattern(deep).matches(deepEvent));
  const arrays: unknown = JSON.parse(`{"a":${"[".repeat(20_000)}"x"${"]".repeat(20_000)}}`);
  assert.ok(!matches({ a: ["x"] }, arrays));
  assert.ok(parsePattern('{"__proto__":{"x":["y"]}}').matches(JSON.parse('{"__proto__":{"x":"y"}}')));
  assert.ok(!parsePattern('{"constructor":{"name":[{"exists":true}]}}').matches({}));
  const rows = Array.from({ length: 200 }, (_row, index) => ({
    a: index, b: index + 1, c: [{ d: index }, { d: 0 }], e: index === 9 ? "e" : "f",
  }));
  const some = [{ exists: true }];
  assert.ok(!matches({ rows: { a: some, b: some, c: { d: [7] }, e: ["e"] } }, { rows }));
  assert.ok(matches({ rows: { a: some, b: some, c: { d: [9] }, e: ["e"] } }, { rows }));
});

test("patterns: an index finds what each pattern alone finds", () => {
  const patterns: object[] = [
    { source: ["a"], detail: { id: [1] } }, { source: ["a"], detail: { id: [2, 3] } },
    { source: [{ prefix: "my." }] }, { source: [{ suffix: ".app" }] }, { source: [{ wildcard: "my*app" }] },
    { source: [{ wildcard: "*app" }] }, { source: [{ "equals-ignore-case": "MY.APP" }] },
    { detail: { id: [{ numeric: [">", 1] }] } }, { detail: { id: [{ exists: false }] } },
    { detail: { id: ["x", { exists: false }] } }, { source: [{ "anything-but": "a" }] },
    { $or: [{ source: ["a"] }, { detail: { id: [9] } }] }, { source: [""] }, { source: [{ prefix: "" }] },
    { detail: { list: { k: ["v"], n: [1] } } },
  ];
  const parsed = patterns.map((pattern, index) => [index, parsePattern(JSON.stringify(pattern))] as const);
  const index = new PatternIndex(parsed);
  const events: unknown[] = [
    { source: "a", detail: { id: 1 } }, { source: "a", detail: { id: 3 } }, { source: "my.app", detail: {} },
    { source: "a", detail: { id: 9 } }, { source: "", detail: { id: null } }, {}, null, "text", [],
    { source: ["b", "my.APP"], detail: { id: ["x", 2] } },
    { detail: { list: [{ k: "v", n: 2 }, { k: "w", n: 1 }] } }, { detail: { list: [{ k: "v", n: 1 }] } },
  ];
  for (const event of events) {
    const expected = parsed.filter(([, pattern]) => pattern.matches(event)).map(([id]) => id);
    assert.deepEqual(index.match(event), expected, JSON.stringify(event));
  }
});
