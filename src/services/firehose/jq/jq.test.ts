import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "./evaluation.ts";
import { parseProgram } from "./parser.ts";
import { SyntaxTrouble, type Json } from "./syntax.ts";

const record: Json = {
  type: { device: "mobile", event: "click" }, customer_id: "1234567890", event_timestamp: 1565382027,
  ms: 1565382027123, region: "sample", tags: ["a", "b", "c"], none: null, no: false, num: 3.7,
  date: "2019-08-09T20:20:27Z", items: [{ k: "x", v: 2 }, { k: "y", v: 1 }, { k: "x", v: 0 }],
  "odd key": 5, text: "héllo", json: "{\"a\":[1,2]}",
};

function outcome(program: string, input: Json = record): string {
  const found: string[] = [];
  try {
    for (const value of run(parseProgram(program), input, 1_500)) found.push(JSON.stringify(value));
  } catch (error) {
    if (error instanceof SyntaxTrouble) return `${error.isUnbuilt ? "unbuilt" : "wrong"}: ${error.message}`;
    found.push(`failed: ${(error as Error).message}`);
  }
  return found.join(" ");
}

/** What jq 1.6 itself answers to the same programs. */
const answers: readonly (readonly [program: string, answer: string])[] = [
  ["{customer_id:.customer_id}", '{"customer_id":"1234567890"}'],
  ["{customer_id, d: .type.device}", '{"customer_id":"1234567890","d":"mobile"}'],
  ['{y: .event_timestamp| strftime("%Y"), h: .event_timestamp| strftime("%H")}', '{"y":"2019","h":"20"}'],
  ['.ms/1000|floor|strftime("%Y/%m/%d")', '"2019/08/09"'],
  ['.date|fromdate|strftime("%A, %B %d, %j %U %W %V %G %u %w %y %e %I %p %a %b %Z %s")',
    '"Friday, August 09, 221 31 31 32 2019 5 5 19  9 08 PM Fri Aug UTC 1565382027"'],
  ['"2019-08-09 20:20"|strptime("%Y-%m-%d %H:%M")', "[2019,7,9,20,20,0,5,220]"],
  ['"10:20 PM"|strptime("%I:%M %p")|mktime', "-2208994800"],
  [".event_timestamp|todate", '"2019-08-09T20:20:27Z"'],
  [".tags[0], .tags[-1], .tags[1:], .tags[:-1], .text[1:3]", '"a" "c" ["b","c"] ["a","b"] "él"'],
  ['."odd key", .["odd key"], ."type".device, .type["device"], (.["type"]|tostring)',
    '5 5 "mobile" "mobile" "{\\"device\\":\\"mobile\\",\\"event\\":\\"click\\"}"'],
  [".items|map(.v)|add, length", "3 3"],
  ["[.items[]|select(.k==\"x\").v]", "[2,0]"],
  [".items|sort_by(.v)|.[0].k, (group_by(.k)|length), min_by(.v).v", '"x" 2 0'],
  [".type|with_entries({key:.key,value:(.value|length)})", '{"device":6,"event":5}'],
  [".missing.deep, (.none // \"x\"), (.no,.num)//1", 'null "x" 3.7'],
  [".customer_id.x?, (try error(\"boom\") catch .)", '"boom"'],
  [".date|split(\"T\")[0], .[0:4]", '"2019-08-09" "2019"'],
  [".num|floor,ceil,round, -.", "3 4 4 -3.7"],
  ["7%3, -7%3, 5/2, 1-5, 1 - -1, 2*3", "1 -1 2.5 -4 2 6"],
  ["\"a,b\"/\",\", [1,2,3,2]-[2], {a:{b:1}}*{a:{c:2}}, null+1", '["a","b"] [1,3] {"a":{"b":1,"c":2}} 1'],
  ["\"foobar\"|contains(\"bar\"), ltrimstr(\"foo\"), rtrimstr(\"bar\"), index(\"o\"), test(\"^FOO\";\"i\")",
    'true "bar" "foo" 1 true'],
  ["\"Foo\"|test(\"f O o\";\"ix\"), test(\"f O o\";\"i\")", "true false"],
  ["\"foo123bar\"|capture(\"(?<l>[a-z]+)(?<n>[0-9]+)\"), sub(\"[0-9]+\";\"#\")",
    '{"l":"foo","n":"123"} "foo#bar"'],
  ["\"a1b22\"|gsub(\"(?<d>[0-9])\";\"<\\(.d)>\"), [splits(\"[0-9]+\")]", '"a<1>b<2><2>" ["a","b",""]'],
  ["[.tags[]|\"\\(.)-\\(.|ascii_upcase)\"]", '["a-A","b-B","c-C"]'],
  [".region|@base64, (@base64|@base64d), @json, @uri \"q=\\(.)&\"",
    '"c2FtcGxl" "sample" "\\"sample\\"" "q=sample&"'],
  [".json|fromjson|.a[1]", "2"],
  ["if .no then 1 elif .none then 2 else 3 end", "3"],
  [".no and true, .no or true, (.none|not)", "false true true"],
  ["reduce .items[] as $i (0; . + $i.v)", "3"],
  [".region as $r | .tags | map($r + .)", '["samplea","sampleb","samplec"]'],
  ["{a:(1,2),b:3}", '{"a":1,"b":3} {"a":2,"b":3}'],
  [".region as $x | {$x, (.region):1}", '{"x":"sample","sample":1}'],
  ["[null,true,false,0,\"a\",[],{}]|sort", '[null,false,true,0,"a",[],{}]'],
  ["[.items[]|{k,v}]|first, last|.k", '"x" "x"'],
  ["[limit(2;.tags[])], [range(1;4)], now", '["a","b"] [1,2,3] 1.5'],
  ["[..|numbers]|length", "7"],
];

test("programs answer as those of jq do", () => {
  assert.deepEqual(answers.map(([program]) => [program, outcome(program)]), answers.map((each) => [...each]));
});

test("what is wrong with a program or a value is told", () => {
  const all = ["{a:.none + \"x\"}", "{a:.n // 1}", ".x[", "{a:}", ".a)", "$x", "\"abc", "foo", "{a b}"];
  for (const wrong of all) {
    assert.match(outcome(wrong), /^wrong: /, wrong);
  }
  for (const unbuilt of [".a |= 1", "def f: 1; f", "1 as [$a] | $a", "path(.a)"]) {
    assert.match(outcome(unbuilt), /^unbuilt: /, unbuilt);
  }
  assert.equal(
    outcome("1, (.tags|tonumber)"), '1 failed: array (["a","b","...) cannot be parsed as a number');
  assert.equal(
    outcome(".num/0"),
    "failed: number (3.7) and number (0) cannot be divided because the divisor is zero");
  assert.equal(outcome(".region[]"), "failed: Cannot iterate over string (\"sample\")");
});

test("no program goes on forever", () => {
  const tooLong = "failed: The query takes too long";
  const tooLarge = "failed: The query makes a value that is too large";
  assert.equal(outcome("[range(1000000000)]|length"), tooLong);
  assert.equal(outcome("reduce range(100) as $i (1; [.,.])|tostring"), tooLarge);
  assert.equal(outcome("reduce range(100) as $i (\"a\"; .+.)"), tooLarge);
  assert.equal(outcome("reduce range(100) as $i (\"a\"; \"\\(.)\\(.)\")"), tooLarge);
  assert.equal(outcome("\"(a+)+$\" as $r | \"" + "a".repeat(40) + "b\" | test($r)"), "false");
});
