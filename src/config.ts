/** What the environment says. The only reader of `process.env`; command line options outweigh it. */

import { homedir } from "node:os";
import { join } from "node:path";

export const defaultPort = 4566;

export interface Config {
  /** US_LOCAL_1_PORT */
  readonly port: number;
  /** US_LOCAL_1_HOST: the address to listen on. */
  readonly host: string;
  /** US_LOCAL_1_DATA */
  readonly dataDir: string;
  /** US_LOCAL_1_EPHEMERAL */
  readonly ephemeral: boolean;
  /** US_LOCAL_1_DURABILITY */
  readonly durability: "relaxed" | "fsync";
  /** US_LOCAL_1_SEED */
  readonly seed: string | undefined;
  /** US_LOCAL_1_NO_DEV_KEYS turns them off. */
  readonly devKeys: boolean;
  /** US_LOCAL_1_TLS */
  readonly tls: boolean;
  /** US_LOCAL_1_INIT_DIR */
  readonly initDir: string | undefined;
  /** US_LOCAL_1_ALLOWED_HOSTS, separated by commas. */
  readonly allowedHosts: readonly string[];
  /** NO_COLOR, https://no-color.org/ */
  readonly colors: boolean;
  /** The aws CLI's files: AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE. */
  readonly awsConfigFile: string;
  readonly awsCredentialsFile: string;
  /** All of it, for the programs that us-local-1 starts. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export class InvalidConfig extends Error {}

/** @throws InvalidConfig for a value that makes no sense */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const text = (name: string): string | undefined => environment[name] || undefined;
  return {
    port: port(text("US_LOCAL_1_PORT")),
    host: text("US_LOCAL_1_HOST") ?? "127.0.0.1",
    dataDir: text("US_LOCAL_1_DATA") ?? join(homedir(), ".us-local-1"),
    ephemeral: flag("US_LOCAL_1_EPHEMERAL", text("US_LOCAL_1_EPHEMERAL")),
    durability: durability(text("US_LOCAL_1_DURABILITY")),
    seed: text("US_LOCAL_1_SEED"),
    devKeys: !flag("US_LOCAL_1_NO_DEV_KEYS", text("US_LOCAL_1_NO_DEV_KEYS")),
    tls: flag("US_LOCAL_1_TLS", text("US_LOCAL_1_TLS")),
    initDir: text("US_LOCAL_1_INIT_DIR"),
    allowedHosts: (text("US_LOCAL_1_ALLOWED_HOSTS") ?? "")
      .split(",")
      .map((host) => host.trim())
      .filter(Boolean),
    colors: wantsColors(environment),
    awsConfigFile: text("AWS_CONFIG_FILE") ?? join(homedir(), ".aws", "config"),
    awsCredentialsFile: text("AWS_SHARED_CREDENTIALS_FILE") ?? join(homedir(), ".aws", "credentials"),
    environment,
  };
}

/** Asked for also where the rest makes no sense, and has to be told so. */
export function wantsColors(environment: Config["environment"] = process.env): boolean {
  return !environment["NO_COLOR"];
}

/** The folders in which a shell looks for programs. */
export function searchPath(): string {
  return process.env["PATH"] ?? "";
}

function port(text: string | undefined): number {
  if (text === undefined) return defaultPort;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidConfig(`US_LOCAL_1_PORT must be a port from 0 to 65535; it is ${text}.`);
  }
  return Number(text);
}

function durability(text: string | undefined): Config["durability"] {
  if (text === undefined || text === "relaxed") return "relaxed";
  if (text === "fsync") return "fsync";
  throw new InvalidConfig(`US_LOCAL_1_DURABILITY must be relaxed or fsync; it is ${text}.`);
}

function flag(name: string, text: string | undefined): boolean {
  if (text === undefined || ["0", "false", "no"].includes(text)) return false;
  if (["1", "true", "yes"].includes(text)) return true;
  throw new InvalidConfig(`${name} must be 1 or 0; it is ${text}.`);
}
