/** A region for the benchmark, alone in its process. Arguments: port, durability. */

import { startRegion } from "../src/index.ts";

const [port = "0", durability = "relaxed"] = process.argv.slice(2);
const region = await startRegion({
  port: Number(port),
  durability: durability === "fsync" ? "fsync" : "relaxed",
});
await region.endpoint();
process.stdout.write("ready\n");
process.on("message", (message) => {
  if (message === "memory") process.send?.(process.memoryUsage());
});
process.on("SIGINT", () => process.exit(0));
process.on("disconnect", () => process.exit(0));
