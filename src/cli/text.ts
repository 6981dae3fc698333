/** Text for terminals: colours where there is one, columns that line up. */

import type { Style } from "./command.ts";

export function styleFor(colors: boolean): Style {
  const code = (on: number, off: number) => (text: string) =>
    colors ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { strong: code(1, 22), good: code(32, 39), bad: code(31, 39), faint: code(2, 22) };
}

const escapes = new RegExp("\u001b\\[\\d+m", "g");

function width(text: string): number {
  return text.replace(escapes, "").length;
}

/** Rows of cells as lines, each column as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell));
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, index) =>
        index === row.length - 1 ? cell : cell + " ".repeat((widths[index] ?? 0) - width(cell)),
      );
      return `${indent}${cells.join("  ")}`.trimEnd();
    })
    .join("\n");
}

export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

/** A word for every Bourne shell. */
export function quoted(value: string): string {
  return /^[\w./:-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

export function indented(text: string, indent: string): string {
  return text
    .split("\n")
    .map((line) => indent + line)
    .join("\n");
}
