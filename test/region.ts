/** A region for one test: in process, on a fresh store, with a frozen clock and a fixed seed. */

import {
  IAMClient,
  CreateAccessKeyCommand,
  CreateUserCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import type { Region, RegionOptions } from "../src/region.ts";
import { startRegion as start } from "../src/index.ts";

export interface TestCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface TestRegion extends Region {
  /** A user of account 000000000000 with an access key and, if given, an inline policy. */
  user(name: string, policy?: object): Promise<TestCredentials>;
  /** The root keys of another account. */
  root(account: string): TestCredentials;
}

/** Tests begin here, so that what they expect of dates can be written down. */
export const testEpoch = Date.UTC(2026, 0, 1);

/**
 * Stopping the region fails the test when a request or a job ran into a defect, unless the test looked at it.
 */
export async function startRegion(options: RegionOptions = {}): Promise<TestRegion> {
  const region = await start({ seed: "test", freezeRows: true, log: () => undefined, ...options });
  region.clock.freeze(testEpoch);
  const stop = region.stop.bind(region);
  return Object.assign(region, {
    user: (name: string, policy?: object) => createUser(region, name, policy),
    root: (account: string) => ({ accessKeyId: account, secretAccessKey: "any" }),
    stop: async () => {
      await stop();
      if (region.engine.defects.length > 0) throw region.engine.defects[0];
    },
  });
}

async function createUser(
  region: Region,
  name: string,
  policy: object | undefined,
): Promise<TestCredentials> {
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName: name }));
  if (policy) {
    await iam.send(
      new PutUserPolicyCommand({
        UserName: name,
        PolicyName: "inline",
        PolicyDocument: JSON.stringify(policy),
      }),
    );
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}
