/**
 * Values of user metadata, which headers can carry in ASCII only: what comes encoded is stored decoded, and
 * what is more than ASCII is answered encoded. Bytes that come as they are count as ISO 8859-1.
 *
 * @evidence S3 User Guide, "Working with object metadata", non-US-ASCII characters; RFC 2047
 */

const encodedWord = /=\?utf-8\?([bq])\?([^?]*)\?=/gi;
const betweenWords = /(=\?utf-8\?[bq]\?[^?]*\?=)\s+(?==\?utf-8\?[bq]\?)/gi;
const ascii = /^[\x20-\x7e\t]*$/;
const plainInQ = /[A-Za-z0-9!*+\-/]/;

export function decodeMetadata(value: string): string {
  if (!value.includes("=?")) return value;
  return value.replace(betweenWords, "$1").replace(encodedWord, (_word, encoding: string, text: string) => {
    return encoding.toLowerCase() === "b" ? Buffer.from(text, "base64").toString("utf8") : fromQ(text);
  });
}

/** In base 64 where most of it is no ASCII, and else readable. */
export function encodeMetadata(value: string): string {
  if (ascii.test(value)) return value;
  const characters = [...value];
  const count = characters.filter((character) => ascii.test(character)).length;
  if (count > characters.length / 2) return `=?UTF-8?Q?${toQ(value)}?=`;
  return `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;
}

function fromQ(text: string): string {
  const bytes = text
    .replaceAll("_", " ")
    .replace(/=([0-9a-f]{2})/gi, (_escape, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function toQ(value: string): string {
  return Array.from(Buffer.from(value), (byte) => {
    const character = String.fromCharCode(byte);
    if (character === " ") return "_";
    if (plainInQ.test(character)) return character;
    return `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}
