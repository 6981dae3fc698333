/**
 * AWS's own managed policies. They come with this package, one to a line of a 3 MB file, of which only the
 * lines asked for are parsed.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";
import { compareText } from "./listing.ts";

export interface AwsManagedPolicy {
  readonly arn: string;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly versionId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Compact, as it decides. */
  readonly document: string;
}

interface Entry {
  readonly Path: string;
  readonly DefaultVersionId: string;
  readonly CreateDate: string;
  readonly UpdateDate: string;
  readonly Document: { readonly Version?: string; readonly Id?: string; readonly Statement: unknown };
}

const arnPrefix = "arn:aws:iam::aws:policy/";
const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The same in every region that ever runs, as on AWS. */
function idOf(name: string): string {
  const bytes = createHash("sha256").update(name).digest().subarray(0, 17);
  return `ANPA${[...bytes].map((byte) => idLetters.charAt(byte % 32)).join("")}`;
}

class Catalogue {
  readonly #lines = new Map<string, string>();
  readonly #parsed = new Map<string, AwsManagedPolicy>();

  constructor(text: string) {
    for (const line of text.split("\n")) {
      const end = line.indexOf('":{');
      if (end > 0 && line.startsWith('"')) this.#lines.set(line.slice(1, end), line.slice(end + 2));
    }
  }

  names(): string[] {
    return [...this.#lines.keys()].sort(compareText);
  }

  get(name: string): AwsManagedPolicy | undefined {
    const known = this.#parsed.get(name);
    if (known !== undefined) return known;
    const line = this.#lines.get(name);
    if (line === undefined) return undefined;
    const entry = JSON.parse(line.replace(/,\s*$/, "")) as Entry;
    const { Version, Id, Statement } = entry.Document;
    const policy: AwsManagedPolicy = {
      arn: `${arnPrefix}${entry.Path.slice(1)}${name}`,
      id: idOf(name),
      name,
      path: entry.Path,
      versionId: entry.DefaultVersionId,
      createdAt: Date.parse(entry.CreateDate),
      updatedAt: Date.parse(entry.UpdateDate),
      document: JSON.stringify({ Version, Id, Statement }),
    };
    this.#parsed.set(name, policy);
    return policy;
  }
}

/** What the package ships never changes while it runs, so one copy serves every region of the process. */
let catalogue: Catalogue | undefined;

function loaded(): Catalogue {
  const file = join(packageRoot(), "models", "iam-managed-policies.json");
  return (catalogue ??= new Catalogue(readFileSync(file, "utf8")));
}

/** As AWS shows its documents: four spaces deep. @evidence GetPolicyVersion of AdministratorAccess */
export function prettyDocument(policy: AwsManagedPolicy): string {
  return JSON.stringify(JSON.parse(policy.document), undefined, 4);
}

export function isAwsManagedArn(arn: string): boolean {
  return arn.startsWith(arnPrefix);
}

export function findAwsManagedPolicy(arn: string): AwsManagedPolicy | undefined {
  if (!isAwsManagedArn(arn)) return undefined;
  const found = loaded().get(arn.slice(arn.lastIndexOf("/") + 1));
  return found?.arn === arn ? found : undefined;
}

/** All, by name. */
export function awsManagedPolicies(): AwsManagedPolicy[] {
  return loaded().names().flatMap((name) => loaded().get(name) ?? []);
}
