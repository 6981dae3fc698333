import assert from "node:assert/strict";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { boxed, startPlane } from "../../../test/functions-plane.ts";
import { echoInShell } from "../../../test/functions-suite.ts";

const custom = { runtime: "provided.al2023", handler: "function.handler" };

/** A program for the other kind of processor. */
function foreignProgram(): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0x7f454c46, 0);
  head.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18);
  return head;
}

test("a bootstrap that can't be started is an invalid entrypoint, and why is said", async (context) => {
  const { function: create, folder } = await startPlane(context, "none");
  const whyNot = async (path: string): Promise<[string | undefined, string | undefined]> => {
    const { run } = create({}, { ...custom, revision: path, code: { kind: "folder", path } });
    const { error, requestId } = await run();
    const { errorType, errorMessage } = error;
    return [errorType, errorMessage?.replaceAll(path, "/var/task").replace(requestId, "id")];
  };
  const invalid = (text: string) => ["Runtime.InvalidEntrypoint", `RequestId: id Error: ${text}`];
  const begun = (why: string) => invalid(`fork/exec /var/task/bootstrap: ${why}`);
  assert.deepEqual(
    await whyNot(folder({ "main.sh": "" })),
    invalid("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
  );
  const closed = folder({ bootstrap: echoInShell });
  chmodSync(join(closed, "bootstrap"), 0o644);
  assert.deepEqual(await whyNot(closed), begun("permission denied"));
  assert.deepEqual(
    await whyNot(folder({ bootstrap: "#!/bin/bash\r\nexit 1\r\n" })), begun("no such file or directory"),
  );
  assert.deepEqual(
    await whyNot(folder({ bootstrap: "#!/opt/bin/php\n" })), begun("no such file or directory"),
  );
  assert.deepEqual(await whyNot(folder({ bootstrap: "exit 1\n" })), begun("exec format error"));
  const foreign = folder({ bootstrap: "" });
  writeFileSync(join(foreign, "bootstrap"), foreignProgram());
  assert.deepEqual(await whyNot(foreign), begun("exec format error"));
});

test("a bootstrap that ends is no invalid entrypoint", async (context) => {
  const { function: create } = await startPlane(context);
  const { error, requestId } = await create({ bootstrap: "#!/bin/sh\nexit 127\n" }, custom).run();
  assert.deepEqual(error, {
    errorType: "Runtime.ExitError",
    errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: exit status 127`,
  });
});

test("a bootstrap may be a link, and its program may be in a layer", async (context) => {
  const { function: create, folder } = await startPlane(context);
  const path = folder({ "main.sh": echoInShell });
  symlinkSync("main.sh", join(path, "bootstrap"));
  const linked = create({}, { ...custom, revision: path, code: { kind: "folder", path } });
  assert.deepEqual((await linked.run({ a: 1 })).json, { a: 1 });
  if (!(await boxed())) return;
  const layer = folder({ "bin/shell": '#!/bin/sh\nexec /bin/sh "$@"\n' });
  const inLayer = create(
    { bootstrap: echoInShell.replace("#!/bin/sh", "#!/opt/bin/shell") },
    { ...custom, layers: [{ kind: "folder", path: layer }] },
  );
  assert.deepEqual((await inLayer.run({ a: 2 })).json, { a: 2 });
});

test("wrappers are not for custom runtimes", async (context) => {
  const { function: create } = await startPlane(context);
  const environment = { AWS_LAMBDA_EXEC_WRAPPER: "/var/task/absent" };
  assert.deepEqual((await create({ bootstrap: echoInShell }, { ...custom, environment }).run(1)).json, 1);
});
