/**
 * A policy document as read from its JSON: the grammar of the policy language and nothing else. What IAM
 * accepts beyond the grammar is in `parse.ts`.
 *
 * @evidence IAM User Guide, "Grammar of the IAM JSON policy language"
 */

export type PrincipalKind = "AWS" | "Service" | "Federated" | "CanonicalUser";

export type PrincipalElement = "*" | { readonly [kind in PrincipalKind]?: readonly string[] };

export interface ConditionEntry {
  /** As written, with its set operator and `IfExists`. */
  readonly operator: string;
  /** As written: keys are compared without regard to case. Undefined when the operator has no key at all. */
  readonly key: string | undefined;
  readonly values: readonly string[];
}

export interface Statement {
  readonly sid: string | undefined;
  readonly effect: "Allow" | "Deny";
  /** As written: IAM refuses spellings other than `Allow` and `Deny`, after other checks. */
  readonly effectText: string;
  readonly principal: PrincipalElement | undefined;
  readonly notPrincipal: PrincipalElement | undefined;
  readonly actions: readonly string[] | undefined;
  readonly notActions: readonly string[] | undefined;
  readonly resources: readonly string[] | undefined;
  readonly notResources: readonly string[] | undefined;
  readonly conditions: readonly ConditionEntry[];
}

export interface PolicyDocument {
  /** Undefined when absent, which means 2008-10-17. */
  readonly version: "2008-10-17" | "2012-10-17" | undefined;
  readonly id: string | undefined;
  readonly statements: readonly Statement[];
}

/** The longest text that any AWS API takes for a policy. @evidence IAM API Reference, policyDocumentType */
export const documentLengthMax = 262_144;

/**
 * What role trust policies and resource policies are told apart by; identity policies are only told "Syntax
 * errors".
 */
export type SyntaxFault = "json" | "version" | "empty" | "effect-missing" | "effect" | "structure";

/** The text is not a policy. The message names the element that was being read. */
export class PolicySyntaxError extends Error {
  override readonly name = "PolicySyntaxError";
  readonly fault: SyntaxFault;

  constructor(element: string, fault: SyntaxFault = "structure") {
    super(element);
    this.fault = fault;
  }
}

type JsonObject = { readonly [name: string]: unknown };

const documentElements = new Set(["Version", "Id", "Statement"]);
const statementElements = new Set([
  "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
]);
const principalKinds: readonly PrincipalKind[] = ["AWS", "Service", "Federated", "CanonicalUser"];

/** @throws {PolicySyntaxError} */
export function parseDocument(text: string): PolicyDocument {
  if (text.length > documentLengthMax) throw new PolicySyntaxError("document is too long");
  const document = objectOf(parseJson(text), "document");
  requireElements(document, documentElements, "document");
  const statement = document["Statement"];
  const statements = Array.isArray(statement) ? (statement as readonly unknown[]) : [statement];
  if (statement === undefined || statements.length === 0) throw new PolicySyntaxError("Statement", "empty");
  return {
    version: versionOf(document["Version"]),
    id: optionalString(document, "Id"),
    statements: statements.map(readStatement),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PolicySyntaxError("document is not JSON", "json");
  }
}

function versionOf(value: unknown): PolicyDocument["version"] {
  if (value === undefined || value === "2008-10-17" || value === "2012-10-17") return value;
  throw new PolicySyntaxError("Version", "version");
}

function readStatement(value: unknown): Statement {
  const statement = objectOf(value, "Statement");
  requireElements(statement, statementElements, "Statement");
  const effectText = optionalString(statement, "Effect");
  if (effectText === undefined) throw new PolicySyntaxError("Effect", "effect-missing");
  const effect = effectText.toLowerCase();
  if (effect !== "allow" && effect !== "deny") throw new PolicySyntaxError("Effect", "effect");
  for (const element of ["Action", "Resource", "Principal"]) {
    if (Object.hasOwn(statement, element) && Object.hasOwn(statement, `Not${element}`)) {
      throw new PolicySyntaxError(`${element} and Not${element}`);
    }
  }
  return {
    sid: optionalString(statement, "Sid"),
    effect: effect === "allow" ? "Allow" : "Deny",
    effectText,
    principal: readPrincipal(statement, "Principal"),
    notPrincipal: readPrincipal(statement, "NotPrincipal"),
    actions: optionalStrings(statement, "Action"),
    notActions: optionalStrings(statement, "NotAction"),
    resources: optionalStrings(statement, "Resource"),
    notResources: optionalStrings(statement, "NotResource"),
    conditions: readConditions(statement),
  };
}

function readPrincipal(statement: JsonObject, element: string): PrincipalElement | undefined {
  if (!Object.hasOwn(statement, element)) return undefined;
  if (statement[element] === "*") return "*";
  const principals = objectOf(statement[element], element);
  requireElements(principals, new Set<string>(principalKinds), element);
  const result: { [kind in PrincipalKind]?: readonly string[] } = {};
  for (const kind of principalKinds) {
    const names = optionalStrings(principals, kind);
    if (names !== undefined) result[kind] = names;
  }
  return result;
}

function readConditions(statement: JsonObject): ConditionEntry[] {
  if (!Object.hasOwn(statement, "Condition")) return [];
  const entries: ConditionEntry[] = [];
  for (const [operator, block] of Object.entries(objectOf(statement["Condition"], "Condition"))) {
    const keys = Object.entries(objectOf(block, operator));
    if (keys.length === 0) entries.push({ operator, key: undefined, values: [] });
    for (const [key, value] of keys) entries.push({ operator, key, values: scalarsOf(value, key) });
  }
  return entries;
}

function objectOf(value: unknown, where: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new PolicySyntaxError(where);
  return value as JsonObject;
}

function requireElements(object: JsonObject, allowed: ReadonlySet<string>, where: string): void {
  for (const name of Object.keys(object)) {
    if (!allowed.has(name)) throw new PolicySyntaxError(`${where} has an unknown element`);
  }
}

function optionalString(object: JsonObject, element: string): string | undefined {
  if (!Object.hasOwn(object, element)) return undefined;
  const value = object[element];
  if (typeof value !== "string") throw new PolicySyntaxError(element);
  return value;
}

function optionalStrings(object: JsonObject, element: string): readonly string[] | undefined {
  if (!Object.hasOwn(object, element)) return undefined;
  const value = object[element];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((item) => typeof item === "string")) throw new PolicySyntaxError(element);
  return values;
}

/** Values of conditions may be written as JSON numbers and booleans; they mean their text. */
function scalarsOf(value: unknown, where: string): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((item) => {
    if (typeof item === "string") return item;
    if (typeof item === "number" || typeof item === "boolean") return String(item);
    throw new PolicySyntaxError(where);
  });
}
