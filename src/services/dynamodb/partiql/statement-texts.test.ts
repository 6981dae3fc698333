import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue } from "../values/attribute-values.ts";
import { bindStatement, normalizeParameters } from "./statements.ts";

const MALFORMED = "Statement wasn't well formed, can't be processed: ";
const LEFT_OVER = `${MALFORMED}Unexpected token after expression`;
const TERM = `${MALFORMED}Unexpected term`;
const INVALID = "One or more parameter values were invalid: ";

type Row = readonly [text: string, message: string, parameters?: readonly AttributeValue[]];

function requireRefused(rows: readonly Row[]): void {
  for (const [text, message, parameters = []] of rows) {
    assert.throws(() => bindStatement(text, normalizeParameters(parameters)), {
      code: "ValidationException", message,
    }, text);
  }
}

test("texts that are no statements are refused in AWS's words", () => {
  requireRefused([
    ['SELECT * FROM "T-1" WHERE pk = 1 foo', LEFT_OVER], ['SELECT * FROM "T-1" WHERE pk = 1 e5', LEFT_OVER],
    [`INSERT INTO "T-1" VALUE {'pk': 970001} foo`, LEFT_OVER],
    ['UPDATE "T-1" SET a = 9 WHERE pk = 970002 foo', LEFT_OVER],
    ['DELETE FROM "T-1" WHERE pk = 970003 foo', LEFT_OVER], ['SELECT * FROM "T-1" WHERE pk = 1)', LEFT_OVER],
    ['DELETE FROM "T-1" WHERE pk = 970004 ORDER BY pk', LEFT_OVER],
    ['SELECT * FROM "T-1" ORDER BY pk WHERE pk = 1', LEFT_OVER],
    [`INSERT INTO "T-1" t VALUE {'pk': 'x'}`, LEFT_OVER], ["NOT A STATEMENT", LEFT_OVER],
    [`FROM "T-1" SET c = 1 WHERE pk = 'x'`, LEFT_OVER],
    [`FROM "T-1" SET c = 1 WHERE pk = 'x' SET d = 2`, LEFT_OVER],
    ["SELECT a FROM t WHERE pk = 1; SELECT a FROM t", LEFT_OVER],
    ['SELECT * FROM "T-1" WHERE', TERM], ['SELECT * FROM "T-1" WHERE;', TERM],
    ['SELECT * FROM "T-1" WHERE   ', TERM], ['UPDATE "T-1" SET a = 1 WHERE', TERM],
    ['DELETE FROM "T-1" WHERE', TERM], ['SELECT * FROM "T-1" WHERE NOT', TERM],
    ['SELECT * FROM "T-1" WHERE (', TERM], ["SELECT * FROM", TERM], ["", TERM], ["-- nothing", TERM],
    [`SELECT * FROM "T-1" WHERE pk = 'p1' AND`,
      `${MALFORMED}Missing right-hand side expression of infix operator`],
    [`SELECT * FROM "T-1" WHERE pk = 'p1' OR`,
      `${MALFORMED}Missing right-hand side expression of infix operator`],
    ['SELECT * FROM "T-1" WHERE ORDER BY pk', `${MALFORMED}Unexpected keyword`],
    ["INSERT INTO urls (key, secret_key) VALUES (?, ?)", `${MALFORMED}Unexpected keyword`],
    [`SELECT * FROM "T-1" WHERE pk = 'a' AND x IS FOO`, `${MALFORMED}Expected type name`],
    ['SELECT * FROM "T-1" WHERE IS NULL', `${MALFORMED}Unexpected operator`],
    ['SELECT * FROM "T-1" WHERE pk = LIKE', `${MALFORMED}Unexpected operator`],
    ["DELETE FROM", `${MALFORMED}Expected identifier for simple path`],
    ["DELETE FROM;", `${MALFORMED}Expected identifier for simple path`],
    ["DELETE FROM WHERE pk = 'a'", `${MALFORMED}Expected identifier for simple path`],
    ['SLECT * FROM "T-1" WHERE pk = 1', `${MALFORMED}Expected data manipulation`],
    ["UPDATE Payment-x SET a = 1", `${MALFORMED}Expected data manipulation`],
    [`SELECT * FROM (SELECT * FROM "T-1" LIMIT 3 AS x`, `${MALFORMED}Expected RIGHT_PAREN`],
    ['SELECT payload.size FROM "T-1"', `${MALFORMED}Invalid path dot component`],
    ["SELECT a FROM T WHERE a BETWEEN 1 OR 2", `${MALFORMED}Expected AND`],
    ["DELETE T", `${MALFORMED}Expected FROM after DELETE`],
    ["UPDATE t SET a = 1 RETURNING *",
      `${MALFORMED}Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.`],
  ]);
});

