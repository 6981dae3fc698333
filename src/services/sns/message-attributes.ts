/** The attributes that travel with a message: their rules. All pure. */

import type * as sns from "../../generated/sns.ts";
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

/** @evidence SNS, recorded refusals of names */
function requireName(name: string): void {
  if (Buffer.byteLength(name) > 255) {
    throw invalidParameterValue("Length of message attribute name must be less than 256 bytes.");
  }
  const stranger = /[^A-Za-z0-9_.-]/u.exec(name)?.[0];
  if (stranger !== undefined) {
    const code = (stranger.codePointAt(0) ?? 0).toString(16).toUpperCase();
    throw invalidParameterValue(
      `Invalid non-alphanumeric character '#x${code}' was found in the message attribute name. ` +
        "Can only include alphanumeric characters, hyphens, underscores, or dots.",
    );
  }
  if (name.startsWith(".")) {
    throw invalidParameterValue("Invalid message attribute name starting with character '.' was found.");
  }
  if (name.endsWith(".")) {
    throw invalidParameterValue("Invalid message attribute name ending with character '.' was found.");
  }
  if (name.includes("..")) {
    throw invalidParameterValue("Message attribute name can not have successive '.' character.");
  }
}

const numberForm = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function readAttribute(name: string, value: sns.MessageAttributeValue): MessageAttribute {
  requireName(name);
  const type = value.DataType;
  const [base] = type.split(".", 1);
  if ((base !== "String" && base !== "Number" && base !== "Binary") || type.endsWith(".")) {
    throw invalidParameterValue(
      `The message attribute '${name}' has an invalid message attribute type, ` +
        "the set of supported type prefixes is Binary, Number, and String.",
    );
  }
  const { StringValue: text, BinaryValue: bytes } = value;
  const field = base === "Binary" ? "Binary" : "String";
  const [own, other] = base === "Binary" ? [bytes, text] : [text, bytes];
  if (!own?.length) {
    if (other?.length) {
      throw invalidParameterValue(
        `The message attribute '${name}' with type '${type}' must use field '${field}'.`,
      );
    }
    throw invalidParameterValue(
      `The message attribute '${name}' must contain non-empty message attribute value ` +
        `for message attribute type '${type}'.`,
    );
  }
  if (base === "Number" && !numberForm.test(text ?? "")) {
    throw invalidParameterValue(`Could not cast message attribute '${name}' value to number.`);
  }
  if (base === "Binary") return { name, type, bytes: bytes ?? Buffer.alloc(0) };
  return { name, type, text: text ?? "" };
}

export function readAttributes(
  input: Readonly<Record<string, sns.MessageAttributeValue>> | undefined,
): readonly MessageAttribute[] {
  return input === undefined
    ? none
    : Object.entries(input).map(([name, value]) => readAttribute(name, value));
}

const none: readonly MessageAttribute[] = [];

function attributeBytes({ name, type, text = "", bytes }: MessageAttribute): number {
  return Buffer.byteLength(name) + Buffer.byteLength(type) + (bytes?.length ?? Buffer.byteLength(text));
}

export function sizeBytesOf(attributes: readonly MessageAttribute[]): number {
  return attributes.reduce((sum, attribute) => sum + attributeBytes(attribute), 0);
}

/** As messages show them. */
export function shownAttributes(
  attributes: readonly MessageAttribute[],
): Record<string, { readonly Type: string; readonly Value: string }> {
  return Object.fromEntries(
    attributes.map(({ name, type, text, bytes }) => [
      name,
      { Type: type, Value: bytes ? Buffer.from(bytes).toString("base64") : (text ?? "") },
    ]),
  );
}

/** As what is delivered raw carries them. */
export function rawAttributes(
  attributes: readonly MessageAttribute[],
): Record<string, { DataType: string; StringValue?: string; BinaryValue?: Buffer }> {
  return Object.fromEntries(
    attributes.map(({ name, type, text, bytes }) => [
      name,
      { DataType: type, ...(bytes ? { BinaryValue: Buffer.from(bytes) } : { StringValue: text ?? "" }) },
    ]),
  );
}
