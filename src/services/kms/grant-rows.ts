/** Grants as they are kept, their tokens, and what they let through. */

import { createHmac, timingSafeEqual } from "node:crypto";
import type { GrantConstraints, GrantOperation } from "../../generated/kms.ts";
import type { AuthorizationRequest, ConditionContext } from "../../iam/types.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { table } from "../../store/types.ts";
import { invalidGrantToken } from "./errors.ts";
import { readIn } from "./multi-region.ts";

export interface Grant {
  readonly keyId: string;
  readonly grantId: string;
  readonly name?: string | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** The unique id of a user or role; otherwise as it was written. */
  readonly granteePrincipal: string;
  readonly retiringPrincipal?: string | undefined;
  readonly issuingAccount: string;
  readonly operations: readonly GrantOperation[];
  readonly constraints?: GrantConstraints | undefined;
}

export const grants = table("kms.grants", {
  key: (grant: Grant) => [grant.keyId, grant.grantId],
  indexes: {
    grantee: (grant: Grant) => [grant.keyId, grant.granteePrincipal],
    retiring: (grant: Grant) => grant.retiringPrincipal,
  },
});

interface GrantReference {
  readonly keyArn: string;
  readonly grantId: string;
}

function sealOf(ctx: ReadContext, text: string): Buffer {
  return createHmac("sha256", ctx.kernel.secret).update(`kms grant token ${text}`).digest();
}

export function grantTokenOf(ctx: ReadContext, reference: GrantReference): string {
  const text = `${reference.keyArn} ${reference.grantId}`;
  return Buffer.concat([sealOf(ctx, text), Buffer.from(text)]).toString("base64");
}

/** What a token says it stands for, not yet verified. */
export function readGrantToken(token: string): GrantReference | undefined {
  const [keyArn = "", grantId = ""] = Buffer.from(token, "base64").subarray(32).toString().split(" ");
  return parseArn(keyArn) && grantId !== "" ? { keyArn, grantId } : undefined;
}

/** @throws InvalidGrantTokenException for what is not a token of this region's */
export function requireGrantToken(ctx: ReadContext, token: string): GrantReference {
  const reference = readGrantToken(token);
  const seal = Buffer.from(token, "base64").subarray(0, 32);
  if (!reference) throw invalidGrantToken();
  const expected = sealOf(ctx, `${reference.keyArn} ${reference.grantId}`);
  if (seal.length !== expected.length || !timingSafeEqual(seal, expected)) throw invalidGrantToken();
  return reference;
}

/** Grants are effective at once here, so tokens add nothing; but what is none is refused as on AWS. */
export function requireGrantTokens(ctx: ReadContext, tokens: readonly string[] | undefined): void {
  for (const token of tokens ?? []) requireGrantToken(ctx, token);
}

/** The pairs of the encryption context in a request, or of the constraint of a grant that is to be made. */
function contextOf(context: ConditionContext): ReadonlyMap<string, string> {
  const names = context.get("kms:encryptioncontextkeys") ?? [];
  return new Map((typeof names === "string" ? [names] : names).map((name) => {
    const value = context.get(`kms:encryptioncontext:${name.toLowerCase()}`);
    return [name, typeof value === "string" ? value : ""] as const;
  }));
}

function holds(
  constraints: GrantConstraints | undefined, request: AuthorizationRequest, action: string,
): boolean {
  const { EncryptionContextSubset: subset, EncryptionContextEquals: equal } = constraints ?? {};
  if (!subset && !equal) return true;
  const pairs = contextOf(request.context);
  const includes = (wanted: Readonly<Record<string, string>>): boolean =>
    Object.entries(wanted).every(([name, value]) => pairs.get(name) === value);
  if (subset && !includes(subset)) return false;
  if (!equal) return true;
  // A grant made by virtue of a grant must be as strict as that one.
  if (
    action === "CreateGrant" && request.context.get("kms:grantconstrainttype") !== "EncryptionContextEquals"
  ) {
    return false;
  }
  return includes(equal) && pairs.size === Object.keys(equal).length;
}

/**
 * Operations without an encryption context are not constrained.
 *
 * @evidence KMS API Reference, GrantConstraints
 */
const unconstrained: ReadonlySet<string> = new Set(["DescribeKey", "RetireGrant"]);

function lets(grant: Grant, request: AuthorizationRequest, action: string): boolean {
  if (!(grant.operations as readonly string[]).includes(action)) return false;
  if (action === "CreateGrant") {
    const wanted = request.context.get("kms:grantoperations") ?? [];
    const names: readonly string[] = typeof wanted === "string" ? [wanted] : wanted;
    if (!names.every((name) => (grant.operations as readonly string[]).includes(name))) return false;
  }
  return unconstrained.has(action) || holds(grant.constraints, request, action);
}

/** Whether a grant on the key lets the principal do it. @evidence KMS Developer Guide, "Grants in AWS KMS" */
export function allowedByGrant(request: AuthorizationRequest, ctx: ReadContext): boolean {
  const arn = parseArn(request.resource);
  if (!arn?.resource.startsWith("key/") || !request.action.startsWith("kms:")) return false;
  const action = request.action.slice("kms:".length);
  const keyId = arn.resource.slice("key/".length);
  const { principal } = request;
  return readIn(ctx, { account: arn.account, region: arn.region }, grants, (rows) => {
    for (const grantee of [principal.arn, principal.uniqueId, principal.userId]) {
      if (grantee === undefined) continue;
      for (const grant of rows.by("grantee").list({ prefix: [keyId, grantee] })) {
        if (lets(grant, request, action)) return true;
      }
    }
    return false;
  });
}
