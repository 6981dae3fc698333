/** Reads what a field may be: the array behind its name. */

import { parseAddress, parseAddressRange } from "../iam/addresses.ts";
import { anyRun, type Token } from "../iam/wildcard.ts";
import type { JsonReader } from "./json-reader.ts";
import { exactText, numberMax, wildcard, type Matcher, type NumericRange } from "./matchers.ts";

/** The wildcard patterns of one field, for their complexity. */
export type Wildcards = (readonly Token[])[];

const oneKey = "Only one key allowed in match expression";

/** From behind the opening bracket to behind the closing one. */
export function readMatchers(reader: JsonReader, wildcards: Wildcards): readonly Matcher[] {
  const matchers: Matcher[] = [];
  for (let token = reader.next(); token !== "]"; token = reader.next()) {
    switch (token) {
      case "{":
        matchers.push(readExpression(reader, wildcards));
        break;
      case "string":
        matchers.push(exactText(reader.text()));
        break;
      case "number":
        matchers.push({ type: "exact", value: Number(reader.text()) });
        break;
      case "null":
        matchers.push({ type: "exact", value: null });
        break;
      case "true":
      case "false":
        matchers.push({ type: "exact", value: token === "true" });
        break;
      default:
        reader.fail("Match value must be String, number, true, false, or null");
    }
  }
  if (matchers.length === 0) reader.fail("Empty arrays are not allowed");
  return matchers;
}

function readExpression(reader: JsonReader, wildcards: Wildcards): Matcher {
  if (reader.next() !== "name") reader.fail("Match expression name not found");
  const name = reader.text();
  switch (name) {
    case "exactly": {
      const value = readText(reader, "exact match pattern must be a string");
      return closed(reader, { type: "exact", value });
    }
    case "prefix":
    case "suffix":
      return readAffix(reader, name);
    case "numeric":
      return readNumeric(reader);
    case "anything-but":
      return readAnythingBut(reader, wildcards);
    case "exists":
      return readExists(reader);
    case "cidr":
      return closed(reader, readCidr(reader));
    case "equals-ignore-case": {
      const text = readText(reader, "equals-ignore-case match pattern must be a string");
      return closed(reader, { type: "equals-ignore-case", text: text.toLowerCase() });
    }
    case "wildcard": {
      const text = readText(reader, "wildcard match pattern must be a string");
      return closed(reader, readWildcard(reader, text, wildcards));
    }
    default:
      return reader.fail(`Unrecognized match type ${name}`);
  }
}

function readText(reader: JsonReader, complaint: string): string {
  return reader.next() === "string" ? reader.text() : reader.fail(complaint);
}

/** Behind the one thing that an expression says comes its end. */
function closed(reader: JsonReader, matcher: Matcher, complaint = oneKey): Matcher {
  if (reader.next() !== "}") reader.fail(complaint);
  return matcher;
}

function readAffix(reader: JsonReader, type: "prefix" | "suffix"): Matcher {
  const token = reader.next();
  if (token === "{") {
    if (reader.next() !== "name") {
      reader.fail(`${type === "prefix" ? "Prefix" : "Suffix"} expression name not found`);
    }
    const name = reader.text();
    if (name !== "equals-ignore-case") reader.fail(`Unsupported ${type} pattern: ${name}`);
    const text = readText(reader, "equals-ignore-case match pattern must be a string");
    return closed(reader, closed(reader, { type, text: text.toLowerCase(), ignoresCase: true }));
  }
  if (token !== "string") reader.fail(`${type} match pattern must be a string`);
  return closed(reader, { type, text: reader.text(), ignoresCase: false });
}

function readExists(reader: JsonReader): Matcher {
  const token = reader.next();
  if (token !== "true" && token !== "false") {
    reader.fail("exists match pattern must be either true or false.");
  }
  return closed(reader, token === "true" ? { type: "exists" } : { type: "absent" });
}

/** What is wrong with a CIDR block is said without a position: it is no matter of JSON. */
function readCidr(reader: JsonReader): Matcher {
  const text = readText(reader, "prefix match pattern must be a string");
  const parts = text.split("/");
  const [host = "", bits = ""] = parts;
  if (parts.length !== 2) reader.fail("Malformed CIDR, one '/' required");
  if (!/^[+-]?\d+$/.test(bits)) reader.fail("Malformed CIDR, mask bits must be an integer");
  if (Number(bits) < 0) reader.fail("Malformed CIDR, mask bits must not be negative");
  const address = parseAddress(host);
  if (!address) {
    reader.fail(`${/^[\d.]+$|:/.test(host) ? "Invalid" : "Nonstandard"} IP address: ${host}`);
  }
  if (address.bits === 32 && Number(bits) > 31) reader.fail("IPv4 mask bits must be < 32");
  const range = parseAddressRange(`${host}/${String(Number(bits))}`);
  if (!range || Number(bits) > 127) reader.fail("IPv6 mask bits must be < 128");
  return { type: "addresses", range };
}

