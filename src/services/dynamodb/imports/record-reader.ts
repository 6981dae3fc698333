/** Reads the records of one file as the request describes them. */

import type { ImportTableInput } from "../../../generated/dynamodb.ts";
import { AwsError } from "../../../kernel/errors.ts";
import type { Item } from "../values/attribute-values.ts";
import { BrokenFile, fieldsOf, itemOfFields, itemOfJson } from "./records.ts";

export class RecordReader {
  readonly isCsv: boolean;
  readonly #delimiter: string;
  readonly #definitions: ImportTableInput["TableCreationParameters"]["AttributeDefinitions"];
  #header: readonly string[] | undefined;

  constructor(request: ImportTableInput) {
    const { Delimiter: delimiter = ",", HeaderList: header } = request.InputFormatOptions?.Csv ?? {};
    this.isCsv = request.InputFormat === "CSV";
    this.#delimiter = delimiter;
    this.#header = header;
    this.#definitions = request.TableCreationParameters.AttributeDefinitions;
  }

  /**
   * Whether the next line of the file is a record: an empty one is none, nor is a file's own header.
   *
   * @throws BrokenFile for a header that cannot be read
   */
  isRecord(line: Buffer): boolean {
    if (line.length === 0) return false;
    if (!this.isCsv || this.#header) return true;
    try {
      this.#header = fieldsOf(line.toString(), this.#delimiter);
    } catch (cause) {
      throw cause instanceof AwsError ? new BrokenFile(cause.message) : cause;
    }
    return false;
  }

  /** @throws ValidationException for a record that is no item */
  itemOf(line: Buffer): Item {
    const text = line.toString();
    if (!this.isCsv) return itemOfJson(text);
    return itemOfFields(fieldsOf(text, this.#delimiter), this.#header ?? [], this.#definitions);
  }
}
