/** The other side of `digest-thread.ts`: hashes what is handed over, and hands the memory back. */

import { parentPort } from "node:worker_threads";
import { checksum, type Checksum } from "./checksums.ts";
import type { DigestAnswer, DigestOrder } from "./digest-thread.ts";

const sums = new Map<number, Checksum[]>();

function answer(message: DigestAnswer, transferred: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferred);
}

parentPort?.on("message", (order: DigestOrder) => {
  const { id } = order;
  if ("algorithms" in order) {
    sums.set(id, order.algorithms.map(checksum));
  } else if ("memory" in order) {
    const bytes = new Uint8Array(order.memory, 0, order.sizeBytes);
    for (const sum of sums.get(id) ?? []) sum.update(bytes);
    answer({ id, memory: order.memory }, [order.memory]);
  } else {
    if (order.isWanted) answer({ id, digests: (sums.get(id) ?? []).map((sum) => sum.digest()) });
    sums.delete(id);
  }
});
