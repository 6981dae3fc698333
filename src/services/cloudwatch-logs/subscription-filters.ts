/** Subscription filters: events are sent on as they come. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { parseArn, type Arn } from "../../kernel/arn.ts";
import type { BodyContext, Context } from "../../kernel/context.ts";
import { AwsError, modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import {
  invalidNextToken, invalidOperation, invalidParameter, limitExceeded, resourceNotFound,
} from "./errors.ts";
import { subscriptionFilters, subscriptionFiltersOf, type SubscriptionFilter } from "./filter-tables.ts";
import { onGroup, requireGroup } from "./group-table.ts";
import { requireFewRegexes } from "./filter-limits.ts";
import { patternOf } from "./known-patterns.ts";
import { requirePassable } from "./passed-roles.ts";
import { readCriteria, requireSystemFields } from "./selection-criteria.ts";
import { controlMessage, findDestination, invoke, send, type Target } from "./subscription-delivery.ts";

/** @evidence CloudWatch Logs User Guide, quotas: two subscription filters a log group */
const filtersMax = 2;

const vendors: Readonly<Record<string, "lambda" | "kinesis" | "firehose" | "logs">> = {
  lambda: "lambda", kinesis: "kinesis", firehose: "firehose", logs: "logs",
};

/** @evidence recorded: "destinationArn for vendor lambda cannot be used with roleArn", and without */
function requireDestination(ctx: BodyContext, destinationArn: string, roleArn: string | undefined): Arn {
  const arn = parseArn(destinationArn);
  const vendor = arn && vendors[arn.service];
  if (!arn || !vendor) throw invalidParameter(`Invalid destinationArn: ${destinationArn}`);
  if (vendor === "lambda" && roleArn !== undefined) {
    throw invalidParameter("destinationArn for vendor lambda cannot be used with roleArn");
  }
  if ((vendor === "kinesis" || vendor === "firehose") && roleArn === undefined) {
    throw invalidParameter(`destinationArn for vendor ${vendor} cannot be used without roleArn`);
  }
  // @evidence CloudWatch Logs User Guide, cross-account subscriptions: only through a destination
  if (vendor !== "logs" && arn.account !== ctx.account) {
    throw invalidParameter(
      `destinationArn for vendor ${vendor} cannot be in another account. ` +
        "Use a destination of type logs instead.",
    );
  }
  return arn;
}

/** What may be passed on and to whom, apart from what the destination itself says. */
function requireAllowed(ctx: Context, arn: Arn, destinationArn: string, roleArn: string | undefined): void {
  if (roleArn !== undefined) requirePassable(ctx, roleArn);
  if (arn.service !== "logs") return;
  const isAllowed = arn.account === ctx.account ||
    ctx.isAllowed({ action: "logs:PutSubscriptionFilter", resource: destinationArn });
  if (isAllowed) return;
  throw modelled(
    logs.AccessDeniedException,
    `User with accountId: ${ctx.account} is not authorized to perform PutSubscriptionFilter`,
  );
}

/**
 * Asks the destination whether it takes what will be sent.
 *
 * @evidence recorded (reports): the three sentences
 */
