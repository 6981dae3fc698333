/** Where values and times stand in a picture, and which of them are written beside it. */

/** From a value, or a time, to a place. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  placeOf(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** More are not written, however strange the range is. */
const ticksMax = 100;
const timeSteps = [
  minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day,
  7 * day, 14 * day, 30 * day, 90 * day, 365 * day,
];

function scale(
  [from, to]: readonly [number, number], [first, last]: readonly [number, number], step: number,
  write: (value: number) => string, offset = 0,
): Scale {
  const ticks: { value: number; text: string }[] = [];
  const count = Math.min(ticksMax, Math.floor((to + offset) / step) - Math.ceil((from + offset) / step));
  for (let index = 0; index <= count; index++) {
    const value = (Math.ceil((from + offset) / step) + index) * step - offset;
    ticks.push({ value, text: write(value) });
  }
  const placeOf = (value: number): number =>
    Math.round(first + ((value - from) / (to - from)) * (last - first));
  return { from, to, placeOf, ticks };
}

/** 1, 2 or 5 times a power of ten, so that there are at most so many steps. */
function roundStep(span: number, stepsMax: number): number {
  const least = span / stepsMax;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
}

const units = [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const;

/** `1.5k`, `20M`: as CloudWatch shortens what it writes beside a graph. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  const [divisor, unit] = units.find(([least]) => size >= least) ?? [1, ""];
  return `${Number((value / divisor).toPrecision(6))}${unit}`;
}

/** What has no extent is given some. */
function widened([least, greatest]: readonly [number, number]): readonly [number, number] {
  if (least < greatest) return [least, greatest];
  const around = Math.abs(least) / 2 || 1;
  return [least - around, least + around];
}

export function valueScale(
  range: readonly [number, number], places: readonly [number, number], stepsMax: number,
): Scale {
  const [from, to] = widened(range);
  return scale([from, to], places, roundStep(to - from, stepsMax), shortNumber);
}

export function timeScale(
  range: readonly [number, number], places: readonly [number, number], stepsMax: number, offset: number,
): Scale {
  const span = range[1] - range[0];
  const step = timeSteps.find((each) => span / each <= stepsMax) ?? span;
  const write = (at: number): string => {
    const text = new Date(at + offset).toISOString();
    return step < day ? text.slice(11, 16) : text.slice(5, 10).replace("-", "/");
  };
  return scale(range, places, step, write, offset);
}
