/** The region as a program: what it promises of data, of signals and of its own commands. */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { environmentOf, without, Workstation } from "./clients.ts";

const skip = without("aws");
const program = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

interface Running {
  readonly process: ChildProcess;
  readonly station: Workstation;
}

/** `us-local-1 start` on a folder, once it says where it listens. */
async function start(home: string, ...options: readonly string[]): Promise<Running> {
  const words = ["start", "--port", "0", "--data-dir", join(home, "data"), "--json", ...options];
  const child = spawn(process.execPath, [program, ...words], {
    env: environmentOf("", home),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { endpoint } = JSON.parse(line) as { endpoint: string };
  return { process: child, station: Workstation.at(endpoint, home) };
}

async function ended({ process: child }: Running): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

function homeOf(test: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), "us-local-1-home-"));
  test.after(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

test("what was acknowledged is there after kill -9, and after an orderly end", { skip }, async (context) => {
  const home = homeOf(context);
  const first = await start(home);
  await first.station.aws`sqs create-queue --queue-name orders`;
  await first.station.aws`sqs send-message --message-body kept
    --queue-url ${`${first.station.endpoint}/000000000000/orders`}`;
  first.process.kill("SIGKILL");
  await ended(first);

  const second = await start(home);
  const url = `${second.station.endpoint}/000000000000/orders`;
  assert.deepEqual(await second.station.aws`sqs list-queues --query QueueUrls`, [url]);
  assert.deepEqual(
    await second.station.aws`sqs receive-message --queue-url ${url}
    --query Messages[].Body`,
    ["kept"],
  );
  await second.station.aws`iam create-user --user-name ana`;
  second.process.kill("SIGTERM");
  assert.equal(await ended(second), 0);

  const third = await start(home);
  assert.deepEqual(await third.station.aws`iam list-users --query Users[].UserName`, ["ana"]);
  const stopped = await third.station.run(process.execPath, [
    program,
    "stop",
    "--data-dir",
    join(home, "data"),
  ]);
  assert.equal(stopped.status, 0, stopped.stderr);
  assert.equal(await ended(third), 0);
});

test("without development keys an account's number is no key", { skip }, async (context) => {
  const region = await start(homeOf(context), "--no-dev-keys");
  assert.equal(
    await region.station.refusal`sts get-caller-identity`,
    "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security " +
      "token included in the request is invalid.",
  );
  region.process.kill("SIGINT");
  assert.equal(await ended(region), 0);
});
