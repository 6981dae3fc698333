/** What CloudTrail calls its files. @evidence CloudTrail User Guide, "CloudTrail log file name format" */

import type { Ids } from "../../kernel/ids.ts";
import type { Trail } from "./trail-rows.ts";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function folderOf({ prefix }: Pick<Trail, "prefix">, account: string): string {
  return `${prefix === undefined ? "" : `${prefix.replace(/\/$/, "")}/`}AWSLogs/${account}`;
}

/** `20260101T0005Z` */
function minuteOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace(/[-:]/g, "")}Z`;
}

/** `20260101T000500Z` */
function secondOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll("-", "/");
}

/** What files are of, and the folder that they are in. */
export type FileKind = "CloudTrail" | "CloudTrail-Aggregated" | "CloudTrail-Insight";

export interface FileFacts {
  readonly kind: FileKind;
  readonly account: string;
  readonly region: string;
  /** When it is delivered: epoch milliseconds. */
  readonly at: number;
}

export function logFileKey(trail: Trail, { kind, account, region, at }: FileFacts, ids: Ids): string {
  const name = `${account}_${kind}_${region}_${minuteOf(at)}_${ids.from(letters, 16)}.json.gz`;
  return `${folderOf(trail, account)}/${kind}/${region}/${dayOf(at)}/${name}`;
}

export function digestFileKey(trail: Trail, account: string, region: string, end: number): string {
  const of = `${region}_${trail.name}_${trail.homeRegion}`;
  const name = `${account}_CloudTrail-Digest_${of}_${secondOf(end)}.json.gz`;
  return `${folderOf(trail, account)}/CloudTrail-Digest/${region}/${dayOf(end)}/${name}`;
}
