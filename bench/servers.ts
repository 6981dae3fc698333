/** The programs under load. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { started } from "./cores.ts";

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

export interface Target {
  readonly port: number;
  readonly child: ChildProcess;
}

export async function startNode(
  script: string,
  options: readonly string[],
  mayUseAllCores = false,
): Promise<Target> {
  const port = await freePort();
  const child = started(process.execPath, [script, String(port), ...options], mayUseAllCores);
  if (child.stdout) await once(child.stdout, "data");
  return { port, child };
}

/** Waits until a server answers. */
export async function answers(url: string, gaveUp: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 400 && !gaveUp(); attempt += 1) {
    if (await fetch(url).catch(() => undefined)) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}
