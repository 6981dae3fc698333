/** Browsers' forms, `multipart/form-data`: fields before the file, and the file as it comes. */

import { Readable } from "node:stream";
import { AwsError } from "../../../kernel/errors.ts";
import { fieldsTooLarge, fileNeeded, malformedForm, uploadBrokenOff } from "./errors.ts";

export interface Form {
  /** By their names in lower case; the names as they were sent are in `names`. */
  readonly fields: ReadonlyMap<string, string>;
  readonly names: readonly string[];
  readonly file: FormFile;
}

export interface FormFile {
  /** Absent where the part has none, which is not the same as an empty one. */
  readonly name: string | undefined;
  /** Ends with the file, once the whole form has been read. */
  readonly content: AsyncIterable<Buffer>;
  /** Bytes of the form before the file's. */
  readonly precedingBytes: number;
}

/** @evidence the answer MaxPostPreDataLengthExceeded itself: 20480 bytes before the file */
export const fieldBytesMax = 20_480;
const headBytesMax = 4_096;
const lineEnd = Buffer.from("\r\n");
const headEnd = Buffer.from("\r\n\r\n");
const nothing = Buffer.alloc(0);

const formType =
  /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70})(?=[\s;]|$))/i;

/** @returns undefined for what is no form, or one without a boundary */
export function boundaryOf(contentType: string): string | undefined {
  const match = formType.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** @throws MalformedPOSTRequest, MaxPostPreDataLengthExceeded, InvalidArgument where there is no file */
export async function readForm(body: AsyncIterable<Buffer>, boundary: string): Promise<Form> {
  const bytes = new ByteReader(body);
  const fields = new Map<string, string>();
  const names: string[] = [];
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  await bytes.skipStart(delimiter.subarray(lineEnd.length));
  for (;;) {
    const part = await readHead(bytes);
    if (!part) throw fileNeeded();
    const name = part.name.toLowerCase();
    if (name === "file") {
      const content = fileContent(bytes, delimiter);
      return { fields, names, file: { name: part.fileName, content, precedingBytes: bytes.takenBytes } };
    }
    const value = await bytes.until(delimiter, fieldBytesMax - bytes.takenBytes, fieldsTooLarge);
    if (bytes.takenBytes > fieldBytesMax) throw fieldsTooLarge();
    if (part.isFormData) {
      fields.set(name, value.toString("utf8"));
      names.push(part.name);
    }
  }
}

interface PartHead {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly isFormData: boolean;
}

/** @returns undefined at the end of the form */
async function readHead(bytes: ByteReader): Promise<PartHead | undefined> {
  const mark = await bytes.take(2);
  if (mark.toString("latin1") === "--") return undefined;
  if (!mark.equals(lineEnd)) throw malformedForm();
  const head = await bytes.until(headEnd, headBytesMax, malformedForm);
  const disposition = head
    .toString("utf8")
    .split("\r\n")
    .find((line) => /^content-disposition\s*:/i.test(line));
  if (disposition === undefined) throw malformedForm();
  const name = parameter(disposition, "name");
  const isFormData = /^content-disposition\s*:\s*form-data\s*(?:;|$)/i.test(disposition);
  return { name: (isFormData && name) || "", fileName: parameter(disposition, "filename"), isFormData };
}

/** Browsers write a quotation mark as `%22`, others with a backslash. */
function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, "i").exec(disposition);
  const quoted = match?.[1]?.replace(/\\(["\\])/g, "$1").replace(/%22/g, '"').replace(/%0D%0A/gi, "\r\n");
  return quoted ?? match?.[2];
}

/** What follows the file is read and left alone. */
async function* fileContent(bytes: ByteReader, delimiter: Buffer): AsyncGenerator<Buffer> {
  yield* bytes.through(delimiter);
  await bytes.drain();
}

/** Looks for marks in bytes that come in pieces, without holding more of them than it must. */
class ByteReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #rest: Buffer = nothing;
  takenBytes = 0;

  constructor(body: AsyncIterable<Buffer>) {
    this.#pieces = body[Symbol.asyncIterator]();
  }

  /** The form may begin with an empty line. */
  async skipStart(mark: Buffer): Promise<void> {
    let start = await this.take(2);
    if (start.equals(lineEnd)) start = await this.take(2);
    const rest = await this.take(mark.length - start.length);
    if (!Buffer.concat([start, rest]).equals(mark)) throw malformedForm();
  }

  async take(count: number): Promise<Buffer> {
    while (this.#rest.length < count) await this.#more();
    return this.#cut(count);
  }

  /** The bytes before the mark, which goes as well. */
  async until(mark: Buffer, bytesMax: number, tooMany: () => AwsError): Promise<Buffer> {
    let from = 0;
    for (;;) {
      const found = this.#rest.indexOf(mark, from);
      if (found > bytesMax || (found < 0 && this.#rest.length > bytesMax + mark.length)) throw tooMany();
      if (found >= 0) {
        const before = this.#cut(found);
        this.#cut(mark.length);
        return before;
      }
      from = Math.max(0, this.#rest.length - mark.length + 1);
      await this.#more();
    }
  }

  /** As they come: what might be the beginning of the mark waits for the next piece. */
  async *through(mark: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const found = this.#rest.indexOf(mark);
      if (found >= 0) {
        if (found > 0) yield this.#cut(found);
        this.#cut(mark.length);
        return;
      }
      const certain = this.#rest.length - mark.length + 1;
      if (certain > 0) yield this.#cut(certain);
      await this.#more();
    }
  }

  /** The rest of the form, which must come to its end. */
  async drain(): Promise<void> {
    const mark = await this.take(2);
    if (mark.toString("latin1") !== "--" && !mark.equals(lineEnd)) throw malformedForm();
    this.#rest = nothing;
    while (!(await this.#next()).done);
  }

  #cut(count: number): Buffer {
    const cut = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    this.takenBytes += count;
    return cut;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#next();
    if (done) throw malformedForm();
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
  }

  async #next(): Promise<IteratorResult<Buffer, undefined>> {
    try {
      return (await this.#pieces.next()) as IteratorResult<Buffer, undefined>;
    } catch (cause) {
      throw cause instanceof AwsError ? cause : uploadBrokenOff();
    }
  }
}

/** @param limits of the file's size, and what is said where it does not hold them */
export function fileStream(file: FormFile, limits: SizeLimits): Readable {
  return Readable.from(limited(file, limits), { objectMode: false });
}

export interface SizeLimits {
  readonly sizeBytesMin: number;
  readonly sizeBytesMax: number;
  tooSmall(sizeBytes: number): AwsError;
  tooLarge(sizeBytes: number): AwsError;
}

async function* limited(file: FormFile, limits: SizeLimits): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  for await (const piece of file.content) {
    sizeBytes += piece.length;
    if (sizeBytes > limits.sizeBytesMax) throw limits.tooLarge(sizeBytes);
    yield piece;
  }
  if (sizeBytes < limits.sizeBytesMin) throw limits.tooSmall(sizeBytes);
}
