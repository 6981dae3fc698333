/** What tests of access have in common: buckets, accounts, and who is nobody. */

import {
  CreateBucketCommand, DeletePublicAccessBlockCommand, PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand, PutObjectCommand, S3Client, type ObjectOwnership,
} from "@aws-sdk/client-s3";
import { handle } from "../src/kernel/gateway/chain.ts";
import type { TestCredentials, TestRegion } from "./region.ts";

export const other = "111122223333";

/** The root user of account 000000000000, or of another one, or whoever the credentials are of. */
export function clientOf(region: TestRegion, who?: string | TestCredentials): S3Client {
  const credentials = typeof who === "string" ? region.root(who) : who;
  return region.client(S3Client, credentials ? { credentials } : {});
}

export async function makeBucket(
  region: TestRegion,
  options: { readonly ownership?: ObjectOwnership; readonly isOpen?: boolean } = {},
): Promise<S3Client> {
  const s3 = clientOf(region);
  await s3.send(new CreateBucketCommand({ Bucket: "bucket" }));
  if (options.isOpen) await s3.send(new DeletePublicAccessBlockCommand({ Bucket: "bucket" }));
  if (options.ownership !== undefined) {
    const OwnershipControls = { Rules: [{ ObjectOwnership: options.ownership }] };
    await s3.send(new PutBucketOwnershipControlsCommand({ Bucket: "bucket", OwnershipControls }));
  }
  await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "content" }));
  return s3;
}

export function policyOf(...statements: object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

export function putPolicy(s3: S3Client, ...statements: object[]): Promise<unknown> {
  return s3.send(new PutBucketPolicyCommand({ Bucket: "bucket", Policy: policyOf(...statements) }));
}

export const objects = "arn:aws:s3:::bucket/*";

export const letsEverybodyRead = {
  Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: objects,
};

export interface Asked {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly secure?: boolean;
}

/** Somebody without credentials asks. @returns status, and the code or the body */
export async function anonymous(region: TestRegion, asked: Asked = {}): Promise<string> {
  const { method = "GET", host = "s3.us-east-1.amazonaws.com", path = "/bucket/key", query = "" } = asked;
  const answer = await handle(region.engine, {
    method, path, query,
    headers: { host, ...asked.headers },
    body: Buffer.from(asked.body ?? ""),
    sourceIp: "127.0.0.1",
    secure: asked.secure ?? true,
    signal: new AbortController().signal,
  });
  let text = "";
  if (typeof answer.body === "string" || Buffer.isBuffer(answer.body)) text = String(answer.body);
  else for await (const chunk of answer.body as AsyncIterable<Buffer>) text += String(chunk);
  const code = /<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(text);
  return `${answer.status} ${code ? `${code[1] ?? ""}: ${code[2] ?? ""}` : text}`.trim();
}
