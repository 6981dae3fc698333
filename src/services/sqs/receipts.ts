/** Receipt handles: opaque, unforgeable, and good for one receive of one message. */

import { hash } from "node:crypto";
import { sameText } from "../../kernel/auth/sigv4.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { receiptHandleIsInvalid } from "./errors.ts";
import type { Message } from "./message-table.ts";
import type { Queue } from "./queue-table.ts";

export interface Receipt {
  readonly sentAt: number;
  readonly tie: number;
  /** 16 hexadecimal digits, new with each receive. */
  readonly receipt: string;
}

/** Three header bytes, when the message was sent, its number among those of that time, and the receipt. */
const bodyBytes = 24;
/** A handle is text of two parts, each whole in base64: its body, and the seal of it. */
const bodyLength = 32;
const sealLength = 12;
/** Makes handles begin as AWS's do: `AQEB`. */
const header = 0x01_01_01;
/** A message's number may need more than 32 bits. */
const half = 2 ** 32;

/** One hash with the secret at both ends: a receive makes one for each message. */
function sealOf(ctx: ReadContext, queue: Queue, body: string): string {
  const secret = ctx.kernel.secret.toString("base64");
  return hash("sha256", `${secret} sqs receipt ${queue.id} ${body} ${secret}`, "base64").slice(0, sealLength);
}

export function receiptHandle(ctx: ReadContext, queue: Queue, message: Message): string {
  const bytes = Buffer.allocUnsafe(bodyBytes);
  bytes.writeUIntBE(header, 0, 3);
  bytes.writeUIntBE(message.sentAt, 3, 6);
  bytes.writeUIntBE(Math.floor(message.tie / half), 9, 3);
  bytes.writeUInt32BE(message.tie % half, 12);
  bytes.write(message.receipt ?? "", 16, "hex");
  const body = bytes.toString("base64");
  return body + sealOf(ctx, queue, body);
}

/** @throws ReceiptHandleIsInvalid for what this queue never gave out */
export function openReceipt(ctx: ReadContext, queue: Queue, handle: string): Receipt {
  const body = handle.slice(0, bodyLength);
  const seal = handle.slice(bodyLength);
  if (seal.length !== sealLength || !sameText(sealOf(ctx, queue, body), seal)) {
    throw receiptHandleIsInvalid(handle);
  }
  const bytes = Buffer.from(body, "base64");
  const tie = bytes.readUIntBE(9, 3) * half + bytes.readUInt32BE(12);
  return { sentAt: bytes.readUIntBE(3, 6), tie, receipt: bytes.toString("hex", 16, bodyBytes) };
}
