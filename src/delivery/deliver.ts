/**
 * Hands a payload to the resource that an ARN names, as EventBridge, Scheduler and Pipes do: as the service
 * itself, whom the resource's policy must let in, or under a role that was passed to it.
 */

import { parseArn, type Arn } from "../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../kernel/context.ts";
import { AwsError } from "../kernel/errors.ts";
import { absenceOf } from "./absence.ts";
import { failed, failureOf, type Failure } from "./failure.ts";
import { sessionOf } from "./role-session.ts";
import { senders } from "./senders.ts";

/** In whose name. */
export interface Actor {
  /** `events.amazonaws.com` */
  readonly principal: string;
  /** The rule, schedule or pipe: `aws:SourceArn`. */
  readonly sourceArn: string;
  /** Without a role the service acts as itself. */
  readonly roleArn?: string | undefined;
  /** Names the role's session. */
  readonly sessionName?: string;
}

/** What only some targets ask for. */
export interface TargetSettings {
  /** SQS, and SNS's FIFO topics. */
  readonly messageGroupId?: string | undefined;
  readonly messageDeduplicationId?: string | undefined;
  /** Kinesis: up to 256 characters. */
  readonly partitionKey?: string | undefined;
  /** Event buses: what the event is, with the payload for its detail. */
  readonly event?:
    | {
      readonly source: string;
      readonly detailType: string;
      readonly resources?: readonly string[];
      readonly time?: number;
    }
    | undefined;
  /** Logs: an existing stream. Default: a new one for each payload. */
  readonly logStreamName?: string | undefined;
  /** Lambda. Default: `Event`. */
  readonly invocationType?: "Event" | "RequestResponse" | undefined;
}

export interface Delivery {
  readonly target: string;
  /** JSON, mostly. */
  readonly payload: string;
  readonly actor: Actor;
  readonly settings?: TargetSettings;
}

/** What a target answers to who waits for it: a function's result. */
export interface Delivered {
  readonly payload?: Buffer | undefined;
}

/** How one kind of target takes a payload. @throws AwsError */
export type Sender = (ctx: BodyContext, order: Order) => Promise<Delivered | void>;

export interface Order {
  readonly arn: Arn;
  readonly target: string;
  readonly payload: string;
  readonly settings: TargetSettings;
  /** How to call the target's service. */
  readonly options: CallOptions;
}

export type Outcome = Delivered | { readonly failure: Failure };

/** Whether anything can be delivered to resources of this kind, so far. */
export function isDeliverable(arn: Arn): boolean {
  return senders[arn.service] !== undefined;
}

/** Never throws: what went wrong is classified, so that the caller knows whether to try again. */
export async function deliver(ctx: BodyContext, delivery: Delivery): Promise<Outcome> {
  const { target, payload, actor, settings = {} } = delivery;
  const arn = parseArn(target);
  const sender = arn && senders[arn.service];
  if (!arn || !sender) {
    const what = arn ? `Targets of ${arn.service}` : `The target ${target}`;
    return { failure: failed("INTERNAL_ERROR", `${what} are not implemented by us-local-1 yet.`, false) };
  }
  let options: CallOptions;
  try {
    options = await optionsFor(ctx, actor, arn);
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    const isTransient = cause.status >= 500;
    const code = isTransient ? "TRANSIENT_ASSUME_ROLE" : "FAILED_TO_ASSUME_ROLE";
    return { failure: failed(code, cause.message, isTransient) };
  }
  try {
    return (await sender(ctx, { arn, target, payload, settings, options })) ?? {};
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    const failure = failureOf(cause);
    const isRefused = failure.code === "NO_PERMISSIONS" && actor.roleArn === undefined;
    const absence = isRefused ? await absenceOf(ctx, target) : undefined;
    return { failure: absence ? failureOf(absence) : failure };
  }
}

async function optionsFor(ctx: BodyContext, actor: Actor, { region, account }: Arn): Promise<CallOptions> {
  const where = { ...(region !== "" && { region }) };
  if (actor.roleArn !== undefined) {
    return { as: { session: await sessionOf(ctx, { ...actor, roleArn: actor.roleArn }) }, ...where };
  }
  return {
    as: "service", principal: actor.principal, sourceArn: actor.sourceArn, ...where,
    ...(account !== "" && { account }),
  };
}
