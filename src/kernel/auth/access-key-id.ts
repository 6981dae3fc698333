/**
 * Access key ids carry the account they belong to: after the four letters of the prefix come 80 bits in
 * base32, a set bit, the account's number in 40 bits, and 39 bits of chance. Ids of before 2019 have the
 * first bit clear and carry no account.
 *
 * @evidence "A short note on AWS KEY ID" (T. Bacharach), ASIAQNZGKIQY56JQ7WML is of account 029608264753;
 *   sts:GetAccessKeyInfo answers the same
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SHAPE = /^[A-Z]{4}([A-Z2-7]{16})$/;
const RANDOM_BITS = 39n;
const ACCOUNT_BIT = 1n << 79n;
const ACCOUNT_MASK = (1n << 40n) - 1n;
const ACCOUNT_MAX = 999_999_999_999n;

/** `AKIA` for the keys of users and root, `ASIA` for temporary ones. */
export type AccessKeyPrefix = "AKIA" | "ASIA";

/** An access key id of 20 characters for an account of 12 digits. */
export function accessKeyId(
  prefix: AccessKeyPrefix,
  accountId: string,
  randomBytes: (count: number) => Uint8Array,
): string {
  if (!/^\d{12}$/.test(accountId)) throw new TypeError(`Not an account id: ${accountId}`);
  let random = 0n;
  for (const byte of randomBytes(5)) random = (random << 8n) | BigInt(byte);
  let bits = ACCOUNT_BIT | (BigInt(accountId) << RANDOM_BITS) | BigInt.asUintN(39, random);

  let text = "";
  for (let digit = 0; digit < 16; digit += 1) {
    text = ALPHABET.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return prefix + text;
}

/** The account an access key id belongs to, or undefined where the id does not say. */
export function accountOfAccessKeyId(id: string): string | undefined {
  const digits = SHAPE.exec(id)?.[1];
  if (digits === undefined) return undefined;
  let bits = 0n;
  for (const digit of digits) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(digit));
  if ((bits & ACCOUNT_BIT) === 0n) return undefined;
  const account = (bits >> RANDOM_BITS) & ACCOUNT_MASK;
  return account > ACCOUNT_MAX ? undefined : account.toString().padStart(12, "0");
}
