/**
 * What IAM accepts as a policy, and in which words it refuses. The checks stand in the order in which they
 * fire on AWS, so that the first problem is the one AWS reports.
 *
 * @evidence IAM, CreatePolicy and CreateRole, MalformedPolicyDocument: recorded answers for some sixty
 * documents
 */
import { parseDate } from "./dates.ts";
import {
  parseDocument, PolicySyntaxError, type PolicyDocument, type PrincipalElement, type Statement,
} from "./document.ts";
import { parseOperator } from "./operators.ts";

export { parseDocument as parsePolicy, PolicySyntaxError } from "./document.ts";
export type { PolicyDocument, Statement } from "./document.ts";

/** `identity` is what users, groups and roles carry, boundaries and session policies included. */
export type PolicyDocumentKind = "identity" | "resource" | "trust";

export interface PolicyProblem {
  /** AWS's text, for `MalformedPolicyDocument` and its relatives. */
  readonly message: string;
  /** Position of the statement, from 0, where the problem is in one. */
  readonly statement?: number;
}

export interface ValidationOptions {
  /** Some resource policies name no resource, as repositories' do. Default: required. */
  readonly resourceElement?: "required" | "optional";
  /** Managed policies take letters and digits only. Default: anything. */
  readonly statementIds?: "alphanumeric";
  /**
   * Whether an identity policy may be of the older version, which is meant where none is said. Default: not.
   *
   * @evidence CloudWatch Logs User Guide, "Subscription filters with Amazon Kinesis Data Streams": a document
   *   without one for PutRolePolicy; the IAM console: "A managed policy must have a version string"
   */
  readonly version?: "any";
}

const syntaxErrors = "Syntax errors in policy.";
const legacyParsing = "The policy failed legacy parsing";

const partitions = new Set(["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f",
  "aws-eusc"]);

const iamPaths = [
  "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/",
    "policy/",
  "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
];

const trustActions = new Set([
  "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:assumeroot",
    "sts:tagsession",
  "sts:setsourceidentity", "sts:setcontext",
]);

/** Empty when AWS would accept the text; otherwise its problems, the one AWS reports first. Never throws. */
export function validatePolicy(
  text: string, kind: PolicyDocumentKind, options: ValidationOptions = {},
): readonly PolicyProblem[] {
  let document: PolicyDocument;
  try {
    document = parseDocument(text);
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    return [{ message: kind === "identity" ? syntaxErrors : syntaxMessage(error) }];
  }
  const unknown = eachStatement(document, unknownOperators);
  if (unknown.length > 0) return unknown;
  if (kind === "identity") return identityProblems(document, options);
  return attachedProblems(document, kind, options);
}

/** Trust policies and resource policies are read by another parser, with words of its own. */
function syntaxMessage(error: PolicySyntaxError): string {
  switch (error.fault) {
    case "json": return "This policy contains invalid Json";
    case "version": return "The policy must contain a valid version string";
    case "empty": return "Could not parse the policy: Statement is empty!";
    case "effect-missing": return "Missing required field Effect";
    default: return syntaxErrors;
  }
}

type Check = (statement: Statement) => readonly string[];

function eachStatement(document: PolicyDocument, check: Check): PolicyProblem[] {
  return document.statements.flatMap((statement, index) =>
    check(statement).map((message) => ({ message, statement: index })));
}

function identityProblems(document: PolicyDocument, options: ValidationOptions): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  if (document.version !== "2012-10-17" && options.version !== "any") {
    problems.push({ message: "Policy document must be version 2012-10-17 or greater." });
  }
  problems.push(
    ...eachStatement(document, legacyProblems),
    ...eachStatement(document, (statement) => (statement.principal ?? statement.notPrincipal) === undefined
      ? [] : ["Policy document should not specify a principal."]),
    ...(options.statementIds === "alphanumeric" ? eachStatement(document, statementIdForm) : []),
    ...statementIdProblems(document, "Statement IDs (SID) in a single policy must be unique."),
    ...eachStatement(document, (statement) => names(statement, "action").length > 0
      ? [] : ["Policy statement must contain actions."]),
    ...eachStatement(document, (statement) => names(statement, "resource").length > 0
      ? [] : ["Policy statement must contain resources."]),
    ...eachStatement(document, (statement) => names(statement, "resource").flatMap(resourceProblems)),
    ...eachStatement(document, (statement) => names(statement, "action").flatMap(actionProblems)),
  );
  return problems;
}

