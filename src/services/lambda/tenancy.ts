/**
 * Functions that serve each tenant in environments of its own.
 *
 * @evidence Lambda Developer Guide, "Tenant isolation", with what it does not go with
 */

import { noTenant, notForTenants, tenantRequired } from "./errors.ts";
import type { FunctionVersion } from "./function-table.ts";

type Settings = Pick<FunctionVersion, "settings">;

/** @throws AwsError for a tenant where there are none, and for none where there must be one */
export function requireTenant({ settings }: Settings, tenantId: string | undefined): void {
  if (settings.TenancyConfig && tenantId === undefined) throw tenantRequired();
  if (!settings.TenancyConfig && tenantId !== undefined) throw noTenant();
}

/** @throws AwsError for what functions with tenants can't have */
export function requireNoTenants({ settings }: Settings, what: string): void {
  if (settings.TenancyConfig) throw notForTenants(what);
}
