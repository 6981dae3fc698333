import assert from "node:assert/strict";
import { test } from "node:test";
import { UsualSecrets } from "./usual-secrets.ts";

const key = "222222222222";
const signedWith = (used: string) => (secret: string): boolean => secret === used;

test("what is handed on is held to the usual secret that a key was seen with, or that it holds with", () => {
  const secrets = new UsualSecrets();
  assert.equal(secrets.ofHandedOn(key, signedWith("x")), undefined, "nothing is known of the key");
  secrets.noteRequest(key, signedWith("test"), 0);
  assert.equal(secrets.ofHandedOn(key, signedWith("x")), "test");
  assert.equal(secrets.ofHandedOn(key, signedWith(key)), key, "the other usual one holds");
  assert.equal(secrets.ofHandedOn("test", signedWith("x")), undefined, "of another key");
});

test("a key that comes with another secret later is noticed", () => {
  const secrets = new UsualSecrets();
  secrets.noteRequest(key, signedWith("test"), 0);
  secrets.noteRequest(key, signedWith("x"), 1_000);
  assert.equal(secrets.ofHandedOn(key, signedWith("x")), undefined);
  assert.equal(secrets.ofHandedOn(key, signedWith("test")), "test");
});

test("one that came with another first is verified once it comes with a usual one", () => {
  const secrets = new UsualSecrets();
  secrets.noteRequest(key, signedWith("x"), 0);
  assert.equal(secrets.ofHandedOn(key, signedWith("x")), undefined);
  secrets.noteRequest(key, signedWith(key), 2_000);
  assert.equal(secrets.ofHandedOn(key, signedWith(key)), key);
});

test("requests of a busy key are looked at once a second", () => {
  const secrets = new UsualSecrets();
  let looks = 0;
  const counting = (): boolean => {
    looks += 1;
    return true;
  };
  for (let now = 0; now < 3_000; now += 100) secrets.noteRequest(key, counting, now);
  assert.equal(looks, 3);
});
