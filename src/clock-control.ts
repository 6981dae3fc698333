/** The region's clock, for programs that test against time. */

import type { Engine } from "./kernel/engine.ts";

const unitMilliseconds = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
} as const;

type Unit = keyof typeof unitMilliseconds;

/** `{ hours: 1, minutes: 30 }`. */
export type Duration = { readonly [unit in Unit]?: number };

export interface ClockControl {
  /** Epoch milliseconds. */
  now(): number;
  freeze(at?: Date | number): void;
  run(): void;
  scale(factor: number): void;
  set(at: Date | number): void;
  /** Moves on, runs what falls due on the way in order, and settles. */
  advance(duration: Duration): Promise<void>;
}

/** Programs without types are told what makes no sense: a clock that shows no time would stop everything. */
export function clockControl(engine: Engine): ClockControl {
  const { clock } = engine;
  return {
    now: () => clock.now(),
    freeze: (at) => clock.freeze(at === undefined ? undefined : epochMilliseconds(at)),
    run: () => clock.run(),
    scale: (factor) => clock.scale(factor),
    set: (at) => clock.set(epochMilliseconds(at)),
    advance: async (duration) => engine.advanceTo(clock.now() + milliseconds(duration)),
  };
}

/** @throws TypeError */
function epochMilliseconds(at: Date | number): number {
  const time = typeof at === "object" && at !== null ? Number(at) : at;
  if (Number.isFinite(time)) return time;
  throw new TypeError(`The clock shows a Date or epoch milliseconds; ${String(at)} is neither.`);
}

/** @throws TypeError */
function milliseconds(duration: Duration): number {
  if (typeof duration !== "object") {
    throw new TypeError("The clock advances by spans such as { minutes: 5 }.");
  }
  let sum = 0;
  for (const [unit, amount = 0] of Object.entries(duration)) {
    if (!Object.hasOwn(unitMilliseconds, unit)) throw new TypeError(`${unit} is no unit of time.`);
    if (!(amount >= 0 && Number.isFinite(amount))) throw new TypeError(`${amount} ${unit} are no time.`);
    sum += amount * unitMilliseconds[unit as Unit];
  }
  return sum;
}
