/**
 * Discoverers listen to an event bus and keep a schema of each kind of event that comes: a version more
 * whenever an event is made of something new.
 */

import * as events from "../../generated/eventbridge.ts";
import * as schemas from "../../generated/schemas.ts";
import { job } from "../../jobs/job.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext, Context, ReadContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { table } from "../../store/types.ts";
import { badRequest, conflict, invalidToken, missing, notFound } from "./errors.ts";
import { definitionName, documentOf, documentOfJson, merged, shapeOf, type Shape } from "./inference.ts";
import {
  addVersion, authorizeTagging, discoveredRegistry, requireVersion, schemaRows, setTags, type Schema,
} from "./schema-table.ts";

interface Discoverer {
  readonly id: string;
  /** The ARN of an event bus. */
  readonly source: string;
  readonly description?: string | undefined;
  readonly state: schemas.DiscovererState;
  readonly crossAccount: boolean;
}

const discoverers = table<Discoverer>("schemas.discoverers", { key: (row) => row.id });

/** What has been seen of a kind of event, from which its schema is made. */
interface Discovery {
  readonly schema: string;
  readonly detail: Shape;
}

const discoveries = table<Discovery>("schemas.discoveries", { key: (row) => row.schema });

function discovererArn(ctx: ReadContext, id: string): string {
  return ctx.arn(`discoverer/${id}`);
}

const onDiscoverer = {
  resource: ({ DiscovererId }: { readonly DiscovererId: string }, ctx: ReadContext): string =>
    discovererArn(ctx, DiscovererId),
};

export function requireDiscoverer(ctx: ReadContext, id: string): Discoverer {
  const discoverer = ctx.db(discoverers).get(id);
  if (!discoverer) throw notFound(`Discoverer with id ${id}`);
  return discoverer;
}

function busNameOf(source: string): string | undefined {
  const arn = parseArn(source);
  const isBus = arn?.service === "events" && arn.resource.startsWith("event-bus/");
  return isBus ? arn.resource.slice("event-bus/".length) : undefined;
}

function shown(ctx: ReadContext, discoverer: Discoverer): schemas.DescribeDiscovererResponse {
  const DiscovererArn = discovererArn(ctx, discoverer.id);
  return {
    DiscovererId: discoverer.id, DiscovererArn, SourceArn: discoverer.source, State: discoverer.state,
    Description: discoverer.description, CrossAccount: discoverer.crossAccount,
    Tags: ctx.tags(DiscovererArn).get(),
  };
}

/** The rule that EventBridge keeps for a discoverer. */
function ruleOf({ id, source }: Pick<Discoverer, "id" | "source">) {
  return { Rule: `Schemas-${id}`.slice(0, 64), EventBusName: busNameOf(source) };
}

const asSchemas = { as: "service" } as const;

export const CreateDiscoverer = operation(schemas.CreateDiscoverer, {
  resource: (_input, ctx) => ctx.arn("discoverer/*"),
  async body({ SourceArn: source, Description, CrossAccount: crossAccount = true, Tags }, ctx) {
    const bus = busNameOf(source);
    if (bus === undefined) throw badRequest("The source is no event bus.");
    const id = `events-event-bus-${bus.replace(/[^0-9A-Za-z_.-]/g, "-")}`;
    if (ctx.reading(() => isThere(ctx, id))) throw conflict(`Discoverer for ${source}`);
    ctx.transaction((within) => authorizeTagging(within, discovererArn(ctx, id), Tags));
    const row: Discoverer = { id, source, description: Description, state: "STARTED", crossAccount };
    await putRule(ctx, row);
    const Targets = [{ Id: "discoverer", Arn: discovererArn(ctx, id) }];
    await ctx.call(events.PutTargets, { ...ruleOf(row), Targets }, asSchemas);
    return ctx.transaction((within) => {
      setTags(within, discovererArn(ctx, id), Tags);
      return shown(within, within.db(discoverers).put(row));
    });
  },
});

/** The rule takes what comes from the bus's own account, or from all accounts. */
async function putRule(ctx: BodyContext, discoverer: Discoverer): Promise<void> {
  const { Rule: Name, EventBusName } = ruleOf(discoverer);
  const EventPattern = JSON.stringify(
    discoverer.crossAccount ? { version: ["0"] } : { account: [ctx.account] },
  );
  const State = discoverer.state === "STARTED" ? "ENABLED" : "DISABLED";
  await ctx.call(events.PutRule, { Name, EventBusName, EventPattern, State }, asSchemas).catch(refused);
}

/** What EventBridge refuses, in the words of this service: it has no discovery on a bus with a KMS key. */
function refused(cause: unknown): never {
  if (!(cause instanceof AwsError)) throw cause;
  if (cause.code === "ResourceNotFoundException") throw missing(cause.message);
  throw cause.code === "ValidationException" ? badRequest(cause.message) : cause;
}

function isThere(ctx: BodyContext, id: string): boolean {
  return ctx.db(discoverers).has(id);
}

export const UpdateDiscoverer = operation(schemas.UpdateDiscoverer, {
  ...onDiscoverer,
  async body({ DiscovererId, Description, CrossAccount }, ctx) {
    const changed = (discoverer: Discoverer): Discoverer => ({
      ...discoverer,
      description: Description ?? discoverer.description,
      crossAccount: CrossAccount ?? discoverer.crossAccount,
    });
    await putRule(ctx, changed(ctx.reading(() => requireDiscoverer(ctx, DiscovererId))));
    return ctx.transaction((within) => (
      shown(within, within.db(discoverers).put(changed(requireDiscoverer(within, DiscovererId))))
    ));
  },
});

