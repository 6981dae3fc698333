/** What goes with a function, or with an alias or version of it. */

import type { Context } from "../../kernel/context.ts";
import { aliases } from "./alias-table.ts";
import { forgetExecutions } from "./durable-ending.ts";
import { eventInvokeConfigs } from "./event-invoke-table.ts";
import { functionArn } from "./function-names.ts";
import { functions, versions } from "./function-table.ts";
import { functionPolicies } from "./permission-table.ts";
import { provisionedConfigs } from "./concurrency-table.ts";
import { wakeProvisioning } from "./provisioning.ts";
import { removeVersion } from "./publishing.ts";
import { functionUrls } from "./url-table.ts";

export function forgetFunction(ctx: Context, name: string): void {
  const prefix = [name];
  for (const version of [...ctx.db(versions).list({ prefix })]) removeVersion(ctx, version);
  for (const { alias } of [...ctx.db(aliases).list({ prefix })]) ctx.db(aliases).delete([name, alias]);
  for (const { qualifier } of [...ctx.db(functionPolicies).list({ prefix })]) {
    ctx.db(functionPolicies).delete([name, qualifier]);
  }
  for (const { qualifier } of [...ctx.db(eventInvokeConfigs).list({ prefix })]) {
    ctx.db(eventInvokeConfigs).delete([name, qualifier]);
  }
  for (const { qualifier } of [...ctx.db(provisionedConfigs).list({ prefix })]) {
    ctx.db(provisionedConfigs).delete([name, qualifier]);
  }
  for (const { qualifier } of [...ctx.db(functionUrls).list({ prefix })]) {
    ctx.db(functionUrls).delete([name, qualifier]);
  }
  wakeProvisioning(ctx, name);
  forgetExecutions(ctx, name);
  ctx.db(functions).delete(name);
  ctx.tags(functionArn(ctx, name)).clear();
}

/** An alias or version is gone. */
export function forgetQualifier(ctx: Context, name: string, qualifier: string): void {
  const key = [name, qualifier];
  ctx.db(functionPolicies).delete(key);
  ctx.db(eventInvokeConfigs).delete(key);
  ctx.db(provisionedConfigs).delete(key);
  ctx.db(functionUrls).delete(key);
  wakeProvisioning(ctx, name);
}
