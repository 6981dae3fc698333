/** `addtotals`: sums over the columns of a row, and over the rows of a column. */

import { Row } from "./rows.ts";
import type { Scanner } from "./scanner.ts";
import type { Stage } from "./stages.ts";
import { Instant, numberOf, worked, type Value } from "./values.ts";

export interface Totals {
  readonly name: string;
  readonly ofRows: boolean;
  readonly ofColumns: boolean;
  /** All columns that hold numbers, where none are named. */
  readonly fields: readonly string[];
}

/**
 * `[fieldname=Name] [row=bool] [col=bool] [field, …]`
 *
 * @evidence CloudWatch Logs User Guide, "addtotals"
 */
export function readTotals(scanner: Scanner): Totals {
  let [name, ofRows, ofColumns] = ["Total", true, false];
  for (;;) {
    const option = scanner.find(/(fieldname|row|col)\s*=\s*/iy)?.[1]?.toLowerCase();
    if (option === undefined) break;
    if (option === "fieldname") {
      name = scanner.requireName();
      continue;
    }
    const isOn = scanner.word("true");
    if (!isOn && !scanner.word("false")) throw scanner.unexpected();
    if (option === "row") ofRows = isOn;
    else ofColumns = isOn;
  }
  const fields: string[] = [];
  if (!scanner.isAtEnd && !scanner.sees("|") && !scanner.sees(")")) {
    do fields.push(scanner.requireName());
    while (scanner.skip(","));
  }
  return { name, ofRows, ofColumns, fields };
}

function summand(value: Value): number | undefined {
  return value instanceof Instant || typeof value === "boolean" ? undefined : numberOf(value);
}

/** @param columns what is shown where the command stands */
export function totalled(next: Stage, totals: Totals, columns: readonly string[]): Stage {
  const fields = totals.fields.length > 0 ? totals.fields : columns;
  const sums = new Map<string, number>();
  return {
    push: (row) => {
      let total: number | undefined;
      for (const field of fields) {
        const number = summand(row.get(field));
        if (number === undefined) continue;
        total = (total ?? 0) + number;
        sums.set(field, (sums.get(field) ?? 0) + number);
      }
      if (totals.ofRows) row.set(totals.name, worked(total));
      next.push(row);
    },
    * end() {
      if (totals.ofColumns) {
        const summary = new Row();
        for (const [field, sum] of sums) summary.set(field, worked(sum));
        next.push(summary);
      }
      yield* next.end();
    },
  };
}
