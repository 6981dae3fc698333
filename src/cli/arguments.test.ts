import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidConfig, readConfig } from "../config.ts";
import { nearest, parseArguments } from "./arguments.ts";
import { withSection } from "./aws-profile.ts";
import type { Command } from "./command.ts";
import { commands, findCommand } from "./commands.ts";
import { commandHelp } from "./help.ts";
import { columns, size, styleFor } from "./text.ts";

const command: Command = {
  name: "run",
  summary: "Runs.",
  forms: ["<thing>"],
  wordsMax: 2,
  options: { port: { value: "port", short: "p", description: "where" }, tls: { description: "safely" } },
  run: () => undefined,
};

function parsed(...words: string[]): unknown {
  const { values, positionals } = parseArguments(command, words);
  return [Object.fromEntries(values), positionals];
}

test("options may stand before, after and between the other words", () => {
  assert.deepEqual(parsed("a", "--port", "1", "b", "--tls"), [{ port: "1", tls: true }, ["a", "b"]]);
  assert.deepEqual(parsed("-p1", "--json"), [{ port: "1", json: true }, []]);
  assert.deepEqual(parsed("--port=--x"), [{ port: "--x" }, []]);
  assert.deepEqual(parsed("--", "--tls"), [{}, ["--tls"]]);
});

test("an option that is not there, or has no value, is refused with advice", () => {
  const refused = (words: string[], message: string, advice: string | undefined): void => {
    assert.throws(() => parsed(...words), { exit: "usage", message, advice });
  };
  refused(["--prot", "1"], "us-local-1 run has no option --prot.", "Did you mean --port?");
  refused(
    ["--verbose"],
    "us-local-1 run has no option --verbose.",
    "us-local-1 run --help lists its options.",
  );
  refused(
    ["--__proto__"],
    "us-local-1 run has no option --__proto__.",
    "us-local-1 run --help lists its options.",
  );
  refused(["--port"], "--port needs a value: --port <port>.", undefined);
  refused(["--port", "--tls"], "--port needs a value: --port <port>.", undefined);
  refused(["--tls=yes"], "--tls takes no value.", undefined);
  refused(["--port", ""], "--port is empty.", undefined);
  refused(["--port="], "--port is empty.", undefined);
  refused(["a", "b", "c"], "run takes no c.", undefined);
});

test("a name that is nearly right is recognized", () => {
  assert.equal(nearest("stat", ["start", "status", "stop"]), "start");
  assert.equal(nearest("explane", [...commands.keys()]), "explain");
  assert.equal(nearest("xyz", ["start"]), undefined);
});

test("every command is called as it is listed, and explains its options", async () => {
  for (const name of commands.keys()) {
    const found = await findCommand(name);
    assert.equal(found.name, name);
    const help = commandHelp(found);
    for (const option of Object.keys(found.options))
      assert.ok(help.includes(`--${option}`), `${name} --${option}`);
    for (const line of help.split("\n")) assert.ok(line.length <= 110, line);
  }
  await assert.rejects(findCommand("constructor"), { message: "There is no command constructor." });
});

test("the environment's values are checked, and empty ones are none", () => {
  assert.equal(readConfig({}).port, 4566);
  assert.equal(readConfig({ US_LOCAL_1_PORT: "" }).port, 4566);
  const config = readConfig({
    US_LOCAL_1_PORT: "1",
    US_LOCAL_1_DATA: "/d",
    US_LOCAL_1_TLS: "1",
    US_LOCAL_1_NO_DEV_KEYS: "true",
    US_LOCAL_1_ALLOWED_HOSTS: "a, b,",
    NO_COLOR: "1",
  });
  assert.deepEqual(
    [config.port, config.dataDir, config.tls, config.devKeys, config.allowedHosts, config.colors],
    [1, "/d", true, false, ["a", "b"], false],
  );
  assert.throws(() => readConfig({ US_LOCAL_1_PORT: "70000" }), InvalidConfig);
  assert.throws(() => readConfig({ US_LOCAL_1_DURABILITY: "none" }), InvalidConfig);
  assert.throws(() => readConfig({ US_LOCAL_1_TLS: "perhaps" }), InvalidConfig);
});

test("a profile is added to the aws CLI's file, or replaced, and the rest is left alone", () => {
  const settings = { region: "us-east-1" };
  const own = "[profile local]\nregion = us-east-1\n";
  assert.equal(withSection("", "profile local", settings), own);
  const others = "# mine\n[default]\nregion = eu-west-1\n";
  assert.equal(withSection(others, "profile local", settings), `${others}\n${own}`);
  const between = "[a]\nx = 1\n\n[profile local]\nregion = old\nold = 1\n\n[b]\ny = 2\n";
  assert.equal(withSection(between, "profile local", settings), `[a]\nx = 1\n\n${own}\n[b]\ny = 2\n`);
  assert.equal(
    withSection(withSection(others, "default", settings), "default", settings),
    "# mine\n[default]\nregion = us-east-1\n",
  );
});

test("columns line up whatever their colours, and sizes have units", () => {
  const { good } = styleFor(true);
  assert.equal(
    columns([
      [good("a"), "1"],
      ["bbb", "2"],
    ]),
    `${good("a")}    1\nbbb  2`,
  );
  assert.equal(size(100), "100 B");
  assert.equal(size(28_672), "28.0 KiB");
});
