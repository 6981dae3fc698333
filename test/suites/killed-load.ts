/** A program that works on a region until it is killed, and says what has been acknowledged to it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * Runs the load until it has said so much, and kills it.
 *
 * @param program gets the folder and the round; each of its lines is JSON
 * @returns what it said
 */
export async function killed<Said>(
  program: string, folder: string, round: number, saidMin: number,
): Promise<Said[]> {
  const child = spawn(process.execPath, [program, folder, String(round)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: Said[] = [];
  for await (const line of createInterface(child.stdout)) {
    // The last line may have been cut off by the kill: it was not said.
    try {
      said.push(JSON.parse(line) as Said);
    } catch {
      break;
    }
    if (said.length === saidMin) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once("exit", resolve));
  assert.equal(child.signalCode, "SIGKILL", "the load ended by itself");
  return said;
}
