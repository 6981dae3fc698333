import assert from "node:assert/strict";
import { test } from "node:test";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startRegion } from "../../test/region.ts";

const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
const everything = document({ Effect: "Allow", Action: "*", Resource: "*" });

test("an organization's control policies bind users and root alike, and say so", async () => {
  await using region = await startRegion();
  const noQueues = document({ Effect: "Deny", Action: "sqs:*", Resource: "*" });
  region.engine.controlPolicies = (account) =>
    account === "000000000000"
      ? {
          serviceControl: [
            [{ document: everything, kind: "scp", id: "FullAWSAccess" }],
            [
              { document: noQueues, kind: "scp", id: "no-queues" },
              { document: everything, kind: "scp", id: "all" },
            ],
          ],
        }
      : undefined;

  const alice = await region.user("alice", {
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "*", Resource: "*" },
  });
  for (const options of [{ credentials: alice }, {}]) {
    const error = await region
      .client(SQSClient, options)
      .send(new ListQueuesCommand({}))
      .catch((cause: Error) => cause);
    assert.match((error as Error).message, /with an explicit deny in a service control policy/);
  }
  const other = region.client(SQSClient, { credentials: region.root("111122223333") });
  assert.equal((await other.send(new ListQueuesCommand({}))).QueueUrls, undefined);
});
