/** Draws time series: lines or stacked areas between two axes, with a title, annotations and a legend. */

import { letterHeight } from "./font.ts";
import { Raster, textWidth, type Colour, type Dot } from "./raster.ts";
import { timeScale, valueScale, type Scale } from "./scales.ts";

export type Side = "left" | "right";

export interface ChartSeries {
  readonly label: string;
  readonly colour?: Colour | undefined;
  readonly side: Side;
  readonly periodMilliseconds: number;
  /** In the order of their times. */
  readonly points: readonly (readonly [at: number, value: number])[];
}

export interface ChartAxis {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly label?: string | undefined;
}

export interface ChartAnnotation {
  /** Of an axis, or a time. */
  readonly value: number;
  readonly label?: string | undefined;
  readonly colour?: Colour | undefined;
  readonly side?: Side | undefined;
}

export interface Chart {
  readonly width: number;
  readonly height: number;
  readonly title?: string | undefined;
  readonly isDark: boolean;
  readonly isStacked: boolean;
  readonly legend: "bottom" | "right" | "hidden";
  readonly from: number;
  readonly to: number;
  /** What times are written in: milliseconds ahead of UTC. */
  readonly zoneOffset: number;
  readonly axes: Readonly<Partial<Record<Side, ChartAxis>>>;
  readonly series: readonly ChartSeries[];
  readonly horizontal: readonly ChartAnnotation[];
  readonly vertical: readonly ChartAnnotation[];
}

const palette: readonly Colour[] = [
  0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd, 0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf,
];
const light = { background: 0xffffff, text: 0x545b64, grid: 0xe5e7ea } as const;
const dark = { background: 0x1d2430, text: 0xd1d5db, grid: 0x3a4250 } as const;
const margin = 12;
const axisWidth = 56;
const legendWidth = 160;
const rowHeight = letterHeight + 7;
const swatch = 8;

interface Drawn extends ChartSeries {
  readonly colour: Colour;
  /** Where the area below begins, at each time; for stacked ones. */
  readonly floor: ReadonlyMap<number, number>;
}

/** Each stands on those before it of its side. */
function stacked(series: readonly ChartSeries[], isStacked: boolean): Drawn[] {
  const heights: Record<Side, Map<number, number>> = { left: new Map(), right: new Map() };
  return series.map((one, index) => {
    const colour = one.colour ?? palette[index % palette.length] ?? 0;
    if (!isStacked) return { ...one, colour, floor: new Map() };
    const below = heights[one.side];
    const floor = new Map(below);
    const points = one.points.map(([at, value]) => [at, value + (below.get(at) ?? 0)] as const);
    for (const [at, value] of points) below.set(at, value);
    return { ...one, colour, floor, points };
  });
}

function rangeOf(chart: Chart, all: readonly Drawn[], side: Side): readonly [number, number] {
  const { min, max } = chart.axes[side] ?? {};
  let least = chart.isStacked ? 0 : Infinity;
  let greatest = -Infinity;
  const lines = chart.horizontal.filter((each) => (each.side ?? "left") === side);
  const points = all.filter((each) => each.side === side).flatMap((each) => each.points);
  for (const value of [...lines.map((each) => each.value), ...points.map(([, each]) => each)]) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  if (greatest === -Infinity) [least, greatest] = [0, 1];
  return [min ?? Math.min(least, max ?? least), max ?? Math.max(greatest, min ?? greatest)];
}

class Drawing {
  readonly #chart: Chart;
  readonly #raster: Raster;
  readonly #theme: typeof light | typeof dark;
  readonly #series: readonly Drawn[];
  readonly #sides: readonly Side[];
  readonly #from: Dot;
  readonly #to: Dot;
  readonly #values: Readonly<Record<Side, Scale>>;
  readonly #times: Scale;

