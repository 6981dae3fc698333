/**
 * Data protection policies of topics: what is looked for in messages that come in and go out, and what
 * becomes
 * of a message in which it is found.
 *
 * @evidence SNS Developer Guide, "Understanding the syntax of data protection policies"
 */

import { notImplemented } from "../../kernel/errors.ts";
import { customFinder, managedFinder, replaced, type Finder } from "../../patterns/data-identifiers.ts";
import { invalidParameter } from "./errors.ts";

export type Direction = "Inbound" | "Outbound";

export type ProtectionOperation =
  | { readonly kind: "deny" }
  | { readonly kind: "deidentify"; readonly replace: (found: string) => string }
  | {
      readonly kind: "audit";
      readonly samplePercent: number;
      /** Groups of CloudWatch Logs for messages with findings, and for those without. */
      readonly findings: string | undefined;
      readonly noFindings: string | undefined;
    };

export interface ProtectionStatement {
  readonly direction: Direction;
  /** `*`, or ARNs of users and roles. */
  readonly principals: readonly string[];
  readonly finders: readonly Finder[];
  readonly operation: ProtectionOperation;
}

/** @evidence SNS Developer Guide, "Data protection policy quotas": 30,720 characters */
const charactersMax = 30_720;
/** @evidence SNS Developer Guide, MaskConfig: A-Z, a-z, 0-9, a space and these */
const maskForm = /^[A-Za-z0-9 !$%&()*+,\-./:;<=>?@[\]^_`|~#]$/;

type Members = Readonly<Record<string, unknown>>;

function invalid(why: string): Error {
  return invalidParameter(`DataProtectionPolicy Reason: ${why}`);
}

function membersOf(value: unknown, name: string): Members {
  if (typeof value !== "object" || value === null ||
    Array.isArray(value)) throw invalid(`${name} is invalid`);
  return value as Members;
}

function groupOf(destination: unknown): string | undefined {
  if (destination === undefined) return undefined;
  const [entry] = Object.entries(membersOf(destination, "FindingsDestination"));
  if (!entry) return undefined;
  const [kind, settings] = entry;
  if (kind !== "CloudWatchLogs") throw notImplemented(`Findings of data protection for ${kind}`);
  const { LogGroup: group } = membersOf(settings, kind);
  if (typeof group !== "string" || !group.startsWith("/aws/vendedlogs/")) {
    throw invalid("LogGroup must begin with /aws/vendedlogs/");
  }
  return group;
}

function operationOf(given: unknown): ProtectionOperation {
  const operation = membersOf(given, "Operation");
  const [[kind, value] = ["", undefined], ...others] = Object.entries(operation);
  if (others.length > 0) throw invalid("Operation must have one operation");
  if (kind === "Deny") return { kind: "deny" };
  if (kind === "Audit") {
    const { SampleRate: rate, FindingsDestination, NoFindingsDestination } = membersOf(value, "Audit");
    const samplePercent = Number(rate);
    if (!Number.isInteger(samplePercent) || samplePercent < 0 || samplePercent > 99) {
      throw invalid("SampleRate must be a whole number from 0 to 99");
    }
    return {
      kind: "audit", samplePercent, findings: groupOf(FindingsDestination),
      noFindings: groupOf(NoFindingsDestination),
    };
  }
  if (kind !== "Deidentify") throw invalid("Operation must be Audit, Deidentify or Deny");
  const { MaskConfig: mask, RedactConfig: redact } = membersOf(value, "Deidentify");
  if ((mask === undefined) === (redact === undefined)) {
    throw invalid("Deidentify must have either MaskConfig or RedactConfig");
  }
  if (mask === undefined) return { kind: "deidentify", replace: () => "" };
  const { MaskWithCharacter: character = "#" } = membersOf(mask, "MaskConfig");
  if (typeof character !== "string" ||
    !maskForm.test(character)) throw invalid("MaskWithCharacter is invalid");
  return { kind: "deidentify", replace: (found) => character.repeat(found.length) };
}

function customFinders(configuration: unknown): Map<string, Finder> {
  const { CustomDataIdentifier: custom = [] } = membersOf(configuration ?? {}, "Configuration");
  if (!Array.isArray(custom) || custom.length > 10) throw invalid("CustomDataIdentifier is invalid");
  return new Map(custom.map((each: unknown) => {
    const { Name: name, Regex: regex } = membersOf(each, "CustomDataIdentifier");
    const finder = customFinder(String(name), String(regex));
    if (!finder) throw invalid(`CustomDataIdentifier ${String(name)} is invalid`);
    return [finder.name, finder];
  }));
}

function texts(value: unknown, name: string): string[] {
  const isRight = Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string");
  if (!isRight) throw invalid(`${name} must be a list of texts`);
  return value as string[];
}

function statementOf(given: unknown, custom: ReadonlyMap<string, Finder>): ProtectionStatement {
  const statement = membersOf(given, "Statement");
  const { DataDirection: direction } = statement;
  if (direction !== "Inbound" && direction !== "Outbound") {
    throw invalid("DataDirection must be Inbound or Outbound");
  }
  const finders = texts(statement["DataIdentifier"], "DataIdentifier").map((name) => {
    const finder = custom.get(name) ?? managedFinder(name);
    if (finder) return finder;
    if (name.includes(":data-identifier/")) throw notImplemented(`The data identifier ${name}`);
    throw invalid(`DataIdentifier ${name} is invalid`);
  });
  const operation = operationOf(statement["Operation"]);
  if (operation.kind === "audit" && direction === "Outbound") throw invalid("Audit must be Inbound");
  return { direction, principals: texts(statement["Principal"], "Principal"), finders, operation };
}

/** @throws InvalidParameter */
export function parseProtection(text: string): ProtectionStatement[] {
  if (text.length > charactersMax) throw invalid("it is too long");
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw invalid("failed to parse JSON");
  }
  const document = membersOf(given, "it");
  if (document["Version"] !== "2021-06-01") throw invalid("Version must be 2021-06-01");
  const { Name: name, Statement: statements } = document;
  if (typeof name !== "string" || name === "") throw invalid("Name is missing");
  if (!Array.isArray(statements) || statements.length === 0) throw invalid("Statement is missing");
  const custom = customFinders(document["Configuration"]);
  return statements.map((statement) => statementOf(statement, custom));
}

export function deidentified(text: string, { finders, operation }: ProtectionStatement): string {
  return operation.kind === "deidentify" ? replaced(text, finders, operation.replace) : text;
}
