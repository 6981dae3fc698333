/** Aliases as rows. */

import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";

export interface Alias {
  readonly name: string;
  readonly alias: string;
  /** `$LATEST` or a number. */
  readonly version: string;
  readonly description: string;
  /** The share of other versions, each from 0 to 1. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  readonly revisionId: string;
}

export const aliases = table<Alias>("lambda.aliases", { key: (row) => [row.name, row.alias] });

export function aliasesOf(ctx: ReadContext, name: string): Alias[] {
  return [...ctx.db(aliases).list({ prefix: [name] })];
}
