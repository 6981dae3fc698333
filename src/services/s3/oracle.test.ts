/**
 * Random work on a bucket, restarts in between, step by step against a plain model of versions and uploads,
 * and every listing against one that looks at everything.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand,
  CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, PutBucketVersioningCommand,
  PutObjectCommand, S3Client, UploadPartCommand,
} from "@aws-sdk/client-s3";
import { blobFiles } from "../../../test/blob-files.ts";
import { startRegion } from "../../../test/region.ts";
import { Ids } from "../../kernel/ids.ts";
import { everyObject, everyUpload, everyVersion, type Asked } from "./listing/listing-fixture.ts";
import { BucketModel, type ModelUpload } from "./buckets/model.ts";

const Bucket = "bucket";
const steps = 150;
const stepsBetweenRestarts = 50;
const keys = ["a", "a/", "a/b", "a/b/c", "a/c", "a//", "b", "é/1", "é/2", "😀", "￿", "__proto__"];
const inlineBytes = 16 * 1024;

class Work {
  readonly model = new BucketModel();
  readonly #chance: Ids;
  readonly #s3: S3Client;

  constructor(s3: S3Client, chance: Ids, model?: BucketModel) {
    this.#s3 = s3;
    this.#chance = chance;
    if (model) this.model = model;
  }

  below(count: number): number {
    return this.#chance.below(Math.max(count, 1));
  }

  /** Something between nothing and a little more than is kept in a row. */
  body(): string {
    const size = this.below(4) === 0 ? inlineBytes + this.below(9) : this.below(40);
    return this.#chance.hex(16).repeat(Math.ceil(size / 16)).slice(0, size);
  }

  key(): string {
    return keys[this.below(keys.length)] ?? "a";
  }

  async put(): Promise<void> {
    const Key = this.key();
    const Body = this.body();
    const { VersionId } = await this.#s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    this.model.put(Key, VersionId, Body);
  }

  async delete(): Promise<void> {
    const Key = this.key();
    const { VersionId } = await this.#s3.send(new DeleteObjectCommand({ Bucket, Key }));
    this.model.delete(Key, VersionId);
  }

  async deleteVersion(): Promise<void> {
    const { versions } = this.model;
    const version = versions[this.below(versions.length)];
    if (!version) return;
    const { key: Key, id: VersionId } = version;
    await this.#s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    this.model.remove(version);
  }

  async copy(): Promise<void> {
    const sources = this.model.versions.filter((version) => version.body !== undefined);
    const source = sources[this.below(sources.length)];
    if (!source?.body && source?.body !== "") return;
    const Key = this.key();
    const CopySource = `${Bucket}/${encodeURIComponent(source.key)}?versionId=${source.id}`;
    const change = { MetadataDirective: "REPLACE" } as const;
    const input = { Bucket, Key, CopySource, ...change };
    const { VersionId } = await this.#s3.send(new CopyObjectCommand(input));
    this.model.put(Key, VersionId, source.body);
  }

  async initiate(): Promise<void> {
    const Key = this.key();
    const { UploadId = "" } = await this.#s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    this.model.initiate(Key, UploadId);
  }

  #upload(): ModelUpload | undefined {
    return this.model.uploads[this.below(this.model.uploads.length)];
  }

  async uploadPart(): Promise<void> {
    const upload = this.#upload();
    if (!upload) return;
    const Body = this.body();
    const { key: Key, id: UploadId } = upload;
    const sent = { Bucket, Key, UploadId, PartNumber: 1, Body };
    const { ETag } = await this.#s3.send(new UploadPartCommand(sent));
    upload.part = { body: Body, etag: ETag ?? "" };
  }

  async complete(): Promise<void> {
    const upload = this.#upload();
    if (!upload?.part) return;
    const { key: Key, id: UploadId } = upload;
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: upload.part.etag }] };
    const input = { Bucket, Key, UploadId, MultipartUpload };
    const { VersionId } = await this.#s3.send(new CompleteMultipartUploadCommand(input));
    this.model.complete(upload, VersionId);
  }

  async abort(): Promise<void> {
    const upload = this.#upload();
    if (!upload) return;
    const { key: Key, id: UploadId } = upload;
    await this.#s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    this.model.abort(upload);
  }

  async setVersioning(): Promise<void> {
    const Status = this.below(2) === 0 ? "Enabled" : "Suspended";
    const VersioningConfiguration = { Status } as const;
    await this.#s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    this.model.versioning = Status;
  }

  #listing(): Asked {
    return {
      prefix: ["", "", "", "a", "a/", "a/b", "é"][this.below(7)] ?? "",
      delimiter: ["", "/", "/", "b", "//"][this.below(5)] ?? "",
      after: this.below(2) === 0 ? this.key() : "",
      pageSize: 1 + this.below(7),
    };
  }

  async check(): Promise<void> {
    const { model } = this;
    const asked = this.#listing();
    const what = JSON.stringify(asked);
    const current = model.currentKeys();
    assert.deepEqual(await everyObject(this.#s3, asked, 1), model.listed(current, asked), `v1 ${what}`);
    assert.deepEqual(await everyObject(this.#s3, asked, 2), model.listed(current, asked), `v2 ${what}`);
    const orderOf = (key: string, id: string): number => model.find(key, id)?.order ?? 0;
    const versions = await everyVersion(this.#s3, asked, orderOf);
    assert.deepEqual(versions, model.listedVersions(asked), `versions ${what}`);
    assert.deepEqual(await everyUpload(this.#s3, asked), model.listedUploads(asked), `uploads ${what}`);
    const key = this.key();
    assert.equal(await this.#get(key), model.current(key)?.body, key);
    const version = model.versions[this.below(model.versions.length)];
    if (version?.body !== undefined) assert.equal(await this.#get(version.key, version.id), version.body);
  }

  async #get(Key: string, VersionId?: string): Promise<string | undefined> {
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
      return await Body?.transformToString();
    } catch (error) {
      if ((error as Error).name === "NoSuchKey") return undefined;
      throw error;
    }
  }
}

/** How many bodies of those that are kept are too large for a row. */
function largeBodies(model: BucketModel): number {
  const bodies = [...model.versions.map(({ body }) => body), ...model.uploads.map(({ part }) => part?.body)];
  return bodies.filter((body) => (body?.length ?? 0) > inlineBytes).length;
}

for (const seed of ["one", "two", "three"]) {
  test(`a bucket keeps its promises under random work and restarts (${seed})`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "s3-oracle-"));
    try {
      const chance = new Ids(seed);
      let model: BucketModel | undefined;
      for (let step = 0; step < steps; ) {
        await using region = await startRegion({ dataDir });
        const s3 = region.client(S3Client);
        if (!model) await s3.send(new CreateBucketCommand({ Bucket }));
        const work: Work = new Work(s3, chance, model);
        model = work.model;
        const kinds = [
          () => work.put(), () => work.put(), () => work.put(), () => work.delete(), () => work.copy(),
          () => work.deleteVersion(), () => work.deleteVersion(), () => work.initiate(),
          () => work.uploadPart(), () => work.uploadPart(), () => work.complete(), () => work.abort(),
          () => (work.below(4) === 0 ? work.setVersioning() : work.put()),
        ];
        const end = Math.min(step + stepsBetweenRestarts, steps);
        for (; step < end; step += 1) {
          await kinds[work.below(kinds.length)]?.();
          if (step % 3 === 0) await work.check();
        }
        assert.equal((await blobFiles(region)).length, largeBodies(model));
      }
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
}
