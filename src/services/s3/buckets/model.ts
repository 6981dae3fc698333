/** For tests: what a bucket promises, as plainly as it can be said. Everything is looked at each time. */

import type { Asked } from "../listing/listing-fixture.ts";

export interface ModelVersion {
  readonly key: string;
  readonly id: string;
  /** Counts up with what was begun. */
  readonly order: number;
  /** Undefined for a delete marker. */
  readonly body: string | undefined;
}

export interface ModelUpload {
  readonly key: string;
  readonly id: string;
  readonly order: number;
  part?: { readonly body: string; readonly etag: string };
  isSuperseded?: boolean;
}

export class BucketModel {
  versioning: "Enabled" | "Suspended" | undefined;
  versions: ModelVersion[] = [];
  uploads: ModelUpload[] = [];
  #order = 0;

  put(key: string, id: string | undefined, body: string | undefined): void {
    this.#place({ key, id: id ?? "null", order: ++this.#order, body });
  }

  /** Of what is called null only the newest stays. */
  #place(version: ModelVersion): void {
    if (version.id === "null") {
      const other = this.versions.find(({ key, id }) => key === version.key && id === "null");
      if (other && other.order > version.order) return;
      this.versions = this.versions.filter((each) => each !== other);
    }
    this.versions.push(version);
  }

  delete(key: string, markerId: string | undefined): void {
    if (this.versioning !== undefined) {
      this.put(key, markerId, undefined);
      return;
    }
    this.versions = this.versions.filter((version) => version.key !== key);
    for (const upload of this.uploads) if (upload.key === key) upload.isSuperseded = true;
  }

  remove(version: ModelVersion): void {
    this.versions = this.versions.filter((each) => each !== version);
  }

  initiate(key: string, id: string): void {
    this.uploads.push({ key, id, order: ++this.#order });
  }

  complete(upload: ModelUpload, id: string | undefined): void {
    this.abort(upload);
    const { key, order, part } = upload;
    if (!upload.isSuperseded) this.#place({ key, id: id ?? "null", order, body: part?.body });
  }

  abort(upload: ModelUpload): void {
    this.uploads = this.uploads.filter((each) => each !== upload);
  }

  current(key: string): ModelVersion | undefined {
    return newestFirst(this.versions.filter((version) => version.key === key))[0];
  }

  find(key: string, id: string): ModelVersion | undefined {
    return this.versions.find((version) => version.key === key && version.id === id);
  }

  currentKeys(): string[] {
    const keys = new Set(this.versions.map(({ key }) => key));
    return [...keys].filter((key) => this.current(key)?.body !== undefined);
  }

  listed(keys: readonly string[], asked: Asked): string[] {
    return rolledUp(byBytes(keys.map((key) => ({ key }))), asked, ({ key }) => key);
  }

  listedVersions(asked: Asked): string[] {
    return rolledUp(byBytes(newestFirst(this.versions)), asked, (version) => {
      const latest = this.current(version.key) === version ? " latest" : "";
      return `${version.key} ${version.id}${version.body === undefined ? " marker" : ""}${latest}`;
    });
  }

  listedUploads(asked: Asked): string[] {
    return rolledUp(byBytes(newestFirst(this.uploads).reverse()), asked, ({ key, id }) => `${key} ${id}`);
  }
}

function newestFirst<Row extends { readonly order: number }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((left, right) => right.order - left.order);
}

/** Sorting is stable: what has the same key keeps its order. */
function byBytes<Row extends { readonly key: string }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((left, right) => compare(left.key, right.key));
}

function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function rolledUp<Row extends { readonly key: string }>(
  rows: readonly Row[],
  { prefix, delimiter, after }: Asked,
  show: (row: Row) => string,
): string[] {
  const shown: string[] = [];
  for (const row of rows) {
    const { key } = row;
    if (!key.startsWith(prefix) || (after !== "" && compare(key, after) <= 0)) continue;
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (at < 0) {
      shown.push(show(row));
      continue;
    }
    const common = key.slice(0, at + delimiter.length);
    const text = `prefix ${common}`;
    if (!after.startsWith(common) && !shown.includes(text)) shown.push(text);
  }
  return shown;
}
