/** A folder that a region keeps its data in, to look into from outside. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface DataFolder extends Disposable {
  readonly path: string;
  /** Whether any of its files has these bytes in it. */
  holds(content: Buffer | string): boolean;
}

export function withDataFolder(): DataFolder {
  const path = mkdtempSync(join(tmpdir(), "us-local-1-"));
  return {
    path,
    holds: (content) =>
      readdirSync(path, { recursive: true, encoding: "utf8" }).some((name) => {
        const file = join(path, name);
        return statSync(file).isFile() && readFileSync(file).includes(content);
      }),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
