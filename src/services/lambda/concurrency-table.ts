/** Provisioned concurrency as rows. */

import { table } from "../../store/types.ts";

export interface ProvisionedConfig {
  readonly name: string;
  /** A version's number or an alias. */
  readonly qualifier: string;
  readonly requested: number;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  readonly outcome?: { readonly ready: number; readonly failure?: string | undefined } | undefined;
}

export const provisionedConfigs = table<ProvisionedConfig>("lambda.provisioned", {
  key: (row) => [row.name, row.qualifier],
});
