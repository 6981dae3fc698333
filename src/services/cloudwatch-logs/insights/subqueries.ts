/**
 * Queries within queries. They run before the query that they stand in, and their results are what its
 * commands then see.
 *
 * @evidence CloudWatch Logs User Guide, "subqueries": independent, materialized, not nested
 */

import type { Query } from "./query.ts";
import { Row } from "./rows.ts";
import type { GroupSelection } from "./selections.ts";
import { textOf } from "./values.ts";

export class Subquery {
  readonly query: Query;
  readonly selection: GroupSelection;
  #rows: readonly Row[] = [];
  #values: ReadonlySet<string> | undefined;

  constructor(query: Query, selection: GroupSelection) {
    this.query = query;
    this.selection = selection;
  }

  give(rows: readonly Row[]): void {
    this.#rows = rows;
    this.#values = undefined;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** What its column of that name holds, or else the one that it names last. */
  values(name: string | undefined): ReadonlySet<string> {
    const { columns } = this.query;
    const column = name !== undefined && columns.includes(name) ? name : (columns.at(-1) ?? "@message");
    return this.#values ??= new Set(this.#rows.flatMap((row) => textOf(row.get(column)) ?? []));
  }
}
