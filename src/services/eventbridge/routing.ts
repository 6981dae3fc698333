/** An event on a bus finds the rules that match it; each of their targets gets it by a job of its own. */

import type { Context, ReadContext } from "../../kernel/context.ts";
import { onlyReads } from "../../kernel/event-listeners.ts";
import { PatternIndex } from "../../patterns/pattern-index.ts";
import { parsePattern, type Pattern } from "../../patterns/parse.ts";
import { archivesOf } from "./archive-table.ts";
import { archiveEvent, archiveUnderKey } from "./archiving.ts";
import { logStep } from "./bus-logging.ts";
import { findBus } from "./bus-table.ts";
import { deliverEvent } from "./delivering.ts";
import { sealEvent, type Keyring } from "./encryption.ts";
import { eventText, type Event, type RestingEvent } from "./event.ts";
import { matchedEvents, triggeredRules } from "./metrics.ts";
import { generations, ruleArn, rules, targetsOf, type Rule } from "./rule-table.ts";

/** What has been worked out of a bus's rules and archives. */
interface Routes {
  /** The generation that it was worked out of. */
  readonly generation: string;
  readonly rules: PatternIndex<Rule>;
  readonly archives: readonly ArchiveRoute[];
}

interface ArchiveRoute {
  readonly name: string;
  readonly pattern: Pattern | undefined;
  readonly isKeyed: boolean;
}

function routesOf(ctx: ReadContext, bus: string): Routes | undefined {
  const generation = ctx.db(generations).get(bus)?.id;
  if (generation === undefined) return undefined;
  const known = ctx.kernel.cacheFor<Routes>("eventbridge.routes");
  const key = `${ctx.account} ${ctx.region} ${bus}`;
  const cached = known.get(key);
  if (cached?.generation === generation) return cached;
  const listening: [Rule, Pattern][] = [];
  for (const rule of ctx.db(rules).list({ prefix: bus })) {
    if (rule.pattern === undefined || rule.state === "DISABLED") continue;
    listening.push([rule, parsePattern(rule.pattern)]);
  }
  const routes = {
    generation,
    rules: new PatternIndex(listening),
    archives: archivesOf(ctx, bus).map(({ name, pattern, kmsKey }) => ({
      name, pattern: pattern === undefined ? undefined : parsePattern(pattern), isKeyed: kmsKey !== undefined,
    })),
  };
  known.set(key, routes);
  return routes;
}

export interface Way {
  /** ARNs of rules that it goes to alone, as what is replayed does; empty: all. */
  readonly only?: readonly string[];
  /** For buses that have a KMS key; what services emit needs none. */
  readonly keyring?: Keyring;
}

/** Everything that follows is written in this transaction. */
export function routeEvent(ctx: Context, bus: string, event: Event, way: Way = {}): void {
  logStep(ctx, bus, event, "EVENT_RECEIPT", {
    details: { caller_account_id: event.account, source_time_ms: event.time, source: event.source,
      detail_type: event.detailType, resources: event.resources },
    full: { event_detail: event.detail },
  });
  const resting = restingOf(ctx, bus, event, way.keyring);
  if (!resting) return;
  logStep(ctx, bus, event, "EVENT_INGEST_SUCCESS");
  const routes = routesOf(ctx, bus);
  if (!routes) {
    logStep(ctx, bus, event, "NO_STANDARD_RULES_MATCHED");
    return;
  }
  const document: unknown = JSON.parse(eventText(event));
  const matching = routes.rules.match(document);
  logStep(ctx, bus, event, "RULE_MATCH_START");
  if (matching.length === 0) logStep(ctx, bus, event, "NO_STANDARD_RULES_MATCHED");
  if (matching.length > 0) ctx.metric(matchedEvents, [], 1);
  for (const rule of matching) {
    if (isReadingCall(document) && rule.state !== "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") continue;
    if (way.only && way.only.length > 0 && !way.only.includes(ruleArn(ctx, rule))) continue;
    logStep(ctx, bus, event, "RULE_MATCH", { details: { rule_arn: ruleArn(ctx, rule) } });
    routeToRule(ctx, rule, resting);
  }
  // What is replayed is in an archive already.
  if (event.replayName !== undefined) return;
  for (const { name, pattern, isKeyed } of routes.archives) {
    if (pattern && !pattern.matches(document)) continue;
    if (isKeyed || "sealed" in resting) {
      const input = { archive: name, bus, event: resting };
      ctx.schedule(archiveUnderKey, { at: ctx.clock.now(), input });
    } else archiveEvent(ctx, name, event);
  }
}

/**
 * How the event waits. Undefined when the bus's key does not serve: it is then a dead letter of the bus.
 *
 * @evidence EventBridge User Guide, "Encrypting EventBridge event buses with AWS KMS keys": custom and
 *   partner events are encrypted, those of AWS's services are not; "Using dead-letter queues to capture
 *   encrypted event errors"
 */
function restingOf(ctx: Context, bus: string, event: Event, keyring?: Keyring): RestingEvent | undefined {
  const isOfService = event.source.startsWith("aws.") && !event.source.startsWith("aws.partner/");
  const { kmsKey, deadLetterArn: queue } = findBus(ctx, bus) ?? {};
  if (kmsKey === undefined || isOfService) return event;
  const known = keyring?.keys.get(bus);
  if (known?.kmsKey !== kmsKey) throw new Error(`an event came to the bus ${bus} without a data key`);
  if (!("failure" in known.key)) return sealEvent(ctx, event, known.key);
  const { failure } = known.key;
  logStep(ctx, bus, event, "EVENT_INGEST_FAILURE", { failure });
  if (queue !== undefined) keyring?.letters.push({ bus, queue, event, failure });
  return undefined;
}

/** Calls that only read are for rules that ask for them, as far as they are management events. */
function isReadingCall(document: unknown): boolean {
  const { "detail-type": type, detail } = document as Record<string, unknown>;
  if (type !== "AWS API Call via CloudTrail") return false;
  const record = detail as Parameters<typeof onlyReads>[0] & { readonly managementEvent?: unknown };
  return record.managementEvent !== false && onlyReads(record);
}

export function routeToRule(ctx: Context, rule: Rule, event: RestingEvent): void {
  const now = ctx.clock.now();
  const arn = ruleArn(ctx, rule);
  ctx.metric(triggeredRules, [rule.name], 1);
  for (const { target } of targetsOf(ctx, rule)) {
    ctx.schedule(deliverEvent, {
      at: now,
      input: { rule: { arn, name: rule.name, roleArn: rule.roleArn }, target, event, retries: 0, since: now },
    });
  }
}
