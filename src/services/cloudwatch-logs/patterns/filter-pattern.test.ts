import assert from "node:assert/strict";
import { test } from "node:test";
import { effort } from "../../../../test/effort.ts";
import { parseFilterPattern } from "./filter-pattern.ts";

function matches(pattern: string, message: string): boolean {
  return parseFilterPattern(pattern).match(message) !== undefined;
}

function refused(pattern: string): string {
  try {
    parseFilterPattern(pattern);
    return "taken";
  } catch (error) {
    return (error as Error).message;
  }
}

test("terms: all that are asked for, none that is excluded, or one of those with a question mark", () => {
  const cases: [string, string, boolean][] = [
    ["", "anything", true],
    ["  ", "anything", true],
    ["ERROR", "[ERROR 400] BAD REQUEST", true],
    ["ERROR", "[error 400] BAD REQUEST", false],
    ["ERROR BAD", "[ERROR 400] BAD REQUEST", true],
    ["ERROR GOOD", "[ERROR 400] BAD REQUEST", false],
    ["ERROR -debug", "ERROR in release", true],
    ["ERROR -debug", "ERROR in debug", false],
    ["-debug", "fine", true],
    ["\"INTERNAL SERVER\"", "500 INTERNAL SERVER ERROR", true],
    ["\"INTERNAL SERVER\"", "500 SERVER INTERNAL ERROR", false],
    ["-\"a b\" c", "c a b", false],
    ["\"say \\\"hi\\\"\"", "they say \"hi\"", true],
    ["?ERROR ?WARN", "WARN x", true],
    ["?ERROR ?WARN", "INFO x", false],
    ["?ERROR INFO", "INFO x", true],
    ["%ERR.*[0-9]{3}%", "ERROR 404", true],
    ["%ERR.*[0-9]{3}%", "ERROR 40", false],
    ["?%^INFO% ?WARN", "x INFO", false],
    ["-%\\d+% x", "x 1", false],
    ["%something\\! a:b%", "something! a:b", true],
  ];
  for (const [pattern, message, expected] of cases) {
    assert.equal(matches(pattern, message), expected, `${pattern} on ${message}`);
  }
});

const event = JSON.stringify({
  eventType: "UpdateTrail", sourceIPAddress: "111.111.111.111", status: 500, text: "500", size: 1e3,
  arrayKey: ["value", "another value"], objectList: [{ name: "a", id: 1 }, { name: "b", id: 2 }],
  nothing: null, yes: true, no: false, "with space": { deep: 5 }, "dash-ed": "x",
});

test("JSON: selectors, comparisons, wildcards, constants, and how they are joined", () => {
  const cases: [string, boolean][] = [
    ["{ $.status = 500 }", true],
    ["{$.status=500}", true],
    ["{ $.status = 5* }", true],
    ["{ $.text = 500 }", true],
    ["{ $.status != 500 }", false],
    ["{ $.status > 499 && $.status < 501 }", true],
    ["{ $.status >= 501 }", false],
    ["{ $.size = 1e3 }", true],
    ["{ $.size <= 1.0E3 }", true],
    ["{ $.eventType = \"UpdateTrail\" }", true],
    ["{ $.eventType = Update* }", true],
    ["{ $.eventType = \"*Trail\" }", true],
    ["{ $.eventType = \"*x*\" }", false],
    ["{ $.eventType = %Update|Delete% }", true],
    ["{ $.sourceIPAddress != 123.123.* }", true],
    ["{ $.sourceIPAddress = 111.111.* }", true],
    ["{ $.arrayKey[0] = \"value\" }", true],
    ["{ $.arrayKey[2] = \"value\" }", false],
    ["{ $.arrayKey[*] = \"another value\" }", true],
    ["{ $.objectList[1].id = 2 }", true],
    ["{ $.objectList[*].id > 1 }", true],
    ["{ $.nothing IS NULL }", true],
    ["{ $.yes IS TRUE && $.no IS FALSE }", true],
    ["{ $.yes IS FALSE }", false],
    ["{ $.missing NOT EXISTS }", true],
    ["{ $.nothing NOT EXISTS }", false],
    ["{ $.missing = * }", false],
    ["{ $.missing != x }", false],
    ["{ $.eventType = * }", true],
    ["{ $.arrayKey = value }", false],
    ["{ $.arrayKey != value }", false],
    ["{ $.objectList[0] != 1 }", false],
    ["{ $.nothing != 1 }", true],
    ["{ $.yes != no }", true],
    ["{ ($.status = 404 || $.status = 500) && $.yes IS TRUE }", true],
    ["{ $.status = 404 || $.status = 500 && $.yes IS FALSE }", false],
    ["{ $.['with space'].deep = 5 }", true],
    ["{ $.[\"with space\"].deep = 5 }", true],
    ["{ $.dash-ed = x }", true],
    ["{ $.eventType.constructor = * }", false],
  ];
  for (const [pattern, expected] of cases) assert.equal(matches(pattern, event), expected, pattern);
  assert.equal(matches("{ $.status = 500 }", "status = 500"), false);
  assert.equal(matches("{ $.status = 500 }", "{\"status\": 500"), false);
});