  constructor(chart: Chart) {
    this.#chart = chart;
    this.#theme = chart.isDark ? dark : light;
    this.#raster = new Raster(chart.width, chart.height, this.#theme.background);
    this.#series = stacked(chart.series, chart.isStacked);
    this.#sides = this.#series.some(({ side }) => side === "right") ? ["left", "right"] : ["left"];
    const legendHeight = chart.legend === "bottom" ? this.#rows().length * rowHeight : 0;
    this.#from = { x: axisWidth, y: margin + rowHeight * (chart.title === undefined ? 1 : 2) };
    const beside = chart.legend === "right" ? legendWidth : 0;
    this.#to = {
      x: chart.width - beside - (this.#sides.length > 1 ? axisWidth : margin),
      y: chart.height - legendHeight - margin - rowHeight,
    };
    const stepsMax = Math.max(1, Math.floor((this.#to.y - this.#from.y) / 40));
    const scaleOf = (side: Side): Scale =>
      valueScale(rangeOf(chart, this.#series, side), [this.#to.y, this.#from.y], stepsMax);
    this.#values = { left: scaleOf("left"), right: scaleOf("right") };
    const timesMax = Math.max(1, Math.floor((this.#to.x - this.#from.x) / 60));
    this.#times = timeScale([chart.from, chart.to], [this.#from.x, this.#to.x], timesMax, chart.zoneOffset);
  }

  draw(): Raster {
    if (this.#chart.title !== undefined) {
      const x = Math.round((this.#chart.width - textWidth(this.#chart.title, 2)) / 2);
      this.#raster.text(this.#chart.title, { x: Math.max(margin, x), y: margin }, this.#theme.text, 2);
    }
    if (this.#to.x > this.#from.x && this.#to.y > this.#from.y) {
      this.#axes();
      for (const series of this.#series) this.#area(series);
      for (const series of this.#series) this.#line(series);
      this.#annotations();
    }
    if (this.#chart.legend !== "hidden") this.#legend();
    return this.#raster;
  }

  #axes(): void {
    const { grid, text } = this.#theme;
    for (const side of this.#sides) {
      const scale = this.#values[side];
      const label = this.#chart.axes[side]?.label ?? "";
      const x = side === "left" ? Math.max(2, this.#from.x - textWidth(label)) : this.#to.x;
      this.#raster.text(label, { x, y: this.#from.y - rowHeight }, text);
      for (const { value, text: written } of scale.ticks) {
        const y = scale.placeOf(value);
        if (side === "left") this.#raster.fill({ x: this.#from.x, y }, { x: this.#to.x, y: y + 1 }, grid);
        const beside = side === "left" ? this.#from.x - textWidth(written) - 4 : this.#to.x + 6;
        this.#raster.text(written, { x: beside, y: y - 3 }, text);
      }
    }
    for (const { value, text: written } of this.#times.ticks) {
      const x = this.#times.placeOf(value);
      this.#raster.fill({ x, y: this.#to.y }, { x: x + 1, y: this.#to.y + 4 }, text);
      this.#raster.text(written, { x: x - Math.round(textWidth(written) / 2), y: this.#to.y + 6 }, text);
    }
    this.#raster.fill({ x: this.#from.x, y: this.#to.y }, { x: this.#to.x, y: this.#to.y + 1 }, text);
  }

  #place(side: Side, at: number, value: number): Dot {
    const y = this.#values[side].placeOf(value);
    // What an axis does not reach is drawn along its edge.
    return { x: this.#times.placeOf(at), y: Math.min(this.#to.y, Math.max(this.#from.y, y)) };
  }

  /** Lines are broken where a period has no value. */
  #line({ points, side, colour, periodMilliseconds }: Drawn): void {
    for (const [index, [at, value]] of points.entries()) {
      const here = this.#place(side, at, value);
      const before = points[index - 1];
      if (before && at - before[0] <= periodMilliseconds) {
        this.#raster.line(this.#place(side, ...before), here, colour);
      } else this.#raster.fill({ x: here.x - 1, y: here.y - 1 }, { x: here.x + 3, y: here.y + 3 }, colour);
    }
  }

  #area({ points, side, colour, periodMilliseconds, floor }: Drawn): void {
    if (!this.#chart.isStacked) return;
    for (const [at, value] of points) {
      const top = this.#place(side, at, value);
      const bottom = this.#place(side, at + periodMilliseconds, floor.get(at) ?? 0);
      this.#raster.fill(top, { x: Math.min(bottom.x, this.#to.x), y: bottom.y }, colour);
    }
  }

  #annotations(): void {
    const fallback = palette[3] ?? 0;
    for (const { value, label = "", colour = fallback, side = "left" } of this.#chart.horizontal) {
      const { y } = this.#place(side, this.#chart.from, value);
      this.#raster.line({ x: this.#from.x, y }, { x: this.#to.x, y }, colour);
      this.#raster.text(label, { x: this.#to.x - textWidth(label), y: y - rowHeight + 3 }, colour);
    }
    for (const { value, label = "", colour = fallback } of this.#chart.vertical) {
      if (value < this.#chart.from || value > this.#chart.to) continue;
      const x = this.#times.placeOf(value);
      this.#raster.line({ x, y: this.#from.y }, { x, y: this.#to.y }, colour);
      this.#raster.text(label, { x: x + 5, y: this.#from.y + 2 }, colour);
    }
  }

  /** The series of each row of the legend. */
  #rows(): (readonly Drawn[])[] {
    if (this.#chart.legend === "right") return this.#series.map((series) => [series]);
    const rows: Drawn[][] = [];
    let left = Infinity;
    for (const series of this.#series) {
      const needed = swatch + 4 + textWidth(series.label) + margin;
      if (left + needed > this.#chart.width - margin) {
        rows.push([]);
        left = margin;
      }
      rows.at(-1)?.push(series);
      left += needed;
    }
    return rows;
  }

  #legend(): void {
    const rows = this.#rows();
    const isRight = this.#chart.legend === "right";
    const start = isRight ? this.#chart.width - legendWidth : margin;
    let y = isRight ? this.#from.y : this.#chart.height - rows.length * rowHeight - 4;
    for (const row of rows) {
      let x = start;
      for (const { label, colour } of row) {
        this.#raster.fill({ x, y }, { x: x + swatch, y: y + swatch }, colour);
        this.#raster.text(label, { x: x + swatch + 4, y }, this.#theme.text);
        x += swatch + 4 + textWidth(label) + margin;
      }
      y += rowHeight;
    }
  }
}

export function drawChart(chart: Chart): Raster {
  return new Drawing(chart).draw();
}
