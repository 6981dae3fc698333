/**
 * Format 2: SQS finds messages by when they become visible, whether they were received before or not, and the
 * delayed ones apart. Rows stay as they are; the index is made anew, and one comes to it.
 */

import { Catalog, indexName } from "./catalog.ts";
import { AFTER_PREFIX, encodeKey, INDEX_SEPARATOR } from "./keys.ts";
import type { LmdbFile } from "./lmdb-file.ts";
import type { Migration } from "./migrations.ts";
import type { ValueCodec } from "./values.ts";
import { INDEX_ENTRY } from "./view.ts";

interface Message {
  readonly generation: string;
  readonly sentAt: number;
  readonly visibleAt: number;
  readonly receipt?: string;
}

const messages = "sqs.messages";
const byVisibility = indexName(messages, "visibility");
const byDelay = indexName(messages, "delay");

export const messageVisibility: Migration = {
  version: 2,
  description: "messages by when they become visible, and delayed ones apart",
  migrate(file, codec) {
    const catalog = new Catalog(codec);
    catalog.load(file);
    if (!catalog.tables().some(({ name }) => name === messages)) return;
    for (const cell of catalog.cells()) {
      removeAll(file, cell.prefix + catalog.table(byVisibility));
      const spaces = [catalog.table(messages), catalog.table(byVisibility), catalog.table(byDelay)];
      const [rows = "", visibility = "", delay = ""] = spaces.map((table) => cell.prefix + table);
      index(file, codec, { rows, visibility, delay });
      for (const { key, bytes, named } of catalog.unsavedNames(cell.name, [byVisibility, byDelay])) {
        file.put(key, bytes);
        named();
      }
    }
  },
};

function removeAll(file: LmdbFile, space: string): void {
  const scan = file.scan({ lower: space, upper: space + AFTER_PREFIX, keysOnly: true });
  for (let entry = scan.next(); entry; entry = scan.next()) file.remove(entry.key);
}

function index(
  file: LmdbFile, codec: ValueCodec, spaces: Readonly<Record<"rows" | "visibility" | "delay", string>>,
): void {
  const scan = file.scan({ lower: spaces.rows, upper: spaces.rows + AFTER_PREFIX });
  for (let entry = scan.next(); entry; entry = scan.next()) {
    const message = entry.bytes && (codec.decode(entry.bytes) as Message);
    if (!message) continue;
    const { generation, sentAt, visibleAt, receipt } = message;
    const suffix = encodeKey([generation, visibleAt]) + INDEX_SEPARATOR + entry.key.slice(spaces.rows.length);
    file.put(spaces.visibility + suffix, INDEX_ENTRY);
    if (receipt === undefined && visibleAt > sentAt) file.put(spaces.delay + suffix, INDEX_ENTRY);
  }
}
