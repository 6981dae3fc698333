/** Whether requests have condition keys, as the policies of users see them. */

import assert from "node:assert/strict";
import { refusal } from "./refusal.ts";
import type { TestCredentials, TestRegion } from "./region.ts";

type Call<Client> = (as: Client) => Promise<unknown>;

export interface ConditionKeys<Client> {
  /** Only a policy that names the request's value lets it through; what comes after is another matter. */
  says(action: string, key: string, value: string, call: Call<Client>): Promise<void>;
  hasNo(action: string, key: string, call: Call<Client>): Promise<void>;
}

const isDenial = (text: string): boolean => /^AccessDenied(?:Exception)?: /.test(text);

function otherThan(value: string): string {
  if (value === "true") return "false";
  return value === "false" ? "true" : `${value}0`;
}

export function conditionKeys<Client>(
  region: TestRegion, prefix: string, client: (credentials: TestCredentials) => Client,
): ConditionKeys<Client> {
  let users = 0;
  /** How a call ends for a user who may do everything, this one action only if the condition holds. */
  async function outcome(action: string, Condition: object, call: Call<Client>): Promise<string> {
    const credentials = await region.user(`${prefix}-${users += 1}`, {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", NotAction: `${prefix}:${action}`, Resource: "*" },
        { Effect: "Allow", Action: `${prefix}:${action}`, Resource: "*", Condition },
      ],
    });
    return refusal(call(client(credentials)));
  }
  return {
    async says(action, key, value, call) {
      for (const named of [otherThan(value), value]) {
        const ended = await outcome(action, { "ForAnyValue:StringEquals": { [key]: named } }, call);
        assert.equal(isDenial(ended), named !== value, `${action} with ${key} ${named}: ${ended}`);
      }
    },
    async hasNo(action, key, call) {
      const ended = await outcome(action, { Null: { [key]: "true" } }, call);
      assert.ok(!isDenial(ended), `${action} without ${key}: ${ended}`);
    },
  };
}
