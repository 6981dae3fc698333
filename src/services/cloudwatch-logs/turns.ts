/**
 * Long work in short pieces: one piece a turn of the event loop, whoever's it is, so that what else is asked
 * of the region waits for one of them at most.
 */

import { setImmediate } from "node:timers/promises";
import type { Kernel } from "../../kernel/kernel.ts";

const lastTurns = new WeakMap<Kernel, Promise<void>>();

/** When it is the caller's turn: behind those that asked before. */
export function nextTurn(kernel: Kernel): Promise<void> {
  const before = lastTurns.get(kernel) ?? Promise.resolve();
  const turn = before.then(() => setImmediate());
  lastTurns.set(kernel, turn);
  return turn;
}

/** How long a piece may take, by the machine's clock: some milliseconds. */
const pieceMilliseconds = 4;

/** @returns whether the time of a piece that begins now is over */
export function pieceOfWork(): () => boolean {
  const end = performance.now() + pieceMilliseconds;
  return () => performance.now() >= end;
}