function attachedProblems(
  document: PolicyDocument, kind: "resource" | "trust", options: ValidationOptions,
): PolicyProblem[] {
  const trust = kind === "trust";
  const resourceRequired = !trust && options.resourceElement !== "optional";
  return [
    ...eachStatement(document, (statement) => statement.effectText === statement.effect
      ? [] : [`Invalid effect: ${statement.effectText}`]),
    ...eachStatement(document, trust ? trustPrincipalProblems : principalProblems),
    ...eachStatement(document, (statement) => names(statement, "action").length > 0
      ? [] : ["Missing required field Action"]),
    ...eachStatement(document, (statement) =>
      names(statement, "action").flatMap(trust ? trustActionProblems : actionProblems)),
    ...eachStatement(document, (statement) => trust ? prohibitedResources(statement) : []),
    ...eachStatement(document, (statement) => resourceRequired && names(statement, "resource").length === 0
      ? ["Missing required field Resource"] : []),
    ...eachStatement(document, (statement) => trust ? [] : names(statement, "resource").flatMap(arnProblems)),
    ...eachStatement(document, dateProblems),
    ...statementIdProblems(document, "The Statement Ids in the policy are not unique"),
  ];
}

function names(statement: Statement, element: "action" | "resource" | "principal"): readonly string[] {
  if (element === "action") return statement.actions ?? statement.notActions ?? [];
  if (element === "resource") return statement.resources ?? statement.notResources ?? [];
  return principalNames(statement.principal ?? statement.notPrincipal).map(([, name]) => name);
}

/**
 * An operator that does not exist is refused once it has a key.
 *
 * @evidence IAM, CreatePolicy accepts {"a": {}}
 */
function unknownOperators(statement: Statement): readonly string[] {
  const unknown = statement.conditions.some((entry) =>
    entry.key !== undefined && parseOperator(entry.operator) === undefined);
  return unknown ? [syntaxErrors] : [];
}

function legacyProblems(statement: Statement): readonly string[] {
  const resources = names(statement, "resource").some((resource) => resourceFault(resource) === "legacy");
  const effect = statement.effectText !== statement.effect;
  return effect || resources || dateProblems(statement).length > 0 ? [legacyParsing] : [];
}

function dateProblems(statement: Statement): readonly string[] {
  const unreadable = statement.conditions.some(({ operator, values }) =>
    /^(?:for\w+:)?date/i.test(operator) && values.some((value) => parseDate(value) === undefined));
  return unreadable ? [legacyParsing] : [];
}

/** @evidence answers of CreatePolicy in users' reports, aws/aws-cdk#34819 among them */
function statementIdForm({ sid = "" }: Statement): readonly string[] {
  const form = "Check that your input satisfies the regular expression [0-9A-Za-z]*";
  return /^[0-9A-Za-z]*$/.test(sid) ? [] : [`Statement IDs (SID) must be alpha-numeric. ${form}`];
}

function statementIdProblems(document: PolicyDocument, repeated: string): PolicyProblem[] {
  const seen = new Set<string>();
  const problems: PolicyProblem[] = [];
  document.statements.forEach(({ sid }, statement) => {
    if (sid === undefined || sid === "") return;
    if (seen.has(sid)) problems.push({ message: repeated, statement });
    seen.add(sid);
  });
  return problems;
}

/** @evidence IAM, CreatePolicy: "iam: asdf safdsf af " is accepted, the name of an action is not checked */
function actionProblems(action: string): readonly string[] {
  if (action === "*") return [];
  const [vendor, ...rest] = action.split(":");
  if (vendor === undefined || rest.length === 0) {
    return ["Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."];
  }
  if (rest.length > 1) return ["Actions/Condition can contain only one colon."];
  return vendor === "*" || /^[a-zA-Z0-9.-]+$/.test(vendor) ? [] : [`Vendor ${vendor} is not valid`];
}

function trustActionProblems(action: string): readonly string[] {
  return trustActions.has(action.toLowerCase())
    ? [] : ["AssumeRole policy may only specify STS AssumeRole actions."];
}

type ResourceFault = "format" | "partition" | "legacy" | "vendor";

