/** Tags, as requests carry them: in a header in the form of a query, or as a list. */

import type * as s3 from "../../../generated/s3.ts";
import { AwsError } from "../../../kernel/errors.ts";
import { invalidArgument, malformedXml } from "../errors.ts";

const tagsMax = 10;
/** @evidence S3 User Guide, "Using cost allocation S3 bucket tags" */
const bucketTagsMax = 50;
const keyCharactersMax = 128;
const valueCharactersMax = 256;
/** @evidence S3 User Guide, "Object tagging": letters, spaces, numbers, and + - = . _ : / @ */
const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** @evidence recorded: PutObject with eleven tags */
function tooManyTags(): AwsError {
  return new AwsError({ code: "BadRequest", message: "Object tags cannot be greater than 10", status: 400 });
}

/** @evidence versitygw's tests, which run against S3 too */
function tooManyBucketTags(): AwsError {
  const message = "Bucket tag count cannot be greater than 50";
  return new AwsError({ code: "BadRequest", message, status: 400 });
}

function invalidTag(message: string, members: Record<string, unknown> = {}): AwsError {
  return new AwsError({ code: "InvalidTag", message, status: 400, members });
}

/**
 * @throws InvalidArgument for what is no query, and for tags that are none; BadRequest for too many
 * @evidence recorded: PutObject with a repeated key, and with characters that tags may not have
 */
export function parseTagging(text: string): Readonly<Record<string, string>> {
  const tags: s3.Tag[] = [];
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const [key, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    tags.push({ Key: decoded(key, text), Value: decoded(value, text) });
  }
  if (tags.length > tagsMax) throw tooManyTags();
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length || !tags.every(isTag)) throw noTagging(text);
  return requireObjectTags(tags);
}

function isTag({ Key, Value }: s3.Tag): boolean {
  return isKey(Key) && isValue(Value);
}

function isKey(key: string): boolean {
  return key !== "" && [...key].length <= keyCharactersMax && characters.test(key);
}

function isValue(value: string): boolean {
  return [...value].length <= valueCharactersMax && characters.test(value);
}

/** @throws BadRequest, InvalidTag, MalformedXML */
export function requireObjectTags(tags: readonly s3.Tag[]): Readonly<Record<string, string>> {
  if (tags.length > tagsMax) throw tooManyTags();
  return requireTags(tags, "Your TagKey cannot be prefixed with aws:");
}

/** @evidence recorded: the texts of both kinds */
export function requireBucketTags(tags: readonly s3.Tag[]): Readonly<Record<string, string>> {
  if (tags.length > bucketTagsMax) throw tooManyBucketTags();
  return requireTags(tags, "System tags cannot be added/updated by requester");
}

function requireTags(tags: readonly s3.Tag[], systemTag: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { Key: key, Value: value } of tags as readonly Partial<s3.Tag>[]) {
    if (key === undefined || value === undefined) throw malformedXml();
    if (!isKey(key)) throw invalidTag("The TagKey you have provided is invalid", { TagKey: key });
    if (!isValue(value)) {
      throw invalidTag("The TagValue you have provided is invalid", { TagKey: key, TagValue: value });
    }
    if (key.toLowerCase().startsWith("aws:")) throw invalidTag(systemTag, { TagKey: key });
    if (Object.hasOwn(found, key)) {
      throw invalidTag("Cannot provide multiple Tags with the same key", { TagKey: key });
    }
    found[key] = value;
  }
  return found;
}

function decoded(part: string, whole: string): string {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    throw noTagging(whole);
  }
}

function noTagging(text: string): AwsError {
  return invalidArgument(
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without " +
      "tag name duplicates.",
    "x-amz-tagging",
    text,
  );
}

/** The tags that a write asks for, as a header or as a document; undefined where there are none to read. */
export function tagsInHeader(tagging: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof tagging === "string") return parseTagging(tagging);
  if (typeof tagging !== "object" || tagging === null) return undefined;
  const { TagSet } = tagging as Partial<s3.Tagging>;
  return TagSet && Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]));
}
