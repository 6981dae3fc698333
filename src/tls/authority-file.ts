import { join } from "node:path";

/** Where the certificate of the region's authority is, once there is one. */
export function authorityFile(dataDir: string): string {
  return join(dataDir, "tls", "ca.pem");
}
