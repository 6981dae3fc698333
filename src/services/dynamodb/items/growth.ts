/** By how much tables and indexes grow, counted as it happens, so that nobody has to count later. */

import type { Context } from "../../../kernel/context.ts";
import { extents } from "../tables/table-rows.ts";

interface Change {
  items: number;
  sizeBytes: number;
}

/** What several writes of one request add up to. */
export class Growth {
  readonly #changes = new Map<number, Change>();

  add(number: number, items: number, sizeBytes: number): void {
    const change = this.#changes.get(number);
    if (!change) {
      this.#changes.set(number, { items, sizeBytes });
      return;
    }
    change.items += items;
    change.sizeBytes += sizeBytes;
  }

  write(ctx: Context): void {
    for (const [number, { items, sizeBytes }] of this.#changes) grow(ctx, number, items, sizeBytes);
  }
}

export function grow(ctx: Context, number: number, items: number, sizeBytes: number): void {
  if (items === 0 && sizeBytes === 0) return;
  const rows = ctx.db(extents);
  const before = rows.get(number);
  rows.put({
    number, items: (before?.items ?? 0) + items, sizeBytes: (before?.sizeBytes ?? 0) + sizeBytes,
  });
}
