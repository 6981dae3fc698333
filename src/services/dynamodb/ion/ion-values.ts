/**
 * Items as Amazon Ion, in text: how types become each other. This file alone knows the library, which is
 * loaded on first use.
 *
 * @evidence Developer Guide, "DynamoDB table export output format", Amazon Ion; "Amazon S3 import formats for
 *   DynamoDB", Amazon Ion. That NULL is Ion's null, which both leave out, is inferred.
 */

import type { Reader, Writer } from "ion-js";
import { validation } from "../errors.ts";
import type { AttributeValue, Item } from "../values/attribute-values.ts";
import { emptyItem } from "../values/attribute-values.ts";
import { itemTooLarge } from "../values/value-errors.ts";

type Library = typeof import("ion-js");

/** What sets, which are lists in Ion, are told apart by. */
const setTypes = { $dynamodb_SS: "SS", $dynamodb_NS: "NS", $dynamodb_BS: "BS" } as const;

/** Text that is no Ion. */
export class BrokenIon extends Error {}

/** Deeper values are refused anyhow. The library takes time by the square of the depth. */
const levelsMax = 64;

/** An item of 400 KB has no more: each takes two bytes at least. */
const valuesMax = 204_800;

export class IonText {
  readonly #ion: Library;
  /** Of the line that is being read. */
  #values = 0;

  private constructor(ion: Library) {
    this.#ion = ion;
  }

  static async load(): Promise<IonText> {
    return new IonText(await import("ion-js"));
  }

  /** A struct of structs, without what tells the version: `{Item:{pk:"a"}}`. */
  written(record: Readonly<Record<string, Item | Readonly<Record<string, Item>>>>): string {
    const writer = this.#ion.makeTextWriter();
    this.#writeRecord(writer, record);
    writer.close();
    return Buffer.from(writer.getBytes()).toString();
  }

  /** Members that are written `{…}` around items: `Record`. */
  #writeRecord(writer: Writer, record: Parameters<IonText["written"]>[0]): void {
    writer.stepIn(this.#ion.IonTypes.STRUCT);
    for (const [name, member] of Object.entries(record)) {
      writer.writeFieldName(name);
      if (name === "Record") this.#writeRecord(writer, member as Readonly<Record<string, Item>>);
      else this.#writeItem(writer, member as Item);
    }
    writer.stepOut();
  }

  #writeItem(writer: Writer, item: Item): void {
    writer.stepIn(this.#ion.IonTypes.STRUCT);
    for (const name of Object.keys(item)) {
      writer.writeFieldName(name);
      this.#write(writer, item[name]);
    }
    writer.stepOut();
  }

  #write(writer: Writer, value: AttributeValue | undefined): void {
    if (value?.S !== undefined) writer.writeString(value.S);
    else if (value?.N !== undefined) this.#writeNumber(writer, value.N);
    else if (value?.B !== undefined) writer.writeBlob(value.B);
    else if (value?.BOOL !== undefined) writer.writeBoolean(value.BOOL);
    else if (value?.M !== undefined) this.#writeItem(writer, value.M);
    else if (value?.L !== undefined) this.#writeList(writer, value.L, (each) => this.#write(writer, each));
    else if (value?.SS) this.#writeSet(writer, "$dynamodb_SS", value.SS, (each) => writer.writeString(each));
    else if (value?.NS) {
      this.#writeSet(writer, "$dynamodb_NS", value.NS, (each) => this.#writeNumber(writer, each));
    } else if (value?.BS) {
      this.#writeSet(writer, "$dynamodb_BS", value.BS, (each) => writer.writeBlob(each));
    } else writer.writeNull(this.#ion.IonTypes.NULL);
  }

