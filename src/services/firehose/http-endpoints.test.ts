import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { localCertificate } from "../../tls/authority.ts";
import { authorityFile } from "../../tls/authority-file.ts";

interface Arrived {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: { readonly requestId: string; readonly records: readonly { readonly data: string }[] };
}

/** An endpoint that refuses the first request that it gets. */
async function endpoint(folder: string, arrived: Arrived[]): Promise<Server> {
  const { key, cert } = localCertificate(folder, performance.timeOrigin);
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
  return server;
}

/** Whom a process trusts is settled when it starts. */
function runScript(source: string, folder: string): Promise<string> {
  const script = join(folder, "deliver.mjs");
  writeFileSync(script, source);
  const child = spawn(process.execPath, [script], {
    env: { NODE_EXTRA_CA_CERTS: authorityFile(folder), NODE_NO_WARNINGS: "1" },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  }
  return new Promise((resolve) => child.on("close", () => resolve(text)));
}

const script = (fixture: string, region: string, port: number): string => `
import { startRegion } from ${JSON.stringify(region)};
import { BucketARN, Deliveries, RoleARN } from ${JSON.stringify(fixture)};
const region = await startRegion();
const deliveries = await Deliveries.prepare(region);
const http = (url, name, seconds) => deliveries.create(undefined, {
  DeliveryStreamName: name,
  ExtendedS3DestinationConfiguration: undefined,
  HttpEndpointDestinationConfiguration: {
    EndpointConfiguration: { Url: url, Name: "one", AccessKey: "secret" },
    RequestConfiguration: {
      ContentEncoding: "GZIP", CommonAttributes: [{ AttributeName: "a", AttributeValue: "1" }],
    },
    RetryOptions: { DurationInSeconds: seconds }, RoleARN,
    S3Configuration: { RoleARN, BucketARN, Prefix: "lost/" },
  },
});
await http("https://localhost:${port}/take", "stream", 60);
await deliveries.put("one", "two");
await region.clock.advance({ seconds: 300 });
await region.clock.advance({ seconds: 2 });
console.log(JSON.stringify(await deliveries.texts()));
await region.stop();
`;

test("records are posted to an endpoint, again where it refuses them, and not to S3", async () => {
  const folder = mkdtempSync(join(tmpdir(), "firehose-endpoint-"));
  const arrived: Arrived[] = [];
  const server = await endpoint(folder, arrived);
  try {
    const { port } = server.address() as AddressInfo;
    const fixture = new URL("./delivery-fixture.js", import.meta.url).href;
    const region = new URL("../../../test/region.js", import.meta.url).href;
    const printed = await runScript(script(fixture, region, port), folder);
    assert.equal(printed.trim().split("\n").at(-1), "[]", printed);
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
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
