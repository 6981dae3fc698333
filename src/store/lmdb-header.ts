/**
 * LMDB maps its file and believes it: opening what is not LMDB's, or only the beginning of it, ends the
 * process. So look first. A file holds two descriptions of itself, of which each commit replaces the older
 * one.
 *
 * @evidence lmdb 3.5.6, dependencies/lmdb/libraries/liblmdb/mdb.c, MDB_page, MDB_meta, MDB_db
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { StoreDamaged } from "./errors.ts";

const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const FREE_LIST_ROOT_AT = 88;
const ROWS_ROOT_AT = 136;
const TRANSACTION_AT = 152;
const DESCRIPTION_BYTES = 176;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** A file that is not there, or empty, is a store to be made. */
export function requireWhole(path: string, pageSizeBytes: number): void {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    const sizeBytes = fstatSync(file).size;
    if (sizeBytes > 0) requireDescription(file, path, sizeBytes, pageSizeBytes);
  } finally {
    closeSync(file);
  }
}

function requireDescription(file: number, path: string, sizeBytes: number, pageSizeBytes: number): void {
  const descriptions = [0, pageSizeBytes].map((position) => {
    const description = Buffer.alloc(DESCRIPTION_BYTES);
    readSync(file, description, 0, DESCRIPTION_BYTES, position);
    const magic = description.readUInt32LE(MAGIC_AT);
    if (magic !== MAGIC) throw new StoreDamaged(path, "it does not begin as one");
    return description;
  });
  descriptions.sort((left, right) => Number(transactionOf(right) - transactionOf(left)));
  const newest = descriptions[0];
  for (const position of [FREE_LIST_ROOT_AT, ROWS_ROOT_AT]) {
    const page = newest?.readBigUInt64LE(position) ?? NO_PAGE;
    if (page !== NO_PAGE && (page + 1n) * BigInt(pageSizeBytes) > BigInt(sizeBytes)) {
      throw new StoreDamaged(path, "its end is missing");
    }
  }
}

function transactionOf(description: Buffer): bigint {
  return description.readBigUInt64LE(TRANSACTION_AT);
}