  #writeSet<Member>(
    writer: Writer, annotation: keyof typeof setTypes, members: readonly Member[],
    write: (member: Member) => void,
  ): void {
    writer.setAnnotations([annotation]);
    this.#writeList(writer, members, write);
  }

  #writeList<Member>(writer: Writer, members: readonly Member[], write: (member: Member) => void): void {
    writer.stepIn(this.#ion.IonTypes.LIST);
    members.forEach(write);
    writer.stepOut();
  }

  /** Without zeros at the end, which the exponent says: `600` is `6d2`. @evidence the guide's example */
  #writeNumber(writer: Writer, text: string): void {
    const [, sign = "", whole = "0", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
    const digits = (whole + fraction).replace(/0+$/, "");
    const zeros = whole.length + fraction.length - digits.length;
    const exponent = digits === "" ? 0 : zeros - fraction.length;
    writer.writeDecimal(new this.#ion.Decimal(BigInt(digits || "0"), exponent, sign === "-"));
  }

  /**
   * The item that a text says: `{Item:{…}}`.
   *
   * @returns undefined where it says nothing
   * @throws BrokenIon for what is no Ion, ValidationException for what is no item
   */
  itemOf(text: string): Item | undefined {
    let reader: Reader;
    try {
      reader = this.#shallowReader(text);
      if (reader.next() === null) return undefined;
      this.#values = 0;
      const item = this.#topLevelItem(reader);
      if (reader.next() !== null) throw validation("A line has more than one item");
      return item;
    } catch (cause) {
      // The library throws plain errors.
      if (!(cause instanceof Error) || "code" in cause) throw cause;
      throw new BrokenIon(cause.message);
    }
  }

  /** Also what the library passes over of itself, fields without meaning and symbol tables, is not deep. */
  #shallowReader(text: string): Reader {
    const reader = this.#ion.makeReader(text);
    const stepIn = reader.stepIn.bind(reader);
    reader.stepIn = () => {
      if (reader.depth() > levelsMax) throw validation("Invalid item");
      stepIn();
    };
    return reader;
  }

  #topLevelItem(reader: Reader): Item {
    const { STRUCT } = this.#ion.IonTypes;
    const none = () => validation("Expected 'Item' top level container");
    if (reader.type() !== STRUCT || reader.isNull()) throw none();
    reader.stepIn();
    let item: Item | undefined;
    while (reader.next() !== null) {
      if (reader.fieldName() !== "Item") continue;
      if (reader.type() !== STRUCT || reader.isNull()) throw none();
      item = this.#attributes(reader);
    }
    reader.stepOut();
    if (!item) throw none();
    return item;
  }

  #attributes(reader: Reader): Item {
    const item = emptyItem();
    reader.stepIn();
    while (reader.next() !== null) item[reader.fieldName() ?? ""] = this.#value(reader);
    reader.stepOut();
    return item;
  }

  #value(reader: Reader): AttributeValue {
    const { IonTypes } = this.#ion;
    this.#values += 1;
    if (this.#values > valuesMax) throw itemTooLarge();
    if (reader.isNull()) {
      if (reader.type() === IonTypes.NULL) return { NULL: true };
      throw unsupported("null");
    }
    switch (reader.type()) {
      case IonTypes.STRING: return { S: reader.stringValue() ?? "" };
      case IonTypes.DECIMAL: return { N: numberIn(reader) };
      case IonTypes.BOOL: return { BOOL: reader.booleanValue() ?? false };
      case IonTypes.BLOB: return { B: Buffer.from(reader.uInt8ArrayValue() ?? []) };
      case IonTypes.STRUCT: return { M: this.#attributes(reader) as Record<string, AttributeValue> };
      case IonTypes.LIST: return this.#list(reader);
      default: throw unsupported(reader.type()?.name ?? "");
    }
  }

  #list(reader: Reader): AttributeValue {
    const [annotation] = reader.annotations();
    const L: AttributeValue[] = [];
    reader.stepIn();
    while (reader.next() !== null) L.push(this.#value(reader));
    reader.stepOut();
    const type = Object.hasOwn(setTypes, annotation ?? "")
      ? setTypes[annotation as keyof typeof setTypes] : undefined;
    if (!type) return { L };
    const of = <Kind extends "S" | "N" | "B">(kind: Kind) => L.map((each) => {
      const member = each[kind];
      if (member === undefined) throw unsupported(`a set with ${Object.keys(each)[0] ?? "nothing"}`);
      return member;
    });
    if (type === "SS") return { SS: of("S") };
    return type === "NS" ? { NS: of("N") } : { BS: of("B") };
  }
}

function unsupported(type: string): Error {
  return validation(`Unsupported Ion type: ${type}`);
}

/** As it is written: `6d2` is 6e2. The library's decimals take time by the square of their digits. */
function numberIn(reader: Reader): string {
  const text = (reader as Reader & { _stringRepresentation(): string | null })._stringRepresentation() ?? "0";
  return text.replaceAll("_", "").replace(/d/i, "e");
}
