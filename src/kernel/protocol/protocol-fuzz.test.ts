import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsError } from "../errors.ts";
import type { WireRequest } from "./protocol.ts";
import { loadCases, requestOf, suiteFiles } from "./protocol-suite.ts";
import type { LoadedCase } from "./protocol-suite.ts";
import { protocolByName } from "./protocols.ts";
import { rounds } from "../../../test/rounds.ts";

const mutationsPerProtocol = rounds(100_000);

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const splices = [
  "__proto__", "constructor", ".member.999999999", ".1.1.1", "%", "%ff", "&", "=", "null", "[[[[", '{"a":',
  "]]>", "<!DOCTYPE a>",
  "&lt;", "&#x0;", "<a>", "</a>", "1e999", "-", '"', "\\u0000", "\u00ff\u00ff\u00ff", "\u009f", "\u00bf",
  "\u00fb", "/", "//", "NaN",
].map((text) => Buffer.from(text, "latin1"));

function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  let mutated = Buffer.from(bytes);
  for (let count = random(4) + 1; count > 0; count -= 1) {
    const at = random(mutated.length + 1);
    const kind = random(5);
    if (kind === 0 && mutated.length > 0) mutated[at % mutated.length] = random(256);
    else if (kind === 1) {
      mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + 1 + random(8))]);
    }
    else if (kind === 2) mutated = mutated.subarray(0, at);
    else if (kind === 3) {
      const piece = mutated.subarray(at, at + random(40));
      mutated = Buffer.concat([mutated.subarray(0, at), piece, mutated.subarray(at)]);
    } else {
      const piece = splices[random(splices.length)] ?? Buffer.alloc(0);
      mutated = Buffer.concat([mutated.subarray(0, at), piece, mutated.subarray(at)]);
    }
  }
  return mutated;
}

function mutateRequest(request: WireRequest, random: (below: number) => number): WireRequest {
  const text = (value: string): string => mutate(Buffer.from(value, "latin1"), random).toString("latin1");
  switch (random(6)) {
    case 0: return { ...request, query: text(request.query) };
    case 1: return { ...request, path: `/${text(request.path)}` };
    case 2: {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, text(value)] as const);
      return { ...request, headers: Object.fromEntries(headers) };
    }
    default: return { ...request, body: mutate(request.body, random) };
  }
}

const seeds = new Map<string, LoadedCase[]>();
for (const file of suiteFiles) {
  for (const loaded of loadCases("input", file)) {
    const name = loaded.service.protocols[0] ?? "json";
    seeds.set(name, [...(seeds.get(name) ?? []), loaded]);
  }
}

for (const [name, cases] of seeds) {
  test(`${name}: whatever arrives is read or refused, and nothing else happens`, () => {
    const random = seeded(20_260_926);
    const requests = cases.map(requestOf);
    let refused = 0;
    for (let count = 0; count < mutationsPerProtocol; count += 1) {
      const index = random(cases.length);
      const { operation, service } = cases[index] as LoadedCase;
      const request = mutateRequest(requests[index] as WireRequest, random);
      try {
        protocolByName(service.protocols[0] ?? "json").parse(request, operation, service);
      } catch (error) {
        if (!(error instanceof AwsError)) assert.fail(`${JSON.stringify(request)} made ${String(error)}`);
        refused += 1;
      }
    }
    assert.ok(refused > 0);
    assert.deepEqual(Object.keys(Object.prototype), []);
  });
}
