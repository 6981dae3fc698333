/** What comes first of many things, by an order. */

export class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #precedes: (left: Item, right: Item) => boolean;

  constructor(precedes: (left: Item, right: Item) => boolean) {
    this.#precedes = precedes;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#precedes(item, items[parent] as Item)) break;
      items[at] = items[parent] as Item;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Item | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length > 0) this.#sink(last as Item);
    return first;
  }

  /** The first item has changed, or is another now. */
  replaceFirst(item: Item): void {
    this.#sink(item);
  }

  /** In no order. */
  items(): readonly Item[] {
    return this.#items;
  }

  #sink(item: Item): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#precedes(items[child + 1] as Item, items[child] as Item)) child++;
      if (!this.#precedes(items[child] as Item, item)) break;
      items[at] = items[child] as Item;
      at = child;
    }
    items[at] = item;
  }
}
