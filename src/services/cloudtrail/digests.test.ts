import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ListPublicKeysCommand, StartLoggingCommand, StopLoggingCommand, UpdateTrailCommand,
} from "@aws-sdk/client-cloudtrail";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { bucket, refusal, trailFixture, type TrailFixture } from "./trail-fixture.ts";

interface Digest {
  readonly digestStartTime: string;
  readonly digestEndTime: string;
  readonly previousDigestS3Object: string | null;
  readonly logFiles: readonly { readonly s3Object: string }[];
}

let region: TestRegion;
let it: TrailFixture;

before(async () => {
  region = await startRegion();
  it = await trailFixture(region, JSON.stringify({
    Version: "2012-10-17", Statement: [{
      Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject",
      Resource: `arn:aws:s3:::${bucket}/*`,
    }],
  }));
  await it.create("chain", { EnableLogFileValidation: true });
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "chain" }));
});
after(() => region.stop());

const advance = (minutes: number): Promise<unknown> => region.clock.advance({ minutes });
const call = (): Promise<unknown> =>
  region.client(SQSClient).send(new CreateQueueCommand({ QueueName: "again" }));
async function digests(): Promise<Digest[]> {
  const keys = (await it.keys()).filter((key) => key.includes("/CloudTrail-Digest/"));
  return Promise.all(keys.map(async (key) => JSON.parse(await it.text(key)) as Digest));
}
const times = (all: readonly Digest[]): string[][] => all.map(
  ({ digestStartTime, digestEndTime }) => [digestStartTime.slice(11, 16), digestEndTime.slice(11, 16)],
);

test("where validation was off, no digest lists files, and a new chain begins after", async () => {
  await call();
  await advance(60);
  await it.cloudtrail.send(new UpdateTrailCommand({ Name: "chain", EnableLogFileValidation: false }));
  await call();
  await advance(90);
  await it.cloudtrail.send(new UpdateTrailCommand({ Name: "chain", EnableLogFileValidation: true }));
  await call();
  await advance(60);
  const all = await digests();
  assert.deepEqual(times(all), [["00:00", "01:00"], ["02:30", "03:30"]]);
  assert.deepEqual(all.map(({ previousDigestS3Object }) => previousDigestS3Object), [null, null]);
  assert.deepEqual(all.map(({ logFiles }) => logFiles.length), [1, 1]);
});

test("a chain goes over hours without files, and ends where logging stops", async () => {
  await advance(120);
  await call();
  await advance(60);
  const [, second, third] = await digests();
  assert.deepEqual(times([third as Digest]), [["03:30", "06:30"]]);
  assert.match(third?.previousDigestS3Object ?? "", /_20260101T033000Z\.json\.gz$/);
  assert.equal(second?.previousDigestS3Object, null);
  await it.cloudtrail.send(new StopLoggingCommand({ Name: "chain" }));
  await advance(90);
  await it.cloudtrail.send(new StartLoggingCommand({ Name: "chain" }));
  await call();
  await advance(60);
  const restarted = (await digests()).at(-1);
  assert.deepEqual(times([restarted as Digest]), [["08:00", "09:00"]]);
  assert.equal(restarted?.previousDigestS3Object, null);
});

test("public keys are those that are valid in a range of time, by default now", async () => {
  const list = async (from?: number, to?: number): Promise<number> => {
    const { PublicKeyList = [] } = await it.cloudtrail.send(new ListPublicKeysCommand({
      ...(from !== undefined && { StartTime: new Date(from) }),
      ...(to !== undefined && { EndTime: new Date(to) }),
    }));
    return PublicKeyList.length;
  };
  const day = 86_400_000;
  assert.equal(await list(), 1);
  assert.equal(await list(testEpoch - 30 * day), 1);
  assert.equal(await list(testEpoch - 30 * day, testEpoch - 20 * day), 0);
  assert.equal(await list(testEpoch + 300 * day, testEpoch + 400 * day), 1);
  assert.equal(await list(testEpoch + 400 * day, testEpoch + 500 * day), 0);
  assert.match(await refusal(list(testEpoch + 2 * day, testEpoch + day)), /^InvalidTimeRangeException: /);
  assert.match(await refusal(list(undefined, testEpoch - day)), /^InvalidTimeRangeException: /);
});
