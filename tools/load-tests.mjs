// Loads test files into a process that they share, each once the tests of the one before are done. One that
// can't be loaded is a test that fails.
import asyncHooks from "node:async_hooks";
import { readFileSync } from "node:fs";

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

/**
 * A test loads the next file: where there is none under way or waiting, the runner takes the whole process
 * for done, and calls every file's `after`.
 */
export function loadAll([path, ...others], report = () => undefined) {
  test(loading, async (context) => {
    report(context);
    if (path === undefined) return;
    const before = process.cpuUsage();
    const childrenBefore = childSeconds();
    await load(path);
    const loaded = secondsOf(process.cpuUsage(before));
    loadAll(others, (then) => {
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
