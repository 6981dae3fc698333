// Loads test files into a process that they share. One that can't be loaded is a test that fails.
import { test } from "node:test";

export const loading = "the files of a group are loaded";

// No test runs before all are loaded: where those of the first files end while others are still being loaded,
// the runner takes the whole process for done, and calls every file's `after`.
export async function loadAll(paths) {
  let done;
  test(loading, () => new Promise((resolve) => (done = resolve)));
  for (const path of paths) await load(path);
  // The runner begins with the first test a little later.
  while (!done) await new Promise((resolve) => setImmediate(resolve));
  done();
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
