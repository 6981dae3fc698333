// Loads a test file into a process that it shares with others. One that can't be loaded is a test that fails.
import { test } from "node:test";

export async function load(path) {
  try {
    await import(path);
  } catch (cause) {
    test(`${path} loads`, () => {
      throw cause;
    });
  }
}
