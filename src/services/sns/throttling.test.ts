import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfirmSubscriptionCommand } from "@aws-sdk/client-sns";
import { startRegion } from "../../../test/region.ts";
import { createTopic, startEndpoint } from "./topic-fixture.ts";

test("an endpoint gets only so many messages a second as its delivery policy says", async () => {
  await using region = await startRegion();
  await using endpoint = await startEndpoint();
  const topic = await createTopic(region, "topic");
  await topic.subscribe("http", endpoint.url, {
    DeliveryPolicy: JSON.stringify({ throttlePolicy: { maxReceivesPerSecond: 2 } }),
  });
  await region.settled();
  const { Token } = JSON.parse(endpoint.posts[0]?.body ?? "") as { Token: string };
  await topic.sns.send(new ConfirmSubscriptionCommand({ TopicArn: topic.arn, Token }));
  const arrived = (): number => endpoint.posts.length - 1;
  for (let count = 0; count < 6; count++) await topic.publish(String(count));
  await region.clock.advance({ milliseconds: 1 });
  assert.equal(arrived(), 1);
  await region.clock.advance({ milliseconds: 999 });
  assert.equal(arrived(), 3);
  await region.clock.advance({ seconds: 1 });
  assert.equal(arrived(), 5);
  await region.clock.advance({ seconds: 5 });
  assert.equal(arrived(), 6);
});
