import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { boxed, startPlane } from "../../../test/functions-plane.ts";
import { systemMounts } from "./amazon-linux.ts";

const nameIn = (text: string): string | undefined => /^PRETTY_NAME="(.+)"$/m.exec(text)?.[1];

test("the system is the runtime's, where this machine's C library is as new", () => {
  const nameOf = (runtime: string, minor: number) => {
    const [mount] = systemMounts(runtime, minor);
    return mount && nameIn(readFileSync(mount.host, "utf8"));
  };
  assert.equal(nameOf("provided.al2023", 34), "Amazon Linux 2023");
  assert.equal(nameOf("python3.12", 36), "Amazon Linux 2023");
  assert.equal(nameOf("python3.11", 31), "Amazon Linux 2");
  assert.equal(nameOf("nodejs24.x", 31), undefined);
  assert.equal(nameOf("provided.al2", 25), undefined);
});

test("lambda-native-libs-amazon-linux: functions read that they are on Amazon Linux", async (context) => {
  if (!(await boxed())) return context.skip("there are no boxes: functions read this machine's files");
  if (systemMounts("nodejs20.x").length === 0) return context.skip("this machine's C library is older");
  const { function: create } = await startPlane(context);
  const { run } = create({
    "index.mjs": `import { readFileSync } from "node:fs";
      export const handler = async () => readFileSync("/etc/os-release", "utf8");`,
  });
  assert.equal(nameIn((await run()).json as string), "Amazon Linux 2023");
});
