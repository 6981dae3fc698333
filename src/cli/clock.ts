import type { ClockAnswer } from "../local/clock-routes.ts";
import { RegionClient } from "./client.ts";
import { regionOptions, type Command, type Invocation } from "./command.ts";
import { usage } from "./failure.ts";

const path = "/_local/v1/clock";

const clock: Command = {
  name: "clock",
  summary: "Shows and changes the region's time. Timeouts, schedules and expiry dates obey it.",
  forms: ["[show]", "freeze [<time>]", "set <time>", "advance <span>", "scale <factor>", "run"],
  wordsMax: 2,
  options: regionOptions,
  notes: [
    "advance runs what falls due on the way, in order, and returns when it is done.",
    "set jumps, also back: what is overdue then runs right after, all at the new time.",
    "A span is 90s, 1h30m, 2d; a time 2026-01-31 or 2026-01-31T12:00:00Z; a factor 60 or 60x.",
  ],
  async run(invocation) {
    const body = changeOf(invocation);
    const client = RegionClient.of(invocation);
    const data = body ? await client.post<ClockAnswer>(path, body) : await client.get<ClockAnswer>(path);
    return { data, text: clockText(data) };
  },
};
export default clock;

/** Undefined only shows it. The region itself says what a time and a span are. */
function changeOf({ positionals }: Invocation): object | undefined {
  const [change = "show", value] = positionals;
  if (value !== undefined && ["show", "run"].includes(change)) throw usage(`clock ${change} takes no value.`);
  const required = (example: string): string => {
    if (value === undefined) throw usage(`clock ${change} needs a value, such as ${example}.`);
    return value;
  };
  switch (change) {
    case "show":
      return undefined;
    case "run":
      return { run: true };
    case "freeze":
      return { freeze: value ?? true };
    case "set":
      return { set: required("2026-01-31T12:00:00Z") };
    case "advance":
      return { advance: required("1h") };
    case "scale":
      return { scale: Number(required("60x").replace(/x$/, "")) };
    default:
      throw usage(`clock has no ${change}.`, "It has show, freeze, set, advance, scale and run.");
  }
}

function clockText({ mode, now, factor }: ClockAnswer): string {
  return `${now}  ${mode === "scaled" ? `${factor}x` : mode}`;
}