export const DescribeDiscoverer = operation(schemas.DescribeDiscoverer, {
  ...onDiscoverer,
  run: ({ DiscovererId }, ctx) => shown(ctx, requireDiscoverer(ctx, DiscovererId)),
});

async function setState(
  ctx: BodyContext, id: string, state: schemas.DiscovererState,
): Promise<schemas.StartDiscovererResponse> {
  const { Rule: Name, EventBusName } = ruleOf(ctx.reading(() => requireDiscoverer(ctx, id)));
  const operationOf = state === "STARTED" ? events.EnableRule : events.DisableRule;
  await ctx.call(operationOf, { Name, EventBusName }, asSchemas);
  ctx.transaction((within) => within.db(discoverers).put({ ...requireDiscoverer(within, id), state }));
  return { DiscovererId: id, State: state };
}

export const StartDiscoverer = operation(schemas.StartDiscoverer, {
  ...onDiscoverer,
  body: ({ DiscovererId }, ctx) => setState(ctx, DiscovererId, "STARTED"),
});

export const StopDiscoverer = operation(schemas.StopDiscoverer, {
  ...onDiscoverer,
  body: ({ DiscovererId }, ctx) => setState(ctx, DiscovererId, "STOPPED"),
});

export const DeleteDiscoverer = operation(schemas.DeleteDiscoverer, {
  ...onDiscoverer,
  async body({ DiscovererId: id }, ctx) {
    const { Rule, EventBusName } = ruleOf(ctx.reading(() => requireDiscoverer(ctx, id)));
    await ctx.call(events.RemoveTargets, { Rule, EventBusName, Ids: ["discoverer"] }, asSchemas);
    await ctx.call(events.DeleteRule, { Name: Rule, EventBusName }, asSchemas);
    ctx.transaction((within) => {
      within.db(discoverers).delete(id);
      within.tags(discovererArn(ctx, id)).clear();
    });
  },
});

export const ListDiscoverers = operation(schemas.ListDiscoverers, {
  resource: (_input, ctx) => ctx.arn("discoverer/*"),
  run({ DiscovererIdPrefix: prefix = "", SourceArnPrefix = "", Limit, NextToken }, ctx) {
    const { items, next } = page({
      rows: ctx.db(discoverers),
      range: prefix === "" ? {} : { prefix, prefixOfLastPart: true },
      key: (discoverer) => discoverer.id,
      keep: ({ source }) => source.startsWith(SourceArnPrefix),
      limit: Limit ?? 100,
      token: NextToken,
      scope: `schemas.ListDiscoverers ${prefix}`,
      invalid: invalidToken,
    });
    const Discoverers = items.map((discoverer) => {
      const { Description: _description, ...rest } = shown(ctx, discoverer);
      return rest;
    });
    return { Discoverers, NextToken: next };
  },
});

interface Document {
  readonly source: string;
  readonly "detail-type": string;
  readonly detail: unknown;
}

/** EventBridge gives every event that the discoverer's rule matches. */
export const discoverEvent = job<{ readonly discoverer: string; readonly event: string }>(
  "schemas.discoverEvent",
  ({ discoverer, event }, ctx) => {
    const found = ctx.db(discoverers).get(discoverer.split("/").at(-1) ?? "");
    if (found?.state !== "STARTED") return;
    const { source, "detail-type": detailType, detail } = JSON.parse(event) as Document;
    const name = `${source}@${definitionName(detailType)}`;
    const seen = ctx.db(discoveries).get(name);
    const shape = seen ? merged(seen.detail, shapeOf(detail)) : shapeOf(detail);
    ctx.db(discoveries).put({ schema: name, detail: shape });
    keepVersion(ctx, name, documentOf("OpenApi3", { source, detailType }, shape));
  },
);

/** Only what is new is a version. */
function keepVersion(ctx: Context, name: string, content: string): void {
  const known = ctx.db(schemaRows).get([discoveredRegistry, name]);
  if (known && requireVersion(ctx, known, undefined).content === content) return;
  const schema: Schema = known ?? { registry: discoveredRegistry, name, latest: 0,
    modifiedAt: ctx.clock.now() };
  addVersion(ctx, schema, { type: "OpenApi3", content });
}

function isEvent(document: unknown): document is Document {
  if (typeof document !== "object" || document === null) return false;
  return "detail-type" in document && "detail" in document;
}

/**
 * Of events what a discoverer makes of them; of other JSON what it is made of, as the console's "Discover
 * from JSON" asks.
 *
 * @evidence EventBridge Schemas API Reference, GetDiscoveredSchema: up to ten events
 */
export const GetDiscoveredSchema = operation(schemas.GetDiscoveredSchema, {
  run({ Events, Type }) {
    const documents = Events.map((text): unknown => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw badRequest("An event is not valid JSON.");
      }
    });
    if (documents.length === 0) throw badRequest("There is no event.");
    if (!documents.every(isEvent)) {
      return { Content: documentOfJson(Type, documents.map((each) => shapeOf(each)).reduce(merged)) };
    }
    const detail = documents.map((each) => shapeOf(each.detail)).reduce(merged);
    const { source = "", "detail-type": detailType = "" } = documents[0] ?? {};
    return { Content: documentOf(Type, { source: String(source), detailType: String(detailType) }, detail) };
  },
});
