/** Delivery sources: resources whose logs are vended. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page, pageOf } from "../../kernel/page.ts";
import { deliveries, deliverySources, type DeliverySource } from "./delivery-tables.ts";
import { resourceNotFound, validation } from "./errors.ts";
import { setTags } from "./group-tags.ts";
import { requireKind, templatesOf, vendedKinds } from "./vended-sources.ts";

export function sourceArn(ctx: Pick<ReadContext, "arn">, name: string): string {
  return ctx.arn(`delivery-source:${name}`);
}

const onSource = {
  resource: (input: { readonly name: string }, ctx: ReadContext) => sourceArn(ctx, input.name),
};

export function requireSource(ctx: Pick<ReadContext, "db">, name: string): DeliverySource {
  const found = ctx.db(deliverySources).get(name);
  if (!found) throw resourceNotFound(`Delivery source ${name} does not exist.`);
  return found;
}

function shown(ctx: ReadContext, source: DeliverySource): logs.DeliverySource {
  const tags = ctx.tags(sourceArn(ctx, source.name)).get();
  return {
    name: source.name, arn: sourceArn(ctx, source.name), resourceArns: [source.resourceArn],
    service: source.service, logType: source.logType, ...(Object.keys(tags).length > 0 && { tags }),
  };
}

/** A source with a delivery stays what it is. @throws ConflictException */
function requireChangeable(ctx: Context, name: string, source: DeliverySource): void {
  const known = ctx.db(deliverySources).get(name);
  const isSame = known?.resourceArn === source.resourceArn && known.logType === source.logType;
  if (known && !isSame) {
    throw modelled(logs.ConflictException, `Delivery source ${name} is for another resource or log type.`);
  }
  const [twin] = [...ctx.db(deliverySources).list()].filter((each) => each.name !== name &&
    each.resourceArn === source.resourceArn && each.logType === source.logType);
  if (twin) {
    throw modelled(logs.ConflictException, `Delivery source ${twin.name} is for this resource and log type.`);
  }
}

export const PutDeliverySource = operation(logs.PutDeliverySource, {
  ...onSource,
  run(input, ctx) {
    const { name, resourceArn, logType } = input;
    const { service } = requireKind(resourceArn, logType);
    ctx.authorize({ action: `${service}:AllowVendedLogDeliveryForResource`, resource: resourceArn });
    const source = { name, resourceArn, logType, service };
    requireChangeable(ctx, name, source);
    ctx.db(deliverySources).put(source);
    setTags(ctx, sourceArn(ctx, name), input.tags);
    return { deliverySource: shown(ctx, source) };
  },
});

export const GetDeliverySource = operation(logs.GetDeliverySource, {
  ...onSource,
  run: (input, ctx) => ({ deliverySource: shown(ctx, requireSource(ctx, input.name)) }),
});

export const DeleteDeliverySource = operation(logs.DeleteDeliverySource, {
  ...onSource,
  run(input, ctx) {
    const { name } = requireSource(ctx, input.name);
    if ([...ctx.db(deliveries).list()].some(({ source }) => source === name)) {
      throw modelled(logs.ConflictException, `Delivery source ${name} has a delivery.`);
    }
    ctx.db(deliverySources).delete(name);
    ctx.tags(sourceArn(ctx, name)).clear();
  },
});

export function invalidToken(): Error {
  return validation("The specified nextToken is invalid.");
}

export const DescribeDeliverySources = operation(logs.DescribeDeliverySources, {
  run(input, ctx) {
    const { items, next } = page<DeliverySource>({
      rows: ctx.db(deliverySources), key: ({ name }) => name, limit: input.limit ?? 50,
        token: input.nextToken,
      scope: "logs.DescribeDeliverySources", invalid: invalidToken,
    });
    return { deliverySources: items.map((source) => shown(ctx, source)), nextToken: next };
  },
});

export const DescribeConfigurationTemplates = operation(logs.DescribeConfigurationTemplates, {
  run(input) {
    const isWanted = (wanted: readonly string[] | undefined, value: string | undefined): boolean =>
      wanted === undefined || wanted.includes(value ?? "");
    const all = vendedKinds.flatMap(templatesOf).filter((template) =>
      (input.service === undefined || input.service === template.service) &&
      isWanted(input.logTypes, template.logType) && isWanted(input.resourceTypes, template.resourceType) &&
      isWanted(input.deliveryDestinationTypes, template.deliveryDestinationType));
    const { items, next } = pageOf(all, {
      limit: input.limit ?? 50, token: input.nextToken, scope: "logs.DescribeConfigurationTemplates",
      invalid: invalidToken,
    });
    return { configurationTemplates: items, nextToken: next };
  },
});
