/** The aws CLI and S3: its own commands for files, and the plain operations. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, truncateSync, utimesSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { startWorkstation, without, type Workstation } from "./clients.ts";

const skip = without("aws");
const MiB = 1024 ** 2;

function text(station: Workstation, path: string): string {
  return readFileSync(join(station.home, path), "utf8");
}

test("aws s3 copies, lists, moves and removes files", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`s3 mb s3://files`;
  assert.match(String(await station.aws`s3 ls`), /^\S+ \S+ files$/m);
  const source = station.write("a file.txt", "héllo");
  await station.aws`s3 cp ${source} ${"s3://files/dir/a file.txt"} --only-show-errors`;
  await station.aws`s3 cp s3://files/ s3://files/copies/ --recursive --only-show-errors`;
  assert.match(String(await station.aws`s3 ls s3://files`), /^PRE copies\/\n\s+PRE dir\/$/);
  assert.match(String(await station.aws`s3 ls s3://files/dir/`), /^\S+ \S+ +6 a file\.txt$/);
  await station.aws`s3 mv ${"s3://files/dir/a file.txt"} s3://files/moved.txt --only-show-errors`;
  await station.aws`s3 mv s3://files/moved.txt ${join(station.home, "back.txt")} --only-show-errors`;
  assert.equal(text(station, "back.txt"), "héllo");
  assert.match(await station.refusal`s3 cp s3://files/moved.txt ${join(station.home, "x")}`, /\(404\)/);
  assert.match(await station.refusal`s3 rb s3://files`, /\(BucketNotEmpty\).*The bucket you tried to delete/);
  await station.aws`s3 rm s3://files --recursive --only-show-errors`;
  await station.aws`s3 rb s3://files`;
  assert.equal(await station.aws`s3 ls`, undefined);
});

test("aws s3 sync moves what has changed, and deletes what is gone", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`s3 mb s3://mirror`;
  // S3 tells whole seconds: what was written within the second of its upload looks changed, on AWS too.
  const earlier = Date.now() / 1_000 - 5;
  for (const name of ["one", "two", "deep/er/three"]) {
    utimesSync(station.write(`site/${name}.txt`, name), earlier, earlier);
  }
  const site = join(station.home, "site");
  await station.aws`s3 sync ${site} s3://mirror/site --only-show-errors`;
  assert.equal(await station.aws`s3 sync ${site} s3://mirror/site`, undefined);
  station.write("site/two.txt", "two, changed");
  const changes = String(await station.aws`s3 sync ${site} s3://mirror/site --no-progress`);
  assert.match(changes, /^upload: \S*two\.txt to s3:\/\/mirror\/site\/two\.txt$/);
  mkdirSync(join(station.home, "back"));
  const back = station.write("back/stale.txt", "stale");
  await station.aws`s3 sync s3://mirror/site ${join(station.home, "back")} --delete --only-show-errors`;
  assert.ok(!existsSync(back));
  assert.deepEqual(readdirSync(join(station.home, "back")).sort(), ["deep", "one.txt", "two.txt"]);
  assert.equal(text(station, "back/two.txt"), "two, changed");
  assert.equal(text(station, "back/deep/er/three.txt"), "deep/er/three");
});

test("aws s3 presign gives a link that anybody can follow", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`s3 mb s3://links`;
  await station.aws`s3 cp ${station.write("f", "content")} ${"s3://links/a b+c.txt"} --only-show-errors`;
  // In us-east-1 version 1 of the CLI signs links as of old, unless it is told not to.
  const newer = "s3 =\n    signature_version = s3v4\n";
  for (const [signed, setting] of [["AWSAccessKeyId=", ""], ["X-Amz-Signature=", newer]] as const) {
    station.write(".aws/config", `[default]\n${setting}`);
    const url = String(await station.aws`s3 presign ${"s3://links/a b+c.txt"} --expires-in 60`);
    assert.ok(url.includes(signed), url);
    assert.deepEqual(await follow(station, url), { status: 200, body: "content" });
  }
});

/** The bucket may stand in front of the host's name, which not every machine can look up. */
function follow(station: Workstation, link: string): Promise<{ status: number | undefined; body: string }> {
  const { host, pathname, search } = new URL(link);
  const { hostname, port } = new URL(station.endpoint);
  return new Promise((resolve, reject) => {
    get({ hostname, port, path: pathname + search, headers: { host } }, (answer) => {
      let body = "";
      answer.on("data", (chunk: Buffer) => (body += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode, body }));
    }).on("error", reject);
  });
}

