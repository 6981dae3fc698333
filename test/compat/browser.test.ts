/** A browser: pages of a website in a bucket, which fetch from and upload to another one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand, DeletePublicAccessBlockCommand, GetObjectCommand, PutBucketCorsCommand,
  PutBucketPolicyCommand, PutBucketWebsiteCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { chromium, type Page } from "playwright-core";
import { startWorkstation, without, type Workstation } from "./clients.ts";

const skip = without("chromium");

function clientOf({ endpoint }: Workstation): S3Client {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return new S3Client({ endpoint, region: "us-east-1", credentials, forcePathStyle: true });
}

/** A website, whose pages everybody sees, and a private bucket beside it. */
async function publish(s3: S3Client, pages: Readonly<Record<string, string>>): Promise<void> {
  for (const Bucket of ["site", "files"]) await s3.send(new CreateBucketCommand({ Bucket }));
  const WebsiteConfiguration = {
    IndexDocument: { Suffix: "index.html" },
    ErrorDocument: { Key: "404.html" },
  };
  await s3.send(new PutBucketWebsiteCommand({ Bucket: "site", WebsiteConfiguration }));
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: "site" }));
  const Resource = "arn:aws:s3:::site/*";
  const Statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket: "site", Policy }));
  for (const [Key, Body] of Object.entries(pages)) {
    await s3.send(new PutObjectCommand({ Bucket: "site", Key, Body, ContentType: "text/html" }));
  }
}

async function browse(work: (page: Page) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    await work(await browser.newPage());
  } finally {
    await browser.close();
  }
}

function siteOf({ endpoint }: Workstation): string {
  return endpoint.replace("localhost", "site.s3-website.localhost");
}

test("s3-website-static-hosting: a browser visits a website and its error page", { skip }, async () => {
  await using station = await startWorkstation();
  await publish(clientOf(station), {
    "index.html": '<title>Home</title><a href="docs">docs</a>',
    "docs/index.html": "<title>Documents</title>",
    "404.html": "<title>Not here</title>",
  });
  await browse(async (page) => {
    await page.goto(siteOf(station));
    assert.equal(await page.title(), "Home");
    await page.click("a");
    assert.equal(await page.title(), "Documents");
    assert.equal(page.url(), `${siteOf(station)}/docs/`);
    const missing = await page.goto(`${siteOf(station)}/missing`);
    assert.equal(missing?.status(), 404);
    assert.equal(await page.title(), "Not here");
  });
});

const fetchText = `async ([url, method]) => {
  try {
    const body = method === "PUT" ? "from a page" : undefined;
    const answer = await fetch(url, { method, body, cache: "no-store" });
    return [answer.status, answer.headers.get("etag") !== null, method === "GET" ? await answer.text() : ""];
  } catch (error) {
    return [error.name];
  }
}`;

test("s3-cors-cross-bucket: a page fetches from elsewhere as far as rules let it", { skip }, async () => {
  await using station = await startWorkstation();
  const s3 = clientOf(station);
  await publish(s3, { "index.html": "<title>Home</title>", shared: "of the site" });
  const url = `${station.endpoint}/site/shared`;
  await browse(async (page) => {
    await page.goto(siteOf(station));
    const fetched = (method: string) => page.evaluate(`(${fetchText})(${JSON.stringify([url, method])})`);
    assert.deepEqual(await fetched("GET"), ["TypeError"]);
    const CORSRules = [{ AllowedOrigins: [siteOf(station)], AllowedMethods: ["GET"] }];
    await s3.send(new PutBucketCorsCommand({ Bucket: "site", CORSConfiguration: { CORSRules } }));
    assert.deepEqual(await fetched("GET"), [200, false, "of the site"]);
    // The browser asks before a PUT, and does not send what is not allowed.
    assert.deepEqual(await fetched("PUT"), ["TypeError"]);
    const more = [{ AllowedOrigins: ["*"], AllowedMethods: ["GET", "PUT"], ExposeHeaders: ["ETag"] }];
    await s3.send(new PutBucketCorsCommand({ Bucket: "site", CORSConfiguration: { CORSRules: more } }));
    assert.deepEqual(await fetched("GET"), [200, true, "of the site"]);
    assert.deepEqual(await fetched("PUT"), [403, false, ""]);
  });
});

test("a browser uploads a file by a form that was signed for it", { skip }, async () => {
  await using station = await startWorkstation();
  const s3 = clientOf(station);
  const done = `${siteOf(station)}/done.html`;
  const { url, fields } = await createPresignedPost(s3, {
    Bucket: "files",
    Key: "uploads/${filename}",
    Fields: { success_action_redirect: done, "x-amz-meta-from": "browser" },
    Conditions: [["content-length-range", 1, 5_000_000]],
  });
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value='${value}'>`,
  );
  const form =
    `<form action="${url}" method="post" enctype="multipart/form-data">${inputs.join("")}` +
    '<input type="file" name="file"><button>Upload</button></form>';
  await publish(s3, { "index.html": form, "done.html": "<title>Done</title>" });
  const file = { name: "a photo.bin", mimeType: "image/png", buffer: Buffer.alloc(3_000_000, "photo ") };
  await browse(async (page) => {
    await page.goto(siteOf(station));
    await page.setInputFiles("input[type=file]", file);
    await page.click("button");
    await page.waitForURL(`${done}?**`);
    assert.equal(await page.title(), "Done");
    const answered = new URL(page.url()).searchParams;
    assert.equal(answered.get("key"), "uploads/a photo.bin");
  });
  const stored = await s3.send(new GetObjectCommand({ Bucket: "files", Key: "uploads/a photo.bin" }));
  assert.deepEqual(Buffer.from((await stored.Body?.transformToByteArray()) ?? []), file.buffer);
  assert.deepEqual(stored.Metadata, { from: "browser" });
});
