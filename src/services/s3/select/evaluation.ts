/** A query over batches of records, none of which is kept. */

import type { Engine } from "./engine.ts";
import type { WriteRecord } from "./output.ts";
import { missing, type Find, type Member, type RecordReader } from "./records.ts";
import type { AggregatePlan, Column, Output, RowPlan } from "./translation.ts";

export interface Evaluation {
  /** No further record would change the answer. */
  isDone(): boolean;
  /** @returns what is answered of the records */
  add(records: readonly unknown[]): string;
  /** @returns what is answered in the end */
  end(): string;
}

interface Means {
  readonly engine: Engine | undefined;
  readonly reader: RecordReader;
  readonly write: WriteRecord;
}

export function evaluationOf(plan: RowPlan | AggregatePlan, means: Means): Evaluation {
  return plan.kind === "rows" ? rowEvaluation(plan, means) : aggregateEvaluation(plan, means);
}

/** A record's values, in the order of the columns. */
type Measure = (record: unknown) => unknown[];

function measureOf(columns: readonly Column[], reader: RecordReader): Measure {
  const finds = columns.map(({ steps, place, asks }): Find => {
    const find = reader.finder(steps, place);
    if (asks === "isMissing") return (record) => (find(record) === missing ? 1 : 0);
    return (record) => {
      const value = find(record);
      return value === missing ? null : value;
    };
  });
  return (record) => finds.map((find) => find(record));
}

function rowEvaluation(plan: RowPlan, { engine, reader, write }: Means): Evaluation {
  let left = plan.limit;
  let measure: Measure | undefined;
  let show: ((record: unknown, computed: readonly unknown[]) => readonly Member[]) | undefined;
  return {
    isDone: () => left <= 0,
    add(records) {
      if (records.length === 0 || left <= 0) return "";
      measure ??= measureOf(plan.columns, reader);
      show ??= shownOf(plan.outputs, reader);
      const rows = rowsOf(plan, engine, records, measure, left);
      left -= rows.length;
      let text = "";
      for (const row of rows) text += write(show(records[row[0] as number], row));
      return text;
    },
    end: () => "",
  };
}

/** Which of the records, and what was computed of them. */
function rowsOf(
  { select }: RowPlan,
  engine: Engine | undefined,
  records: readonly unknown[],
  measure: Measure,
  limit: number,
): readonly (readonly unknown[])[] {
  if (!select || !engine) return records.slice(0, limit).map((_, index) => [index]);
  const batch = JSON.stringify(records.map(measure));
  return JSON.parse(engine.evaluate(select, batch, limit)) as unknown[][];
}

function shownOf(
  outputs: readonly Output[] | undefined, reader: RecordReader,
): (record: unknown, computed: readonly unknown[]) => readonly Member[] {
  if (!outputs) return (record) => reader.membersOf(record);
  const finds = outputs.map((output): ((record: unknown, computed: readonly unknown[]) => Member) => {
    const { name } = output;
    if (output.kind === "computed") return (_, computed) => [name, computedValue(output, computed)];
    const find = reader.finder(output.path.steps, output.path.place);
    return (record) => [name, find(record)];
  });
  return (record, computed) => finds.map((find) => find(record, computed));
}

function computedValue(output: Output, computed: readonly unknown[]): unknown {
  if (output.kind !== "computed") return null;
  const value = computed[output.position];
  return output.isBoolean && typeof value === "number" ? value !== 0 : value;
}

function aggregateEvaluation(plan: AggregatePlan, { engine, reader, write }: Means): Evaluation {
  let measure: Measure | undefined;
  let total: string | undefined;
  const evaluated = (batch: string): void => {
    const partial = engine?.evaluate(plan.partial, batch) ?? "null";
    total = total === undefined ? partial : engine?.evaluate(plan.combine, `[${total},${partial}]`);
  };
  return {
    isDone: () => false,
    add(records) {
      if (records.length === 0) return "";
      measure ??= measureOf(plan.columns, reader);
      evaluated(JSON.stringify(records.map(measure)));
      return "";
    },
    end() {
      if (plan.limit <= 0) return "";
      if (total === undefined) evaluated("[]");
      const values = JSON.parse(engine?.evaluate(plan.finish, total ?? "[]") ?? "[]") as unknown[];
      return write(plan.outputs.map((output): Member => [output.name, computedValue(output, values)]));
    },
  };
}
