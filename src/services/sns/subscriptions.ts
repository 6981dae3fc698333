/** A subscription: how it comes and goes, and what it is set to. */

import * as sns from "../../generated/sns.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { replayStatusOf, startReplay } from "./archive.ts";
import { askLater, newToken } from "./confirmations.ts";
import { effectiveSubscriptionPolicy } from "./delivery-policy.ts";
import { needsConfirmation, requireEndpoint } from "./endpoints.ts";
import { authorizationError, invalidParameter, invalidToken } from "./errors.ts";
import { agrees, authorizeRole, withAttributes, type Subject } from "./subscription-attributes.ts";
import {
  deleteSubscription, findSubscription, requireSubscription, subscriptionArn, subscriptions, unsubscribed,
  type Subscription,
} from "./subscription-table.ts";
import { onTopic, ownerOf, requireTopic, type Topic } from "./topic-table.ts";
import { pageSize } from "./topics.ts";

type Attributes = Readonly<Record<string, string>>;

function refuseOne(message: string): Error {
  return invalidParameter(`Attributes Reason: ${message}`);
}

function findExisting(
  ctx: ReadContext, topic: Topic, protocol: string, endpoint: string,
): Subscription | undefined {
  return ctx.db(subscriptions).by("endpoint").first({ prefix: [topic.name, protocol, endpoint] });
}

/** @evidence SNS, recorded: text messages' numbers without their punctuation are the same numbers */
function normalized(protocol: string, endpoint: string): string {
  return protocol === "sms" ? `+${endpoint.replace(/\D/g, "")}` : endpoint;
}

/** Subscribing what is subscribed is answered as before, and asks again who has not confirmed. */
function resubscribe(ctx: Context, existing: Subscription, asked: Attributes): Subscription {
  if (!agrees(existing, asked)) {
    throw refuseOne("Subscription already exists with different attributes");
  }
  if (existing.isPending) askLater(ctx, existing, "SubscriptionConfirmation");
  return existing;
}

function subscribe(
  ctx: Context, topic: Topic, protocol: string, endpoint: string, attributes: Attributes,
): Subscription {
  const isPending = needsConfirmation(ctx, protocol, endpoint);
  const subscription = ctx.db(subscriptions).put({
    topic: topic.name,
    id: ctx.ids.uuid(),
    protocol,
    endpoint,
    owner: ctx.caller.account || ctx.account,
    principal: ctx.caller.arn,
    attributes,
    isPending,
    isAuthenticated: !isPending,
    createdAt: ctx.clock.now(),
    ...(isPending && { token: newToken(ctx) }),
  });
  if (isPending) askLater(ctx, subscription, "SubscriptionConfirmation");
  return subscription;
}

/** @evidence SNS, recorded: the refusals, and that an ARN is only given when it is asked for */
export const Subscribe = operation(sns.Subscribe, {
  ...onTopic,
  conditions: ({ Endpoint, Protocol }) => ({ "sns:endpoint": Endpoint, "sns:protocol": Protocol }),
  run(input, ctx) {
    const topic = requireTopic(ctx, input.TopicArn);
    const protocol = input.Protocol;
    requireEndpoint(protocol, input.Endpoint ?? "", topic);
    const endpoint = normalized(protocol, input.Endpoint ?? "");
    const subject: Subject = { topic, protocol, endpoint, current: {} };
    const unknown = (name: string): Error => refuseOne(`Unknown attribute: ${name}`);
    const attributes = withAttributes(subject, input.Attributes ?? {}, refuseOne, unknown);
    if (protocol === "firehose" && attributes["SubscriptionRoleArn"] === undefined) {
      throw refuseOne("SubscriptionRoleArn: required for firehose subscriptions");
    }
    authorizeRole(ctx, attributes, {});
    const existing = findExisting(ctx, topic, protocol, endpoint);
    const subscription = existing
      ? resubscribe(ctx, existing, attributes)
      : subscribe(ctx, topic, protocol, endpoint, attributes);
    if (!existing) startReplay(ctx, topic, subscription);
    const isHidden = subscription.isPending && !input.ReturnSubscriptionArn;
    return { SubscriptionArn: isHidden ? "pending confirmation" : subscriptionArn(ctx, subscription) };
  },
});

/**
 * A subscription is its owner's; a topic's owner may only end it.
 *
 * @evidence ansible-collections/community.aws issue 1418: a topic's owner on subscriptions of others
 * @throws AuthorizationError
 */
function authorizeOn(ctx: Context, action: string, subscription: Subscription): void {
  const { account } = ctx.caller;
  const isEnding = action === "sns:Unsubscribe" && account === ctx.account;
  if (account !== subscription.owner && !isEnding) {
    throw authorizationError("Not authorized to access this subscription");
  }
  ctx.authorize({ action, resource: ctx.arn(subscription.topic) });
}

/** By a link it can be taken back: the endpoint is told how. */
function unsubscribe(ctx: Context, subscription: Subscription, isByLink: boolean): void {
  deleteSubscription(ctx, subscription);
  const isAsked = /^(?:https?|email|email-json)$/.test(subscription.protocol) && !subscription.isPending;
  if (!isByLink || !isAsked) return;
  const remembered = ctx.db(unsubscribed).put({ ...subscription, token: newToken(ctx) });
  askLater(ctx, remembered, "UnsubscribeConfirmation");
}

const onSubscription = {
  owner: ({ SubscriptionArn }: { readonly SubscriptionArn: string }) => ownerOf(SubscriptionArn),
  resource: ({ SubscriptionArn }: { readonly SubscriptionArn: string }): string =>
    SubscriptionArn.split(":").slice(0, 6).join(":"),
};

