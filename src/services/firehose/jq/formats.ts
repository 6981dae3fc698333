/** `@uri`, `@base64` and their like. */

import type { Json } from "./syntax.ts";
import { Failure, isArray, shown, textOf, typeOf } from "./values.ts";

type Format = (value: Json) => string;

function row(separator: string, quoted: (text: string) => string): Format {
  return (value) => {
    if (!isArray(value)) throw new Failure(`${typeOf(value)} cannot be formatted, only an array can be`);
    return value.map((cell) => (typeof cell === "string" ? quoted(cell) : cell === null ? "" : textOf(cell)))
      .join(separator);
  };
}

const entities: Readonly<Record<string, string>> = {
  "<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&#39;", "\"": "&quot;",
};

const tsvEscapes: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" };

function quotedForShell(value: Json): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "'\\''")}'` : textOf(value);
}

function decoded(value: Json): string {
  const text = textOf(value);
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === 0 && text !== "") throw new Failure(`${shown(text)} is not valid base64 data`);
  return bytes.toString();
}

export const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ["@text", textOf],
  ["@json", (value) => JSON.stringify(value)],
  ["@csv", row(",", (text) => `"${text.replaceAll("\"", "\"\"")}"`)],
  ["@tsv", row("\t", (text) => text.replaceAll(/[\t\n\r\\]/g, (letter) => tsvEscapes[letter] ?? letter))],
  ["@html", (value) => textOf(value).replaceAll(/[<>&'"]/g, (letter) => entities[letter] ?? letter)],
  ["@uri", (value) => encodeURIComponent(textOf(value))],
  ["@sh", (value) => (isArray(value) ? value : [value]).map(quotedForShell).join(" ")],
  ["@base64", (value) => Buffer.from(textOf(value)).toString("base64")],
  ["@base64d", decoded],
]);
