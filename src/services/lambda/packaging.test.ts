/** What is in a function's package and around it: packages of languages, native libraries, room in `/tmp`. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { startBench, type Bench } from "../../../test/lambda-bench.ts";
import { boxed } from "../../../test/functions-plane.ts";
import { zipOf } from "../../../test/zip-archive.ts";
import { searchPath } from "../../config.ts";
import { Programs } from "../../planes/functions/programs.ts";

let bench: Bench;
let folder: string;
before(async () => {
  bench = await startBench();
  folder = mkdtempSync(join(tmpdir(), "packages-"));
});
after(async () => {
  await bench.region.stop();
  rmSync(folder, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** All files below it, by their paths from `root`. */
function filesIn(root: string, below: string): Record<string, Buffer> {
  const entries = readdirSync(join(root, below), { recursive: true, withFileTypes: true });
  return Object.fromEntries(entries.filter((entry) => entry.isFile()).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(root.length + 1), readFileSync(path)];
  }));
}

test("lambda-deps-node: what npm installs beside the handler is found, else it is missed", async () => {
  write({
    "greeting/package.json": '{"name":"greeting","version":"1.0.0","main":"main.js"}',
    "greeting/main.js": "exports.text = require('node:path').basename(__dirname);",
    "app/package.json": '{"name":"app","version":"1.0.0"}',
    "app/index.js": "const { text } = require('greeting'); exports.handler = async () => text;",
  });
  const options = ["--offline", "--no-audit", "--no-fund", "--install-links", "--silent"];
  execFileSync("npm", ["install", ...options, "../greeting"], { cwd: join(folder, "app"), stdio: "ignore" });
  const { "app/index.js": index = "", ...rest } = filesIn(folder, "app");
  const packed = Object.entries(rest).map(([name, bytes]) => [name.slice("app/".length), bytes] as const);
  const ZipFile = zipOf({ "index.js": index, ...Object.fromEntries(packed) });
  await bench.make("packed", { Code: { ZipFile } });
  assert.equal((await bench.invoke("packed")).answer, "greeting");
  await bench.make("unpacked", { Code: { ZipFile: zipOf({ "index.js": index }) } });
  const { errorType, errorMessage } = (await bench.invoke("unpacked")).answer as Record<string, string>;
  assert.equal(errorType, "Runtime.ImportModuleError");
  assert.match(errorMessage ?? "", /^Error: Cannot find module 'greeting'\nRequire stack:\n- /);
});

test("lambda-runtime-ruby: a function in Ruby answers with its version", async (context) => {
  const [ruby] = await new Programs({ path: searchPath(), home: homedir() }).all("ruby");
  if (!ruby) return context.skip("Ruby is not installed here");
  const source = "def lambda_handler(event:, context:)\n  puts 'said'\n  RUBY_VERSION\nend\n";
  const Code = { ZipFile: zipOf({ "lambda_function.rb": source }) };
  await bench.make("ruby", { Runtime: "ruby3.3", Handler: "lambda_function.lambda_handler", Code });
  const { answer, log } = await bench.invoke("ruby", {}, { LogType: "Tail" });
  assert.match(String(answer), /^\d+\.\d+\.\d+$/);
  assert.match(log, /^said$/m);
});

test("the AWS SDK for Ruby, as packages of the system bring it, reaches the region", async (context) => {
  const source = `
    require "aws-sdk-s3"
    # Older versions do not know AWS_ENDPOINT_URL.
    S3 = Aws::S3::Client.new(endpoint: ENV["AWS_ENDPOINT_URL"])
    def run(event:, context:) = S3.list_buckets.buckets.map(&:name)
  `;
  await bench.region.client(S3Client).send(new CreateBucketCommand({ Bucket: "listed-in-ruby" }));
  const Role = await bench.role("lists", { Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" });
  const Code = { ZipFile: zipOf({ "index.rb": source }) };
  const size = { MemorySize: 512, Timeout: 30 };
  await bench.make("sdk", { Runtime: "ruby3.3", Handler: "index.run", Role, Code, ...size });
  const { answer } = await bench.invoke("sdk").catch(() => ({ answer: { errorType: "Init<LoadError>" } }));
  if ((answer as { errorType?: string }).errorType === "Init<LoadError>") {
    return context.skip("this machine has no AWS SDK for Ruby");
  }
  assert.deepEqual(answer, ["listed-in-ruby"]);
});

test("lambda-native-libs-amazon-linux: a library that needs no more than it has runs", async (context) => {
  // Of the newest version of the C library that Amazon Linux 2023 has: 2.34, which brought threads into it.
  write({
    "twice.c": `
      #include <pthread.h>
      static void *twice_of(void *n) { *(int *)n *= 2; return 0; }
      int twice(int n) {
        pthread_t thread;
        if (pthread_create(&thread, 0, twice_of, &n) != 0) return -1;
        pthread_join(thread, 0);
        return n;
      }`,
  });
  try {
    const options = ["-shared", "-fPIC", "-o", "libtwice.so", "twice.c"];
    execFileSync("gcc", options, { cwd: folder, stdio: "ignore" });
  } catch {
    return context.skip("there is no gcc on this machine");
  }
  const library = readFileSync(join(folder, "libtwice.so"));
  const versions = library.toString("latin1").matchAll(/GLIBC_2\.(\d+)/g);
  const needed = [...versions].map(([, minor]) => Number(minor));
  if (Math.max(...needed) !== 34) return context.skip("this machine's compiler asks for another C library");
  const source = "import ctypes\nlibrary = ctypes.CDLL('libtwice.so')\n"
    + "def handler(event, context):\n    return library.twice(event['n'])\n";
  // `LD_LIBRARY_PATH` leads to the package's own folder of libraries.
  const ZipFile = zipOf({ "index.py": source, "lib/libtwice.so": library });
  await bench.make("native", { Runtime: "python3.12", Code: { ZipFile } });
  assert.equal((await bench.invoke("native", { n: 21 })).answer, 42);
});

test("lambda-tmp-512mb: /tmp has 512 MB, or as much as the function asks for", async (context) => {
  if (!(await boxed())) return context.skip("without boxes /tmp is this machine's");
  const ZipFile = zipOf({ "index.py": `
import errno, os
def handler(event, context):
    path = "/tmp/large"
    size = os.statvfs("/tmp")
    try:
        with open(path, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, event["megabytes"] * 1048576)
        answer = os.path.getsize(path) // 1048576
    except OSError as error:
        answer = errno.errorcode[error.errno]
    if os.path.exists(path): os.remove(path)
    return [answer, size.f_blocks * size.f_frsize // 1048576]
` });
  const inPython = { Runtime: "python3.12" as const, Timeout: 30, Code: { ZipFile } };
  await bench.make("usual", inPython);
  assert.deepEqual((await bench.invoke("usual", { megabytes: 500 })).answer, [500, 512]);
  assert.deepEqual((await bench.invoke("usual", { megabytes: 600 })).answer, ["ENOSPC", 512]);
  await bench.make("larger", { ...inPython, EphemeralStorage: { Size: 1024 } });
  assert.deepEqual((await bench.invoke("larger", { megabytes: 600 })).answer, [600, 1024]);
});
