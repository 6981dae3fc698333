/** Profiles in the aws CLI's own files. Everything else in them stays as it is. */

import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

export interface Profile {
  readonly name: string;
  readonly endpoint: string;
  readonly awsRegion: string;
  /** A certificate authority to trust. */
  readonly authority?: string;
  readonly configFile: string;
  readonly credentialsFile: string;
}

/** @evidence AWS CLI User Guide, "Configuration and credential file settings" */
export function writeProfile({
  name,
  endpoint,
  awsRegion,
  authority,
  configFile,
  credentialsFile,
}: Profile): void {
  // In the configuration file a section's name begins with the word "profile", except the default one's.
  writeSection(configFile, name === "default" ? name : `profile ${name}`, {
    region: awsRegion,
    endpoint_url: endpoint,
    disable_host_prefix_injection: "true",
    ...(authority !== undefined && { ca_bundle: authority }),
  });
  writeSection(credentialsFile, name, { aws_access_key_id: "test", aws_secret_access_key: "test" });
}

function writeSection(file: string, section: string, settings: Readonly<Record<string, string>>): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const there = existsSync(file);
  // These files may be links into somebody's collection of settings.
  const path = there ? realpathSync(file) : file;
  const text = withSection(there ? readFileSync(path, "utf8") : "", section, settings);
  writeFileSync(`${path}.us-local-1`, text, { mode: there ? statSync(path).mode & 0o777 : 0o600 });
  renameSync(`${path}.us-local-1`, path);
}

/** The text of an INI file in which one section is replaced, or added at the end. */
export function withSection(
  text: string,
  section: string,
  settings: Readonly<Record<string, string>>,
): string {
  const own = [`[${section}]`, ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`)];
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.trim() === `[${section}]`);
  if (first < 0) return `${text.trimEnd()}${text.trim() === "" ? "" : "\n\n"}${own.join("\n")}\n`;
  const next = lines.findIndex((line, index) => index > first && line.trim().startsWith("["));
  const rest = next < 0 ? [] : ["", ...lines.slice(next)];
  return `${[...lines.slice(0, first), ...own, ...rest].join("\n").trimEnd()}\n`;
}
