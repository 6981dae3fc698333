import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError } from "../../../kernel/errors.ts";
import { boundaryOf, readForm } from "./reader.ts";

const content = "\r\n--b\r\n--bounda\r\n\r\n--boundar";
const form = Buffer.from(
  '--boundary\r\nContent-Disposition: form-data; name="Key"\r\n\r\na\r\nb\r\n' +
    '--boundary\r\ncontent-disposition: form-data; name=policy\r\nx: y\r\n\r\n\r\n' +
    '--boundary\r\nContent-Disposition: file; name="file"\r\n\r\nnot the file\r\n' +
    `--boundary\r\nContent-Disposition: form-data; name="file"; filename="a %22\\"b"\r\n\r\n${content}\r\n` +
    '--boundary\r\nContent-Disposition: form-data; name="late"\r\n\r\nignored\r\n--boundary--\r\n',
);

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(bytes: Buffer, size: number): Promise<object> {
  const { fields, names, file } = await readForm(inPieces(bytes, size), "boundary");
  const pieces: Buffer[] = [];
  for await (const piece of file.content) pieces.push(piece);
  return { fields: [...fields], names, file: file.name, content: Buffer.concat(pieces).toString() };
}

test("a form is the same in whatever pieces it comes", async () => {
  for (const size of [1, 2, 3, 7, 64, form.length]) {
    assert.deepEqual(await read(form, size), {
      fields: [["key", "a\r\nb"], ["policy", ""]],
      names: ["Key", "policy"],
      file: 'a ""b',
      content,
    });
  }
});

test("a form that is cut short anywhere is refused, and nothing of it counts", async () => {
  // What follows the file's own end is not looked at, but for how it begins.
  const end = form.indexOf("\r\n--boundary\r\nContent-Disposition: form-data; name=\"late\"") + 14;
  for (let length = 0; length < end; length++) {
    await assert.rejects(read(form.subarray(0, length), 5), (error) => {
      return error instanceof AwsError && error.code === "MalformedPOSTRequest";
    }, `cut at ${length}`);
  }
});

test("boundaries are read as browsers write them, and others too", () => {
  assert.equal(boundaryOf("multipart/form-data; boundary=----WebKitX1"), "----WebKitX1");
  assert.equal(boundaryOf('Multipart/Form-Data;charset=utf-8; BOUNDARY="a b"'), "a b");
  assert.equal(boundaryOf("multipart/form-data"), undefined);
  assert.equal(boundaryOf(`multipart/form-data; boundary=${"b".repeat(70)}`)?.length, 70);
  assert.equal(boundaryOf(`multipart/form-data; boundary=${"b".repeat(71)}`), undefined);
  assert.equal(boundaryOf("text/plain; boundary=b"), undefined);
});
