/** Destinations: where other accounts may send their logs. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { validatePolicy } from "../../iam/parse.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { keptPolicy, shownPolicy } from "../../kernel/policy-principals.ts";
import { destinations, type Destination } from "./destination-table.ts";
import { invalidNextToken, invalidParameter, resourceNotFound } from "./errors.ts";
import { setTags } from "./group-tags.ts";
import { requirePassable } from "./passed-roles.ts";
import { controlMessage, send } from "./subscription-delivery.ts";

export function destinationArn(ctx: Pick<ReadContext, "arn">, name: string): string {
  return ctx.arn(`destination:${name}`);
}

const onDestination = {
  resource: (input: { readonly destinationName: string }, ctx: ReadContext) =>
    destinationArn(ctx, input.destinationName),
};

function requireDestination(ctx: Context, name: string): Destination {
  const found = ctx.db(destinations).get(name);
  if (!found) throw resourceNotFound("The specified destination does not exist.");
  return found;
}

function shown(ctx: ReadContext, destination: Destination): logs.Destination {
  const { name, targetArn, roleArn, accessPolicy, createdAt } = destination;
  return {
    destinationName: name,
    targetArn,
    roleArn,
    ...(accessPolicy !== undefined && { accessPolicy: shownPolicy(ctx.kernel.identity, accessPolicy) }),
    arn: destinationArn(ctx, name),
    creationTime: createdAt,
  };
}

/** @evidence recorded (reports): "Could not deliver test message to specified Kinesis stream. …" */
export const PutDestination = operation(logs.PutDestination, {
  ...onDestination,
  async body(input, ctx) {
    const { destinationName: name, targetArn, roleArn } = input;
    const arn = parseArn(targetArn);
    if (!arn || (arn.service !== "kinesis" && arn.service !== "firehose")) {
      throw invalidParameter(`Invalid targetArn: ${targetArn}`);
    }
    ctx.transaction((within) => requirePassable(within, roleArn));
    const vendor = arn.service === "firehose" ? "Firehose" : "Kinesis stream";
    try {
      await send(
        ctx, { destinationArn: targetArn, roleArn, group: "" }, controlMessage(ctx, vendor), "control"
      );
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw invalidParameter(
        `Could not deliver test message to specified ${vendor}. ` +
          `Check if the given ${vendor} is in ACTIVE state.`,
      );
    }
    return ctx.transaction((within) => {
      const known = within.db(destinations).get(name);
      const destination = within.db(destinations).put({
        createdAt: ctx.clock.now(), ...known, name, targetArn, roleArn,
      });
      if (input.tags && Object.keys(input.tags).length > 0) {
        within.authorize({ action: "logs:TagResource", resource: destinationArn(ctx, name) });
        setTags(within, destinationArn(ctx, name), input.tags);
      }
      return { destination: shown(within, destination) };
    });
  },
});

export const PutDestinationPolicy = operation(logs.PutDestinationPolicy, {
  ...onDestination,
  run(input, ctx) {
    const destination = requireDestination(ctx, input.destinationName);
    if (validatePolicy(input.accessPolicy, "resource").length > 0) {
      throw invalidParameter("Invalid destination policy");
    }
    const accessPolicy = keptPolicy(ctx.kernel.identity, input.accessPolicy, (name) =>
      invalidParameter(`Invalid principal in policy: ${name}`));
    ctx.db(destinations).put({ ...destination, accessPolicy });
  },
});

export const DeleteDestination = operation(logs.DeleteDestination, {
  ...onDestination,
  run(input, ctx) {
    const { name } = requireDestination(ctx, input.destinationName);
    ctx.db(destinations).delete(name);
    ctx.tags(destinationArn(ctx, name)).clear();
  },
});

export const DescribeDestinations = operation(logs.DescribeDestinations, {
  resource: (_input, ctx) => destinationArn(ctx, "*"),
  run(input, ctx) {
    const prefix = input.DestinationNamePrefix;
    const { items, next } = page({
      rows: ctx.db(destinations),
      range: prefix === undefined ? {} : { prefix, prefixOfLastPart: true },
      key: (destination) => destination.name,
      limit: input.limit ?? 50,
      token: input.nextToken,
      scope: `logs.DescribeDestinations ${prefix ?? ""}`,
      invalid: invalidNextToken,
    });
    return { destinations: items.map((each) => shown(ctx, each)), nextToken: next };
  },
});
