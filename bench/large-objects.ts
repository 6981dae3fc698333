/**
 * Objects of 64 MB in one piece, in turns with a bare file server: what share of its speed is left once the
 * body is hashed, checksummed, encrypted and stored. `node dist/bench/main.js large`
 */

import { request } from "node:http";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const body = Buffer.alloc(64 * 1024 * 1024, "a body that does not end soon, ");
const rounds = 9;
/** The first ones compile what is hot. */
const warmUps = 2;

/** Of one body. */
interface Took {
  readonly put: number;
  readonly get: number;
}

/** Milliseconds from the first byte asked for or sent to the last one of the answer. */
function exchange(url: string, method: "PUT" | "GET"): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const headers = method === "PUT" ? { "content-length": body.length } : {};
    const sent = request(url, { method, headers }, (response) => {
      response.on("data", () => undefined);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(performance.now() - start);
        else reject(new Error(`${method} ${url}: ${response.statusCode}`));
      });
    });
    sent.on("error", reject);
    sent.end(method === "PUT" ? body : undefined);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >>> 1] ?? NaN;
}

/** @param s3 with path-style addresses @param fileServer its origin */
export async function measureLargeObjects(s3: S3Client, bucket: string, fileServer: string): Promise<void> {
  const named = { Bucket: bucket, Key: "large" };
  const put = await getSignedUrl(s3, new PutObjectCommand(named));
  const get = await getSignedUrl(s3, new GetObjectCommand(named));
  const ours: Took[] = [];
  const bare: Took[] = [];
  for (let round = 0; round < warmUps + rounds; round += 1) {
    ours.push({ put: await exchange(put, "PUT"), get: await exchange(get, "GET") });
    bare.push({ put: await exchange(fileServer, "PUT"), get: await exchange(fileServer, "GET") });
  }
  for (const way of ["put", "get"] as const) {
    const [own, other] = [ours, bare].map((runs) => median(runs.slice(warmUps).map((run) => run[way])));
    const share = ((100 * (other ?? NaN)) / (own ?? NaN)).toFixed(0);
    console.log(`s3 ${way === "put" ? "PutObject" : "GetObject"}, 64 MB`);
    console.log(`  us-local-1 ${own?.toFixed(0)} ms, a bare file server ${other?.toFixed(0)} ms`);
    console.log(`  share of its speed   ${share} % (goal 60 %)`);
  }
}
