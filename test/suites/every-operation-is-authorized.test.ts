/** No operation of any service answers somebody whom no policy lets in. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chance, sampleInput } from "../../src/kernel/schema/sample.ts";
import { startRegion, type TestRegion } from "../region.ts";
import { createFixtures, type Fixtures } from "./fixtures.ts";
import { builtOperation, builtOperations, titleOf, type BuiltOperation } from "./services.ts";
import { client, isRest, type Answer, type Input } from "./wire.ts";

const guarded = builtOperations.filter(({ operation }) => (operation.access ?? "policies") === "policies");

const alice = "arn:aws:iam::000000000000:user/alice";

/** A valid input that names what is there, so that nothing but the missing permission stands in the way. */
function realInput(each: BuiltOperation, fixtures: Fixtures): Input {
  let sample: Input | undefined;
  for (let seed = 1; seed < 50; seed += 1) {
    const input = sampleInput(each.operationModel, each.model, chance(seed));
    sample = input ?? sample;
    // A list of nothing is nothing at all in XML documents.
    if (input && !(isRest(each) && JSON.stringify(input).includes("[]"))) break;
  }
  if (sample) return fixtures.fit(each, sample);
  throw new Error(`no input was found for ${titleOf(each)}`);
}

/** What answers in lists says of each item whether it may be touched. */
function firstRefusal({ output }: Answer): { readonly Code?: string; readonly Message?: string } {
  return ((output["Errors"] ?? []) as { Code?: string; Message?: string }[])[0] ?? {};
}

function denied(each: BuiltOperation, answer: Answer, ending: RegExp): string {
  const { status, text } = answer;
  if (each.operationModel.http.method === "HEAD") {
    assert.equal(status, 403, titleOf(each));
    return each.operationModel.iamAction;
  }
  const item = status < 300 ? firstRefusal(answer) : {};
  const { code = item.Code, message = item.Message ?? "" } = answer;
  const isXml = text.startsWith("<");
  const expected = each.entry.service === "sns" ? "AuthorizationError" : "AccessDenied";
  assert.equal(code, isXml ? expected : "AccessDeniedException", `${titleOf(each)}: ${text.slice(0, 300)}`);
  // IAM names its own resources by kind and name: `user alice`.
  const match =
    /^User: (\S+) is not authorized to perform: (\S+)(?: on resource: .*?)? ((?:because|with) .*)$/s.exec(
      message,
    );
  assert.ok(match, `${titleOf(each)}: ${message}`);
  const [, user, action = "", why = ""] = match;
  assert.equal(user, alice, titleOf(each));
  assert.match(why, ending, `${titleOf(each)}: ${message}`);
  return action;
}

async function allowAllBut(region: TestRegion, action: string): Promise<void> {
  const { status, text } = await client(region).call(builtOperation("iam:PutUserPolicy"), {
    UserName: "alice",
    PolicyName: "inline",
    PolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "*", Resource: "*" },
        { Effect: "Deny", Action: action, Resource: "*" },
      ],
    }),
  });
  assert.equal(Math.trunc(status / 100), 2, text);
}

test("without a policy every operation is denied, in AWS's words", async () => {
  await using region = await startRegion();
  const fixtures = await createFixtures(region);
  const asAlice = client(region, await region.user("alice"));
  const problems: string[] = [];
  for (const each of guarded) {
    const answer = await asAlice.call(each, realInput(each, fixtures));
    try {
      const action = denied(
        each,
        answer,
        /^because no (identity|resource)-based policy allows the \S+ action$/,
      );
      if (each.operation.action !== undefined) continue;
      // SQS answers its actions in lower case.
      assert.equal(action.toLowerCase(), each.operationModel.iamAction.toLowerCase(), titleOf(each));
    } catch (problem) {
      problems.push(String(problem));
    }
  }
  assert.deepEqual(problems, []);
});

test("an explicit deny stops every operation, whatever else is allowed", async () => {
  await using region = await startRegion();
  const fixtures = await createFixtures(region);
  const asAlice = client(region, await region.user("alice"));
  const problems: string[] = [];
  for (const each of guarded) {
    const input = realInput(each, fixtures);
    await allowAllBut(
      region,
      each.operation.action === undefined ? each.operationModel.iamAction : `${each.entry.iamPrefix}:*`,
    );
    try {
      denied(each, await asAlice.call(each, input), /^with an explicit deny in an identity-based policy$/);
    } catch (problem) {
      problems.push(String(problem));
    }
  }
  assert.deepEqual(problems, []);
});
