/** The region's clock: shown, stopped, set, moved on. */

import { latestTime, scaleMax } from "../kernel/clock.ts";
import type { Region } from "../region.ts";
import { parseDuration } from "./duration.ts";
import { invalidRequest, type LocalRequest, type LocalRoute } from "./http.ts";

export const clockRoutes: readonly LocalRoute[] = [
  {
    method: "GET",
    path: "/_local/v1/clock",
    summary: "The region's time, and how it passes.",
    run: (_request, { region }) => clockState(region),
  },
  {
    method: "POST",
    path: "/_local/v1/clock",
    summary:
      "Changes the clock by one of: freeze (true or a time), run (true), scale (60), set (a time), advance " +
      "(1h30m, or milliseconds; runs what falls due on the way, in order, and waits for it).",
    run: changeClock,
  },
];

export interface ClockAnswer {
  readonly mode: "real" | "scaled" | "frozen";
  /** ISO 8601. */
  readonly now: string;
  readonly epochMilliseconds: number;
  readonly factor: number;
}

function clockState(region: Region): ClockAnswer {
  const { mode, now, factor } = region.engine.clock.state();
  return { mode, now: new Date(now).toISOString(), epochMilliseconds: now, factor };
}

async function changeClock(
  { body }: LocalRequest,
  { region }: { readonly region: Region },
): Promise<ClockAnswer> {
  const [change, ...others] = Object.keys(body);
  const apply = change !== undefined && Object.hasOwn(changes, change) ? changes[change] : undefined;
  if (!apply || change === undefined || others.length > 0) {
    throw invalidRequest(`Give exactly one of ${Object.keys(changes).join(", ")}.`);
  }
  await apply(region, body[change]);
  return clockState(region);
}

const changes: Readonly<Record<string, (region: Region, value: unknown) => Promise<void> | void>> = {
  freeze: (region, value) => region.clock.freeze(value === true ? undefined : requireTime(value)),
  run(region, value) {
    if (value !== true) throw invalidRequest("run must be true.");
    region.clock.run();
  },
  scale(region, value) {
    if (typeof value !== "number" || !(value > 0 && value <= scaleMax)) {
      throw invalidRequest(
        `scale must be a number greater than 0, and at most ${scaleMax}; to stop time, freeze it.`,
      );
    }
    region.clock.scale(value);
  },
  set: (region, value) => region.clock.set(requireTime(value)),
  async advance(region, value) {
    const milliseconds = typeof value === "string" ? parseDuration(value) : value;
    if (typeof milliseconds !== "number" || !Number.isInteger(milliseconds) || milliseconds < 0) {
      throw invalidRequest(
        "advance must be a span of time such as 90s, 1h30m or 2d, or a number of milliseconds.",
      );
    }
    if (region.clock.now() + milliseconds > latestTime) throw tooLate();
    await region.clock.advance({ milliseconds });
  },
};

/** A time as people write it, or epoch milliseconds. */
function requireTime(value: unknown): number {
  const time = typeof value === "string" && isoPattern.test(value) ? Date.parse(value) : value;
  if (typeof time !== "number" || !Number.isInteger(time)) {
    throw invalidRequest(
      "A time is written as 2026-01-31, 2026-01-31T12:00:00Z, or in milliseconds since 1970.",
    );
  }
  if (time < 0 || time > latestTime) throw tooLate();
  return time;
}

/** Without a zone it would be the machine's, and differ from one machine to the next. */
const isoPattern = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2}))?$/;

function tooLate() {
  return invalidRequest("The clock goes from 1970 to the end of the year 9999.");
}