test("numbers, quotes and comments that end nowhere are refused without a reason", () => {
  const where = (text: string): string => `SELECT * FROM "T-1" WHERE pk = ${text}`;
  requireRefused([
    "1e2147483648", "1e99999999999", "1.5e-2147483647", "1 # note", "1 /* note", "'oops", '"oops', "1e",
    "`oops", "a ~ b", "é",
  ].map((text): Row => [where(text), MALFORMED]));
});

test("number literals that break DynamoDB's rules say where in the value they are", () => {
  const overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";
  const underflow = overflow.replace("overflow", "underflow").replace("larger", "smaller");
  requireRefused([
    ['SELECT * FROM "T-1" WHERE pk = 1e126', `${overflow} under root`],
    ['SELECT * FROM "T-1" WHERE pk = 1e-131', `${underflow} under root`],
    ['SELECT * FROM "T-1" WHERE pk = 123456789012345678901234567890123456789',
      "Attempting to store more than 38 significant digits in a Number under root"],
    [`INSERT INTO "T-1" VALUE {'pk': 1e126}`, `${overflow} under root`],
    ['UPDATE "T-1" SET a = 1e-131 WHERE pk = 970005', `${underflow} under root`],
    [`INSERT INTO "T-1" VALUE {'pk': 970006, 'm': {'x': 1e126}}`, `${overflow} under root.x`],
    [`INSERT INTO "T-1" VALUE {'pk': 970007, 'l': [1, 1e126]}`, `${overflow} under root[1]`],
  ]);
});

test("literals nest 31 levels", () => {
  const tooDeep = "Nesting Levels have exceeded supported limits under root";
  const set = (value: string): string => `UPDATE "T-1" SET d = ${value} WHERE pk='x'`;
  requireRefused([
    [set(`${"{'a':".repeat(32)}1${"}".repeat(32)}`), tooDeep + ".a".repeat(32)],
    [set(`{'a':${"[".repeat(31)}1${"]".repeat(31)}}`), `${tooDeep}.a${"[0]".repeat(31)}`],
    [set(`${"[".repeat(150)}1${"]".repeat(150)}`), tooDeep + "[0]".repeat(32)],
    [set(`${"[".repeat(4000)}1${"]".repeat(4000)}`), "Nesting Levels have exceeded supported limits"],
    [`SELECT a FROM t WHERE ${"(".repeat(4000)}`, "Nesting Levels have exceeded supported limits"],
    [`SELECT a FROM t WHERE ${"NOT ".repeat(2000)}a = 1`, "Nesting Levels have exceeded supported limits"],
    [`SELECT a FROM t WHERE a = ${"- ".repeat(4000)}1`, "Nesting Levels have exceeded supported limits"],
    [`SELECT a FROM t WHERE a${" = 1".repeat(2000)}`, "Nesting Levels have exceeded supported limits"],
  ]);
  assert.doesNotThrow(() => bindStatement(set(`${"{'a':".repeat(31)}1${"}".repeat(31)}`), []));
});

