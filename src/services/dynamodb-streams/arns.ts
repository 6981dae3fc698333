/** Streams by their ARNs. */

import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { Owner } from "../../kernel/operation.ts";
import { findStream, type StreamRow } from "../dynamodb/streams/stream-rows.ts";
import { streamNotFound, validation } from "./errors.ts";

export function streamArn(ctx: ReadContext, row: StreamRow): string {
  return ctx.arn(`table/${row.table}/stream/${row.label}`);
}

export function streamInArn(arn: string): { readonly table: string; readonly label: string } | undefined {
  const parsed = parseArn(arn);
  const [kind, table, within, label, ...rest] = parsed?.resource.split("/") ?? [];
  const isStream = parsed?.service === "dynamodb" && kind === "table" && within === "stream";
  return isStream && table && label && rest.length === 0 ? { table, label } : undefined;
}

export function ownerOf(arn: string | undefined): Owner | undefined {
  const account = arn === undefined ? undefined : parseArn(arn)?.account;
  return account !== undefined && /^\d{12}$/.test(account) ? { account } : undefined;
}

export function requireStream(ctx: ReadContext, arn: string): StreamRow {
  const named = streamInArn(arn);
  if (!named) throw validation(`Invalid StreamArn: ${arn}`);
  const row = findStream(ctx, named.table, named.label);
  if (!row || streamArn(ctx, row) !== arn) throw streamNotFound(arn);
  return row;
}