test("a file of hundreds of megabytes goes in parts, and the region stays small", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`s3 mb s3://large`;
  const size = 256 * MiB + 12_345;
  const path = station.write("large.bin", "not only zeros");
  truncateSync(path, size);
  const before = process.resourceUsage().maxRSS;
  await station.aws`s3 cp ${path} s3://large/large.bin --only-show-errors`;
  await station.aws`s3 cp s3://large/large.bin s3://large/copy.bin --only-show-errors`;
  const back = join(station.home, "back.bin");
  await station.aws`s3 cp s3://large/copy.bin ${back} --only-show-errors`;
  assert.equal((await station.run("cmp", [path, back])).status, 0);
  const grownMiB = (process.resourceUsage().maxRSS - before) / 1024;
  // The thread that hashes, and what is on its way to it, are a part; the file is not.
  assert.ok(grownMiB < 200, `${grownMiB} MiB`);
  const head = await station.aws<Record<string, unknown>>`s3api head-object --bucket large --key large.bin`;
  assert.equal(head["ContentLength"], size);
  assert.match(String(head["ETag"]), /-33"$/);
});

test("s3api: what is put is got, in ranges, versions and parts", { skip }, async () => {
  await using station = await startWorkstation();
  await station.aws`s3api create-bucket --bucket plain`;
  await station.aws`s3api put-bucket-versioning --bucket plain --versioning-configuration Status=Enabled`;
  const put = (body: string) => station.aws<Record<string, string>>`s3api put-object --bucket plain
    --key key --body ${station.write("body", body)} --metadata color=red --content-type text/plain`;
  const first = await put("first");
  assert.equal(first["ETag"], `"${createHash("md5").update("first").digest("hex")}"`);
  const second = await put("second");
  assert.notEqual(first["VersionId"], second["VersionId"]);
  const out = join(station.home, "out");
  const got = await station.aws<Record<string, unknown>>`s3api get-object --bucket plain --key key
    --range bytes=1-3 ${out}`;
  assert.equal(got["ContentRange"], "bytes 1-3/6");
  assert.deepEqual(got["Metadata"], { color: "red" });
  assert.equal(text(station, "out"), "eco");
  await station.aws`s3api get-object --bucket plain --key key --version-id ${first["VersionId"]} ${out}`;
  assert.equal(text(station, "out"), "first");
  const uploadId = await station.aws`s3api create-multipart-upload --bucket plain --key parts
    --query UploadId`;
  const etag = await station.aws`s3api upload-part --bucket plain --key parts --part-number 1
    --upload-id ${uploadId} --body ${station.write("part", "part")} --query ETag`;
  const upload = JSON.stringify({ Parts: [{ PartNumber: 1, ETag: etag }] });
  await station.aws`s3api complete-multipart-upload --bucket plain --key parts --upload-id ${uploadId}
    --multipart-upload ${upload}`;
  await station.aws`s3api copy-object --bucket plain --key copy --copy-source plain/parts`;
  await station.aws`s3api get-object --bucket plain --key copy ${out}`;
  assert.equal(text(station, "out"), "part");
  const keys = await station.aws`s3api list-objects-v2 --bucket plain --query Contents[].Key`;
  assert.deepEqual(keys, ["copy", "key", "parts"]);
});
