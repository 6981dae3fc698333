import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeleteBucketWebsiteCommand, DeletePublicAccessBlockCommand, GetBucketWebsiteCommand,
  PutBucketPolicyCommand, PutBucketWebsiteCommand, PutObjectCommand, S3Client, type RoutingRule,
  type WebsiteConfiguration,
} from "@aws-sdk/client-s3";
import { http, type Answered, type Sent } from "../../../../test/http.ts";
import { refusal } from "../../../../test/refusal.ts";
import { startRegion, type TestRegion } from "../../../../test/region.ts";

const configuration: WebsiteConfiguration = {
  IndexDocument: { Suffix: "index.html" },
  ErrorDocument: { Key: "404.html" },
};

async function withWebsite(region: TestRegion, website = configuration): Promise<S3Client> {
  const s3 = region.client(S3Client);
  await s3.send(new CreateBucketCommand({ Bucket: "site" }));
  await s3.send(new PutBucketWebsiteCommand({ Bucket: "site", WebsiteConfiguration: website }));
  return s3;
}

async function put(s3: S3Client, Key: string, Body: string, more: object = {}): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: "site", Key, Body, ContentType: "text/html", ...more }));
}

/** Everybody may read everything but what is secret. */
async function publish(s3: S3Client): Promise<void> {
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: "site" }));
  const allow = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::site/*" };
  const deny = { ...allow, Effect: "Deny", Resource: "arn:aws:s3:::site/secret*" };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow, deny] });
  await s3.send(new PutBucketPolicyCommand({ Bucket: "site", Policy }));
}

function visit(region: TestRegion, path: string, sent: Sent = {}): Promise<Answered> {
  return http(region, path, { host: "site.s3-website.localhost", ...sent });
}

/** A page of S3's own, its ids left out. */
function page({ text }: Answered): string {
  return text.replace(/<li>(RequestId|HostId): [^<]+<\/li>\n/g, "");
}

function errorText(title: string, ...items: string[]): string {
  const list = items.map((item) => `<li>${item}</li>\n`).join("");
  return (
    `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<ul>\n${list}</ul>\n<hr/>\n` +
    "</body>\n</html>\n"
  );
}

test("s3-website-static-hosting: the index document is shown, the error document with a 404", async () => {
  await using region = await startRegion();
  const s3 = await withWebsite(region);
  await publish(s3);
  await put(s3, "index.html", "<h1>home</h1>", { CacheControl: "max-age=60" });
  await put(s3, "docs/index.html", "docs");
  await put(s3, "404.html", "nothing here");
  const home = await visit(region, "/");
  assert.deepEqual([home.status, home.text], [200, "<h1>home</h1>"]);
  assert.equal(home.headers["content-type"], "text/html");
  assert.equal(home.headers["cache-control"], "max-age=60");
  assert.equal((await visit(region, "/docs/")).text, "docs");
  const missing = await visit(region, "/missing?query");
  assert.deepEqual([missing.status, missing.text], [404, "nothing here"]);
  assert.equal(missing.headers["x-amz-error-code"], "NoSuchKey");
  assert.equal(missing.headers["x-amz-error-detail-key"], "missing");
});

test("a folder without its slash is sent to the one with it", async () => {
  await using region = await startRegion();
  const s3 = await withWebsite(region);
  await publish(s3);
  await put(s3, "a folder/index.html", "folder");
  const sent = await visit(region, "/a%20folder");
  assert.deepEqual([sent.status, sent.headers.location, sent.text], [302, "/a%20folder/", ""]);
  assert.equal((await visit(region, "/a%20folder/")).text, "folder");
  await put(s3, "a folder", "object");
  assert.equal((await visit(region, "/a%20folder")).text, "object");
});

test("s3-website-url-format: with a dot or a dash before the region, which is the bucket's", async () => {
  await using region = await startRegion();
  const s3 = await withWebsite(region);
  await publish(s3);
  await put(s3, "index.html", "home");
  for (const host of [
    "site.s3-website-us-east-1.amazonaws.com",
    "site.s3-website.us-east-1.amazonaws.com",
    "site.s3-website.us-east-1.localhost:4566",
    "SITE.s3-website.localhost",
  ]) {
    assert.equal((await visit(region, "/", { host })).text, "home", host);
  }
  const elsewhere = await visit(region, "/", { host: "site.s3-website.eu-west-1.localhost" });
  assert.equal(
    page(elsewhere),
    errorText(
      "400 Bad Request",
      "Code: IncorrectEndpoint",
      "Message: The specified bucket exists in another region. Please direct requests to the specified " +
        "endpoint.",
      "Endpoint: site.s3-website.us-east-1.amazonaws.com",
    ),
  );
  const endpoint = await visit(region, "/", { host: "s3-website.us-east-1.localhost" });
  assert.deepEqual([endpoint.status, endpoint.headers.location], [301, "https://aws.amazon.com/s3/"]);
});

