import assert from "node:assert/strict";
import { test } from "node:test";
import { accountOfAccessKeyId } from "./auth/access-key-id.ts";
import { RegionClock } from "./clock.ts";
import { Ids } from "./ids.ts";
import { SealedSessions } from "./sessions.ts";

const draft = {
  kind: "role",
  account: "111122223333",
  arn: "arn:aws:sts::111122223333:assumed-role/R/S",
  principalId: "AROAX:S",
  roleArn: "arn:aws:iam::111122223333:role/R",
  expiresAt: 3_600_000,
  tags: { team: "red", ["__proto__"]: "x" },
} as const;

function sessions(key: string): SealedSessions {
  const clock = new RegionClock();
  clock.freeze(1_000);
  return new SealedSessions(Buffer.alloc(32, key), clock, new Ids("test"));
}

test("a session is all in its token: opened, it says what it was issued for", () => {
  const issued = sessions("a").issue(draft);
  const { sessionToken, ...session } = issued;
  assert.equal(session.issuedAt, 1_000);
  assert.match(session.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
  assert.equal(accountOfAccessKeyId(session.accessKeyId), "111122223333");
  assert.match(session.secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
  // Another instance with the same key: nothing is remembered.
  assert.deepEqual(
    JSON.parse(JSON.stringify(sessions("a").open(sessionToken))),
    JSON.parse(JSON.stringify(session)),
  );
});

test("a token of another region, a changed one and a made-up one say nothing", () => {
  const { sessionToken } = sessions("a").issue(draft);
  assert.equal(sessions("b").open(sessionToken), undefined);
  for (const position of [0, 40, sessionToken.length - 2]) {
    const other = sessionToken[position] === "A" ? "B" : "A";
    assert.equal(
      sessions("a").open(sessionToken.slice(0, position) + other + sessionToken.slice(position + 1)),
      undefined,
    );
  }
  for (const text of ["", "x", "A".repeat(10_000), sessionToken.slice(0, -8)])
    assert.equal(sessions("a").open(text), undefined);
});

test("two sessions of one draft have different credentials", () => {
  const maker = sessions("a");
  const [one, other] = [maker.issue(draft), maker.issue(draft)];
  assert.notEqual(one.accessKeyId, other.accessKeyId);
  assert.notEqual(one.secretAccessKey, other.secretAccessKey);
  assert.notEqual(one.sessionToken, other.sessionToken);
});
