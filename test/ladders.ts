/** Ladders of requests that are mended step by step, and how they are climbed. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startRegion, type TestRegion } from "./region.ts";
import { builtOperation } from "./suites/services.ts";
import { client } from "./suites/wire.ts";
import { createTable, values } from "../src/services/dynamodb/table-fixture.ts";

export type Row = readonly [change: Readonly<Record<string, unknown>>, said: string];

export const invalid = "ValidationException: ";
export const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table";
export const missingArn = "arn:aws:dynamodb:us-east-1:000000000000:table/missing";
export const noArn = "x".repeat(40);
export const right = values({ pk: "a", sk: "b" });
export const nothingAsked = `${invalid}At least one of ProvisionedThroughput, BillingMode, ` +
  "UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, " +
  "MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, " +
  "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required";

export function constraint(value: string, member: string, text: string): string {
  return `Value '${value}' at '${member}' failed to satisfy constraint: ${text}`;
}

export function missed(value: string, member: string, text: string): string {
  return `${invalid}1 validation error detected: ${constraint(value, member, text)}`;
}

export function badName(member: string): string {
  const pattern = constraint("x!", member, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  const length = constraint("x!", member, "Member must have length greater than or equal to 3");
  return `${invalid}2 validation errors detected: ${pattern}; ${length}`;
}

export function climb(ladders: Readonly<Record<string, readonly Row[]>>): void {
  let region: TestRegion;
  before(async () => {
    region = await startRegion();
    const table = await createTable(region, "pk:S sk:S");
    await table.put({ pk: "a", sk: "b" });
  });
  after(async () => {
    await region[Symbol.asyncDispose]();
  });

  interface Answer {
    readonly CancellationReasons?: readonly { readonly Message?: string }[];
  }

  for (const [operation, rows] of Object.entries(ladders)) {
    test(`${operation} complains in order`, async () => {
      const caller = client(region);
      let input = {};
      for (const [change, said] of rows) {
        input = { ...input, ...change };
        const asked = caller.call(builtOperation(`dynamodb:${operation}`), input);
        const { status, code, output, text } = await asked;
        const reasons = (JSON.parse(text || "{}") as Answer).CancellationReasons;
        const message = reasons?.map(({ Message }) => Message).join("; ") ?? String(output["message"]);
        assert.equal(status === 200 ? "OK" : `${code}: ${message}`, said);
      }
    });
  }
}
