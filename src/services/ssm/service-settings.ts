/** Account-wide settings of Parameter Store. */

import * as ssm from "../../generated/ssm.ts";
import type { ParameterTier, ServiceSetting } from "../../generated/ssm.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { settingNotFound, validation } from "./errors.ts";

interface Setting {
  readonly id: string;
  readonly value: string;
  readonly modifiedAt: number;
  readonly modifiedBy: string;
}

export const settings = table<Setting>("ssm.serviceSettings", { key: (row) => row.id });

const tierSetting = "/ssm/parameter-store/default-parameter-tier";
const throughputSetting = "/ssm/parameter-store/high-throughput-enabled";

/** The first value is the default. @evidence SSM API Reference, UpdateServiceSetting, SettingValue */
const valuesOf: Readonly<Record<string, readonly string[]>> = {
  [tierSetting]: ["Standard", "Advanced", "Intelligent-Tiering"],
  [throughputSetting]: ["false", "true"],
};

/**
 * Settings of parts of Systems Manager that are not here yet.
 *
 * @evidence SSM API Reference, GetServiceSetting, SettingId
 */
const others = new Set([
  "/ssm/appmanager/appmanager-enabled",
  "/ssm/automation/customer-script-log-destination",
  "/ssm/automation/customer-script-log-group-name",
  "/ssm/automation/enable-adaptive-concurrency",
  "/ssm/documents/console/public-sharing-permission",
  "/ssm/managed-instance/activation-tier",
  "/ssm/managed-instance/default-ec2-instance-management-role",
  "/ssm/opsinsights/opscenter",
]);

/** Given as an ARN, or as a path with or without its first slash. */
function settingId(given: string): string {
  const path = given.startsWith("arn:") ? given.slice(
    given.indexOf("servicesetting/") + "servicesetting".length,
  ) : given;
  return path.startsWith("/") ? path : `/${path}`;
}

function settingArn(input: { readonly SettingId: string }, ctx: ReadContext): string {
  return ctx.arn(`servicesetting${settingId(input.SettingId)}`);
}

function requireId(given: string): string {
  const id = settingId(given);
  if (others.has(id)) throw notImplemented(`The service setting ${id}`);
  if (!Object.hasOwn(valuesOf, id)) throw settingNotFound(given);
  return id;
}

function shown(ctx: ReadContext, id: string): ServiceSetting {
  const row = ctx.db(settings).get(id);
  return {
    SettingId: id,
    SettingValue: row?.value ?? valuesOf[id]?.[0],
    LastModifiedDate: row?.modifiedAt,
    LastModifiedUser: row?.modifiedBy ?? "System",
    ARN: settingArn({ SettingId: id }, ctx),
    Status: row ? "Customized" : "Default",
  };
}

export function defaultTier(ctx: ReadContext): ParameterTier {
  return (ctx.db(settings).get(tierSetting)?.value ?? "Standard") as ParameterTier;
}

export const GetServiceSetting = operation(ssm.GetServiceSetting, {
  resource: settingArn,
  run: (input, ctx) => ({ ServiceSetting: shown(ctx, requireId(input.SettingId)) }),
});

export const UpdateServiceSetting = operation(ssm.UpdateServiceSetting, {
  resource: settingArn,
  run(input, ctx) {
    const id = requireId(input.SettingId);
    const valid = valuesOf[id] ?? [];
    if (!valid.includes(input.SettingValue)) {
      throw validation(
        `Invalid value ${input.SettingValue} for setting ${id}. Valid values: [${valid.join(", ")}]`,
      );
    }
    const { caller, clock } = ctx;
    ctx.db(settings).put({ id, value: input.SettingValue, modifiedAt: clock.now(), modifiedBy: caller.arn });
    return {};
  },
});

export const ResetServiceSetting = operation(ssm.ResetServiceSetting, {
  resource: settingArn,
  run(input, ctx) {
    const id = requireId(input.SettingId);
    ctx.db(settings).delete(id);
    return { ServiceSetting: shown(ctx, id) };
  },
});
