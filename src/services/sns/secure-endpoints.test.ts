import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfirmSubscriptionCommand } from "@aws-sdk/client-sns";
import { withDataFolder } from "../../../test/data-folder.ts";
import { startRegion } from "../../../test/region.ts";
import { localCertificate } from "../../tls/authority.ts";
import { createTopic, startEndpoint } from "./topic-fixture.ts";

test("HTTPS endpoints may have certificates of the region's own authority, and no stranger's", async () => {
  using folder = withDataFolder();
  using elsewhere = withDataFolder();
  const certificate = localCertificate(folder.path, performance.timeOrigin);
  await using region = await startRegion({ certificate });
  await using endpoint = await startEndpoint(certificate);
  await using stranger = await startEndpoint(localCertificate(elsewhere.path, performance.timeOrigin));
  const topic = await createTopic(region, "topic");
  await topic.subscribe("https", endpoint.url);
  await topic.subscribe("https", stranger.url);
  await region.settled();
  const [asked] = endpoint.posts;
  const { Token } = JSON.parse(asked?.body ?? "") as { Token?: string };
  await topic.sns.send(new ConfirmSubscriptionCommand({ TopicArn: topic.arn, Token }));
  await topic.publish("news");
  await region.settled();
  assert.deepEqual(endpoint.posts.map(({ headers }) => headers["x-amz-sns-message-type"]), [
    "SubscriptionConfirmation", "Notification",
  ]);
  assert.equal((JSON.parse(endpoint.posts[1]?.body ?? "") as { Message?: string }).Message, "news");
  assert.deepEqual(stranger.posts, []);
});
