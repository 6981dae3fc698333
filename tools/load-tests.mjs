// Loads test files into a process that they share, each once the tests of the one before are done. One that
// can't be loaded is a test that fails.
import asyncHooks from "node:async_hooks";

// Node's runner follows every promise to the test that made it, to know where a test is made within another.
// That is a tenth of all test time, and no test here is made so. An error that nobody handles still fails the
// process that it happens in.
const { createHook } = asyncHooks;
asyncHooks.createHook = () => ({ enable() {}, disable() {} });
const { test } = await import("node:test");
asyncHooks.createHook = createHook;

export const loading = "the next file of a group is loaded";

const secondsOf = ({ user, system }) => (user + system) / 1e6;

/**
 * A test loads the next file: where there is none under way or waiting, the runner takes the whole process
 * for done, and calls every file's `after`.
 */
export function loadAll([path, ...others], report = () => undefined) {
  test(loading, async (context) => {
    report(context);
    if (path === undefined) return;
    const before = process.cpuUsage();
    await load(path);
    const loaded = secondsOf(process.cpuUsage(before));
    loadAll(others, (then) => {
      const seconds = secondsOf(process.cpuUsage(before));
      then.diagnostic(JSON.stringify({ path, loading: loaded, seconds }));
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
