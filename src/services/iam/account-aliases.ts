/** The account's alias: one, and no other account's in this region. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { alreadyExists, noSuchEntity } from "./errors.ts";
import { listRows } from "./listing.ts";

interface AccountAlias {
  readonly alias: string;
}

export const accountAliases = table<AccountAlias>("iam.accountAliases", { key: (row) => row.alias });

function isTaken(ctx: ReadContext, alias: string): boolean {
  if (ctx.db(accountAliases).has(alias)) return true;
  return ctx.kernel.cells()
    .filter((cell) => cell.region === ctx.region && cell.account !== ctx.account)
    .some((cell) => ctx.kernel.read(cell, (transaction) => transaction.rows(accountAliases).has(alias)));
}

/** A new alias takes the place of the old one. @evidence IAM User Guide, Your AWS account alias */
export const CreateAccountAlias = operation(iam.CreateAccountAlias, {
  run(input, ctx) {
    if (isTaken(ctx, input.AccountAlias)) {
      throw alreadyExists(`The account alias ${input.AccountAlias} already exists.`);
    }
    const rows = ctx.db(accountAliases);
    for (const { alias } of [...rows.list()]) rows.delete(alias);
    rows.put({ alias: input.AccountAlias });
    return {};
  },
});

export const ListAccountAliases = operation(iam.ListAccountAliases, {
  run(input, ctx) {
    const { items, marks } = listRows(input, "ListAccountAliases", {
      rows: ctx.db(accountAliases), key: (row) => row.alias,
    });
    return { AccountAliases: items.map((row) => row.alias), ...marks };
  },
});

export const DeleteAccountAlias = operation(iam.DeleteAccountAlias, {
  run(input, ctx) {
    if (!ctx.db(accountAliases).delete(input.AccountAlias)) {
      throw noSuchEntity(`The Account Alias ${input.AccountAlias} cannot be found.`);
    }
    return {};
  },
});
