/** Requests that are about several tables: each is looked up once, and what is used of each is added up. */

import type { ConsumedCapacity, ReturnConsumedCapacity } from "../../../generated/dynamodb.ts";
import type { Context } from "../../../kernel/context.ts";
import type { Owner } from "../../../kernel/operation.ts";
import { shownUsage, Usage } from "../capacity/usage.ts";
import { validation } from "../errors.ts";
import { nameIn, ownerOf, requireTableOfItems } from "../tables/names.ts";
import type { Table } from "../tables/table-rows.ts";

interface Used {
  readonly table: Table;
  readonly usage: Usage;
}

export class SeveralTables {
  readonly #ctx: Context;
  readonly #byText = new Map<string, Used>();
  readonly #byName = new Map<string, Used>();

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** @throws ResourceNotFoundException */
  get(text: string): Table {
    return this.#used(text).table;
  }

  /** What has been used of a table so far; whoever asks adds to it. */
  usageOf(table: Table): Usage {
    return this.#byName.get(table.name)?.usage ?? new Usage(table);
  }

  /** A table may be named in two ways, and is one table all the same. */
  #used(text: string): Used {
    const known = this.#byText.get(text);
    if (known) return known;
    const table = requireTableOfItems(this.#ctx, text);
    let used = this.#byName.get(table.name);
    if (!used) this.#byName.set(table.name, (used = { table, usage: new Usage(table) }));
    this.#byText.set(text, used);
    return used;
  }

  /** As ReturnConsumedCapacity asks for it, table by table. */
  shown(
    asked: ReturnConsumedCapacity | undefined, split?: "ReadCapacityUnits" | "WriteCapacityUnits",
  ): ConsumedCapacity[] | undefined {
    if (asked === undefined || asked === "NONE") return undefined;
    return [...this.#byName.values()].flatMap(({ usage }) => shownUsage(usage, asked, split) ?? []);
  }
}

/** Whose tables these are. They have to be one account's, as a transaction is. */
export function ownerOfAll(texts: readonly string[]): Owner | undefined {
  const [first] = texts;
  return first === undefined ? undefined : ownerOf(first);
}

/** @throws ValidationException for tables of several accounts in one request */
export function requireOneOwner(ctx: Context, texts: readonly string[]): void {
  for (const text of texts) {
    const account = ownerOf(text)?.account ?? ctx.caller.account;
    if (account === ctx.account || account === "") continue;
    throw validation(`All tables of a request must belong to one account: ${nameIn(text)} does not`);
  }
}