test("functions are refused where they do not belong", () => {
  const where = (text: string): string => `SELECT * FROM "T-1" WHERE pk = 'x' AND ${text}`;
  const update = (text: string): string => `UPDATE "T-1" SET ${text} WHERE pk = 'x'`;
  const at = (text: string, token: string, from = 0): string =>
    `1:${text.indexOf(token, from) + 1}:${token.length}`;
  const inColumns = `SELECT attribute_exists(ss) FROM "T-1"`;
  const exists = where("EXISTS(ss)");
  const setAdd = where("set_add(ss, <<'x'>>) = ss");
  const insert = `INSERT INTO "T-1" VALUE {'pk': 'x', 'ss': set_add(<<'a'>>, <<'b'>>)}`;
  const path = "Operator or function requires a document path; operator or function: attribute_exists";
  const count = "Incorrect number of operands for operator or function; " +
    "operator or function: attribute_exists, number of operands: ";
  requireRefused([
    [where("attribute_exists('ss')"), path], [where("attribute_exists(?)"), path, [{ S: "ss" }]],
    [where("attribute_exists()"), `${count}0`], [where("attribute_exists(ss, ns)"), `${count}2`],
    [inColumns, `Unexpected path component at ${at(inColumns, "attribute_exists")}`],
    [exists, `Unrecognized function: exists at ${at(exists, "EXISTS")}`],
    [where("attribute_exists(m.inner)"), `${MALFORMED}Invalid path dot component`],
    [update("m.inner = set_add(m.inner, <<'y'>>)"), `${MALFORMED}Invalid path dot component`],
    [setAdd, `Unrecognized function: set_add at ${at(setAdd, "set_add")}`],
    [insert, `Unsupported data type: set_add under key root at ${at(insert, "set_add")}`],
    [where("size(s)"), "The function is not allowed to be used this way in an expression; function: size"],
    [where("attribute_type(Total, 'X')"),
      "Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"],
    [where("attribute_type(l, 1)"), "Incorrect operand type for operator or function; " +
      "operator or function: attribute_type, operand type: N"],
  ]);
});

test("set_add and set_delete change only what they are assigned to, by sets", () => {
  const update = (text: string): string => `UPDATE "T-1" SET ${text} WHERE pk = 'x'`;
  const at = (text: string, token: string, from = 0): string =>
    `1:${text.indexOf(token, from) + 1}:${token.length}`;
  const row = (set: string, message: (text: string) => string, parameters: AttributeValue[] = []): Row => {
    const text = update(set);
    return [text, message(text), parameters];
  };
  const target = (name: string) => (text: string): string =>
    `The first argument to ${name.toUpperCase()} must equal the assignment value at ${at(text, name)}`;
  const value = (name: string) => (text: string): string =>
    `The second argument to ${name.toUpperCase()} must be a value with type SET at ` +
    at(text, "ss", text.indexOf(`${name}(`));
  const two = (text: string): string => `SET_ADD must have exactly two arguments at ${at(text, "set_add")}`;
  requireRefused([
    row("t = set_add(ss, <<'x'>>)", target("set_add")),
    row("ss = set_add(<<'a'>>, <<'b'>>)", target("set_add")),
    row("t = set_delete(ss, <<'a'>>)", target("set_delete")),
    row("ss = set_add(ss, 'x')", value("set_add")), row("ss = set_add(ss, ['x'])", value("set_add")),
    row("ss = set_add(ss, ?)", value("set_add"), [{ L: [] }]),
    row("ss = set_delete(ss, 'a')", value("set_delete")),
    row("ss = set_add(ss)", two), row("ss = set_add(ss, <<'x'>>, <<'y'>>)", two),
    row("ss = set_add(ss, <<'x', 'x'>>)", () => `${INVALID}Input collection [x, x] contains duplicates.`),
    row("ss = set_add(ss, <<>>)", () => "Empty bags are not supported"),
    row("n = set_add(n, <<2, 2.0>>)",
      () => `${INVALID}Input collection [2, 2.0] contains duplicates! under root`),
    row("n = <<1, 'a'>>", () => "Unsupported data type in Bag. DynamoDB only supports either numbers or " +
      "strings in bags"),
    row("n = <<?>>", () => "Unsupported data type in Bag. DynamoDB only supports either numbers or " +
      "strings in bags", [{ S: "a" }]),
  ]);
  requireRefused([
    [`UPDATE "T-1"\nSET BandMembers = set_add(BandMembers, 'x')\nWHERE pk='x'`,
      "The second argument to SET_ADD must be a value with type SET at 2:27:11"],
    [`UPDATE "T-1" SET "BandMembers" = set_delete("BandMembers", ['x']) WHERE pk='x'`,
      "The second argument to SET_DELETE must be a value with type SET at 1:45:13"],
  ]);
});

