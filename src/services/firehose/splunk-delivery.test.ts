/** Splunk as a destination, played by a collector on this machine. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  DescribeDeliveryStreamCommand, UpdateDestinationCommand, type SplunkDestinationConfiguration,
} from "@aws-sdk/client-firehose";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { withDataFolder } from "../../../test/data-folder.ts";
import { startRegion } from "../../../test/region.ts";
import type { Certificate } from "../../kernel/gateway/listen.ts";
import { localCertificate } from "../../tls/authority.ts";
import { BucketARN, Deliveries, refusal, RoleARN } from "./delivery-fixture.ts";

interface Asked {
  readonly path: string;
  readonly body: string;
  readonly authorization: unknown;
  readonly channel: unknown;
}

type Answers = (asked: Asked) => readonly [status: number, body: unknown];

/** Splunk's HTTP Event Collector. */
class Collector {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  answers: Answers = ({ path }) =>
    path.endsWith("/ack") ? [200, { acks: { 7: true } }] : [200, { text: "Success", code: 0, ackId: 7 }];

  private constructor({ key, cert }: Certificate) {
    this.#server = createServer({ key, cert }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { pathname, searchParams } = new URL(request.url ?? "", "https://localhost");
        const { authorization } = request.headers;
        const body = Buffer.concat(chunks).toString();
        const asked = { path: pathname, body, authorization, channel: searchParams.get("channel") };
        this.asked.push(asked);
        const [status, answer] = this.answers(asked);
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
      });
    });
  }

  static async open(certificate: Certificate): Promise<Collector> {
    const collector = new Collector(certificate);
    await new Promise<void>((resolve) => collector.#server.listen(0, "127.0.0.1", resolve));
    return collector;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  get paths(): string[] {
    return this.asked.map(({ path }) => path.replace("/services/collector/", ""));
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

async function started(deliveries: Deliveries, more: Partial<SplunkDestinationConfiguration>): Promise<void> {
  await deliveries.create(undefined, {
    ExtendedS3DestinationConfiguration: undefined,
    SplunkDestinationConfiguration: {
      HECEndpoint: "https://localhost:1", HECEndpointType: "Raw", HECToken: "token",
      S3Configuration: { RoleARN, BucketARN }, ...more,
    },
  });
}

test("firehose-sources-destinations: Splunk has what it acknowledges, S3 all of it where that is asked for",
  async () => {
    using folder = withDataFolder();
    const certificate = localCertificate(folder.path, performance.timeOrigin);
    await using region = await startRegion({ certificate });
    using collector = await Collector.open(certificate);
    let polls = 0;
    const { answers } = collector;
    collector.answers = (asked) => {
      if (!asked.path.endsWith("/ack")) return answers(asked);
      polls += 1;
      return [200, { acks: { 7: polls > 1 } }];
    };
    const deliveries = await Deliveries.prepare(region);
    await started(deliveries, { HECEndpoint: collector.url, S3BackupMode: "AllEvents" });
    await deliveries.put("one", "two\n");
    await region.clock.advance({ seconds: 60 });
    await region.clock.advance({ seconds: 2 });
    assert.deepEqual(collector.paths, ["raw", "ack", "ack"]);
    const [first, second] = collector.asked;
    assert.equal(first?.body, "onetwo\n");
    assert.equal(first.authorization, "Splunk token");
    assert.match(String(first.channel), /^[0-9a-f]{8}-/);
    assert.equal(second?.channel, first.channel);
    assert.equal(second?.body, '{"acks":[7]}');
    await region.clock.advance({ seconds: 300 });
    assert.deepEqual((await deliveries.texts()).map(([, text]) => text), ["onetwo\n"]);
    assert.equal(collector.asked.length, 3, "no record is sent twice");
  });

test("what Splunk does not acknowledge in time, or refuses for good, is left in S3", async () => {
  using folder = withDataFolder();
  const certificate = localCertificate(folder.path, performance.timeOrigin);
  await using region = await startRegion({ certificate });
  using collector = await Collector.open(certificate);
  const deliveries = await Deliveries.prepare(region);
  await started(deliveries, {
    HECEndpoint: `${collector.url}/`, HECEndpointType: "Event", RetryOptions: { DurationInSeconds: 0 },
  });
  const failure = async () => {
    const texts = (await deliveries.texts()).filter(([key]) => key.startsWith("splunk-failed/"));
    return JSON.parse(texts.at(-1)?.[1] ?? "{}") as Record<string, unknown>;
  };
  collector.answers = ({ path }) => [200, path.endsWith("/ack") ? { acks: { 7: false } } : { ackId: 7 }];
  await deliveries.put('{"event":1}');
  await region.clock.advance({ seconds: 60 });
  await region.clock.advance({ seconds: 179 });
  assert.deepEqual(await failure(), {}, "it has three minutes");
  await region.clock.advance({ seconds: 2 });
  const { errorCode, rawData, attemptsMade, EventId } = await failure();
  assert.deepEqual([errorCode, attemptsMade, typeof EventId], ["Splunk.AckTimeout", 1, "string"]);
  assert.equal(Buffer.from(String(rawData), "base64").toString(), '{"event":1}');
  assert.equal(collector.paths[0], "event");
  for (const [status, answer, code] of [
    [400, { code: 6 }, "InvalidDataFormat"], [403, { code: 4 }, "InvalidToken"], [404, {}, "InvalidEndpoint"],
    [503, { code: 9 }, "ServerError"], [200, { code: 0 }, "DisabledAck"],
  ] as const) {
    collector.answers = () => [status, answer];
    await deliveries.put("x");
    await region.clock.advance({ seconds: 61 });
    assert.equal((await failure())["errorCode"], `Splunk.${code}`);
  }
});

test("a Splunk destination is shown with what stands for what was not said, and is changed", async () => {
  using folder = withDataFolder();
  const certificate = localCertificate(folder.path, performance.timeOrigin);
  await using region = await startRegion({ certificate });
  using collector = await Collector.open(certificate);
  const deliveries = await Deliveries.prepare(region, ["s3:*", "secretsmanager:GetSecretValue"]);
  const wrong = async (more: Partial<SplunkDestinationConfiguration>) => refusal(started(deliveries, more));
  assert.equal(await wrong({ HECToken: undefined }), "InvalidArgumentException: HECToken must be provided.");
  for (const HECEndpoint of ["http://localhost", "https://", "nothing"]) {
    assert.match(await wrong({ HECEndpoint }), /^InvalidArgumentException: Invalid HECEndpoint\. /);
  }
  await started(deliveries, { HECEndpoint: collector.url });
  const shown = async () => {
    const { DeliveryStreamDescription: description } = await deliveries.client.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: "stream" }));
    return description?.Destinations?.[0]?.SplunkDestinationDescription;
  };
  assert.deepEqual(await shown(), {
    HECEndpoint: collector.url, HECEndpointType: "Raw", HECToken: "token",
    HECAcknowledgmentTimeoutInSeconds: 180, RetryOptions: { DurationInSeconds: 3_600 },
    S3BackupMode: "FailedEventsOnly", BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 60 },
    CloudWatchLoggingOptions: { Enabled: false },
    S3DestinationDescription: {
      RoleARN, BucketARN, BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 300 },
      CompressionFormat: "UNCOMPRESSED", EncryptionConfiguration: { NoEncryptionConfig: "NoEncryption" },
      CloudWatchLoggingOptions: { Enabled: false },
    },
  });
  await deliveries.client.send(new UpdateDestinationCommand({
    DeliveryStreamName: "stream", CurrentDeliveryStreamVersionId: "1",
    DestinationId: "destinationId-000000000001",
    SplunkDestinationUpdate: { HECToken: "other", BufferingHints: { IntervalInSeconds: 0, SizeInMBs: 1 } },
  }));
  assert.equal((await shown())?.HECToken, "other");
  await deliveries.put("x");
  await region.clock.advance({ seconds: 1 });
  assert.equal(collector.asked[0]?.authorization, "Splunk other");
});

test("the token of Splunk comes from Secrets Manager", async () => {
  using folder = withDataFolder();
  const certificate = localCertificate(folder.path, performance.timeOrigin);
  await using region = await startRegion({ certificate });
  using collector = await Collector.open(certificate);
  const deliveries = await Deliveries.prepare(region, ["s3:*", "secretsmanager:GetSecretValue"]);
  const { ARN: SecretARN } = await region.client(SecretsManagerClient).send(new CreateSecretCommand({
    Name: "splunk", SecretString: JSON.stringify({ hec_token: "kept" }),
  }));
  await started(deliveries, {
    HECEndpoint: collector.url, HECToken: undefined,
    SecretsManagerConfiguration: { Enabled: true, SecretARN },
  });
  await deliveries.put("x");
  await region.clock.advance({ seconds: 61 });
  assert.equal(collector.asked[0]?.authorization, "Splunk kept");
});
