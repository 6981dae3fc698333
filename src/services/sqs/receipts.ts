/** Receipt handles: opaque, unforgeable, and good for one receive of one message. */

import { hash, timingSafeEqual } from "node:crypto";
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

const bodyBytes = 25;
const sealBytes = 8;
const handleLength = 44;
/** A message's number may need more than 32 bits. */
const half = 2 ** 32;
/** Makes handles begin as AWS's do: `AQEB`. */
const header = Buffer.of(1, 1, 1);

/** One hash with the secret at both ends: a receive makes one for each message. */
function sealOf(ctx: ReadContext, queue: Queue, body: Buffer): Buffer {
  const secret = ctx.kernel.secret.toString("base64");
  const text = `${secret} sqs receipt ${queue.id} ${body.toString("base64")} ${secret}`;
  return hash("sha256", text, "buffer").subarray(0, sealBytes);
}

export function receiptHandle(ctx: ReadContext, queue: Queue, message: Message): string {
  const body = Buffer.alloc(bodyBytes);
  header.copy(body);
  body.writeUIntBE(message.sentAt, 3, 6);
  body.writeUInt32BE(Math.floor(message.tie / half), 9);
  body.writeUInt32BE(message.tie % half, 13);
  body.write(message.receipt ?? "", 17, "hex");
  return Buffer.concat([body, sealOf(ctx, queue, body)]).toString("base64");
}

/** @throws ReceiptHandleIsInvalid for what this queue never gave out */
export function openReceipt(ctx: ReadContext, queue: Queue, handle: string): Receipt {
  const bytes = Buffer.from(handle, "base64");
  const body = bytes.subarray(0, bodyBytes);
  const wellFormed = handle.length === handleLength && bytes.length === bodyBytes + sealBytes;
  if (!wellFormed || !timingSafeEqual(bytes.subarray(bodyBytes), sealOf(ctx, queue, body))) {
    throw receiptHandleIsInvalid(handle);
  }
  const tie = body.readUInt32BE(9) * half + body.readUInt32BE(13);
  return { sentAt: body.readUIntBE(3, 6), tie, receipt: body.toString("hex", 17, 25) };
}
