/**
 * Related multi-Region keys: one row a Region, each in its own cell. Nobody writes another Region's row: who
 * is primary follows from the claims in the rows, and what is shared is read where the primary is.
 */

import type { ReadContext } from "../../kernel/context.ts";
import type { Rows, Table } from "../../store/types.ts";
import { keys, type Key } from "./keys.ts";

export interface Cell {
  readonly account: string;
  readonly region: string;
}

export interface Member {
  readonly region: string;
  readonly key: Key;
}

/**
 * The rows of a table in another Region or account of ours; within this cell they are those of the
 * transaction.
 */
export function readIn<Row, Index extends string, Result>(
  ctx: ReadContext, cell: Cell, table: Table<Row, Index>,
  work: (rows: Rows<Row, Index>) => Result,
): Result {
  if (cell.account === ctx.account && cell.region === ctx.region) return work(ctx.db(table));
  const { account, region } = cell;
  return ctx.kernel.read({ account, region }, (transaction) => work(transaction.rows(table)));
}

/** All related keys of one id in a cell's account, in the order of their Regions. */
export function membersOf(ctx: ReadContext, keyId: string, { account, region: own }: Cell = ctx): Member[] {
  const regions = new Set(
    ctx.kernel.cells().filter((cell) => cell.account === account).map((cell) => cell.region),
  );
  regions.add(own);
  return [...regions].sort().flatMap((region) => {
    const key = readIn(ctx, { account, region }, keys, (rows) => rows.get(keyId));
    return key ? [{ region, key }] : [];
  });
}

/** The related key with the largest claim; there is one as long as any of them exists. */
export function primaryOf(ctx: ReadContext, keyId: string, cell: Cell = ctx): Member {
  const [first, ...others] = membersOf(ctx, keyId, cell);
  if (!first) throw new Error(`no key ${keyId} in any Region`);
  return others.reduce((best, member) => (claimOf(member) > claimOf(best) ? member : best), first);
}

export function claimOf(member: Member): number {
  return member.key.multiRegion?.primaryClaim ?? 0;
}