test("sources are one table, or one index of it", () => {
  const alias = "Aliasing is not supported";
  requireRefused([
    [`SELECT * FROM "T-1" t WHERE pk = 'x'`, alias], [`SELECT * FROM "T-1" AS t WHERE pk = 'x'`, alias],
    [`UPDATE "T-1" t SET a = 3 WHERE pk = 'x'`, alias], [`DELETE FROM "T-1" t WHERE pk = 'x'`, alias],
    ["SELECT s AS x FROM table1", alias],
    [`SELECT * FROM "" WHERE pk = 'x'`, "Path component cannot be an empty string"],
    [`SELECT * FROM "T-1"."" WHERE pk = 'x'`, "Path component cannot be an empty string"],
    [`SELECT * FROM "T-1"."i"."more"`, "A path may contain at most 2 components in the FROM clause"],
    [`INSERT INTO "T-1"."i" VALUE {'pk': 'x'}`, "FROM clause may only contain a single table name in " +
      "data manipulation statements at 1:13:5"],
    [`UPDATE "T-1"."i" SET a = 'x' WHERE pk = 'x'`, "This operation is not supported on an index"],
    [`DELETE FROM "T-1"."i" WHERE pk = 'x'`, "This operation is not supported on an index"],
    ["SELECT * FROM a1b, b1b", "Only select from a single table or index is supported."],
    ["SELECT * FROM a1b LEFT OUTER JOIN b1b ON a = b",
      "Only select from a single table or index is supported."],
    [`SELECT * FROM "a b"`, "Table name should be within the length [3, 255] and only contain " +
      "'a-z', 'A-Z', '0-9', '-', '_', '.'."],
  ]);
});

test("paths and columns are refused with their places", () => {
  const allowed = "List index is not within the allowable range; index: ";
  requireRefused([
    [`SELECT l[-1] FROM "T-1"`, `${allowed}[-1] at 1:11:1`],
    [`SELECT l[2147483648] FROM "T-1"`, `${allowed}[2147483648] at 1:10:10`],
    [`SELECT l['a'][1.5] FROM "T-1"`, "Unexpected path component at 1:15:3"],
    [`SELECT a.*.b FROM "T-1"`, "Unpivot path component like a.*.b are not supported"],
    [`SELECT a[*] FROM "T-1"`, "Wildcard path component like a[*].b are not supported"],
    [`SELECT s, s FROM "T-1"`, "Duplicate identifiers in select clause: s"],
    [`SELECT a.z[0], b.z[0] FROM "T-1"`, "Duplicate identifiers in select clause: z[0]"],
    [`SELECT *, a FROM "T-1"`, `${MALFORMED}Other expressions may not be present in the select list ` +
      "when '*' is used without dot notation."],
    [`SELECT ? FROM "T-1"`, "Unexpected path component at 1:8:1"],
    ["UPDATE t1b SET a = 1, a.b = 2 WHERE pk = 'x'", "Two document paths overlap with each other; must " +
      "remove or rewrite one of these paths; path one: [a], path two: [a, b]"],
  ]);
});

test("clauses and operations that DynamoDB has not are refused by name", () => {
  requireRefused([
    ["SELECT id FROM dbimp_page LIMIT 5", "Unsupported clause: LIMIT at 1:33:1"],
    ["SELECT id FROM table1 GROUP BY id", "Unsupported clause: GROUP BY"],
    ["SELECT DISTINCT id FROM table1", "Unsupported token in expression: DISTINCT"],
    ["SELECT VALUE id FROM table1", "Select projection doesn't support value or pivot keywords"],
    ...["INT4", "INT8", "DOUBLE PRECISION", "CHARACTER VARYING"].map(
      (type): Row => [`x IS ${type}`, "Unsupported operation: IsType"]),
    ["x", "Unsupported operation: Id"], ["version()", "Unsupported operation: Call"],
    [`INSERT INTO "T-1" VALUE {'pk': 1} RETURNING ALL OLD *`, "RETURNING is not supported in INSERT"],
    [`INSERT INTO "T-1" <<{'pk': 1}>>`, "Unsupported operation: Inserting multiple items in a single " +
      'statement is not supported, use "INSERT INTO tableName VALUE item" instead'],
    ["DELETE FROM table1 WHERE pk = 'x' RETURNING MODIFIED OLD *", "Invalid returning clause: RETURNING " +
      "MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements."],
    ["UPDATE table1 SET a = 1 WHERE pk = 'x' RETURNING ALL OLD *, ALL NEW *",
      "Invalid syntax with multiple returning elements in RETURNING clause"],
    ["UPDATE table1 SET a = 1 WHERE pk = 'x' RETURNING ALL OLD a",
      "Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause"],
    ["UPDATE table1 INSERT INTO b VALUE {'a': 1}",
      "Only SET and REMOVE are supported in update expressions at this time"],
  ]);
});

