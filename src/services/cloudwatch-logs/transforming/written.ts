/**
 * Processors as a policy writes them: JSON that no model has looked at.
 *
 * @evidence CloudWatch Logs API Reference, Processor, and the processors' own pages: what they must have
 */

import type * as logs from "../../../generated/cloudwatch-logs.ts";
import { invalidParameter } from "../errors.ts";

/** What a processor must have; of those with entries, what each entry must. */
const required: Readonly<Record<string, readonly string[]>> = {
  addKeys: ["key", "value"], copyValue: ["source", "target"], csv: [],
  dateTimeConverter: ["source", "target", "matchPatterns"], deleteKeys: ["withKeys"], grok: ["match"],
  listToMap: ["source", "key"], lowerCaseString: ["withKeys"], moveKeys: ["source", "target"],
  parseCloudfront: [], parseJSON: [], parseKeyValue: [], parsePostgres: [], parseRoute53: [], parseVPC: [],
  parseWAF: [], renameKeys: ["key", "renameTo"], splitString: ["source", "delimiter"],
  substituteString: ["source", "from", "to"], trimString: ["withKeys"], typeConverter: ["key", "type"],
  upperCaseString: ["withKeys"],
};
const withEntries = [
  "addKeys", "copyValue", "moveKeys", "renameKeys", "splitString", "substituteString", "typeConverter",
];
const lists = ["columns", "matchPatterns", "withKeys"];
const flags = ["flatten", "overwriteIfExists"];
const types: readonly unknown[] = ["boolean", "integer", "double", "string"];

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** Every member has the type that members of its name have. */
function isWellTyped(members: Members): boolean {
  return Object.entries(members).every(([name, value]) => {
    if (lists.includes(name)) return Array.isArray(value) && value.length > 0 && value.every(isText);
    if (name === "type") return types.includes(value);
    return flags.includes(name) ? typeof value === "boolean" : isText(value);
  });
}

function isWellFormed(name: string, given: unknown): boolean {
  const needed = Object.hasOwn(required, name) ? required[name] : undefined;
  if (!needed || !isMembers(given)) return false;
  const { entries } = given;
  if (!withEntries.includes(name)) return isWellTyped(given) && needed.every((each) => each in given);
  return Array.isArray(entries) && entries.length > 0 && Object.keys(given).length === 1 &&
    entries.every((entry) =>
      isMembers(entry) && isWellTyped(entry) && needed.every((each) => each in entry));
}

/** @throws InvalidParameterException */
export function readProcessors(document: string): readonly logs.Processor[] {
  let given: unknown;
  try {
    given = JSON.parse(document);
  } catch {
    given = undefined;
  }
  if (!Array.isArray(given) || given.length === 0) {
    throw invalidParameter("Invalid policy document: it is no JSON array of processors.");
  }
  given.forEach((processor: unknown, index) => {
    const [[name, members] = [""], ...others] = Object.entries(isMembers(processor) ? processor : {});
    if (others.length > 0 || !isWellFormed(name, members)) {
      throw invalidParameter(`Invalid policy document: processor ${index + 1} is malformed.`);
    }
  });
  return given as logs.Processor[];
}
