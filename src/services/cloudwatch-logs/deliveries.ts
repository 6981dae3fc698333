/** Deliveries: a source's logs on their way to a destination. */

import * as logs from "../../generated/cloudwatch-logs.ts";
import { openLogStream } from "../../delivery/log-streams.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { modelled, notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { destinationArn } from "./delivery-destinations.ts";
import { invalidToken, requireSource, sourceArn } from "./delivery-sources.ts";
import {
  deliveries, deliveryDestinations, waitingRecords, type Delivery, type DeliveryDestination,
} from "./delivery-tables.ts";
import { resourceNotFound, validation } from "./errors.ts";
import { setTags } from "./group-tags.ts";
import { requireKind } from "./vended-sources.ts";

export function deliveryArn(ctx: Pick<ReadContext, "arn">, id: string): string {
  return ctx.arn(`delivery:${id}`);
}

const onDelivery = {
  resource: (input: { readonly id: string }, ctx: ReadContext) => deliveryArn(ctx, input.id),
};

function requireDelivery(ctx: Pick<ReadContext, "db">, id: string): Delivery {
  const found = ctx.db(deliveries).get(id);
  if (!found) throw resourceNotFound(`Delivery ${id} does not exist.`);
  return found;
}

export function destinationOf(
  ctx: Pick<ReadContext, "db" | "arn">, arn: string
): DeliveryDestination | undefined {
  const found = ctx.db(deliveryDestinations).get(arn.slice(arn.lastIndexOf(":") + 1));
  return found && destinationArn(ctx, found.name) === arn ? found : undefined;
}

function shown(ctx: ReadContext, delivery: Delivery): logs.Delivery {
  const arn = deliveryArn(ctx, delivery.id);
  const tags = ctx.tags(arn).get();
  const type = destinationOf(ctx, delivery.destinationArn)?.type;
  return {
    id: delivery.id, arn, deliverySourceName: delivery.source,
      deliveryDestinationArn: delivery.destinationArn,
    ...(type && { deliveryDestinationType: type }),
    ...(delivery.recordFields && { recordFields: [...delivery.recordFields] }),
    ...(delivery.fieldDelimiter !== undefined && { fieldDelimiter: delivery.fieldDelimiter }),
    ...(delivery.s3 && { s3DeliveryConfiguration: delivery.s3 }),
    ...(Object.keys(tags).length > 0 && { tags }),
  };
}

type Settings = Pick<logs.CreateDeliveryRequest,
  "recordFields" | "fieldDelimiter" | "s3DeliveryConfiguration">;

function settingsOf(ctx: Context, source: string, type: string, input: Settings) {
  const { resourceArn, logType } = requireSource(ctx, source);
  const { fields } = requireKind(resourceArn, logType);
  const wrong = input.recordFields?.find((name) => !fields.some((field) => field.name === name));
  if (wrong !== undefined) throw validation(`The field ${wrong} is not supported for this log type.`);
  const missing = fields.find(({ name, mandatory }) => mandatory &&
    input.recordFields?.includes(name) === false);
  if (missing && input.recordFields) throw validation(`The field ${missing.name} is mandatory.`);
  if (input.s3DeliveryConfiguration && type !== "S3") {
    throw validation("s3DeliveryConfiguration is for deliveries to S3.");
  }
  return {
    ...(input.recordFields && { recordFields: input.recordFields }),
    ...(input.fieldDelimiter !== undefined && { fieldDelimiter: input.fieldDelimiter }),
    ...(input.s3DeliveryConfiguration && { s3: input.s3DeliveryConfiguration }),
  };
}

/**
 * @evidence CloudWatch Logs API Reference, CreateDelivery: one delivery between a source and a destination
 */
export const CreateDelivery = operation(logs.CreateDelivery, {
  // @evidence Service Authorization Reference, Amazon CloudWatch Logs: all three are required
  resource: (input, ctx) => [
    deliveryArn(ctx, "*"), sourceArn(ctx, input.deliverySourceName), input.deliveryDestinationArn,
  ],
  async body(input, ctx) {
    const { type, resourceArn } = ctx.reading(() => requireNew(ctx, input));
    if (type === "FH") await openLogStream(ctx, resourceArn);
    return ctx.transaction((within) => create(within, input));
  },
});

/** @returns where it leads */
function requireNew(ctx: ReadContext, input: logs.CreateDeliveryRequest): DeliveryDestination {
  const { deliverySourceName: source, deliveryDestinationArn: arn } = input;
  requireSource(ctx, source);
  if ((parseArn(arn)?.account ?? ctx.account) !== ctx.account) {
    throw notImplemented("Deliveries of logs to other accounts");
  }
  const destination = destinationOf(ctx, arn);
  if (!destination) throw resourceNotFound(`Delivery destination ${arn} does not exist.`);
  if ([...ctx.db(deliveries).list()].some((each) => each.source === source && each.destinationArn === arn)) {
    throw modelled(logs.ConflictException, "A delivery of this source to this destination already exists.");
  }
  return destination;
}

function create(ctx: Context, input: logs.CreateDeliveryRequest): logs.CreateDeliveryResponse {
  const { deliverySourceName: source, deliveryDestinationArn: destinationArn } = input;
  const { type } = requireNew(ctx, input);
  const delivery = ctx.db(deliveries).put({
    id: ctx.ids.hex(16), source, destinationArn, ...settingsOf(ctx, source, type, input),
  });
  setTags(ctx, deliveryArn(ctx, delivery.id), input.tags);
  return { delivery: shown(ctx, delivery) };
}

export const UpdateDeliveryConfiguration = operation(logs.UpdateDeliveryConfiguration, {
  ...onDelivery,
  run(input, ctx) {
    const delivery = requireDelivery(ctx, input.id);
    const type = destinationOf(ctx, delivery.destinationArn)?.type ?? "CWL";
    ctx.db(deliveries).put({ ...delivery, ...settingsOf(ctx, delivery.source, type, input) });
    return {};
  },
});

export const GetDelivery = operation(logs.GetDelivery, {
  ...onDelivery,
  run: (input, ctx) => ({ delivery: shown(ctx, requireDelivery(ctx, input.id)) }),
});

export const DeleteDelivery = operation(logs.DeleteDelivery, {
  ...onDelivery,
  run(input, ctx) {
    const { id } = requireDelivery(ctx, input.id);
    ctx.db(deliveries).delete(id);
    ctx.tags(deliveryArn(ctx, id)).clear();
    for (const { order } of [...ctx.db(waitingRecords).list({ prefix: [id] })]) {
      ctx.db(waitingRecords).delete([id, order]);
    }
  },
});

export const DescribeDeliveries = operation(logs.DescribeDeliveries, {
  run(input, ctx) {
    const { items, next } = page<Delivery>({
      rows: ctx.db(deliveries), key: ({ id }) => id, limit: input.limit ?? 50, token: input.nextToken,
      scope: "logs.DescribeDeliveries", invalid: invalidToken,
    });
    return { deliveries: items.map((each) => shown(ctx, each)), nextToken: next };
  },
});
