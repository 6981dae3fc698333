/** A message as the protocols get it, made once however many subscriptions there are. */

import type { BodyContext } from "../../kernel/context.ts";
import { messageSigner, type MessageSigner } from "../../kernel/message-signing.ts";
import {
  envelope, lambdaEvent, messageFor, notificationText, streamRecord, type Notification, type Signed,
} from "./notification.ts";
import { subscriptionArn, type Subscription } from "./subscription-table.ts";
import type { Topic } from "./topic-table.ts";

export function signerOf(ctx: BodyContext): Promise<MessageSigner> {
  return messageSigner(ctx, "sns.amazonaws.com");
}

/** @evidence SNS Developer Guide, "Verifying the signatures": version 1 is SHA-1, version 2 SHA-256 */
export async function signedBy(
  signer: MessageSigner, version: "1" | "2", text: string,
): Promise<Signed> {
  const signature = await signer.sign(version === "2" ? "sha256" : "sha1", text);
  return { version, signature, certificateUrl: signer.certificateUrl };
}

export function signatureVersionOf(topic: Topic): "1" | "2" {
  return topic.attributes["SignatureVersion"] === "2" ? "2" : "1";
}

export class Envelopes {
  readonly notification: Notification;
  readonly #ctx: BodyContext;
  readonly #signed = new Map<string, Promise<Signed>>();
  readonly #written = new Map<string, Promise<readonly [before: string, after: string]>>();
  readonly #unsubscribeUrl: string;

  constructor(ctx: BodyContext, notification: Notification) {
    this.#ctx = ctx;
    this.notification = notification;
    this.#unsubscribeUrl = `${ctx.kernel.endpoint("sns", ctx.region)}/?Action=Unsubscribe&SubscriptionArn=`;
  }

  messageFor(protocol: string): string {
    return messageFor(this.notification, protocol);
  }

  #unsubscribe(subscription: Subscription): string {
    return this.#unsubscribeUrl + subscriptionArn(this.#ctx, subscription);
  }

  /** The signature says nothing of the subscription: all that get the same text share it. */
  #signature(message: string, version: "1" | "2"): Promise<Signed> {
    const key = version + message;
    let signed = this.#signed.get(key);
    if (!signed) {
      const text = notificationText(this.notification, message);
      signed = signerOf(this.#ctx).then((signer) => signedBy(signer, version, text));
      this.#signed.set(key, signed);
    }
    return signed;
  }

  /** For queues, endpoints and mail. @evidence SNS, recorded: those of FIFO topics are not signed */
  async json(topic: Topic, subscription: Subscription, protocol = subscription.protocol): Promise<string> {
    return (await this.writer(topic, protocol))(subscription);
  }

  /** As `json`, for many subscriptions with the same protocol. */
  async writer(topic: Topic, protocol: string): Promise<(subscription: Subscription) => string> {
    const message = this.messageFor(protocol);
    let parts = this.#written.get(message);
    if (!parts) this.#written.set(message, (parts = this.#parts(message, signatureVersionOf(topic))));
    const [before, after] = await parts;
    return (subscription) => before + this.#unsubscribe(subscription) + after;
  }

  async #parts(message: string, version: "1" | "2"): Promise<readonly [before: string, after: string]> {
    const isSigned = this.notification.sequence === undefined;
    const signed = isSigned ? await this.#signature(message, version) : undefined;
    return envelope(this.notification, message, signed);
  }

  /** @evidence SNS, recorded: functions get version 1 whatever the topic says */
  async lambda(subscription: Subscription): Promise<object> {
    const message = this.messageFor("lambda");
    const signed = await this.#signature(message, "1");
    const arn = subscriptionArn(this.#ctx, subscription);
    return lambdaEvent(this.notification, message, signed, arn, this.#unsubscribe(subscription));
  }

  stream(subscription: Subscription): string {
    return streamRecord(this.notification, this.messageFor("firehose"), this.#unsubscribe(subscription));
  }
}
