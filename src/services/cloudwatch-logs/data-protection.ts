/** Data protection policies: what is looked for in events, and whether it is masked or reported. */

import { notImplemented } from "../../kernel/errors.ts";
import { customFinder, managedFinder, replaced, type Finder } from "../../patterns/data-identifiers.ts";
import { invalidParameter } from "./errors.ts";

export interface DataProtection {
  readonly masked: readonly Finder[];
  readonly audited: readonly Finder[];
  /** The group that findings are written to. */
  readonly findings: string | undefined;
}

interface Statement {
  readonly DataIdentifier?: unknown;
  readonly DataIdentifer?: unknown;
  readonly Operation?: {
    readonly Audit?: {
      readonly FindingsDestination?: Readonly<Record<string, { readonly LogGroup?: unknown }>>,
    };
    readonly Deidentify?: { readonly MaskConfig?: unknown };
  };
}

interface Document {
  readonly Version?: unknown;
  readonly Statement?: unknown;
  readonly Configuration?: {
    readonly CustomDataIdentifier?: readonly { readonly Name?: unknown; readonly Regex?: unknown }[];
  };
}

function invalid(why: string): Error {
  return invalidParameter(`Invalid data protection policy: ${why}`);
}

function customFinders({ Configuration }: Document): Map<string, Finder> {
  const custom = Configuration?.CustomDataIdentifier ?? [];
  if (!Array.isArray(custom) || custom.length > 10) throw invalid("at most 10 custom data identifiers.");
  return new Map(custom.map(({ Name, Regex }: { Name?: unknown; Regex?: unknown }) => {
    const finder = customFinder(String(Name), String(Regex));
    if (!finder) throw invalid(`the custom data identifier ${String(Name)} is not valid.`);
    return [finder.name, finder];
  }));
}

function findersOf(statement: Statement, custom: ReadonlyMap<string, Finder>): Finder[] {
  const identifiers = statement.DataIdentifier ?? statement.DataIdentifer;
  if (!Array.isArray(identifiers) || identifiers.length === 0) throw invalid("DataIdentifier is missing.");
  return identifiers.map((identifier: unknown) => {
    const name = String(identifier);
    const finder = custom.get(name) ?? managedFinder(name);
    if (finder) return finder;
    if (name.includes(":data-identifier/")) throw notImplemented(`The data identifier ${name}`);
    throw invalid(`${name} is no data identifier.`);
  });
}

function findingsGroup(statement: Statement | undefined): string | undefined {
  const destinations = Object.entries(statement?.Operation?.Audit?.FindingsDestination ?? {});
  for (const [kind, { LogGroup }] of destinations) {
    if (kind !== "CloudWatchLogs") throw notImplemented(`Findings of data protection for ${kind}`);
    if (typeof LogGroup !== "string") throw invalid("LogGroup is missing.");
    return LogGroup;
  }
  return undefined;
}

/**
 * @evidence CloudWatch Logs API Reference, PutDataProtectionPolicy: one statement that audits and one that
 *   masks, of the same identifiers
 * @throws InvalidParameterException
 */
export function parseDataProtection(text: string): DataProtection {
  let document: Document;
  try {
    document = JSON.parse(text) as Document;
  } catch {
    throw invalid("it is no JSON.");
  }
  if (typeof document !== "object" || document === null || !Array.isArray(document.Statement)) {
    throw invalid("Statement is missing.");
  }
  if (document.Version !== "2021-06-01") throw invalid("Version must be 2021-06-01.");
  const custom = customFinders(document);
  const statements = document.Statement as Statement[];
  const audit = statements.find(({ Operation }) => Operation?.Audit);
  const mask = statements.find(({ Operation }) => Operation?.Deidentify);
  if (!audit || !mask || statements.length !== 2) {
    throw invalid("it must have one statement with Audit and one with Deidentify.");
  }
  return {
    masked: findersOf(mask, custom), audited: findersOf(audit, custom), findings: findingsGroup(audit),
  };
}

/** Every character of what is found becomes a star. */
export function masked(text: string, finders: readonly Finder[]): string {
  return replaced(text, finders, (found) => "*".repeat(found.length));
}
