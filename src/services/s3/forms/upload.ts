/** Uploads by browsers' forms: an object that is put under the rights of whoever signed the form. */

import type { Readable } from "node:stream";
import { missingContentLength } from "../../../kernel/body/body-errors.ts";
import { AwsError } from "../../../kernel/errors.ts";
import {
  escapeXml, xmlProlog, type FrontAnswer, type FrontContext, type FrontRequest, type Headers, type Passed,
  type Proven, type WireResponse,
} from "../../../kernel/front.ts";
import { bucketInHost, namedBy } from "../buckets/addresses.ts";
import { findBucketName } from "../buckets/table.ts";
import { noSuchBucket } from "../errors.ts";
import {
  fieldNeeded, fileTooLarge, fileTooSmall, formNeeded, formSignatureMismatch, malformedForm,
} from "./errors.ts";
import { objectHeaders } from "./fields.ts";
import { parsePolicy, requirePolicy, type SizeRange } from "./policy.ts";
import { boundaryOf, fileStream, readForm, type Form } from "./reader.ts";
import { signatureOf } from "./signature.ts";
import { singleUploadBytesMax } from "../objects/input.ts";
import { requestIdHeaders } from "../request-ids.ts";

/** What a form put, as far as it came. */
export interface FormAnswer extends FrontAnswer {
  readonly key?: string;
  readonly put?: Passed;
}

/** @evidence S3 API Reference, POST Object */
export async function uploadForm(request: FrontRequest, ctx: FrontContext): Promise<FormAnswer> {
  const bucket = namedBy(request)?.bucket ?? "";
  try {
    return await upload(bucket, request, ctx);
  } catch (cause) {
    const error = cause instanceof AwsError ? cause.code : "InternalFailure";
    return { name, response: ctx.refuse(cause, request), error };
  }
}

const name = "PostObject";
const nothing = Buffer.alloc(0);

/** First whether it is a form, then who signed it, then what the signer allows, then what IAM does. */
async function upload(bucket: string, request: FrontRequest, ctx: FrontContext): Promise<FormAnswer> {
  const { headers } = request;
  const contentType = headers["content-type"] ?? "";
  if (!contentType.toLowerCase().startsWith("multipart/form-data")) throw formNeeded();
  if (request.stream && headers["content-length"] === undefined) throw missingContentLength();
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) throw malformedForm();
  const form = await readForm(bodyOf(request), boundary);
  const template = form.fields.get("key");
  if (!template) throw fieldNeeded("key");
  const key = form.file.name === undefined ? template : template.replaceAll("${filename}", form.file.name);
  const { signer, range } = requireSigned(bucket, withKey(form, key), ctx);
  const stream = fileStream(form.file, limitsOf(range, request, form, boundary));
  const path = objectPath(bucket, key);
  const putHeaders = objectHeaders(form.fields);
  const put = { method: "PUT", path, query: "", headers: putHeaders, body: nothing, stream };
  const passed = await ctx.pass(put, signer);
  const { error } = passed;
  const response = error ? passed.response : answerOf(form.fields, { bucket, key }, passed, request, ctx);
  return { name, response, error: error?.code, key, put: passed };
}

function bodyOf({ stream, body }: FrontRequest): AsyncIterable<Buffer> {
  if (stream) return stream as Readable & AsyncIterable<Buffer>;
  return (async function* () {
    yield await Promise.resolve(body);
  })();
}

/** Conditions are about the key as it will be. */
function withKey(form: Form, key: string): Form {
  return { ...form, fields: new Map(form.fields).set("key", key) };
}

interface Signed {
  readonly signer: Proven;
  readonly range: SizeRange | undefined;
}

/** A form without a signature is anybody's. */
function requireSigned(bucket: string, { fields, names }: Form, ctx: FrontContext): Signed {
  const found = findBucketName(ctx.kernel, bucket);
  if (!found) throw noSuchBucket(bucket);
  const claim = signatureOf(fields, found.region);
  if (!claim) return { signer: ctx.nobody("Form"), range: undefined };
  const signer = ctx.prove(claim);
  if (!signer) throw formSignatureMismatch(claim.accessKeyId, claim.text, claim.signature);
  const policy = parsePolicy(claim.text);
  const now = signer.now ?? ctx.clock.nowFor(policy.expiresAt);
  return { signer, range: requirePolicy(policy, { bucket, fields, names }, now) };
}

/** What is announced of the whole form says how large the file is, unless something follows it. */
function limitsOf(
  range: SizeRange | undefined,
  { headers, body, stream }: FrontRequest,
  { file }: Form,
  boundary: string,
): Parameters<typeof fileStream>[1] {
  const formBytes = stream ? Number(headers["content-length"]) : body.length;
  const announced = formBytes - file.precedingBytes - `\r\n--${boundary}--\r\n`.length;
  const sizeBytesMin = range?.sizeBytesMin ?? 0;
  const sizeBytesMax = Math.min(range?.sizeBytesMax ?? Infinity, singleUploadBytesMax);
  return {
    sizeBytesMin,
    sizeBytesMax,
    tooSmall: (sizeBytes) => fileTooSmall(sizeBytes, sizeBytesMin),
    tooLarge: (sizeBytes) => fileTooLarge(Math.max(sizeBytes, announced), sizeBytesMax),
  };
}

function objectPath(bucket: string, key: string): string {
  return `/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

interface Put {
  readonly bucket: string;
  readonly key: string;
}

/**
 * @evidence S3 API Reference, POST Object, `success_action_status` and `success_action_redirect`; recorded
 *   answers: what is no URL, and what is no status, counts as nothing
 */
function answerOf(
  fields: ReadonlyMap<string, string>,
  put: Put,
  passed: Passed,
  request: FrontRequest,
  ctx: FrontContext,
): WireResponse {
  const etag = passed.response.headers["etag"] ?? "";
  const { "content-length": _length, "content-type": _type, ...headers } = passed.response.headers;
  const target = redirectOf(fields.get("success_action_redirect") ?? fields.get("redirect"));
  if (target !== undefined) {
    const location = `${target}${target.includes("?") ? "&" : "?"}${redirectQuery(put, etag)}`;
    return { status: 303, headers: { ...headers, location, ...requestIdHeaders(ctx.requestId) }, body: "" };
  }
  const location = locationOf(put, request);
  const answered: Headers = { ...headers, location };
  const status = fields.get("success_action_status");
  if (status === "200") return { status: 200, headers: answered, body: "" };
  if (status !== "201") return { status: 204, headers: answered, body: "" };
  const body =
    `${xmlProlog}<PostResponse><Location>${escapeXml(location)}</Location>` +
    `<Bucket>${escapeXml(put.bucket)}</Bucket><Key>${escapeXml(put.key)}</Key>` +
    `<ETag>${escapeXml(etag)}</ETag></PostResponse>`;
  return { status: 201, headers: { ...answered, "content-type": "application/xml" }, body };
}

function redirectOf(target: string | undefined): string | undefined {
  return target !== undefined && /^https?:\/\/[\x21-\x7e]+$/i.test(target) ? target : undefined;
}

function redirectQuery({ bucket, key }: Put, etag: string): string {
  return new URLSearchParams({ bucket, key, etag }).toString();
}

/** The object as the form itself addressed its bucket. */
function locationOf({ bucket, key }: Put, { headers, secure }: FrontRequest): string {
  const host = headers["host"] ?? "";
  const path = bucketInHost(host) === undefined ? `/${bucket}/` : "/";
  return `${secure ? "https" : "http"}://${host}${path}${encodeURIComponent(key)}`;
}
