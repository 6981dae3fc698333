/** Functions in languages that Lambda knows only by the Runtime API: compiled programs as `bootstrap`. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startBench, type Bench } from "../lambda-bench.ts";
import { zipOf } from "../zip-archive.ts";
import { without } from "./clients.ts";

let bench: Bench;
let folder: string;
before(async () => {
  bench = await startBench();
  folder = mkdtempSync(join(tmpdir(), "bootstraps-"));
});
after(async () => {
  await bench.region.stop();
  rmSync(folder, { recursive: true });
});

/** Invokes a function whose code is this program, twice: it takes events until it is stopped. */
async function answersOf(name: string, program: Buffer): Promise<unknown[]> {
  const ZipFile = zipOf({ bootstrap: program }, 0o100755);
  await bench.make(name, { Runtime: "provided.al2023", Handler: "any", Code: { ZipFile } });
  const answers = [];
  for (const n of [1, 2]) answers.push((await bench.invoke(name, { n })).answer);
  return answers;
}

const inGo = `
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"bytes"
	"os"
)

type Event struct{ N int }

func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for taken := 1; ; taken++ {
		next, err := http.Get(api + "next")
		if err != nil {
			panic(err)
		}
		var event Event
		json.NewDecoder(next.Body).Decode(&event)
		next.Body.Close()
		answer := fmt.Sprintf("{\\"twice\\":%d,\\"taken\\":%d}", event.N*2, taken)
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		said, err := http.Post(api+id+"/response", "application/json", bytes.NewBufferString(answer))
		if err != nil {
			panic(err)
		}
		said.Body.Close()
	}
}
`;

test("lambda-runtime-go: a Go program takes events", { skip: without("go") }, async () => {
  writeFileSync(join(folder, "main.go"), inGo);
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod", GOCACHE: join(folder, "cache") };
  execFileSync("go", ["build", "-o", "go-bootstrap", "main.go"], { cwd: folder, env });
  assert.deepEqual(
    await answersOf("go", readFileSync(join(folder, "go-bootstrap"))),
    [{ twice: 2, taken: 1 }, { twice: 4, taken: 2 }],
  );
});

const inRust = `
use std::io::{Read, Write};
use std::net::TcpStream;

/// One request over a connection of its own.
fn request(api: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(api).unwrap();
    let length = body.len();
    let headers = format!("host: {api}\\r\\nconnection: close\\r\\ncontent-length: {length}");
    let text = format!("{head} HTTP/1.1\\r\\n{headers}\\r\\n\\r\\n{body}");
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn main() {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut taken = 0;
    loop {
        taken += 1;
        let next = request(&api, "GET /2018-06-01/runtime/invocation/next", "");
        let id = next.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("lambda-runtime-aws-request-id").then(|| value.trim().to_string())
        }).unwrap();
        let body = next.split("\\r\\n\\r\\n").nth(1).unwrap_or("");
        let answer = format!("{{\\"event\\":{body},\\"taken\\":{taken}}}");
        request(&api, &format!("POST /2018-06-01/runtime/invocation/{id}/response"), &answer);
    }
}
`;

test("lambda-custom-runtime: a Rust program does too", { skip: without("rustc") }, async () => {
  writeFileSync(join(folder, "main.rs"), inRust);
  execFileSync("rustc", ["--edition", "2021", "-o", "rust-bootstrap", "main.rs"], { cwd: folder });
  assert.deepEqual(
    await answersOf("rust", readFileSync(join(folder, "rust-bootstrap"))),
    [{ event: { n: 1 }, taken: 1 }, { event: { n: 2 }, taken: 2 }],
  );
});