export async function requireReachable(ctx: BodyContext, arn: Arn, target: Target): Promise<void> {
  const vendor = arn.service === "firehose" ? "Firehose" : "Kinesis stream";
  try {
    if (arn.service === "lambda") {
      await invoke(ctx, target, { InvocationType: "DryRun" });
    } else if (arn.service !== "logs") {
      await send(ctx, target, controlMessage(ctx, vendor), "control");
    } else if (!findDestination(ctx, arn)) {
      throw resourceNotFound("The specified destination does not exist.");
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw invalidParameter(refusals[arn.service] ?? "");
  }
}

const refusals: Readonly<Record<string, string>> = {
  lambda: "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to " +
    "execute your function.",
  kinesis: "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream " +
    "is in ACTIVE state. ",
  firehose: "Could not deliver test message to specified Firehose stream. Check if the given Firehose " +
    "stream is in ACTIVE state.",
  logs: "Could not deliver test message to specified destination. Check if the destination is valid.",
};

export const PutSubscriptionFilter = operation(logs.PutSubscriptionFilter, {
  ...onGroup,
  async body(input, ctx) {
    const { logGroupName: group, destinationArn, roleArn } = input;
    patternOf(ctx, input.filterPattern);
    readCriteria(input.fieldSelectionCriteria);
    requireSystemFields(input.emitSystemFields, ["@aws.account", "@aws.region", "@source.log"]);
    const arn = requireDestination(ctx, destinationArn, roleArn);
    ctx.transaction((within) => {
      requireSubscribable(within, group, input.filterName, input.filterPattern);
      requireAllowed(within, arn, destinationArn, roleArn);
    });
    await requireReachable(ctx, arn, { destinationArn, roleArn, group });
    ctx.transaction((within) => {
      requireSubscribable(within, group, input.filterName, input.filterPattern);
      const known = within.db(subscriptionFilters).get([group, input.filterName]);
      within.db(subscriptionFilters).put({
        group,
        name: input.filterName,
        pattern: input.filterPattern,
        destinationArn,
        ...(roleArn !== undefined && { roleArn }),
        distribution: (input.distribution ?? "ByLogStream") as SubscriptionFilter["distribution"],
        createdAt: known?.createdAt ?? ctx.clock.now(),
        applyOnTransformedLogs: input.applyOnTransformedLogs ?? false,
        ...(input.fieldSelectionCriteria !== undefined && {
          fieldSelectionCriteria: input.fieldSelectionCriteria,
        }),
        ...(input.emitSystemFields && { emitSystemFields: input.emitSystemFields }),
      });
    });
  },
});

function requireSubscribable(ctx: Context, name: string, filter: string, pattern: string): void {
  const group = requireGroup(ctx, name);
  if (group.groupClass !== "STANDARD") {
    throw invalidOperation("Subscription filters are only supported for log groups of the STANDARD class.");
  }
  const others = subscriptionFiltersOf(ctx, name).filter((each) => each.name !== filter);
  if (others.length >= filtersMax) throw limitExceeded();
  requireFewRegexes(ctx, name, pattern, (each, kind) => kind === "subscription" && each.name === filter);
}

export const DeleteSubscriptionFilter = operation(logs.DeleteSubscriptionFilter, {
  ...onGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, input.logGroupName);
    if (!ctx.db(subscriptionFilters).delete([group.name, input.filterName])) {
      throw resourceNotFound("The specified subscription filter does not exist.");
    }
  },
});

function shown(filter: SubscriptionFilter): logs.SubscriptionFilter {
  return {
    filterName: filter.name,
    logGroupName: filter.group,
    filterPattern: filter.pattern,
    destinationArn: filter.destinationArn,
    ...(filter.roleArn !== undefined && { roleArn: filter.roleArn }),
    distribution: filter.distribution,
    applyOnTransformedLogs: filter.applyOnTransformedLogs,
    creationTime: filter.createdAt,
    ...(filter.fieldSelectionCriteria !== undefined && {
      fieldSelectionCriteria: filter.fieldSelectionCriteria,
    }),
    ...(filter.emitSystemFields && { emitSystemFields: [...filter.emitSystemFields] }),
  };
}

export const DescribeSubscriptionFilters = operation(logs.DescribeSubscriptionFilters, {
  ...onGroup,
  run(input, ctx) {
    const group = requireGroup(ctx, input.logGroupName);
    const prefix = input.filterNamePrefix;
    const { items, next } = page({
      rows: ctx.db(subscriptionFilters),
      range: prefix === undefined ? { prefix: [group.name] }
        : { prefix: [group.name, prefix], prefixOfLastPart: true },
      key: (filter) => [filter.group, filter.name],
      limit: input.limit ?? 50,
      token: input.nextToken,
      scope: `logs.DescribeSubscriptionFilters ${group.name} ${prefix ?? ""}`,
      invalid: invalidNextToken,
    });
    return { subscriptionFilters: items.map(shown), nextToken: next };
  },
});