/** @evidence SNS, recorded: a subscription that is not there is unsubscribed all the same */
export const Unsubscribe = operation(sns.Unsubscribe, {
  ...onSubscription,
  access: "anonymous",
  run(input, ctx) {
    const isByLink = ctx.caller.type === "Anonymous";
    const found = findSubscription(ctx, input.SubscriptionArn);
    if (!found) {
      if (!isByLink) ctx.authorize({ action: "sns:Unsubscribe", resource: onSubscription.resource(input) });
      return;
    }
    if (!isByLink) authorizeOn(ctx, "sns:Unsubscribe", found);
    else if (found.needsAuthentication) {
      throw authorizationError(
        "Not authorized to unsubscribe: the subscription was confirmed so that only its owner may",
      );
    }
    unsubscribe(ctx, found, isByLink);
  },
});

/** @evidence SNS, recorded: what GetSubscriptionAttributes shows */
function shown(ctx: ReadContext, topic: Topic, subscription: Subscription): Record<string, string> {
  const { protocol, attributes, owner, principal, endpoint, isPending, isAuthenticated } = subscription;
  const { FilterPolicyScope = "MessageAttributes", ...others } = attributes;
  const isHttp = protocol === "http" || protocol === "https";
  const policy = isHttp && {
    EffectiveDeliveryPolicy: JSON.stringify(
      effectiveSubscriptionPolicy(topic.attributes["DeliveryPolicy"], attributes["DeliveryPolicy"]),
    ),
  };
  const replay = replayStatusOf(ctx, subscription);
  return {
    SubscriptionArn: subscriptionArn(ctx, subscription),
    TopicArn: ctx.arn(topic.name),
    Owner: owner,
    Protocol: protocol,
    Endpoint: endpoint,
    PendingConfirmation: String(isPending),
    ConfirmationWasAuthenticated: String(isAuthenticated),
    SubscriptionPrincipal: principal,
    RawMessageDelivery: "false",
    ...policy,
    ...others,
    ...(others["FilterPolicy"] !== undefined && { FilterPolicyScope }),
    ...(replay !== undefined && { ReplayStatus: replay }),
  };
}

export const GetSubscriptionAttributes = operation(sns.GetSubscriptionAttributes, {
  ...onSubscription,
  access: "signed",
  run(input, ctx) {
    const subscription = requireSubscription(ctx, input.SubscriptionArn);
    authorizeOn(ctx, "sns:GetSubscriptionAttributes", subscription);
    const topic = requireTopic(ctx, ctx.arn(subscription.topic));
    return { Attributes: shown(ctx, topic, subscription) };
  },
});

/** @evidence SNS, recorded: names that there are not, and the refusals of values */
export const SetSubscriptionAttributes = operation(sns.SetSubscriptionAttributes, {
  ...onSubscription,
  access: "signed",
  run(input, ctx) {
    const subscription = requireSubscription(ctx, input.SubscriptionArn);
    authorizeOn(ctx, "sns:SetSubscriptionAttributes", subscription);
    const topic = requireTopic(ctx, ctx.arn(subscription.topic));
    const { protocol, endpoint, attributes: current } = subscription;
    const requested = { [input.AttributeName]: input.AttributeValue ?? "" };
    const attributes = withAttributes(
      { topic, protocol, endpoint, current }, requested, invalidParameter,
      () => invalidParameter("AttributeName"),
    );
    authorizeRole(ctx, attributes, current);
    const changed = ctx.db(subscriptions).put({ ...subscription, attributes });
    if (input.AttributeName === "ReplayPolicy") startReplay(ctx, topic, changed);
  },
});

function listed(ctx: ReadContext, subscription: Subscription, account = ctx.account): sns.Subscription {
  const { topic, id, owner, protocol, endpoint, isPending } = subscription;
  const TopicArn = ctx.arn(topic).replace(`:${ctx.account}:`, `:${account}:`);
  return {
    SubscriptionArn: isPending ? "PendingConfirmation" : `${TopicArn}:${id}`,
    Owner: owner,
    Protocol: protocol,
    Endpoint: endpoint,
    TopicArn,
  };
}

export const ListSubscriptionsByTopic = operation(sns.ListSubscriptionsByTopic, {
  ...onTopic,
  run(input, ctx) {
    const topic = requireTopic(ctx, input.TopicArn);
    const { items, next } = page({
      rows: ctx.db(subscriptions),
      range: { prefix: [topic.name] },
      key: (row) => [row.topic, row.id],
      limit: pageSize,
      token: input.NextToken,
      scope: `sns.ListSubscriptionsByTopic ${topic.id}`,
      invalid: invalidToken,
    });
    return { Subscriptions: items.map((row) => listed(ctx, row)), NextToken: next };
  },
});

/** Those of the caller's account; what it has subscribed to topics of others comes on the last page. */
export const ListSubscriptions = operation(sns.ListSubscriptions, {
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(subscriptions).by("owner"),
      range: { prefix: [ctx.account] },
      key: (row) => [row.owner, row.topic, row.id],
      limit: pageSize,
      token: input.NextToken,
      scope: "sns.ListSubscriptions",
      invalid: invalidToken,
    });
    const own = items.map((row) => listed(ctx, row));
    return { Subscriptions: next === undefined ? [...own, ...elsewhere(ctx)] : own, NextToken: next };
  },
});

function elsewhere(ctx: ReadContext): sns.Subscription[] {
  const others = ctx.kernel.cells().filter(
    (cell) => cell.region === ctx.region && cell.account !== ctx.account,
  );
  return others.flatMap((cell) => {
    const rows = ctx.kernel.read(cell, (transaction) => [
      ...transaction.rows(subscriptions).by("owner").list({ prefix: [ctx.account] }),
    ]);
    return rows.map((row) => listed(ctx, row, cell.account));
  });
}
