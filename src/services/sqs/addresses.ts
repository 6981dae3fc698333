/** How requests name a queue: by URL, and in policies by ARN. */

import { parseArn } from "../../kernel/arn.ts";
import { BoundedCache } from "../../kernel/auth/bounded-cache.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import type { Owner } from "../../kernel/operation.ts";
import { accessDenied, invalidAddress, queueDoesNotExist } from "./errors.ts";
import { queues, type Queue } from "./queue-table.ts";

interface QueueAddress {
  /** Undefined where the host does not name one, as `localhost` does not. */
  readonly region: string | undefined;
  readonly account: string;
  readonly name: string;
}

/** Longer ones than any queue has are not kept. */
const urlLengthMax = 500;

const urlForm = /^(?:https?:\/\/([^/?#]*))?\/(?:queue\/([a-z0-9-]+)\/)?(\d{12})\/([^/?#]+)\/?$/;
const region = "[a-z]{2,4}(?:-[a-z]+)+-\\d{1,2}";
const hostForm = new RegExp(`(?:^|\\.)sqs(?:-fips)?\\.(${region})\\.|^(${region})\\.queue\\.`);

/** A request reads its queue's URL several times over, and the next one mostly has the same. */
const parsed = new BoundedCache<QueueAddress>(1_000);

/**
 * Every form of queue URL that AWS and the tools around it have given out: today's host, the legacy
 * `<region>.queue.amazonaws.com`, and paths on a host of any name.
 */
export function parseQueueUrl(url: string): QueueAddress | undefined {
  const known = parsed.get(url);
  if (known) return known;
  const address = readQueueUrl(url);
  if (address && url.length <= urlLengthMax) parsed.set(url, address);
  return address;
}

function readQueueUrl(url: string): QueueAddress | undefined {
  const match = urlForm.exec(url);
  if (!match) return undefined;
  const [, host = "", pathRegion, account = "", name = ""] = match;
  const hostRegion = hostForm.exec(host);
  return { region: pathRegion ?? hostRegion?.[1] ?? hostRegion?.[2], account, name };
}

/**
 * Clients of the Query protocol post to the queue's URL instead of naming it.
 *
 * @evidence SQS Developer Guide, "Making Query API requests": the endpoint of a queue's action is its URL
 */
export function queueUrlInPath(path: string): { readonly QueueUrl: string } | undefined {
  return parseQueueUrl(path) ? { QueueUrl: path } : undefined;
}

/** @throws InvalidAddress when the text is no queue URL, or one of another region */
function addressOf(ctx: ReadContext, url: string): QueueAddress {
  const address = parseQueueUrl(url);
  if (!address || (address.region !== undefined && address.region !== ctx.region)) throw invalidAddress(url);
  return address;
}

export function queueUrl(ctx: ReadContext, name: string): string {
  return `${ctx.kernel.endpoint("sqs", ctx.region)}/${ctx.account}/${name}`;
}

export function findQueue(ctx: ReadContext, name: string): Queue | undefined {
  return ctx.db(queues).get(name);
}

/** @throws QueueDoesNotExist, InvalidAddress */
export function requireQueue(ctx: ReadContext, url: string): Queue {
  const queue = findQueue(ctx, addressOf(ctx, url).name);
  if (!queue) throw queueDoesNotExist();
  return queue;
}

/**
 * The queue of this cell that an ARN names; undefined for other accounts, other regions, and what is no
 * queue.
 */
export function findQueueByArn(ctx: ReadContext, arn: string): Queue | undefined {
  const parsed = parseArn(arn);
  const here = parsed?.service === "sqs" && parsed.account === ctx.account && parsed.region === ctx.region;
  return here ? findQueue(ctx, parsed.resource) : undefined;
}

/** The rules of every operation whose input names one queue by URL. */
export const onQueue = {
  resource: (input: { readonly QueueUrl: string }, ctx: ReadContext): string =>
    ctx.arn(addressOf(ctx, input.QueueUrl).name),
  owner: (input: { readonly QueueUrl: string }): Owner | undefined => {
    const account = parseQueueUrl(input.QueueUrl)?.account;
    return account === undefined ? undefined : { account };
  },
};

/** The same for what messages go through, which CloudTrail does not put into its event history. */
export const onMessages = { ...onQueue, dataEvent: true };

/**
 * Some operations are the owner's alone, whatever the queue's policy says.
 *
 * @evidence SQS Developer Guide, "Access management: cross-account permissions do not apply to this action"
 */
export function requireOwner(ctx: Context, url: string): void {
  if (ctx.caller.type !== "AWSService" && ctx.caller.account !== ctx.account) {
    throw accessDenied(`Access to the resource ${url} is denied.`);
  }
}
