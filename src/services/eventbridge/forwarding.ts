/** Events go on to other buses as they are: also of other accounts and regions, as policies let them. */

import * as events from "../../generated/eventbridge.ts";
import { parseArn } from "../../kernel/arn.ts";
import { rootCaller } from "../../kernel/auth/authenticate.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { failed, failureOf, type Failure } from "../../delivery/failure.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import type { OpenDispatch } from "./delivering.ts";
import type { Event } from "./event.ts";

/** An entry of PutEvents that another bus sends: never from outside, whose requests have no such member. */
export interface ForwardedEntry extends events.PutEventsRequestEntry {
  readonly internalMetadata?: Event;
}

/** Undefined when the other bus has it. */
export async function forwardEvent(ctx: BodyContext, dispatch: OpenDispatch): Promise<Failure | undefined> {
  const { target, event } = dispatch;
  const bus = parseArn(target.Arn);
  if (!bus) return failed("INVALID_PARAMETER", `${target.Arn} is no event bus.`, false);
  if (event.forwardedFrom !== undefined) return thirdHop(ctx, bus);
  const entry: ForwardedEntry = {
    EventBusName: target.Arn,
    Source: event.source,
    DetailType: event.detailType,
    Detail: event.detail,
    internalMetadata: { ...event, forwardedFrom: ctx.account },
  };
  try {
    const options = await optionsFor(ctx, dispatch);
    await ctx.call(events.PutEvents, { Entries: [entry] }, { ...options, region: bus.region });
    return undefined;
  } catch (cause) {
    if (cause instanceof AwsError) return failureOf(cause);
    throw cause;
  }
}

/**
 * An event goes from bus to bus once: what was forwarded is not forwarded again.
 *
 * @evidence EventBridge User Guide, "Sending and receiving events between accounts": what a receiver's rules
 *   send on to a third account is not sent
 */
function thirdHop(ctx: BodyContext, bus: { readonly account: string }): Failure {
  const isElsewhere = bus.account !== ctx.account;
  return {
    code: isElsewhere ? "THIRD_ACCOUNT_HOP_DETECTED" : "THIRD_REGION_HOP_DETECTED",
    message: "An event that came from another event bus is not sent on to a third one.",
    isRetryable: false,
  };
}

/** Without a role it is the account itself that sends, which the other bus's policy must let in. */
async function optionsFor(ctx: BodyContext, { rule, target }: OpenDispatch): Promise<CallOptions> {
  const roleArn = target.RoleArn ?? rule.roleArn;
  if (roleArn === undefined) return { as: { for: rootCaller(ctx.account) } };
  const role = { roleArn, principal: "events.amazonaws.com", sourceArn: rule.arn };
  return { as: { session: await sessionOf(ctx, role) } };
}
