import assert from "node:assert/strict";
import { test } from "node:test";
import { examineFunctions } from "./doctor-functions.ts";
import { examine } from "./doctor.ts";
import { formatDuration, parseDuration } from "./duration.ts";

const machine = { platform: "linux", path: "/nowhere", nodeVersion: "20.19.0", home: "/nowhere" } as const;

test("the doctor asks only for what built services need", () => {
  const names = (built: readonly string[]): string[] =>
    examine({ ...machine, built: new Set(built) }).map(({ name }) => name);
  assert.deepEqual(names([]), ["Node.js", "aws CLI", "python3", "openssl", "terraform"]);
  assert.ok(names(["rds"]).includes("postgres"));
  assert.ok(!names(["rds"]).includes("java"));
});

test("the doctor says what functions are run with", async () => {
  assert.deepEqual(await examineFunctions({ ...machine, built: new Set() }), []);
  const findings = await examineFunctions({ ...machine, built: new Set(["lambda"]) });
  const node = findings.find(({ name }) => name === "Node.js functions");
  const major = process.versions.node.split(".")[0];
  assert.equal(node?.found, true);
  assert.match(node?.detail ?? "", new RegExp(`(^|, )nodejs${major}\\.x`));
  assert.match(findings[0]?.detail ?? "", /^(each in a box by (bubblewrap|unshare)|as ordinary processes)/);
});

test("the doctor says what to install by the system's own package manager", () => {
  const missing = (platform: NodeJS.Platform): unknown =>
    examine({ ...machine, platform, built: new Set(["lambda"]) }).find(({ name }) => name === "java")
      ?.install;
  assert.equal(missing("linux"), "sudo apt install default-jdk-headless");
  assert.equal(missing("darwin"), "brew install openjdk");
  const old = examine({ ...machine, nodeVersion: "18.0.0", built: new Set() })[0];
  assert.deepEqual([old?.found, old?.install], [false, "Node.js 20.19 or newer: https://nodejs.org/"]);
});

test("spans of time are read as people write them", () => {
  const cases = [
    ["90s", 90_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["500ms", 500],
    ["1.5h", 5_400_000],
    ["1w", 604_800_000],
    ["", undefined],
    ["1", undefined],
    ["h", undefined],
    ["-1h", undefined],
    ["1h 30m", undefined],
    ["1y", undefined],
  ] as const;
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text);
  assert.equal(formatDuration(0), "0 s");
  assert.equal(formatDuration(5_405_000), "1 h 30 min");
  assert.equal(formatDuration(90_061_000), "1 d 1 h");
});
