/**
 * A region's planes: what really runs. Each is loaded when it is first asked for, and closed with the region.
 */

import type { FunctionsPlane } from "./functions/contract.ts";

/** What a plane is given of its region. */
export interface PlaneHost {
  /** Epoch milliseconds of the region's clock. */
  now(): number;
  /** Rings once at `at`. Returns what takes the alarm back. */
  alarm(at: number, ring: () => void): () => void;
  /** So many random hexadecimal digits. */
  hex(length: number): string;
  /**
   * Where programs of this machine reach the region, by a number and without TLS; it begins to listen if
   * need be.
   */
  endpoint(): Promise<string>;
  /** The folders in which programs are looked for, as a shell does. */
  readonly searchPath: string;
  /** Where the plane may keep what can be made again. It is there. */
  folder(plane: string): Promise<string>;
  log(line: string): void;
}

export interface Planes {
  functions(): Promise<FunctionsPlane>;
  /** Undefined where nobody has asked for it: nothing runs on it. */
  readonly openFunctions: Promise<FunctionsPlane> | undefined;
  /** The region was emptied, or is another now: nothing runs on. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export class RegionPlanes implements Planes {
  readonly #host: PlaneHost;
  #functions: Promise<FunctionsPlane> | undefined;

  constructor(host: PlaneHost) {
    this.#host = host;
  }

  functions(): Promise<FunctionsPlane> {
    return (this.#functions ??= this.#openFunctions().catch((cause: unknown) => {
      // Whoever asks next tries again, and the region can be reset and stopped.
      this.#functions = undefined;
      throw cause;
    }));
  }

  async #openFunctions(): Promise<FunctionsPlane> {
    const { openFunctionsPlane } = await import("./functions/plane.ts");
    return openFunctionsPlane(this.#host);
  }

  get openFunctions(): Promise<FunctionsPlane> | undefined {
    return this.#functions;
  }

  async reset(): Promise<void> {
    await (await this.#functions)?.reset();
  }

  async close(): Promise<void> {
    await (await this.#functions)?.close();
  }
}
