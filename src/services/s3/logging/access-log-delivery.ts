/** Lines of a log as an object of the bucket that they are to go to. */

import type * as s3 from "../../../generated/s3.ts";
import type { BodyContext, Context } from "../../../kernel/context.ts";
import type { LoggedLine } from "./access-log.ts";
import { storedAcl } from "../access/acl.ts";
import { keepPieces, putBody } from "../bodies/table.ts";
import { buckets, type Bucket } from "../buckets/table.ts";
import { chooseEncryption } from "../encryption/encryption.ts";
import { mayDeliver } from "./logging.ts";
import { objectCreated } from "../events/object-events.ts";
import { defaultChecksum } from "../objects/input.ts";
import type { ObjectVersion } from "../objects/version.ts";
import { canonicalId } from "../access/owners.ts";
import { ownershipOf } from "../access/ownership.ts";
import { storedFacts } from "../bodies/stored-facts.ts";
import { receiveBody } from "../bodies/receiving.ts";
import { newPlace, putVersion } from "../objects/version-table.ts";

/**
 * What may not be delivered is lost, as in AWS. The lines go in the transaction in which their object comes,
 * so that they are delivered once.
 *
 * @param forget takes the lines away
 */
export async function deliverLines(
  ctx: BodyContext,
  bucket: string,
  lines: readonly LoggedLine[],
  forget: (ctx: Context) => void,
): Promise<void> {
  const source = ctx.reading(() => ctx.db(buckets).get(bucket));
  const logging = source?.logging;
  const target = logging && ctx.reading(() => ctx.db(buckets).get(logging.TargetBucket));
  const groups = logging && groupsOf(lines, logging);
  if (!logging || !target || !groups || !takesLogs(target)) {
    ctx.transaction(forget);
    return;
  }
  const made: LogObject[] = [];
  for (const group of groups) made.push(await makeObject(ctx, bucket, target, logging, group));
  ctx.transaction((within) => {
    forget(within);
    for (const object of made) {
      if (mayDeliver(target, bucket, object.key, within)) putObject(within, target, logging, object);
    }
  });
}

/**
 * @evidence S3 User Guide, "Enabling Amazon S3 server access logging": no default retention, no requester
 *   pays, no default encryption with KMS keys
 */
function takesLogs({ objectLock, requestPayer, encryption }: Bucket): boolean {
  const algorithm = encryption?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? "AES256";
  const retention = objectLock?.Rule?.DefaultRetention;
  return retention === undefined && requestPayer !== "Requester" && algorithm === "AES256";
}

interface Group {
  readonly lines: readonly LoggedLine[];
  /** The day that all of them are of; undefined where that of the delivery counts. */
  readonly day: string | undefined;
}

/** By the day of the event each day has an object of its own. */
function groupsOf(lines: readonly LoggedLine[], logging: s3.LoggingEnabled): Group[] {
  const source = logging.TargetObjectKeyFormat?.PartitionedPrefix?.PartitionDateSource;
  if (source !== "EventTime") return [{ lines, day: undefined }];
  const days = new Map<string, LoggedLine[]>();
  for (const line of lines) {
    const day = new Date(line.at).toISOString().slice(0, 10);
    const known = days.get(day);
    if (known) known.push(line);
    else days.set(day, [line]);
  }
  return [...days].map(([day, ofDay]) => ({ day, lines: ofDay }));
}

interface LogObject {
  readonly key: string;
  readonly received: Awaited<ReturnType<typeof receiveBody>>;
  readonly encryption: Awaited<ReturnType<typeof chooseEncryption>>;
}

async function makeObject(
  ctx: BodyContext,
  source: string,
  target: Bucket,
  logging: s3.LoggingEnabled,
  { lines, day }: Group,
): Promise<LogObject> {
  const key = keyOf(ctx, source, logging, day);
  const encryption = await chooseEncryption(ctx, target, { Bucket: target.name, Key: key });
  const body = Buffer.from(lines.map(({ line }) => `${line}\n`).join(""));
  const received = await receiveBody(ctx, body, { key: encryption.key, algorithm: defaultChecksum });
  return { key, received, encryption };
}

const uniqueDigits = 16;

/** @evidence S3 User Guide, "Log object key format"; by the time of events the time of day is 00-00-00 */
function keyOf(
  ctx: BodyContext,
  source: string,
  logging: s3.LoggingEnabled,
  day: string | undefined,
): string {
  const now = new Date(ctx.clock.now()).toISOString();
  const date = day ?? now.slice(0, 10);
  const time = day === undefined ? now.slice(11, 19).replaceAll(":", "-") : "00-00-00";
  const name = `${date}-${time}-${ctx.ids.hex(uniqueDigits).toUpperCase()}`;
  const { TargetPrefix: prefix, TargetObjectKeyFormat: format } = logging;
  if (!format?.PartitionedPrefix) return prefix + name;
  return `${prefix}${ctx.account}/${ctx.region}/${source}/${date.replaceAll("-", "/")}/${name}`;
}

/** @evidence the same page: logs belong to the bucket's owner, and TargetGrants say who else may read them */
function putObject(ctx: Context, target: Bucket, logging: s3.LoggingEnabled, object: LogObject): void {
  const { key, received, encryption } = object;
  const hasLists = ownershipOf(target) !== "BucketOwnerEnforced";
  const acl = hasLists ? storedAcl(grantsOf(logging, ctx.account), ctx.account) : undefined;
  keepPieces(ctx, received.pieces);
  const version: ObjectVersion = {
    bucket: target.name,
    key,
    ...newPlace(ctx, target),
    ...storedFacts(ctx, received, encryption),
    bodyId: putBody(ctx, received.pieces),
    owner: ctx.account,
    headers: { ContentType: "text/plain" },
    ...(acl && { acl }),
  };
  putVersion(ctx, version);
  objectCreated(ctx, target, version, "Put");
}

function grantsOf({ TargetGrants }: s3.LoggingEnabled, owner: string): s3.Grant[] | undefined {
  if (!TargetGrants || TargetGrants.length === 0) return undefined;
  const Grantee: s3.Grantee = { Type: "CanonicalUser", ID: canonicalId(owner) };
  const own: s3.Grant = { Grantee, Permission: "FULL_CONTROL" };
  return [own, ...TargetGrants.map(({ Grantee, Permission }) => ({ Grantee, Permission }))];
}