/** Missing segments stand for `*`, except where empty ones show that a colon was forgotten. */
function resourceFault(resource: string): ResourceFault | undefined {
  if (resource === "*") return undefined;
  if (!resource.includes(":")) return "format";
  const segments = resource.split(":");
  const [, partition = "", vendor] = segments;
  if (partition !== "*" && !partitions.has(partition)) return "partition";
  if (vendor === undefined) return "vendor";
  if (vendor === "" || (segments.length < 6 && resource.includes("::"))) return "legacy";
  return /[*?$]/.test(vendor) ? "vendor" : undefined;
}

function arnProblems(resource: string): readonly string[] {
  switch (resourceFault(resource)) {
    case "format": return [`Resource ${resource} must be in ARN format or "*".`];
    case "partition": return [partitionProblem(resource)];
    case "vendor": return ["Resource vendor must be fully qualified and cannot contain regexes."];
    default: return [];
  }
}

function partitionProblem(resource: string): string {
  const [, ...segments] = resource.split(":");
  while (segments.length < 5) segments.push("*");
  return `Partition "${segments[0] ?? ""}" is not valid for resource "arn:${segments.join(":")}".`;
}

function resourceProblems(resource: string): readonly string[] {
  if (resourceFault(resource) !== undefined) return arnProblems(resource);
  const [, , vendor, region = "", account = "", ...rest] = resource.split(":");
  if (region !== "" && region !== "*" && vendor === "iam") {
    return [`IAM resource ${resource} cannot contain region information.`];
  }
  // Access points of S3 have a region, and an account with it; buckets have neither.
  if (region !== "" && region !== "*" && vendor === "s3" && account === "" && rest.length > 0) {
    return [`Resource ${resource} can not contain region information.`];
  }
  const path = rest.join(":");
  if (vendor !== "iam" || rest.length === 0 || /^[^/]*[*?$]/.test(path)) return [];
  return iamPaths.some((start) => path.startsWith(start)) ? [] : [
    `IAM resource path must either be "*" or start with ${iamPaths.join(", ")}.`,
  ];
}

function prohibitedResources(statement: Statement): readonly string[] {
  if (statement.resources !== undefined) return ["Has prohibited field Resource"];
  return statement.notResources === undefined ? [] : ["AssumeRole policy must not contain resources."];
}

function trustPrincipalProblems(statement: Statement): readonly string[] {
  if (statement.notPrincipal !== undefined) {
    return [statement.effect === "Allow"
      ? "Allow with NotPrincipal is not allowed."
      : "AssumeRole policy must not contain NotPrincipal field."];
  }
  if (statement.principal !== undefined && names(statement, "principal").length === 0) {
    return ["Missing required field Principal cannot be empty!"];
  }
  return principalProblems(statement);
}

function principalProblems(statement: Statement): readonly string[] {
  const element = statement.principal ?? statement.notPrincipal;
  if (element === undefined) return ["Missing required field Principal"];
  return principalNames(element)
    .filter(([kind, name]) => !isPrincipal(kind, name))
    .map(([kind, name]) => `Invalid principal in policy: "${kind.toUpperCase()}":"${name}"`);
}

function principalNames(element: PrincipalElement | undefined): readonly (readonly [string, string])[] {
  if (element === undefined) return [];
  if (element === "*") return [["AWS", "*"]];
  return Object.entries(element).flatMap(([kind, list]) => list.map((name) => [kind, name] as const));
}

const awsPrincipalForm = new RegExp(
  "^(?:\\*|\\d{12}|A(?:IDA|ROA|KIA|SIA|GPA|NPA|IPA)[A-Z0-9]{12,124}" +
    "|arn:aws[a-z-]*:iam::\\d{12}:(?:root|(?:user|role)/[^*?]+)" +
    "|arn:aws[a-z-]*:sts::\\d{12}:(?:assumed-role/[^*?/]+/[^*?]+|federated-user/[^*?]+|self))$",
);

const serviceForm = /^[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)$/;
const providerArnForm = /^arn:aws[a-z-]*:iam::\d{12}:(?:saml|oidc)-provider\/\S+$/;
const providerNameForm = /^[\w-]+(?:\.[\w-]+)+(?:\/\S*)?$/;

/** Whether a name has the form of a principal. That it exists is for those to check who know what exists. */
function isPrincipal(kind: string, name: string): boolean {
  switch (kind) {
    case "AWS": return awsPrincipalForm.test(name);
    case "Service": return serviceForm.test(name);
    case "Federated": return providerArnForm.test(name) || providerNameForm.test(name);
    default: return /^[0-9a-f]{64}$/.test(name);
  }
}
