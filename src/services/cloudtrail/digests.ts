/**
 * Digests: once an hour in which files were delivered, a signed list of them, chained to the one before.
 *
 * @evidence CloudTrail User Guide, "CloudTrail digest file structure", "Custom implementations of CloudTrail
 *   log file integrity validation"
 */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { asynchronousJob } from "../../jobs/job.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { putFile } from "./bucket-files.ts";
import { attempt } from "./delivery.ts";
import { digestFileKey } from "./file-names.ts";
import { signed, signingKey } from "./signing-keys.ts";
import { trails, type Trail } from "./trail-rows.ts";

interface LogFile {
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  /** SHA-256 of what was packed, in hex. */
  readonly hash: string;
  /** Epoch milliseconds of its events. */
  readonly oldest: number;
  readonly newest: number;
}

interface ListedFile extends LogFile {
  readonly trail: string;
}

interface Digest {
  readonly trail: string;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly end: number;
  readonly bucket: string;
  readonly key: string;
  readonly hash: string;
  readonly signature: string;
}

export const logFiles = table<ListedFile>("cloudtrail.logFiles", {
  key: ({ trail, region, key }) => [trail, region, key],
});
/** The latest of each trail and region. */
export const digests = table<Digest>("cloudtrail.digests", { key: ({ trail, region }) => [trail, region] });

const hour = 3_600_000;

interface DigestWork {
  readonly homeRegion: string;
  readonly name: string;
  readonly region: string;
  readonly startedAt: number;
}

function idOf({ homeRegion, name }: Pick<Trail, "homeRegion" | "name">): string {
  return `${homeRegion} ${name}`;
}

export function noteLogFile(ctx: Context, trail: Trail, file: LogFile): void {
  ctx.db(logFiles).put({ ...file, trail: idOf(trail) });
  const { homeRegion, name, startedAt = 0 } = trail;
  const start = startOf(ctx, trail, file.region);
  const hours = Math.floor((ctx.clock.now() - start) / hour) + 1;
  const input = { homeRegion, name, region: file.region, startedAt };
  ctx.schedule(digest, { at: start + hours * hour, id: `${idOf(trail)} ${file.region}`, input });
}

/** With a trail go its files that no digest has listed yet, and the ends of its chains. */
export function forgetDigests(ctx: Context, trail: Trail): void {
  const prefix = [idOf(trail)];
  for (const file of [...ctx.db(logFiles).list({ prefix })]) {
    ctx.db(logFiles).delete([file.trail, file.region, file.key]);
  }
  for (
    const latest of [...ctx.db(digests).list({ prefix })]
  ) ctx.db(digests).delete([latest.trail, latest.region]);
}

/**
 * A digest begins where the one before ends, or where logging or validation began: then it is the first of a
 * chain.
 */
function startOf(ctx: Context, trail: Trail, region: string): number {
  const before = ctx.db(digests).get([idOf(trail), region]);
  const started = Math.max(trail.startedAt ?? 0, trail.validatedSince ?? 0);
  return before && before.end > started ? before.end : started - (started % 1_000);
}

export const digest = asynchronousJob("cloudtrail.digest", async (work: DigestWork, ctx: BodyContext) => {
  const { homeRegion, name, region } = work;
  const state = ctx.transaction((within) => {
    const trail = within.db(trails).get([homeRegion, name]);
    if (!trail?.validated || trail.startedAt !== work.startedAt) return undefined;
    const files = [...within.db(logFiles).list({ prefix: [idOf(trail), region] })];
    const before = within.db(digests).get([idOf(trail), region]);
    const start = startOf(within, trail, region);
    return { trail, files, before: before?.end === start ? before : undefined, start };
  });
  if (!state) return;
  const { trail, files, before, start } = state;
  const end = start + Math.max(1, Math.floor((ctx.clock.now() - start) / hour)) * hour;
  const key = digestFileKey(trail, ctx.account, region, end);
  const signer = await signingKey(ctx);
  const content = contentOf(ctx, trail, { key, start, end, before, files, fingerprint: signer.fingerprint });
  const hash = createHash("sha256").update(content).digest("hex");
  const signature = signed(
    ctx, signer, [timeText(end), `${trail.bucket}/${key}`, hash, before?.signature ?? "null"],
  );
  const metadata = { signature, "signature-algorithm": "SHA256withRSA" };
  const body = gzipSync(content);
  const isStored = await attempt(
    ctx, trail, "digestDelivery", () => putFile(ctx, trail, { key, body, metadata, isDigest: true }),
  );
  if (!isStored) return;
  ctx.transaction((within) => {
    const packedHash = createHash("sha256").update(body).digest("hex");
    within.db(digests).put({
      trail: idOf(trail), region, end, bucket: trail.bucket, key, hash: packedHash, signature,
    });
    for (const file of files) within.db(logFiles).delete([file.trail, file.region, file.key]);
  });
});

interface Contents {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly before: Digest | undefined;
  readonly files: readonly LogFile[];
  readonly fingerprint: string;
}

function contentOf(ctx: BodyContext, trail: Trail, contents: Contents): string {
  const { key, start, end, before, files, fingerprint } = contents;
  const [newest, oldest] = [
    Math.max(...files.map((file) => file.newest)), Math.min(...files.map((file) => file.oldest)),
  ];
  return JSON.stringify({
    awsAccountId: ctx.account,
    digestStartTime: timeText(start),
    digestEndTime: timeText(end),
    digestS3Bucket: trail.bucket,
    digestS3Object: key,
    digestPublicKeyFingerprint: fingerprint,
    digestSignatureAlgorithm: "SHA256withRSA",
    newestEventTime: files.length > 0 ? timeText(newest) : null,
    oldestEventTime: files.length > 0 ? timeText(oldest) : null,
    previousDigestS3Bucket: before?.bucket ?? null,
    previousDigestS3Object: before?.key ?? null,
    previousDigestHashValue: before?.hash ?? null,
    previousDigestHashAlgorithm: before ? "SHA-256" : null,
    previousDigestSignature: before?.signature ?? null,
    logFiles: files.map((file) => ({
      s3Bucket: file.bucket,
      s3Object: file.key,
      hashValue: file.hash,
      hashAlgorithm: "SHA-256",
      newestEventTime: timeText(file.newest),
      oldestEventTime: timeText(file.oldest),
    })),
  });
}

function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}