test("s3-website-403-public-read: who may not read sees a page that says AccessDenied", async () => {
  await using region = await startRegion();
  const s3 = await withWebsite(region);
  await put(s3, "index.html", "home");
  const denied = await visit(region, "/");
  assert.equal(denied.status, 403);
  assert.equal(denied.headers["content-type"], "text/html; charset=utf-8");
  assert.match(denied.text, /<li>Code: AccessDenied<\/li>\n<li>Message: Access Denied<\/li>/);
  await publish(s3);
  assert.deepEqual([(await visit(region, "/")).status, (await visit(region, "/")).text], [200, "home"]);
  await put(s3, "secret", "secret");
  assert.equal((await visit(region, "/secret")).status, 403);
  // What is not there is not found, also where it could not be read.
  assert.equal((await visit(region, "/secret2")).status, 404);
});

test("what cannot be shown is said in a page of S3's own", async () => {
  await using region = await startRegion();
  const s3 = await withWebsite(region);
  const missing = await visit(region, "/a%20%3Cb%3E");
  assert.equal(missing.status, 404);
  const key = "The specified key does not exist.";
  const nested =
    "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n" +
    `<li>Code: NoSuchKey</li>\n<li>Message: ${key}</li>\n<li>Key: 404.html</li>\n</ul>\n<hr/>`;
  const plain = errorText("404 Not Found", "Code: NoSuchKey", `Message: ${key}`, "Key: a &lt;b&gt;");
  assert.equal(page(missing), plain.replace("<hr/>", nested));

  const posted = await visit(region, "/", { method: "POST", body: "a=b" });
  assert.equal(posted.status, 405);
  const refusedMethod = "Message: The specified method is not allowed against this resource.";
  assert.equal(
    page(posted),
    errorText(
      "405 Method Not Allowed",
      "Code: MethodNotAllowed",
      refusedMethod,
      "Method: POST",
      "ResourceType: OBJECT",
    ),
  );
  await s3.send(new DeleteBucketWebsiteCommand({ Bucket: "site" }));
  assert.equal(
    page(await visit(region, "/")),
    errorText(
      "404 Not Found",
      "Code: NoSuchWebsiteConfiguration",
      "Message: The specified bucket does not have a website configuration",
      "BucketName: site",
    ),
  );
  assert.equal(
    page(await visit(region, "/", { host: "nobodys.s3-website.localhost" })),
    errorText(
      "404 Not Found", "Code: NoSuchBucket", "Message: The specified bucket does not exist",
      "BucketName: nobodys",
    ),
  );
  const head = await visit(region, "/", { method: "HEAD" });
  assert.deepEqual([head.status, head.text], [404, ""]);
  assert.equal(head.headers["x-amz-error-code"], "NoSuchWebsiteConfiguration");
});

test("conditions and ranges are heeded, HEAD has no body", async () => {
  await using region = await startRegion();
  const s3 = await withWebsite(region);
  await publish(s3);
  await put(s3, "index.html", "0123456789");
  const home = await visit(region, "/");
  const etag = home.headers.etag ?? "";
  const known = await visit(region, "/", { headers: { "if-none-match": etag } });
  assert.deepEqual([known.status, known.text, known.headers.etag], [304, "", etag]);
  const part = await visit(region, "/", { headers: { range: "bytes=2-4" } });
  assert.deepEqual([part.status, part.text, part.headers["content-range"]], [206, "234", "bytes 2-4/10"]);
  const changed = await visit(region, "/", { headers: { "if-match": '"other"' } });
  assert.equal(changed.status, 412);
  const head = await visit(region, "/", { method: "HEAD" });
  assert.deepEqual([head.status, head.text, head.headers["content-length"]], [200, "", "10"]);
});

test("all requests may be redirected, with their path and query", async () => {
  await using region = await startRegion();
  await withWebsite(region, { RedirectAllRequestsTo: { HostName: "example.com", Protocol: "https" } });
  const sent = await visit(region, "/a/b%20c?d=e");
  assert.deepEqual([sent.status, sent.headers.location], [301, "https://example.com/a/b%20c?d=e"]);
});

test("an object may be a redirect", async () => {
  await using region = await startRegion();
  const s3 = await withWebsite(region);
  await publish(s3);
  await put(s3, "old", "old", { WebsiteRedirectLocation: "https://example.com/new" });
  await put(s3, "404.html", "error", { WebsiteRedirectLocation: "/sorry" });
  const old = await visit(region, "/old");
  assert.deepEqual([old.status, old.headers.location, old.text], [301, "https://example.com/new", ""]);
  const missing = await visit(region, "/missing");
  assert.deepEqual([missing.status, missing.headers.location], [301, "/sorry"]);
});

