/** The programs that people use AWS with, as they run them: unchanged, over a socket, at home. */

import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startRegion } from "../../src/index.ts";
import { packageRoot } from "../../src/kernel/package-root.ts";
import type { Region, RegionOptions } from "../../src/region.ts";

/** What a program needs to run at all, and how to find out whether it does. */
const probes = {
  aws: ["aws", "--version"],
  boto3: ["python3", "-c", "import boto3"],
  terraform: ["terraform", "version"],
  chromium: ["chromium", "--version"],
  curl: ["curl", "--version"],
  go: ["go", "version"],
  rustc: ["rustc", "--version"],
  zip: ["zip", "--version"],
} as const;

export type Client = keyof typeof probes;

/**
 * For the `skip` option of a test: why it can't run here. A machine that is to prove something has every
 * client, so that where `CI` is set nothing is skipped, and a test without its client fails.
 */
export function without(client: Client): string | false {
  if (process.env["CI"]) return false;
  const [program, ...options] = probes[client];
  const { status } = spawnSync(program, options, { stdio: "ignore", env: baseEnvironment() });
  return status === 0 ? false : `${client} is not installed here`;
}

export const packageFolder = packageRoot();

export const fixtures = join(packageFolder, "test", "compat", "fixtures");

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What is typed, or piped in. */
  readonly input?: string;
  readonly folder?: string;
}

/** Of what a command that failed said before it failed. */
const linesShown = 20;

export class CommandFailed extends Error {
  constructor(command: readonly string[], outcome: Outcome) {
    const lastLines = outcome.stdout.trimEnd().split("\n").slice(-linesShown).join("\n");
    super(`${command.join(" ")}: exit status ${outcome.status}\n${lastLines}\n${outcome.stderr}`);
  }
}

type Environment = Readonly<Record<string, string>>;

/** Longer than any command takes on a busy machine. */
const timeoutMilliseconds = 600_000;

/** Nothing of the machine's configuration: a proxy or a bundle of certificates would change the test. */
function baseEnvironment(): Environment {
  const { PATH = "", LANG = "C.UTF-8" } = process.env;
  return { PATH, LANG };
}

/** A user's machine: a home folder, an environment, and a region as the endpoint of every client. */
export class Workstation {
  readonly endpoint: string;
  readonly home: string;
  readonly #environment: Environment;

  constructor(endpoint: string, home: string, environment: Environment) {
    this.endpoint = endpoint;
    this.home = home;
    this.#environment = environment;
  }

  /** A machine whose environment holds the root keys of account 000000000000. */
  static at(endpoint: string, home: string): Workstation {
    return new Workstation(endpoint, home, environmentOf(endpoint, home));
  }

