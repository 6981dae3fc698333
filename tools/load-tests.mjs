// Loads test files into a process that they share, each once the tests of the one before are done. One that
// can't be loaded is a test that fails.
import asyncHooks from "node:async_hooks";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

// Node's runner follows every promise to the test that made it, to know where a test is made within another.
// That is a tenth of all test time, and no test here is made so. An error that nobody handles still fails the
// process that it happens in.
const { createHook } = asyncHooks;
asyncHooks.createHook = () => ({ enable() {}, disable() {} });
const { test } = await import("node:test");
asyncHooks.createHook = createHook;

export const loading = "the next file of a group is loaded";

const secondsOf = ({ user, system }) => (user + system) / 1e6;

/** Processor seconds of processes that were begun here and have ended, where the machine tells. */
function childSeconds() {
  try {
    const fields = readFileSync("/proc/self/stat", "latin1").replace(/^.*\) /, "").split(" ");
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}

/** @param folder lists the files, and notes which are taken: by creating a file, which only one can */
export function loadShared(folder) {
  const paths = JSON.parse(readFileSync(join(folder, "files.json"), "utf8"));
  let next = 0;
  loadNext(() => {
    while (next < paths.length) {
      const index = next++;
      if (isTaken(join(folder, "taken", String(index)))) continue;
      return paths[index];
    }
    return undefined;
  });
}

function isTaken(mark) {
  try {
    closeSync(openSync(mark, "wx"));
    return false;
  } catch (error) {
    if (error.code === "EEXIST") return true;
    throw error;
  }
}

/**
 * A test loads the next file: where there is none under way or waiting, the runner takes the whole process
 * for done, and calls every file's `after`.
 */
function loadNext(take, report = () => undefined) {
  test(loading, async (context) => {
    report(context);
    const path = take();
    if (path === undefined) return;
    const before = process.cpuUsage();
    const childrenBefore = childSeconds();
    await load(path);
    const loaded = secondsOf(process.cpuUsage(before));
    loadNext(take, (then) => {
      const seconds = secondsOf(process.cpuUsage(before));
      const children = childSeconds() - childrenBefore;
      then.diagnostic(JSON.stringify({ path, loading: loaded, seconds, children }));
    });
  });
}

async function load(path) {
  try {
    await import(path);
  } catch (cause) {
    test(`${path} loads`, () => {
      throw cause;
    });
  }
}