function readWildcard(reader: JsonReader, text: string, wildcards: Wildcards): Matcher {
  const units: Token[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    const next = text[at + 1];
    // Positions count the quote before the text.
    if (character === "*") {
      if (next === "*") reader.fail(`Consecutive wildcard characters at pos ${String(at + 1)}`);
      units.push(anyRun);
    } else if (character === "\\") {
      if (next !== "*" && next !== "\\") reader.fail(`Invalid escape character at pos ${String(at + 1)}`);
      units.push(next.charCodeAt(0));
      at += 1;
    } else {
      units.push(text.charCodeAt(at));
    }
  }
  wildcards.push(units);
  return wildcard(units);
}

function readAnythingBut(reader: JsonReader, wildcards: Wildcards): Matcher {
  let operator = "";
  let token = reader.next();
  if (token === "{") {
    if (reader.next() !== "name") reader.fail("Anything-But expression name not found");
    operator = reader.text();
    if (!["equals-ignore-case", "prefix", "suffix", "wildcard"].includes(operator)) {
      reader.fail(`Unsupported anything-but pattern: ${operator}`);
    }
    token = reader.next();
  }
  if (token !== "[" && token !== "string" && token !== "number") {
    reader.fail("Value of anything-but must be an array or single string/number value.");
  }
  const none = token === "[" ? readList(reader, operator, wildcards) : [readOne(reader, operator, wildcards)];
  const tooMany = "Too many elements in numeric expression";
  const matcher = closed(reader, { type: "anything-but", none }, tooMany);
  return operator === "" ? matcher : closed(reader, matcher, tooMany);
}

function readList(reader: JsonReader, operator: string, wildcards: Wildcards): readonly Matcher[] {
  const none: Matcher[] = [];
  let numbers = 0;
  while (reader.next() !== "]") {
    if (reader.isNumber) numbers += 1;
    none.push(readOne(reader, operator, wildcards));
  }
  if (operator === "" && (none.length === 0 || (numbers > 0 && numbers < none.length))) {
    reader.fail(
      "Inside anything but list, either all values are number or string, mixed type is not supported",
    );
  }
  return none;
}

/** The token that has been read, as what a value must not be. */
function readOne(reader: JsonReader, operator: string, wildcards: Wildcards): Matcher {
  if (operator === "" && reader.isNumber) return { type: "exact", value: numberIn(reader) };
  if (!reader.isString) reader.fail(noTextComplaint(operator));
  const text = reader.text();
  switch (operator) {
    case "prefix":
    case "suffix":
      if (text === "") reader.fail("Null prefix/suffix not allowed");
      return { type: operator, text, ignoresCase: false };
    case "equals-ignore-case":
      return { type: "equals-ignore-case", text: text.toLowerCase() };
    case "wildcard":
      return readWildcard(reader, text, wildcards);
    default:
      return { type: "exact", value: text };
  }
}

function noTextComplaint(operator: string): string {
  switch (operator) {
    case "":
      return "Inside anything but list, start|null|boolean is not supported.";
    case "equals-ignore-case":
      return "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.";
    case "wildcard":
      return "wildcard match pattern must be a string";
    default:
      return "prefix/suffix match pattern must be a string";
  }
}

function numberIn(reader: JsonReader): number {
  const value = Number(reader.text());
  if (value < -numberMax || value > numberMax) {
    reader.fail("Value must be between -5.0E9 and 5.0E9, inclusive");
  }
  return value;
}

function readNumber(reader: JsonReader, operator: string): number {
  if (reader.next() !== "number") {
    reader.fail(`Value of ${operator === "=" ? "equals" : operator} must be numeric`);
  }
  return numberIn(reader);
}

function readNumeric(reader: JsonReader): Matcher {
  if (reader.next() !== "[") reader.fail("Value of numeric must be an array.");
  if (reader.next() !== "string") reader.fail(`Invalid member in numeric match: ${reader.text()}`);
  const range = readRange(reader, reader.text());
  return closed(reader, range, "Too many elements in numeric expression");
}

function readRange(reader: JsonReader, operator: string): NumericRange {
  const whole: NumericRange = {
    type: "numeric", low: -numberMax, isLowOpen: false, high: numberMax, isHighOpen: false,
  };
  if (operator === ">" || operator === ">=") {
    const from = { ...whole, low: readNumber(reader, operator), isLowOpen: operator === ">" };
    return reader.next() === "]" ? from : readTop(reader, from);
  }
  if (operator !== "=" && operator !== "<" && operator !== "<=") {
    reader.next();
    return reader.fail(`Unrecognized numeric range operator: ${operator}`);
  }
  const high = readNumber(reader, operator);
  if (reader.next() !== "]") reader.fail("Too many elements in numeric expression");
  return operator === "=" ? { ...whole, low: high, high } : { ...whole, high, isHighOpen: operator === "<" };
}

/** The token behind the lower end has been read. */
function readTop(reader: JsonReader, from: NumericRange): NumericRange {
  if (!reader.isString) reader.fail(`Bad value in numeric range: ${reader.text()}`);
  const operator = reader.text();
  if (operator !== "<" && operator !== "<=") reader.fail(`Bad numeric range operator: ${operator}`);
  const high = readNumber(reader, operator);
  if (reader.next() !== "]") reader.fail("Too many terms in numeric range expression");
  if (high <= from.low) reader.fail("Bottom must be less than top");
  return { ...from, high, isHighOpen: operator === "<" };
}
