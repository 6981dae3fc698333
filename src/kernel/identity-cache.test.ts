import assert from "node:assert/strict";
import { test } from "node:test";
import { accessKeyId } from "./auth/access-key-id.ts";
import { rootCaller } from "./auth/authenticate.ts";
import type { IdentityProvider } from "./auth/identity.ts";
import type { CellContext } from "./cell-context.ts";
import { IdentityCache } from "./identity-cache.ts";

const key = accessKeyId("AKIA", "111122223333", (count) => Buffer.alloc(count, 7));

function bench(): { cache: IdentityCache; asked: string[] } {
  const asked: string[] = [];
  const note =
    (question: string) =>
    (...facts: unknown[]) => {
      const ctx = facts.at(-1) as CellContext;
      asked.push(`${question} in ${ctx.account}`);
      return undefined;
    };
  const provider = {
    accessKey: note("key"),
    policiesOf: note("policies"),
    managedPolicy: note("managed"),
    role: note("role"),
    mfaCodeIsRight: () => false,
    federation: note("federation"),
    oidcProviderArn: note("issuer"),
  } as unknown as IdentityProvider;
  const contextOf = (account: string) =>
    ({ account, reading: <T>(work: () => T) => work() }) as unknown as CellContext;
  return { cache: new IdentityCache(provider, contextOf, () => ["111122223333"]), asked };
}

test("an access key is looked up in the account it names, once, whether it is there or not", () => {
  const { cache, asked } = bench();
  assert.equal(cache.accessKey(key), undefined);
  assert.equal(cache.accessKey(key), undefined);
  assert.deepEqual(asked, ["key in 111122223333"]);
});

test("a key that names no account is nobody's, and nobody is asked", () => {
  const { cache, asked } = bench();
  for (const text of ["", "AKIA", "AKIAIOSFODNN7EXAMPLE!", "x".repeat(10_000)])
    assert.equal(cache.accessKey(text), undefined);
  assert.deepEqual(asked, []);
});

test("what is remembered is forgotten when IAM writes", () => {
  const { cache, asked } = bench();
  const caller = rootCaller("000000000000");
  cache.policiesOf(caller);
  cache.policiesOf(caller);
  cache.forget();
  cache.policiesOf(caller);
  assert.deepEqual(asked, ["policies in 000000000000", "policies in 000000000000"]);
});

test("policies are remembered by who asks, not by account", () => {
  const { cache, asked } = bench();
  const caller = rootCaller("000000000000");
  cache.policiesOf({ ...caller, arn: "arn:aws:iam::000000000000:user/a", principalId: "AIDA1" });
  cache.policiesOf({ ...caller, arn: "arn:aws:iam::000000000000:user/b", principalId: "AIDA2" });
  // A user that was deleted and made anew has the same ARN.
  cache.policiesOf({ ...caller, arn: "arn:aws:iam::000000000000:user/a", principalId: "AIDA3" });
  assert.equal(asked.length, 3);
});

test("roles, providers and managed policies are asked for each time, in the account in question", () => {
  const { cache, asked } = bench();
  cache.role("1", "R");
  cache.managedPolicy("2", "arn");
  cache.federation("3", "arn");
  cache.oidcProviderArn("4", "issuer");
  assert.deepEqual(asked, ["role in 1", "managed in 2", "federation in 3", "issuer in 4"]);
});
