import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { withDataFolder } from "../../../test/data-folder.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { localCertificate } from "../../tls/authority.ts";
import { BucketARN, Deliveries, refusal, RoleARN } from "./delivery-fixture.ts";

interface Arrived {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: { readonly requestId: string; readonly records: readonly { readonly data: string }[] };
}

interface Endpoint extends AsyncDisposable {
  readonly region: TestRegion;
  readonly url: string;
  readonly arrived: readonly Arrived[];
}

/** A region, and an endpoint that its authority vouches for, which refuses the first request that it gets. */
async function withEndpoint(): Promise<Endpoint> {
  const folder = withDataFolder();
  const certificate = localCertificate(folder.path, performance.timeOrigin);
  const region = await startRegion({ certificate });
  const arrived: Arrived[] = [];
  const { key, cert } = certificate;
  const server = createServer({ key, cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as Arrived["body"];
      arrived.push({ headers: request.headers, body });
      response.writeHead(arrived.length === 1 ? 500 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify({ requestId: body.requestId, timestamp: 1 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    region, arrived,
    url: `https://localhost:${(server.address() as AddressInfo).port}/take`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      folder[Symbol.dispose]();
      await region.stop();
    },
  };
}

test("records are posted to an endpoint of the region's authority, again where it refuses them", async () => {
  await using endpoint = await withEndpoint();
  const { region, arrived, url } = endpoint;
  const deliveries = await Deliveries.prepare(region);
  await deliveries.create(undefined, {
    ExtendedS3DestinationConfiguration: undefined,
    HttpEndpointDestinationConfiguration: {
      EndpointConfiguration: { Url: url, Name: "one", AccessKey: "secret" },
      RequestConfiguration: {
        ContentEncoding: "GZIP", CommonAttributes: [{ AttributeName: "a", AttributeValue: "1" }],
      },
      RetryOptions: { DurationInSeconds: 60 }, RoleARN,
      S3Configuration: { RoleARN, BucketARN, Prefix: "lost/" },
    },
  });
  await deliveries.put("one", "two");
  await region.clock.advance({ seconds: 300 });
  await region.clock.advance({ seconds: 2 });
  assert.deepEqual(await deliveries.texts(), []);
  assert.equal(arrived.length, 2);
  const [first, second] = arrived;
  assert.equal(first?.body.requestId, second?.body.requestId);
  assert.deepEqual(
    second?.body.records.map(({ data }) => Buffer.from(data, "base64").toString()), ["one", "two"]);
  const { headers } = second ?? { headers: {} };
  assert.equal(headers["x-amz-firehose-protocol-version"], "1.0");
  assert.equal(headers["x-amz-firehose-request-id"], second?.body.requestId);
  assert.equal(
    headers["x-amz-firehose-source-arn"],
    "arn:aws:firehose:us-east-1:000000000000:deliverystream/stream",
  );
  assert.equal(headers["x-amz-firehose-access-key"], "secret");
  assert.equal(headers["x-amz-firehose-common-attributes"], '{"commonAttributes":{"a":"1"}}');
});

test("what an endpoint refuses is told as it answered, and kept unless it was too large", async () => {
  using folder = withDataFolder();
  const certificate = localCertificate(folder.path, performance.timeOrigin);
  await using region = await startRegion({ certificate });
  let [status, type, body] = [413, "application/json", "{}"];
  const server = createServer(certificate, (request, response) => {
    request.resume().on("end", () => response.writeHead(status, { "content-type": type }).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const deliveries = await Deliveries.prepare(region);
    await deliveries.create(undefined, {
      ExtendedS3DestinationConfiguration: undefined,
      HttpEndpointDestinationConfiguration: {
        EndpointConfiguration: { Url: `https://localhost:${(server.address() as AddressInfo).port}/` },
        RetryOptions: { DurationInSeconds: 0 }, RoleARN,
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
        S3Configuration: { RoleARN, BucketARN, Prefix: "lost/" },
      },
    });
    const failures = async (text: string): Promise<Record<string, unknown>[]> => {
      await deliveries.put(text);
      await region.clock.advance({ seconds: 1 });
      const rawData = Buffer.from(text).toString("base64");
      return (await deliveries.texts()).map(([, line]) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line["rawData"] === rawData);
    };
    assert.deepEqual(await failures("large"), []);
    [status, body] = [401, '{"errorMessage":"Unauthorized"}'];
    const [refused] = await failures("refused");
    assert.equal(refused?.["errorCode"], "HttpEndpoint.DestinationException");
    assert.equal(
      refused["errorMessage"],
      "The following response was received from the endpoint destination. 401: " +
        '{"errorMessage":"Unauthorized"}');
    assert.deepEqual([refused["attemptsMade"], refused["subsequenceNumber"]], [1, 0]);
    [status, type] = [200, "text/plain"];
    assert.equal((await failures("odd"))[0]?.["errorCode"], "HttpEndpoint.InvalidResponseFromDestination");
  } finally {
    server.close();
  }
  server.closeAllConnections();
});

test("the key of an endpoint comes from Secrets Manager, under the role that may read it", async () => {
  await using endpoint = await withEndpoint();
  const { region, arrived, url } = endpoint;
  const deliveries = await Deliveries.prepare(region, ["s3:*"]);
  const { ARN: SecretARN } = await region.client(SecretsManagerClient).send(new CreateSecretCommand({
    Name: "endpoint", SecretString: JSON.stringify({ api_key: "kept" }),
  }));
  const create = (AccessKey?: string, secret = SecretARN) => deliveries.create(undefined, {
    ExtendedS3DestinationConfiguration: undefined,
    HttpEndpointDestinationConfiguration: {
      EndpointConfiguration: { Url: url, AccessKey },
      RequestConfiguration: { ContentEncoding: "GZIP" }, RetryOptions: { DurationInSeconds: 60 }, RoleARN,
      SecretsManagerConfiguration: { Enabled: true, SecretARN: secret },
      S3Configuration: { RoleARN, BucketARN, Prefix: "lost/" },
    },
  });
  assert.match(await refusal(create("given")), /^InvalidArgumentException: An access key /);
  await create();
  await deliveries.put("one");
  await region.clock.advance({ seconds: 300 });
  assert.equal(arrived.length, 0);
  await deliveries.allow(["s3:*", "secretsmanager:GetSecretValue"]);
  await region.clock.advance({ seconds: 10 });
  assert.deepEqual(arrived.map(({ headers }) => headers["x-amz-firehose-access-key"]), ["kept", "kept"]);
  assert.deepEqual(await deliveries.texts(), []);
});
