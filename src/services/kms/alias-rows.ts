/** Aliases as they are kept. */

import { table } from "../../store/types.ts";

export interface Alias {
  /** With its `alias/`. */
  readonly name: string;
  readonly targetKeyId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const aliases = table("kms.aliases", {
  key: (alias: Alias) => alias.name,
  indexes: { key: (alias: Alias) => alias.targetKeyId },
});
