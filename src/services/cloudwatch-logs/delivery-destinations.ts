/** Delivery destinations: where vended logs may go, and the policies that let other accounts send them. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { modelled, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidToken } from "./delivery-sources.ts";
import { deliveries, deliveryDestinations, type DeliveryDestination } from "./delivery-tables.ts";
import { resourceNotFound, validation } from "./errors.ts";
import { groupNameOf, requireGroup } from "./group-table.ts";
import { setTags } from "./group-tags.ts";

export function destinationArn(ctx: Pick<ReadContext, "arn">, name: string): string {
  return ctx.arn(`delivery-destination:${name}`);
}

const onDestination = {
  resource: (input: { readonly name: string }, ctx: ReadContext) => destinationArn(ctx, input.name),
};
const onDestinationPolicy = {
  resource: (input: { readonly deliveryDestinationName: string }, ctx: ReadContext) =>
    destinationArn(ctx, input.deliveryDestinationName),
};

function requireDestination(ctx: Pick<ReadContext, "db">, name: string): DeliveryDestination {
  const found = ctx.db(deliveryDestinations).get(name);
  if (!found) throw resourceNotFound(`Delivery destination ${name} does not exist.`);
  return found;
}

function shown(ctx: ReadContext, destination: DeliveryDestination): logs.DeliveryDestination {
  const arn = destinationArn(ctx, destination.name);
  const tags = ctx.tags(arn).get();
  return {
    name: destination.name, arn, deliveryDestinationType: destination.type,
    ...(destination.outputFormat && { outputFormat: destination.outputFormat }),
    deliveryDestinationConfiguration: { destinationResourceArn: destination.resourceArn },
    ...(Object.keys(tags).length > 0 && { tags }),
  };
}

function typeOf(resourceArn: string): DeliveryDestination["type"] {
  const service = parseArn(resourceArn)?.service;
  if (service === "s3") return "S3";
  if (service === "logs") return "CWL";
  if (service === "firehose") return "FH";
  if (service === "xray") throw notImplemented(`Deliveries of logs to ${service}`);
  throw validation(`Invalid destinationResourceArn: ${resourceArn}`);
}

export const PutDeliveryDestination = operation(logs.PutDeliveryDestination, {
  ...onDestination,
  run(input, ctx) {
    const { name, outputFormat, deliveryDestinationConfiguration: configuration } = input;
    const known = ctx.db(deliveryDestinations).get(name);
    const resourceArn = configuration?.destinationResourceArn ?? known?.resourceArn;
    if (resourceArn === undefined) throw validation("deliveryDestinationConfiguration must be specified.");
    const type = typeOf(resourceArn);
    if (input.deliveryDestinationType !== undefined && input.deliveryDestinationType !== type) {
      throw validation(`The deliveryDestinationType of ${resourceArn} is ${type}.`);
    }
    if (type === "CWL") requireGroup(ctx, groupNameOf(resourceArn));
    if (outputFormat === "parquet" || outputFormat === "w3c") {
      throw notImplemented(`Deliveries of logs as ${outputFormat}`);
    }
    const destination = ctx.db(deliveryDestinations).put({
      name, type, resourceArn, ...(outputFormat && { outputFormat }),
        ...(known?.policy && { policy: known.policy }),
    });
    setTags(ctx, destinationArn(ctx, name), input.tags);
    return { deliveryDestination: shown(ctx, destination) };
  },
});

export const GetDeliveryDestination = operation(logs.GetDeliveryDestination, {
  ...onDestination,
  run: (input, ctx) => ({ deliveryDestination: shown(ctx, requireDestination(ctx, input.name)) }),
});

export const DeleteDeliveryDestination = operation(logs.DeleteDeliveryDestination, {
  ...onDestination,
  run(input, ctx) {
    const { name } = requireDestination(ctx, input.name);
    const arn = destinationArn(ctx, name);
    if ([...ctx.db(deliveries).list()].some((each) => each.destinationArn === arn)) {
      throw modelled(logs.ConflictException, `Delivery destination ${name} has a delivery.`);
    }
    ctx.db(deliveryDestinations).delete(name);
    ctx.tags(arn).clear();
  },
});

export const DescribeDeliveryDestinations = operation(logs.DescribeDeliveryDestinations, {
  run(input, ctx) {
    const { items, next } = page<DeliveryDestination>({
      rows: ctx.db(deliveryDestinations), key: ({ name }) => name, limit: input.limit ?? 50,
      token: input.nextToken, scope: "logs.DescribeDeliveryDestinations", invalid: invalidToken,
    });
    return { deliveryDestinations: items.map((each) => shown(ctx, each)), nextToken: next };
  },
});

export const PutDeliveryDestinationPolicy = operation(logs.PutDeliveryDestinationPolicy, {
  ...onDestinationPolicy,
  run(input, ctx) {
    const destination = requireDestination(ctx, input.deliveryDestinationName);
    const policy = input.deliveryDestinationPolicy;
    try {
      JSON.parse(policy);
    } catch {
      throw validation("The delivery destination policy is no JSON.");
    }
    ctx.db(deliveryDestinations).put({ ...destination, policy });
    return { policy: { deliveryDestinationPolicy: policy } };
  },
});

export const GetDeliveryDestinationPolicy = operation(logs.GetDeliveryDestinationPolicy, {
  ...onDestinationPolicy,
  run(input, ctx) {
    const { policy } = requireDestination(ctx, input.deliveryDestinationName);
    return policy === undefined ? {} : { policy: { deliveryDestinationPolicy: policy } };
  },
});

export const DeleteDeliveryDestinationPolicy = operation(logs.DeleteDeliveryDestinationPolicy, {
  ...onDestinationPolicy,
  run(input, ctx) {
    const { policy: _policy, ...destination } = requireDestination(ctx, input.deliveryDestinationName);
    ctx.db(deliveryDestinations).put(destination);
  },
});
