/** Clients that come to the wrong region, ask before they upload, or visit a website. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorkstation, without, type Workstation } from "./clients.ts";

async function curl(station: Workstation, ...options: readonly string[]): Promise<string> {
  const { stdout } = await station.run("curl", ["--silent", "--noproxy", "*", ...options]);
  return stdout;
}

const skipCurl = without("curl");

test("s3-website-url-format: curl visits a website by AWS's host names", { skip: skipCurl }, async () => {
  await using station = await startWorkstation();
  const page = station.write("index.html", "<h1>home</h1>");
  await station.aws`s3 mb s3://site`;
  await station.aws`s3 website s3://site --index-document index.html --error-document missing.html`;
  const policy = {
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::site/*" },
  };
  const { port } = new URL(station.endpoint);
  const hosts = ["site.s3-website-us-east-1.amazonaws.com", "site.s3-website.us-east-1.amazonaws.com"];
  const visit = (host: string, path: string, ...options: string[]): Promise<string> =>
    curl(station, "--connect-to", `${host}:80:127.0.0.1:${port}`, `http://${host}${path}`, ...options);
  assert.match(await visit(hosts[0] ?? "", "/"), /<li>Code: NoSuchKey<\/li>/);
  await station.aws`s3 cp ${page} s3://site/`;
  assert.match(await visit(hosts[0] ?? "", "/"), /<h1>403 Forbidden<\/h1>/);
  await station.aws`s3api delete-public-access-block --bucket site`;
  await station.aws`s3api put-bucket-policy --bucket site --policy ${JSON.stringify(policy)}`;
  for (const host of hosts) assert.equal(await visit(host, "/"), "<h1>home</h1>");
  assert.match(await visit(hosts[1] ?? "", "/gone", "--include"), /^HTTP\/1\.1 404 Not Found/);
});

test("curl asks before it uploads, and uploads nothing refused", { skip: skipCurl }, async () => {
  await using station = await startWorkstation();
  const large = station.write("large", Buffer.alloc(20_000_000));
  const written = await curl(
    station, "--upload-file", large, "--header", "expect: 100-continue",
    "--write-out", "%{http_code} %{size_upload}", "--output", "/dev/null", `${station.endpoint}/nobodys/key`,
  );
  assert.equal(written, "404 0");
});

test("s3-regional-service: boto3 follows a bucket to its region", { skip: without("boto3") }, async () => {
  await using station = await startWorkstation();
  await station.aws`s3api create-bucket --bucket ireland --region eu-west-1
    --create-bucket-configuration LocationConstraint=eu-west-1`;
  assert.deepEqual(
    await station.python(`
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.put_object(Bucket="ireland", Key="key", Body=b"x" * 1_000_000)
    head = s3.head_bucket(Bucket="ireland")
    size = s3.get_object(Bucket="ireland", Key="key")["ContentLength"]
    answer([size, head["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"]])
  `),
    [1_000_000, "eu-west-1"],
  );
});

test("the aws CLI follows a bucket to its region", { skip: without("aws") }, async () => {
  await using station = await startWorkstation();
  await station.aws`s3 mb s3://ireland --region eu-west-1`;
  const file = station.write("file", "content");
  await station.aws`s3 cp ${file} s3://ireland/file --region us-east-1`;
  const { ContentLength } = await station.aws<{ ContentLength: number }>`
    s3api head-object --bucket ireland --key file --region us-east-1`;
  assert.equal(ContentLength, "content".length);
});
