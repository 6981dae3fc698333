/** How much is under way: requests and jobs, those that wait apart. */

export class Activity {
  #count = 0;
  #idle: (() => void)[] = [];

  change(by: number): void {
    this.#count += by;
    if (this.#count > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }

  get isIdle(): boolean {
    return this.#count <= 0;
  }

  /** When nothing is under way. */
  async idle(): Promise<void> {
    if (!this.isIdle) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Counts by so much until the promise is settled. */
  async during<T>(by: 1 | -1, work: Promise<T>): Promise<T> {
    this.change(by);
    try {
      return await work;
    } finally {
      this.change(-by);
    }
  }
}
