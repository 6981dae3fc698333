/** Reads the records of files as the request describes them. */

import type { ImportTableInput } from "../../../generated/dynamodb.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { validation } from "../errors.ts";
import { BrokenIon, IonText } from "../ion/ion-values.ts";
import type { Item } from "../values/attribute-values.ts";
import { BrokenFile, fieldsOf, itemOfFields, itemOfJson, type LineRules } from "./records.ts";

/** A line that says which Ion follows, and nothing else. */
const versionLine = /^\s*\$ion_1_0\s*$/;

/** 400 KB of characters that are written `\u0000` are no more. Ion is read at about a megabyte a second. */
const ionLineBytesMax = 2.5 * 1_048_576;

/** Of one file: its header is its own. */
export class RecordReader {
  readonly lines: LineRules;
  /** How much is read in one transaction, before requests come in between: Ion takes longest. */
  readonly atOnce: { readonly records: number; readonly bytes: number };
  readonly #isCsv: boolean;
  readonly #delimiter: string;
  readonly #definitions: ImportTableInput["TableCreationParameters"]["AttributeDefinitions"];
  readonly #ion: IonText | undefined;
  #header: readonly string[] | undefined;

  static async of(request: ImportTableInput): Promise<RecordReader> {
    return new RecordReader(request, request.InputFormat === "ION" ? await IonText.load() : undefined);
  }

  private constructor(request: ImportTableInput, ion: IonText | undefined) {
    const { Delimiter: delimiter = ",", HeaderList: header } = request.InputFormatOptions?.Csv ?? {};
    this.#isCsv = request.InputFormat === "CSV";
    this.lines = { isQuoted: this.#isCsv, bytesMax: ion ? ionLineBytesMax : undefined };
    this.#delimiter = delimiter;
    this.#header = header;
    this.#ion = ion;
    this.atOnce = ion ? { records: 50, bytes: 65_536 } : { records: 500, bytes: 4 * 1_048_576 };
    this.#definitions = request.TableCreationParameters.AttributeDefinitions;
  }

  /**
   * Whether the next line of the file is a record: an empty one is none, nor is a file's own header.
   *
   * @throws BrokenFile for a header that cannot be read
   */
  isRecord(line: Buffer): boolean {
    if (line.length === 0) return false;
    if (this.#ion) return !versionLine.test(line.toString());
    if (!this.#isCsv || this.#header) return true;
    try {
      this.#header = fieldsOf(line.toString(), this.#delimiter);
    } catch (cause) {
      throw cause instanceof AwsError ? new BrokenFile(cause.message) : cause;
    }
    return false;
  }

  /** @throws ValidationException for a record that is no item, BrokenFile for what is no record at all */
  itemOf(line: Buffer): Item {
    const text = line.toString();
    if (this.#isCsv) {
      return itemOfFields(fieldsOf(text, this.#delimiter), this.#header ?? [], this.#definitions);
    }
    return this.#ion ? itemOfIon(this.#ion, text) : itemOfJson(text);
  }
}

function itemOfIon(ion: IonText, text: string): Item {
  let item: Item | undefined;
  try {
    item = ion.itemOf(text);
  } catch (cause) {
    throw cause instanceof BrokenIon ? new BrokenFile(cause.message) : cause;
  }
  if (!item) throw validation("Expected 'Item' top level container");
  return item;
}