  /** The same machine with other variables; an empty text takes a variable away. */
  with(environment: Environment): Workstation {
    return new Workstation(this.endpoint, this.home, { ...this.#environment, ...environment });
  }

  /** The same machine with a key in its environment. */
  as(key: Key): Workstation {
    return this.with({
      AWS_ACCESS_KEY_ID: key.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: key.SecretAccessKey,
      AWS_SESSION_TOKEN: key.SessionToken ?? "",
    });
  }

  /** The same machine with no key in its environment. */
  anonymous(): Workstation {
    return this.with({ AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_SESSION_TOKEN: "" });
  }

  /** A new user of the environment's account, with an access key and, if given, an inline policy. */
  async user(name: string, policy?: object): Promise<Key> {
    await this.aws`iam create-user --user-name ${name}`;
    if (policy) {
      await this.aws`iam put-user-policy --user-name ${name} --policy-name inline --policy-document
        ${JSON.stringify(policy)}`;
    }
    return this.aws<Key>`iam create-access-key --user-name ${name} --query AccessKey`;
  }

  /** Writes a file of the home folder, and answers its path. */
  write(path: string, text: string | Uint8Array): string {
    const file = join(this.home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Runs a program to its end, whatever that is. */
  run(
    program: string,
    options: readonly string[],
    { input, folder = this.home }: RunOptions = {},
  ): Promise<Outcome> {
    const env = Object.fromEntries(Object.entries(this.#environment).filter(([, value]) => value !== ""));
    return new Promise((resolve, reject) => {
      const settings = { env, cwd: folder, timeout: timeoutMilliseconds, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(program, options, settings, (error, stdout, stderr) => {
        const status = error ? error.code : 0;
        if (typeof status === "number") resolve({ status, stdout, stderr });
        else reject(error ?? new Error(program));
      });
      // A program that ends without reading its input closes the pipe.
      child.stdin?.on("error", () => undefined).end(input ?? "");
    });
  }

  /**
   * Runs `aws` with these words; what is put in with `${}` is one word.
   *
   * @returns its output: what the JSON says, else the text, else undefined
   * @throws CommandFailed
   */
  async aws<Answer = unknown>(words: TemplateStringsArray, ...values: readonly unknown[]): Promise<Answer> {
    const command = commandLine(words, values);
    const outcome = await this.#aws(command);
    if (outcome.status !== 0) throw new CommandFailed(["aws", ...command], outcome);
    return parsed(outcome.stdout) as Answer;
  }

  /** Runs `aws` as a command that is to fail, and answers its last words. */
  async refusal(words: TemplateStringsArray, ...values: readonly unknown[]): Promise<string> {
    const command = commandLine(words, values);
    const outcome = await this.#aws(command);
    if (outcome.status === 0) throw new CommandFailed(["aws", ...command], outcome);
    return outcome.stderr.trim().replace(/^aws: \[ERROR\]: /, "");
  }

  #aws(command: readonly string[]): Promise<Outcome> {
    return this.run("aws", [...command, ...this.#endpointOption(command)]);
  }

  /**
   * Version 1 of the aws CLI has its own host names for a few services, and prefers them to AWS_ENDPOINT_URL.
   *
   * @evidence https://github.com/aws/aws-cli/issues/8737; awscli/customizations/overridesslcommonname.py
   */
  #endpointOption([service]: readonly string[]): string[] {
    return service === "sqs" ? ["--endpoint-url", this.endpoint] : [];
  }

  /**
   * Runs a Python program, and answers what it gave to `answer(…)`.
   *
   * @throws CommandFailed
   */
  async python<Answer = unknown>(program: string): Promise<Answer> {
    const outcome = await this.run("python3", ["-"], { input: `${pythonPrelude}\n${dedented(program)}` });
    if (outcome.status !== 0) throw new CommandFailed(["python3"], outcome);
    return parsed(outcome.stdout) as Answer;
  }
}

/** A machine with a region of its own, in this process. */
export class RegionWorkstation extends Workstation implements AsyncDisposable {
  readonly region: Region;

  private constructor(region: Region, endpoint: string, home: string) {
    super(endpoint, home, environmentOf(endpoint, home));
    this.region = region;
  }

  /** The region's clock is real: clients sign by the machine's. */
  static async start(options: RegionOptions): Promise<RegionWorkstation> {
    const region = await startRegion({ freezeRows: true, log: () => undefined, ...options });
    const home = mkdtempSync(join(tmpdir(), "us-local-1-home-"));
    return new RegionWorkstation(region, await region.endpoint(), home);
  }

  /** @throws what the region itself failed with, if it did */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.region.stop();
    rmSync(this.home, { recursive: true, force: true });
    if (this.region.engine.defects.length > 0) throw this.region.engine.defects[0];
  }
}

/** As IAM and STS answer it. */
export interface Key {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken?: string;
}

/** The root keys of an account. */
export function root(account: string): Key {
  return { AccessKeyId: account, SecretAccessKey: "any" };
}

/** A policy with one statement that allows. */
export function allow(
  action: string | readonly string[],
  resource: string | readonly string[] = "*",
): object {
  return { Version: "2012-10-17", Statement: { Effect: "Allow", Action: action, Resource: resource } };
}

/** A section of the aws CLI's files. */
export function section(name: string, settings: Readonly<Record<string, string>>): string {
  return [`[${name}]`, ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
}

/** A section of the aws CLI's files with a key. */
export function keySection(name: string, key: Key): string {
  return section(name, { aws_access_key_id: key.AccessKeyId, aws_secret_access_key: key.SecretAccessKey });
}

/** A user, ana, of the default profile, and a role that she assumes by the profile `app`. */
export async function addRoleProfile(station: RegionWorkstation): Promise<void> {
  await station.aws`iam create-role --role-name app --assume-role-policy-document ${JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "sts:AssumeRole" },
  })}`;
  const ana = await station.user("ana", allow("sts:AssumeRole"));
  station.write(".aws/credentials", keySection("default", ana));
  station.write(".aws/config", section("profile app", {
    role_arn: "arn:aws:iam::000000000000:role/app", source_profile: "default", role_session_name: "work",
  }));
}

/** A fresh region, and a machine to use it from. */
export function startWorkstation(options: RegionOptions = {}): Promise<RegionWorkstation> {
  return RegionWorkstation.start(options);
}

/** What a user's shell holds. */
export function environmentOf(endpoint: string, home: string): Environment {
  return {
    ...baseEnvironment(),
    HOME: home,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_PAGER: "",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** `aws iam get-user --user-name ${name}`, in words. */
function commandLine(words: TemplateStringsArray, values: readonly unknown[]): string[] {
  return words.flatMap((text, index) => {
    const typed = text.split(/\s+/).filter((word) => word !== "");
    return index < values.length ? [...typed, String(values[index])] : typed;
  });
}

function parsed(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  try {
    return JSON.parse(trimmed);
  } catch {
    return trimmed;
  }
}

const pythonPrelude = `
import json, boto3, botocore
from botocore.config import Config
from botocore.exceptions import ClientError

def answer(value):
    print(json.dumps(value, default=str))

def code_of(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None
`;

/** A program as it stands in a test, without the test's own indentation. */
function dedented(program: string): string {
  const lines = program.split("\n");
  const indentations = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const margin = Math.min(...indentations);
  return lines.map((line) => line.slice(margin)).join("\n");
}
