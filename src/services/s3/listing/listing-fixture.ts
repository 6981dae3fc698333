/** For tests: whole listings, page by page, as lines that can be compared. */

import {
  ListMultipartUploadsCommand, ListObjectsCommand, ListObjectsV2Command, ListObjectVersionsCommand,
  type S3Client,
} from "@aws-sdk/client-s3";

const Bucket = "bucket";

export interface Asked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
  readonly pageSize: number;
}

interface Markers {
  readonly KeyMarker?: string | undefined;
  readonly VersionIdMarker?: string | undefined;
  readonly UploadIdMarker?: string | undefined;
}

/** A line, and what it is sorted by: pages hold prefixes and others apart. */
interface Line {
  readonly key: string;
  readonly text: string;
}

function prefixLines(prefixes: readonly { readonly Prefix?: string | undefined }[] | undefined): Line[] {
  return (prefixes ?? []).map(({ Prefix = "" }) => ({ key: Prefix, text: `prefix ${Prefix}` }));
}

/** Sorting is stable: of one key the order stays. */
function page(lines: readonly Line[], pageSize: number): string[] {
  if (lines.length > pageSize) throw new Error(`${lines.length} on a page of ${pageSize}`);
  return lines
    .toSorted((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)))
    .map(({ text }) => text);
}

export async function everyObject(s3: S3Client, asked: Asked, version: 1 | 2): Promise<string[]> {
  const { prefix: Prefix, delimiter: Delimiter, after, pageSize: MaxKeys } = asked;
  const input = { Bucket, Prefix, Delimiter, MaxKeys };
  const shown: string[] = [];
  let marker = after;
  let token: string | undefined;
  for (;;) {
    const answer =
      version === 1
        ? await s3.send(new ListObjectsCommand({ ...input, Marker: marker }))
        : await s3.send(new ListObjectsV2Command({ ...input, StartAfter: after, ContinuationToken: token }));
    const contents = (answer.Contents ?? []).map(({ Key = "" }) => ({ key: Key, text: Key }));
    shown.push(...page([...contents, ...prefixLines(answer.CommonPrefixes)], MaxKeys));
    if (!answer.IsTruncated) return shown;
    marker = ("NextMarker" in answer && answer.NextMarker) || (contents.at(-1)?.key ?? "");
    token = "NextContinuationToken" in answer ? answer.NextContinuationToken : undefined;
  }
}

/** @param orderOf what the SDK takes apart, versions and markers, is put in order again within a page */
export async function everyVersion(
  s3: S3Client,
  asked: Asked,
  orderOf: (key: string, versionId: string) => number,
): Promise<string[]> {
  const { prefix: Prefix, delimiter: Delimiter, after, pageSize: MaxKeys } = asked;
  const shown: string[] = [];
  let markers: Markers = { KeyMarker: after };
  for (;;) {
    const answer = await s3.send(
      new ListObjectVersionsCommand({ Bucket, Prefix, Delimiter, MaxKeys, ...markers }),
    );
    const lines = [
      ...(answer.Versions ?? []).map((version) => ({ ...version, marker: "" })),
      ...(answer.DeleteMarkers ?? []).map((version) => ({ ...version, marker: " marker" })),
    ].map(({ Key = "", VersionId = "", marker, IsLatest }) => ({
      key: Key,
      order: orderOf(Key, VersionId),
      text: `${Key} ${VersionId}${marker}${IsLatest ? " latest" : ""}`,
    }));
    const newestFirst = lines.toSorted((left, right) => right.order - left.order);
    shown.push(...page([...newestFirst, ...prefixLines(answer.CommonPrefixes)], MaxKeys));
    if (!answer.IsTruncated) return shown;
    markers = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
  }
}

export async function everyUpload(s3: S3Client, asked: Asked): Promise<string[]> {
  const { prefix: Prefix, delimiter: Delimiter, after, pageSize: MaxUploads } = asked;
  const shown: string[] = [];
  let markers: Markers = { KeyMarker: after };
  for (;;) {
    const answer = await s3.send(
      new ListMultipartUploadsCommand({ Bucket, Prefix, Delimiter, MaxUploads, ...markers }),
    );
    const lines = (answer.Uploads ?? []).map(({ Key = "", UploadId }) => ({
      key: Key, text: `${Key} ${UploadId}`,
    }));
    shown.push(...page([...lines, ...prefixLines(answer.CommonPrefixes)], MaxUploads));
    if (!answer.IsTruncated) return shown;
    markers = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker || undefined };
  }
}