test("between spaces: as many fields as the event has, or an ellipsis for some", () => {
  const line = "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";
  const cases: [string, boolean][] = [
    ["[ip, server, username, timestamp, request, status_code, bytes]", true],
    ["[ip, server, username, timestamp, request, status_code = 4*, bytes > 1000]", true],
    ["[ip, server, username, timestamp, request, status_code = 4*, bytes > 2000]", false],
    ["[ip, server, username, timestamp, request, status_code]", false],
    ["[..., status_code = 4*, bytes]", true],
    ["[ip, ..., bytes]", true],
    ["[ip, server, ...]", true],
    ["[..., request=*html*, status_code=4*,]", true],
    ["[ip=%127\\.0\\.0\\.[0-9]%, ...]", true],
    ["[..., status = 400 || status = 404, bytes]", true],
    ["[..., status != 404 && status != 405, bytes]", false],
    ["[ip, server, username, timestamp, request = \"GET *\", status_code, bytes]", true],
    ["[a, b, c, d, e, f, g, ..., h]", false],
    ["[ip, user, username, timestamp, request, status_code = 4* && bytes > 1000]", true],
    ["[ip, user, username, timestamp, request, status_code = 4* && bytes > 2000]", false],
    ["[ip, user, username, timestamp, request, status_code = 4* && status_code != 403 && bytes > 1]", true],
    ["[ip = 127* && user = Prod && username = frank, ...]", true],
    ["[ip = 127* && user = Test, ...]", false],
  ];
  for (const [pattern, expected] of cases) assert.equal(matches(pattern, line), expected, pattern);
});

test("what matches gives its values under the names of the pattern", () => {
  const fields = parseFilterPattern("[ip, , ..., status]").match("1.2.3.4 x y \"z z\" 200");
  assert.deepEqual(fields?.values(), { $ip: "1.2.3.4", $2: "x", $3: "y", $4: "z z", $status: "200" });
  const json = parseFilterPattern("{ $.status = 500 && $.objectList[0].name = a }").match(event);
  assert.deepEqual(json?.values(), { "$.status": "500", "$.objectList[0].name": "a" });
});

test("what is no pattern is refused", () => {
  const wrong = [
    "{ $.a }", "{ $.a = }", "{ a = 1 }", "{ $.a = 1", "{ $.a = 1 } x", "{ $.a > x }", "{ $ = 1 }",
    "{}", "[a", "[]x",
    "[a = ]", "[a > b]", "[..., a, ...]", "[a = 1 || b = 2]", "[a = 1 || a = 2 && b = 3]",
    "[(a = 1 && b = 2)]", "[a = 1 &&]", "\"open", "%open", "%(a)%", "%a{3,1}%", "%[%",
    "%something!%", "%[^!]%", "%ü%", "%\\ü%", "%say \"hi\"%",
    "%a% %b% %c%", `{ ${"(".repeat(200)}$.a = 1${")".repeat(200)} }`,
  ];
  for (const pattern of wrong) assert.equal(refused(pattern), "Invalid filter pattern", pattern);
  assert.equal(refused("a{b"), "Invalid character(s) in term 'a{b'");
});

test("no expression takes long, whatever the text", () => {
  const text = "a".repeat(5_000);
  const before = effort();
  assert.equal(matches("%a*a*a*a*a*b%", text), false);
  assert.equal(matches("%[a-z]{0,200}x%", text), false);
  assert.ok(effort() - before < 10);
});