test("routing rules redirect by prefix, by error, or by both, to other keys and hosts", async () => {
  await using region = await startRegion();
  const RoutingRules: RoutingRule[] = [
    { Condition: { KeyPrefixEquals: "docs/" }, Redirect: { ReplaceKeyPrefixWith: "documents/" } },
    {
      Condition: { KeyPrefixEquals: "moved" },
      Redirect: { ReplaceKeyWith: "ä new", HttpRedirectCode: "307" },
    },
    {
      Condition: { KeyPrefixEquals: "images/", HttpErrorCodeReturnedEquals: "404" },
      Redirect: { HostName: "images.example.com", Protocol: "https" },
    },
    { Condition: { HttpErrorCodeReturnedEquals: "404" }, Redirect: { ReplaceKeyPrefixWith: "#!/" } },
  ];
  const s3 = await withWebsite(region, { ...configuration, RoutingRules });
  await publish(s3);
  await put(s3, "images/there", "there");
  const to = async (path: string): Promise<unknown[]> => {
    const { status, headers } = await visit(region, path);
    return [status, headers.location];
  };
  const site = "http://site.s3-website.localhost";
  assert.deepEqual(await to("/docs/a%20b?c"), [301, `${site}/documents/a%20b?c`]);
  assert.deepEqual(await to("/docs/a%3Fb%23c%25"), [301, `${site}/documents/a%3Fb%23c%25`]);
  assert.deepEqual(await to("/moved/away"), [307, `${site}/%C3%A4%20new`]);
  assert.deepEqual(await to("/images/there"), [200, undefined]);
  assert.deepEqual(await to("/images/gone"), [301, "https://images.example.com/images/gone"]);
  assert.deepEqual(await to("/about"), [301, `${site}/#!/about`]);
});

test("configurations are given back, deleted, and refused in S3's words", async () => {
  await using region = await startRegion();
  const s3 = await withWebsite(region);
  const get = () => s3.send(new GetBucketWebsiteCommand({ Bucket: "site" }));
  const { IndexDocument, ErrorDocument } = await get();
  assert.deepEqual({ IndexDocument, ErrorDocument }, configuration);
  const change = (WebsiteConfiguration: WebsiteConfiguration): Promise<string> =>
    refusal(s3.send(new PutBucketWebsiteCommand({ Bucket: "site", WebsiteConfiguration })));
  const rules = (...RoutingRules: RoutingRule[]): Promise<string> =>
    change({ ...configuration, RoutingRules });
  const all = { RedirectAllRequestsTo: { HostName: "example.com" } };
  assert.equal(
    await change({ ...all, ...configuration }),
    "InvalidArgument: RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
  );
  assert.equal(
    await change({}),
    "InvalidArgument: A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
  );
  const malformedSuffix = "InvalidArgument: The IndexDocument Suffix is not well formed";
  assert.equal(await change({ IndexDocument: { Suffix: "a/b" } }), malformedSuffix);
  assert.equal(await change({ IndexDocument: { Suffix: "" } }), malformedSuffix);
  assert.equal(
    await rules(...Array.from({ length: 51 }, () => ({ Redirect: { HostName: "example.com" } }))),
    "InvalidRequest: 51 routing rules provided, the number of routing rules in a website configuration is " +
      "limited to 50.",
  );
  assert.equal(
    await rules({ Redirect: { ReplaceKeyWith: "a", ReplaceKeyPrefixWith: "b" } }),
    "InvalidRequest: You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
  );
  assert.equal(
    await rules({ Condition: {}, Redirect: { HostName: "example.com" } }),
    "InvalidRequest: Condition cannot be empty. To redirect all requests without a condition, the " +
      "condition element shouldn't be present.",
  );
  assert.equal(
    await rules({ Redirect: { HttpRedirectCode: "200" } }),
    "InvalidRequest: The provided HTTP redirect code (200) is not valid. Valid codes are 3XX except 300.",
  );
  assert.equal(
    await rules({ Condition: { HttpErrorCodeReturnedEquals: "302" }, Redirect: {} }),
    "InvalidRequest: The provided HTTP error code (302) is not valid. Valid codes are 4XX or 5XX.",
  );
  const protocol = { Protocol: "ftp" as "http" };
  assert.equal(
    await rules({ Redirect: protocol }),
    "InvalidRequest: Invalid protocol, protocol can be http or https. If not defined the protocol will be " +
      "selected automatically.",
  );
  await s3.send(new DeleteBucketWebsiteCommand({ Bucket: "site" }));
  assert.equal(
    await refusal(get()),
    "NoSuchWebsiteConfiguration: The specified bucket does not have a website configuration",
  );
});
