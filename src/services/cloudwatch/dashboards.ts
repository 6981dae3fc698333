/** Dashboards: an account's, in no region. */

import * as cloudwatch from "../../generated/cloudwatch.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { dashboardMessages } from "./dashboard-body.ts";
import { dashboardInvalid, dashboardNotFound, invalidNextToken, invalidParameterValue } from "./errors.ts";

interface Dashboard {
  readonly name: string;
  /** JSON text, as it was given. */
  readonly body: string;
  readonly modifiedAt: number;
}

const dashboards = table<Dashboard>("cloudwatch.dashboards", { key: (row) => row.name });

const perPage = 1_000;
const nameForm = /^[A-Za-z0-9_-]{1,255}$/;

const everywhere = { owner: () => ({ region: "aws-global" }) };

function dashboardArn(ctx: ReadContext, name: string): string {
  return formatArn(
    { service: "cloudwatch", region: "", account: ctx.account, resource: `dashboard/${name}` },
  );
}

function requireName(name: string): void {
  if (nameForm.test(name)) return;
  throw invalidParameterValue(
    `The value ${name} for field DashboardName contains invalid characters. ` +
      "It can only contain alphanumerics, dash (-) and underscore (_).",
  );
}

export const PutDashboard = operation(cloudwatch.PutDashboard, {
  ...everywhere,
  resource: (input, ctx) => dashboardArn(ctx, input.DashboardName),

  run(input, ctx) {
    requireName(input.DashboardName);
    const { errors, warnings } = dashboardMessages(input.DashboardBody);
    if (errors.length > 0) throw dashboardInvalid(errors);
    const { DashboardName: name, DashboardBody: body } = input;
    ctx.db(dashboards).put({ name, body, modifiedAt: ctx.clock.now() });
    return { DashboardValidationMessages: warnings };
  },
});

export const GetDashboard = operation(cloudwatch.GetDashboard, {
  ...everywhere,
  resource: (input, ctx) => dashboardArn(ctx, input.DashboardName),

  run(input, ctx) {
    const row = ctx.db(dashboards).get(input.DashboardName);
    if (!row) throw dashboardNotFound(input.DashboardName);
    return { DashboardArn: dashboardArn(ctx, row.name), DashboardBody: row.body, DashboardName: row.name };
  },
});

export const ListDashboards = operation(cloudwatch.ListDashboards, {
  ...everywhere,

  run(input, ctx) {
    const prefix = input.DashboardNamePrefix;
    const { items, next } = page({
      rows: ctx.db(dashboards),
      ...(prefix !== undefined && { range: { prefix: [prefix], prefixOfLastPart: true } }),
      key: (row) => row.name,
      limit: perPage,
      token: input.NextToken,
      scope: "cloudwatch:ListDashboards",
      invalid: invalidNextToken,
    });
    return {
      DashboardEntries: items.map(({ name, body, modifiedAt }) => ({
        DashboardName: name, DashboardArn: dashboardArn(ctx, name), LastModified: modifiedAt,
        Size: Buffer.byteLength(body),
      })),
      NextToken: next,
    };
  },
});

/** All of them or none. @evidence CloudWatch API Reference, DeleteDashboards */
export const DeleteDashboards = operation(cloudwatch.DeleteDashboards, {
  ...everywhere,
  resource: (input, ctx) => input.DashboardNames.map((name) => dashboardArn(ctx, name)),

  run(input, ctx) {
    for (const name of input.DashboardNames) {
      if (!ctx.db(dashboards).delete(name)) throw dashboardNotFound(name);
    }
    return {};
  },
});
