/** curl and S3: signing by itself, following links that others signed, and without any signature. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFailed, startWorkstation, without, type Workstation } from "./clients.ts";

const skip = without("curl");
const skipLinks = skip || without("aws") || without("boto3");

interface Key {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
}

/** @returns the status, and the body, or the code of a refusal */
async function curl(station: Workstation, path: string, ...options: readonly string[]): Promise<string> {
  const url = path.startsWith("http") ? path : `${station.endpoint}${path}`;
  const words = ["-sS", "-w", "\n%{http_code}", ...options, url];
  const outcome = await station.run("curl", words);
  if (outcome.status !== 0) throw new CommandFailed(["curl", ...words], outcome);
  const mark = outcome.stdout.lastIndexOf("\n");
  const body = outcome.stdout.slice(0, mark);
  const status = outcome.stdout.slice(mark + 1);
  return `${status} ${/<Code>(.*?)<\/Code>/.exec(body)?.[1] ?? body}`.trim();
}

/** Older versions of curl leave the header out that S3 asks for, and sign it where it is given. */
function signing({ AccessKeyId, SecretAccessKey }: Key): string[] {
  const user = ["--user", `${AccessKeyId}:${SecretAccessKey}`];
  return ["--aws-sigv4", "aws:amz:us-east-1:s3", ...user, "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"];
}

const mayEverything = {
  Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
};

test("curl --aws-sigv4 stores, reads, lists and deletes", { skip: skipLinks }, async () => {
  await using station = await startWorkstation();
  const key = await station.user("alice", mayEverything);
  const asAlice = signing(key);
  assert.equal(await curl(station, "/curled", "-X", "PUT", ...asAlice), "200");
  assert.equal(await curl(station, "/curled/a/b.txt", "-X", "PUT", "-d", "content", ...asAlice), "200");
  assert.equal(await curl(station, "/curled/a/b.txt", ...asAlice), "200 content");
  assert.equal(await curl(station, "/curled/a/b.txt", "-r", "0-2", ...asAlice), "206 con");
  assert.match(await curl(station, "/curled?list-type=2", ...asAlice), /^200 [^]*<Key>a\/b\.txt<\/Key>/);
  assert.equal(await curl(station, "/curled/missing", ...asAlice), "404 NoSuchKey");
  const wrong = signing({ ...key, SecretAccessKey: "x" });
  assert.equal(await curl(station, "/curled/a/b.txt", ...wrong), "403 SignatureDoesNotMatch");
  assert.equal(await curl(station, "/curled/a/b.txt"), "403 AccessDenied");
  assert.equal(await curl(station, "/curled/a/b.txt", "-X", "DELETE", ...asAlice), "204");
  assert.equal(await curl(station, "/curled", "-X", "DELETE", ...asAlice), "204");
});

test("s3-signed-urls: curl follows links of the CLI and boto3", { skip: skipLinks }, async () => {
  await using station = await startWorkstation();
  const signed = station.as(await station.user("alice", mayEverything));
  const settings = "    signature_version = s3v4\n    addressing_style = path\n";
  station.write(".aws/config", `[default]\ns3 =\n${settings}`);
  await station.aws`s3api create-bucket --bucket links`;
  const file = station.write("file", "content");
  await station.aws`s3api put-object --bucket links --key ${"a b.txt"} --body ${file}`;
  const link = String(await signed.aws`s3 presign ${"s3://links/a b.txt"} --expires-in 60`);
  assert.equal(await curl(station, link), "200 content");
  assert.equal(await curl(station, link.replace("a%20b", "other")), "403 SignatureDoesNotMatch");
  assert.equal(await curl(station, link, "-X", "DELETE"), "403 SignatureDoesNotMatch");
  await station.region.clock.advance({ seconds: 61 });
  assert.equal(await curl(station, link), "403 AccessDenied");

  const links = await signed.python<{ put: string; get: string; post: string }>(`
    from botocore.config import Config
    s3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    named = {"Bucket": "links", "Key": "uploaded"}
    put = s3.generate_presigned_url("put_object", {**named, "ContentType": "text/plain"}, 300)
    get = s3.generate_presigned_url("get_object", {**named, "ResponseContentType": "text/html"}, 300)
    answer({"put": put, "get": get, "post": ""})
  `);
  const type = ["-H", "content-type: text/plain"];
  assert.equal(await curl(station, links.put, "-T", file, ...type), "200");
  assert.equal(await curl(station, links.put, "-T", file), "403 SignatureDoesNotMatch");
  assert.match(await curl(station, links.get, "-i"), /^200 HTTP[^]*content-type: text\/html[^]*content$/i);
});

test("s3-policy-public-access: curl reads what a policy gives everybody", { skip: skipLinks }, async () => {
  await using station = await startWorkstation();
  await station.aws`s3api create-bucket --bucket open`;
  const file = station.write("file", "content");
  await station.aws`s3api put-object --bucket open --key file --body ${file}`;
  const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::open/*" },
    ],
  });
  assert.match(
    await station.refusal`s3api put-bucket-policy --bucket open --policy ${policy}`,
    /\(AccessDenied\).*because public policies are prevented by the BlockPublicPolicy setting/,
  );
  await station.aws`s3api delete-public-access-block --bucket open`;
  await station.aws`s3api put-bucket-policy --bucket open --policy ${policy}`;
  assert.equal(await curl(station, "/open/file"), "200 content");
  const port = new URL(station.endpoint).port;
  const resolve = ["--resolve", `open.s3.localhost:${port}:127.0.0.1`];
  assert.equal(await curl(station, `http://open.s3.localhost:${port}/file`, ...resolve), "200 content");
  assert.equal(await curl(station, "/open/file", "-X", "PUT", "-d", "x"), "403 AccessDenied");
  const status = await station.aws`s3api get-bucket-policy-status --bucket open
    --query PolicyStatus.IsPublic`;
  assert.equal(status, true);
  await station.aws`s3api delete-bucket-policy --bucket open`;
  assert.equal(await curl(station, "/open/file"), "403 AccessDenied");
});

test("boto3 sets what S3 Control sets", { skip: skipLinks }, async () => {
  await using station = await startWorkstation();
  // The account is in front of the host's name, which not every machine can look up.
  const seen = await station.python(`
    import socket
    from botocore.config import Config
    look_up = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *more, **options: look_up(host.split(".")[-1], *more, **options)
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    control = boto3.client("s3control")
    account = "000000000000"
    s3.create_bucket(Bucket="controlled")
    block = {"BlockPublicAcls": True, "RestrictPublicBuckets": True}
    control.put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=block)
    blocked = control.get_public_access_block(AccountId=account)["PublicAccessBlockConfiguration"]
    point = control.create_access_point(AccountId=account, Name="point", Bucket="controlled")
    s3.put_object(Bucket=point["Alias"], Key="key", Body=b"content")
    body = s3.get_object(Bucket="controlled", Key="key")["Body"].read().decode()
    listed = control.list_access_points(AccountId=account)["AccessPointList"]
    answer([blocked["BlockPublicAcls"], blocked["BlockPublicPolicy"], body, listed[0]["AccessPointArn"]])
  `);
  const arn = "arn:aws:s3:us-east-1:000000000000:accesspoint/point";
  assert.deepEqual(seen, [true, false, "content", arn]);
});
