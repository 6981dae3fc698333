/** Calls that must succeed, by name. */

import assert from "node:assert/strict";
import type { Credentials } from "../../src/kernel/auth/signing.ts";
import { builtOperation } from "./services.ts";
import { client, type Answer, type Asked, type Input } from "./wire.ts";

export type Make = (operation: string, input: Input) => Promise<Record<string, unknown>>;
export type Ask = (operation: string, input: Input) => Promise<Answer>;

export function asking(region: Asked, credentials?: Credentials, awsRegion?: string): Ask {
  const caller = client(region, credentials, awsRegion);
  return (operation, input) => caller.call(builtOperation(operation), input);
}

export function making(region: Asked, credentials?: Credentials, awsRegion?: string): Make {
  const ask = asking(region, credentials, awsRegion);
  return async (operation, input) => {
    const { status, output, text } = await ask(operation, input);
    assert.ok(status < 300, `${operation} ${JSON.stringify(input).slice(0, 200)}: ${text}`);
    return output;
  };
}
