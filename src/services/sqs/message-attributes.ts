/** The attributes that travel with a message beside its body: their rules and their checksums. All pure. */

import { createHash, hash } from "node:crypto";
import * as sqs from "../../generated/sqs.ts";
import { modelled } from "../../kernel/errors.ts";
import { invalidParameterValue } from "./errors.ts";

/** As stored: a list, because any name is a legal one. */
export interface MessageAttribute {
  readonly name: string;
  readonly type: string;
  /** Of String and Number. */
  readonly text?: string;
  /** Of Binary. */
  readonly bytes?: Uint8Array;
}

export const attributeCountMax = 10;

/** Beside halves of surrogate pairs. */
const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;

/** @throws InvalidMessageContents where the text holds characters that XML 1.0 cannot */
export function requireCharacters(text: string): void {
  if (!forbidden.test(text) && text.isWellFormed()) return;
  throw modelled(
    sqs.InvalidMessageContents,
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | " +
      "#xE000 to #xFFFD | #x10000 to #x10FFFF",
  );
}

/** @evidence SQS, recorded refusals of names, the trailing blank included */
function requireName(name: string): void {
  if (name === "") {
    throw invalidParameterValue("The request must contain non-empty message (user) attribute names.");
  }
  if (Buffer.byteLength(name) >= 256) {
    throw invalidParameterValue("Message (user) attribute names must be shorter than 256 Bytes");
  }
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) {
    throw invalidParameterValue(
      "Message (user) attributes name can only contain upper and lower score characters, digits, periods, " +
        "hyphens and underscores. ",
    );
  }
  if (/^(aws|amazon)\./i.test(name)) {
    throw invalidParameterValue(
      "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. " +
        "These strings are reserved for internal use.",
    );
  }
  if (name.startsWith(".") || name.endsWith(".")) {
    throw invalidParameterValue("Message (user) attribute names cannot start or end with '.'");
  }
  if (name.includes("..")) {
    throw invalidParameterValue("Message (user) attribute names cannot contain successive '.' characters");
  }
}

/** @evidence SQS Developer Guide, Message attributes: 38 digits of precision, 10^-128 to 10^126 */
function requireNumber(name: string, text: string): void {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    throw invalidParameterValue(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
  if (Number(text) > 1e126 || Number(text) < -1e128) {
    throw invalidParameterValue(
      `Number attribute value ${text} should be in range (-10**128..10**126)`,
    );
  }
}

function attributeOf(name: string, value: sqs.MessageAttributeValue): MessageAttribute {
  if (value.StringListValues?.length || value.BinaryListValues?.length) {
    throw modelled(
      sqs.UnsupportedOperation, "Message attribute list values in SendMessage operation are not supported.",
    );
  }
  const type = value.DataType;
  if (type === "") {
    throw invalidParameterValue(
      `The message (user) attribute '${name}' must contain a non-empty attribute type.`,
    );
  }
  if (Buffer.byteLength(type) >= 256) {
    throw invalidParameterValue("Message (user) attribute types must be shorter than 256 Bytes");
  }
  const [base] = type.split(".", 1);
  const empty = () => invalidParameterValue(
    `Message (user) attribute '${name}' must contain a non-empty value of type '${base}'.`,
  );
  if (base === "Binary") {
    if (!value.BinaryValue?.length) throw empty();
    return { name, type, bytes: value.BinaryValue };
  }
  if (base !== "String" && base !== "Number") {
    throw invalidParameterValue(
      `The type of message (user) attribute '${name}' is invalid. ` +
        "You must use only the following supported type prefixes: Binary, Number, String.",
    );
  }
  if (!value.StringValue) throw empty();
  requireCharacters(value.StringValue);
  if (base === "Number") requireNumber(name, value.StringValue);
  return { name, type, text: value.StringValue };
}

/** Checked, and in the order of their names. */
export function readAttributes(
  input: Readonly<Record<string, sqs.MessageAttributeValue>> | undefined,
): readonly MessageAttribute[] {
  const entries = Object.entries(input ?? {});
  if (entries.length > attributeCountMax) {
    throw invalidParameterValue(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${attributeCountMax}].`,
    );
  }
  return entries
    .map(([name, value]) => {
      requireName(name);
      return attributeOf(name, value);
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The X-Ray header, the one system attribute that senders may set. */
export function readTraceHeader(
  input: Readonly<Record<string, sqs.MessageSystemAttributeValue>> | undefined,
): string | undefined {
  let header: string | undefined;
  for (const [name, value] of Object.entries(input ?? {})) {
    if (name !== "AWSTraceHeader") {
      throw invalidParameterValue(`Message system attribute name '${name}' is invalid.`);
    }
    if (value.DataType !== "String" || !value.StringValue) {
      throw invalidParameterValue(
        `Message system attribute '${name}' must contain a non-empty value of type 'String'.`,
      );
    }
    header = value.StringValue;
  }
  return header;
}

export function attributeSizeBytes(attribute: MessageAttribute): number {
  const valueBytes = attribute.bytes?.length ?? Buffer.byteLength(attribute.text ?? "");
  return Buffer.byteLength(attribute.name) + Buffer.byteLength(attribute.type) + valueBytes;
}

export function md5(data: string): string {
  return hash("md5", data, "hex");
}

/**
 * @evidence SQS Developer Guide, "Calculating the MD5 message digest for message attributes": in the order of
 *   the names, length and bytes of name, of type, a byte for text (1) or binary (2), length and bytes of the
 *   value
 */
export function attributesMd5(attributes: readonly MessageAttribute[]): string | undefined {
  if (attributes.length === 0) return undefined;
  const digest = createHash("md5");
  const lengthBytes = Buffer.alloc(4);
  const update = (bytes: Uint8Array): void => {
    lengthBytes.writeUInt32BE(bytes.length);
    digest.update(lengthBytes).update(bytes);
  };
  for (const { name, type, text, bytes } of attributes) {
    update(Buffer.from(name));
    update(Buffer.from(type));
    digest.update(Buffer.of(bytes ? 2 : 1));
    update(bytes ?? Buffer.from(text ?? ""));
  }
  return digest.digest("hex");
}

/**
 * The attributes that a receiver named: `All` and `.*` are all of them, `prefix.*` those whose names begin
 * so.
 *
 * @evidence SQS, recorded: `Hel.*` selects `Hello` and `Help.Me`
 */
export function selectAttributes(
  attributes: readonly MessageAttribute[], names: readonly string[],
): readonly MessageAttribute[] {
  if (names.length === 0 || attributes.length === 0) return [];
  if (names.includes("All") || names.includes(".*")) return attributes;
  return attributes.filter(({ name }) => names.some((wanted) =>
    wanted.endsWith(".*") ? name.startsWith(wanted.slice(0, -2)) : wanted === name));
}

export function shownMessageAttributes(
  attributes: readonly MessageAttribute[],
): Record<string, sqs.MessageAttributeValue> {
  return Object.fromEntries(attributes.map(({ name, type, text, bytes }) => [
    name,
    bytes ? { BinaryValue: Buffer.from(bytes), DataType: type } : { StringValue: text, DataType: type },
  ]));
}
