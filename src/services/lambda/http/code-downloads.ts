/**
 * Where the packages of functions and layers can be downloaded for ten minutes: AWS answers a presigned URL
 * of a bucket of its own.
 *
 * @evidence Lambda API Reference, FunctionCodeLocation: valid for 10 minutes
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import type { FunctionCodeLocation } from "../../../generated/lambda.ts";
import type { BodyContext } from "../../../kernel/context.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { CellName } from "../../../store/types.ts";
import { resolvedUri } from "../function-images.ts";
import type { FunctionVersion } from "../function-table.ts";

const validSeconds = 600;
const path = /^\/snapshots\/(\d{12})\/([a-z0-9-]+)\/([0-9a-f]{64})$/;

export interface Download {
  readonly cell: CellName;
  /** Base64. */
  readonly sha256: string;
}

export function codeLocation(ctx: BodyContext, { code }: FunctionVersion): FunctionCodeLocation {
  if (code.kind === "zip") return { RepositoryType: "S3", Location: downloadUrl(ctx, code.sha256) };
  if (code.kind === "image") {
    return { RepositoryType: "ECR", ImageUri: code.uri, ResolvedImageUri: resolvedUri(code) };
  }
  return { RepositoryType: "Folder", Location: `file://${code.path}` };
}

export function downloadUrl(ctx: BodyContext, sha256: string): string {
  const { account, region, kernel } = ctx;
  const resource = `/snapshots/${account}/${region}/${Buffer.from(sha256, "base64").toString("hex")}`;
  const date = dateText(ctx.clock.now());
  const query = new URLSearchParams({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `us-local-1/${date.slice(0, 8)}/${region}/lambda/aws4_request`,
    "X-Amz-Date": date,
    "X-Amz-Expires": String(validSeconds),
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": signature(kernel, resource, date),
  });
  return `${kernel.endpoint("lambda", region)}${resource}?${query.toString()}`;
}

/** Hex. */
function signature(kernel: Kernel, resource: string, date: string): string {
  return createHmac("sha256", kernel.keyFor("lambda.downloads")).update(`${resource}\n${date}`).digest("hex");
}

export function isDownload(requestPath: string): boolean {
  return path.test(requestPath);
}

/** @returns undefined where the URL was not made here, or is too old */
export function openDownload(
  kernel: Kernel, resource: string, query: string, now: number,
): Download | undefined {
  const [, account = "", region = "", hex = ""] = path.exec(resource) ?? [];
  const given = new URLSearchParams(query);
  const date = given.get("X-Amz-Date") ?? "";
  const signed = Buffer.from(given.get("X-Amz-Signature") ?? "");
  const right = Buffer.from(signature(kernel, resource, date));
  if (signed.length !== right.length || !timingSafeEqual(signed, right)) return undefined;
  if (now > timeOf(date) + validSeconds * 1_000) return undefined;
  return { cell: { account, region }, sha256: Buffer.from(hex, "hex").toString("base64") };
}

/** `20260101T000000Z` */
function dateText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

function timeOf(date: string): number {
  const text = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  return Date.parse(text);
}