test("operands are held to their types, and the errors name no expression", () => {
  const where = (text: string): string => `SELECT pk FROM "T-1" WHERE pk = 'x' AND ${text}`;
  const type = (operator: string, name: string): string => "Incorrect operand type for operator or " +
    `function; operator or function: ${operator}, operand type: ${name}`;
  const unordered: AttributeValue[] = [
    { BOOL: true }, { NULL: true }, { L: [] }, { M: {} }, { SS: ["a"] }, { NS: ["1"] },
    { BS: [Buffer.of(1)] },
  ];
  requireRefused([
    ...["<", "<=", ">", ">="].flatMap((operator) => unordered.map(
      (value): Row => [where(`val ${operator} ?`), type(operator, Object.keys(value)[0] ?? ""), [value]])),
    [where("val BETWEEN ? AND ?"), type("BETWEEN", "BOOL"), [{ BOOL: true }, { BOOL: false }]],
    [where("attribute_exists(n) > false"), type(">", "BOOL")],
    [where("a = a"), "The first operand must be distinct from the remaining operands for this operator or " +
      "function; operator: =, first operand: [a]"],
    [where(`flag IN [${"'v',".repeat(100)}'v']`),
      "The IN operator is provided with too many operands; number of operands: 101"],
    [where("a IN ?"), "IN operator must have a left hand argument of type Variable Reference and right " +
      "hand argument of type Seq with at least one member", [{ L: [] }]],
    [where("n > -?"), "Unsupported operator in Condition Expression. Operator: -", [{ N: "1" }]],
    [where("n = 1 + 1"), "Unsupported operator in Condition Expression. Operator: +"],
    [where("n LIKE 'a%'"), "Unsupported operator in Condition Expression. Operator: LIKE"],
    [where("n"), "The arguments to AND/OR must be Expressions"],
    [where("NOT n"), "The argument to NOT must be a Type or Expression"],
    [`SELECT pk FROM "T-1" WHERE n`, "WHERE clause must contain an expression that resolves to a boolean"],
    [where("n = MISSING"), "MISSING must be compared using IS operator"],
    [where("n IS INT"), "Unsupported data type for IS operator: INTEGER. Supported data types are " +
      "[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST] at 1:43:2"],
    [where("size(n) IS NULL"),
      "The left hand side argument to IS must be a Variable Reference, Literal, or Path"],
    [where("n = ?"), "Number of parameters in request and statement don't match."],
    [`UPDATE "T-1" SET n = 'a' + 1 WHERE pk = 'x'`, type("+", "S")],
    [`UPDATE "T-1" SET n = n - null WHERE pk = 'x'`, type("-", "NULL")],
    [`UPDATE "T-1" SET n = list_append(n, 1) WHERE pk = 'x'`, type("list_append", "N")],
    [`UPDATE "T-1" SET n = n * 2 WHERE pk = 'x'`, "Unsupported operator in Update Expression. Operator: *"],
    [`UPDATE "T-1" SET n = (n IS NULL) WHERE pk = 'x'`, "IS operator is not supported in update expressions"],
  ]);
});

test("parameters are values, and no part of literals", () => {
  const set = `UPDATE "T-1" SET x = [?] WHERE pk='literals'`;
  const insert = `INSERT INTO "T-1" VALUE {'pk':'literals','m':{'k':?}}`;
  requireRefused([
    [set, "Unsupported data type: Parameter under key root[0] at 1:23:1", [{ S: "v" }]],
    [insert, `Unsupported data type: Parameter under key root.k at 1:${insert.indexOf("?") + 1}:1`,
      [{ S: "v" }]],
    ["UPDATE table1 SET WHERE", `${INVALID}Input collection [a, a] contains duplicates.`,
      [{ SS: ["a", "a"] }]],
    ["x", "The parameter cannot be converted to a numeric value: 1e99999999999", [{ N: "1e99999999999" }]],
    ["x", "The parameter cannot be converted to a numeric value", [{ N: "" }]],
    ["x", `${INVALID}Null attribute value types must have the value of true`, [{ NULL: false }]],
    [`INSERT INTO "T-1" VALUE {'pk': 1, 'pk': 2}`, "Duplicate keys in tuple. Key: pk under root"],
    [`INSERT INTO "T-1" VALUE {pk: 1}`, "Tuple keys must be of type String. Actual type: Id under root"],
    [`INSERT INTO "T-1" VALUE ?`, "Unsupported format in item expression. Please use struct format {...} " +
      "to express item values for insert statement.", [{ M: {} }]],
  ]);
});
