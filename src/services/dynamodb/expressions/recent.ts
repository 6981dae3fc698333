/** What was made of the texts that were used last. */

const TEXTS_MAX = 1000;

/** Two generations: what is used moves to the younger one, and the older one goes when that is full. */
export class Recent<Made> {
  #young = new Map<string, Made>();
  #old = new Map<string, Made>();

  get(key: string, make: () => Made): Made {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const made = this.#old.get(key) ?? make();
    if (this.#young.size >= TEXTS_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, made);
    return made;
  }
}
