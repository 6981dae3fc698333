/**
 * The tags of every resource, once: services read and write them here, the Resource Groups Tagging API lists
 * them.
 */

import { table, type Rows } from "../store/types.ts";
import type { Context } from "./context.ts";

export interface TaggedResource {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

export const taggedResources = table<TaggedResource>("kernel.tags", { key: (row) => row.arn });

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export type Tags = Readonly<Record<string, string>> | readonly Tag[];

/** The tags of one resource. Keys are case-sensitive; the order is that of first setting. */
export class TagSet {
  readonly #rows: Rows<TaggedResource>;
  readonly #arn: string;

  constructor(rows: Rows<TaggedResource>, arn: string) {
    this.#rows = rows;
    this.#arn = arn;
  }

  /** As a map without a prototype; empty when there are none. */
  get(): Record<string, string> {
    return Object.assign(Object.create(null) as Record<string, string>, this.#rows.get(this.#arn)?.tags);
  }

  /** As the list of `{Key, Value}` that most services answer. */
  list(): Tag[] {
    return Object.entries(this.get()).map(([Key, Value]) => ({ Key, Value }));
  }

  /** Adds to what is there; a key that is there gets the new value. */
  set(tags: Tags | undefined): void {
    if (tags === undefined) return;
    const added = Array.isArray(tags)
      ? (tags as readonly Tag[]).map((tag) => [tag.Key, tag.Value] as const)
      : Object.entries(tags as Record<string, string>);
    if (added.length === 0) return;
    const merged = this.get();
    for (const [key, value] of added) merged[key] = value;
    this.#rows.put({ arn: this.#arn, tags: merged });
  }

  remove(keys: readonly string[]): void {
    const remaining = this.get();
    for (const key of keys) delete remaining[key];
    if (Object.keys(remaining).length === 0) this.#rows.delete(this.#arn);
    else this.#rows.put({ arn: this.#arn, tags: remaining });
  }

  /** When the resource goes, its tags go with it. */
  clear(): void {
    this.#rows.delete(this.#arn);
  }
}

/**
 * Gives a resource the tags that it is made with. Who may make it may not always tag it.
 *
 * @param action what tagging takes by itself
 * @throws the service's refusal of who may not
 */
export function tagNew(ctx: Context, action: string, arn: string, tags: Tags | undefined): void {
  if (tags === undefined || Object.keys(tags).length === 0) return;
  ctx.authorize({ action, resource: arn });
  ctx.tags(arn).set(tags);
}
