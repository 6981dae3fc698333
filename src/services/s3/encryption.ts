/** Under which key an object's body rests, and what requests and answers say of it. */

import type * as s3 from "../../generated/s3.ts";
import type { BodyContext } from "../../kernel/context.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Bucket } from "./bucket-table.ts";
import { invalidArgument, notImplementedHere } from "./errors.ts";
import type { ObjectEncryption, ObjectVersion } from "./object-version.ts";

export interface EncryptionInput {
  readonly Bucket: string;
  readonly Key: string;
  readonly ServerSideEncryption?: s3.ServerSideEncryption | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly SSEKMSEncryptionContext?: string | undefined;
  readonly BucketKeyEnabled?: boolean | undefined;
}

/** What answers say of the encryption. */
export interface EncryptionOutput {
  readonly ServerSideEncryption?: s3.ServerSideEncryption;
  readonly SSECustomerAlgorithm?: string;
  readonly SSECustomerKeyMD5?: string;
  readonly SSEKMSKeyId?: string;
  readonly BucketKeyEnabled?: boolean;
}

export interface Encryption {
  /** Of the object, 32 bytes: the keys of its pieces are derived from it. */
  readonly key: Buffer;
  /** Absent for keys of S3's own. */
  readonly stored?: ObjectEncryption;
  readonly output: EncryptionOutput;
}

/** The key of all objects that S3 keeps the key of, made from the region's own secret. */
function ownKey(kernel: Kernel): Buffer {
  return kernel.keyFor("s3 objects");
}

const own: EncryptionOutput = { ServerSideEncryption: "AES256" };

/** How a new object is encrypted: as the request says, or else as its bucket does. */
export async function chooseEncryption(
  ctx: BodyContext,
  _bucket: Bucket,
  input: EncryptionInput,
): Promise<Encryption> {
  if (input.SSECustomerAlgorithm !== undefined) {
    throw notImplementedHere(
      "Encryption with keys of the customer's is not implemented by us-local-1 yet.",
      "x-amz-server-side-encryption-customer-algorithm",
    );
  }
  const algorithm = input.ServerSideEncryption ?? "AES256";
  if (algorithm !== "AES256") {
    throw invalidArgument(
      "The encryption method specified is not supported",
      "x-amz-server-side-encryption",
      algorithm,
    );
  }
  return Promise.resolve({ key: ownKey(ctx.kernel), output: own });
}

export interface DecryptionInput {
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
}

/** The key of a stored object, for who may have it. */
export async function openEncryption(
  ctx: BodyContext,
  _version: ObjectVersion,
  _input: DecryptionInput,
): Promise<Encryption> {
  return Promise.resolve({ key: ownKey(ctx.kernel), output: own });
}

/** Only of what S3 keeps the key of is the entity tag a hash of the content. */
export function tagIsHash(encryption: Encryption): boolean {
  return encryption.stored === undefined;
}
