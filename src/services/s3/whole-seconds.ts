/**
 * An instant as S3 tells it of a bucket, an object or an upload: the same in listings as in the header
 * `Last-Modified`, which has whole seconds.
 *
 * @evidence minio/minio-go#1638: S3's ListObjects has no milliseconds; RFC 9110, section 5.6.7
 */
export function wholeSeconds(epochMs: number): number {
  return Math.floor(epochMs / 1000) * 1000;
}
