/**
 * What a bucket takes for its policy, and in which words it refuses others. The first problem is the one that
 * is answered.
 *
 * @evidence recorded: PutBucketPolicy, MalformedPolicy, with the offending value in `Detail`
 */

import { parsePolicy, PolicySyntaxError, type PolicyDocument, type Statement } from "../../../iam/parse.ts";
import { parseOperator } from "../../../iam/operators.ts";
import { Glob, tokensOf } from "../../../iam/wildcard.ts";
import { mapPrincipalNames } from "../../../iam/principal-names.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { keptName } from "../../../kernel/policy-principals.ts";
import { malformedPolicy } from "./access-errors.ts";
import { accountOfCanonicalId } from "./owners.ts";
import { actionsOfKey, bucketActions, generalKeys, objectActions, tagKeys } from "./policy-actions.ts";

/** @evidence S3 User Guide, "Bucket policies for Amazon S3": 20 KB */
const policyBytesMax = 20 * 1024;

/** Where the resources of a policy are. */
export interface PolicyPlace {
  /** What the policy is attached to. */
  readonly arn: string;
  /** What the resources of the objects begin with. */
  readonly objects: string;
}

export function bucketPlace(bucket: string): PolicyPlace {
  return { arn: `arn:aws:s3:::${bucket}`, objects: `arn:aws:s3:::${bucket}/` };
}

/**
 * @returns the policy as it is kept, with unique ids; `shownPolicy` gives what is shown
 * @throws MalformedPolicy
 */
export function requirePolicy(text: string, place: PolicyPlace, kernel: Kernel): string {
  if (Buffer.byteLength(text) > policyBytesMax) {
    const message = `Normalized policy document exceeds the maximum allowed size of ${policyBytesMax} bytes`;
    throw malformedPolicy(message);
  }
  const document = readPolicy(text);
  for (const [index, statement] of document.statements.entries()) {
    requireStatement(statement, statement.sid ?? `NO_ID-${index}`, place, kernel);
  }
  return mapPrincipalNames(text, (name) => keptName(kernel.identity, name) ?? name);
}

function readPolicy(text: string): PolicyDocument {
  if (!isObject(text)) {
    throw malformedPolicy("Policies must be valid JSON and the first byte must be '{'");
  }
  if (!Object.hasOwn(JSON.parse(text) as object, "Statement")) {
    throw malformedPolicy("Missing required field Statement");
  }
  try {
    return parsePolicy(text);
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw malformedPolicy(syntaxMessage(error));
  }
}

function isObject(text: string): boolean {
  if (!text.startsWith("{")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function syntaxMessage({ fault }: PolicySyntaxError): string {
  switch (fault) {
    case "version": return "The policy must contain a valid version string";
    case "empty": return "Could not parse the policy: Statement is empty!";
    case "effect-missing": return "Missing required field Effect";
    default: return "Invalid policy syntax.";
  }
}

function requireStatement(statement: Statement, label: string, place: PolicyPlace, kernel: Kernel): void {
  if (statement.effectText !== statement.effect) {
    throw malformedPolicy(`Invalid effect: ${statement.effectText}`);
  }
  requirePrincipals(statement, kernel);
  const actions = statement.actions ?? statement.notActions ?? [];
  if (actions.length === 0) throw malformedPolicy("Missing required field Action");
  const resources = statement.resources ?? statement.notResources ?? [];
  if (resources.length === 0) throw malformedPolicy("Missing required field Resource");
  for (const action of actions) {
    if (kindsOf(action).length === 0) throw malformedPolicy("Policy has invalid action", action);
  }
  for (const resource of resources) {
    if (!isWithin(resource, place)) throw malformedPolicy("Policy has invalid resource", resource);
  }
  requireConditions(statement, actions);
  requireFitting(statement, label, place);
}

/** Two names of one kind each: what stands in place of a list must be `*`. */
function requirePrincipals({ principal, notPrincipal }: Statement, kernel: Kernel): void {
  const element = principal ?? notPrincipal;
  if (element === undefined) throw malformedPolicy("Missing required field Principal");
  if (element === "*") return;
  const named = Object.entries(element).flatMap(([kind, list]) => list.map((name) => [kind, name] as const));
  if (named.length === 0) throw malformedPolicy("Missing required field Principal cannot be empty!");
  for (const [kind, name] of named) {
    if (!isPrincipal(kind, name, kernel)) {
      throw malformedPolicy("Invalid principal in policy", `"${kind}" : "${name}"`);
    }
  }
}

const serviceForm = /^[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)$/;
const accessIdentity = /^arn:aws:iam::cloudfront:user\/CloudFront Origin Access Identity [A-Z0-9]+$/;

function isPrincipal(kind: string, name: string, kernel: Kernel): boolean {
  switch (kind) {
    case "AWS": return accessIdentity.test(name) || keptName(kernel.identity, name) !== undefined;
    case "Service": return serviceForm.test(name);
    case "CanonicalUser": return accountOfCanonicalId(name) !== undefined;
    default: return /^(?:arn:aws:iam::\d{12}:(?:saml|oidc)-provider\/\S+|[\w-]+(?:\.[\w-]+)+)$/.test(name);
  }
}

type Kind = "bucket" | "object";

const kinds: readonly (readonly [Kind, ReadonlySet<string>])[] = [
  ["bucket", bucketActions],
  ["object", objectActions],
];

/** The kinds of resources that an action, or what matches its pattern, applies to. */
function kindsOf(action: string): readonly Kind[] {
  return kinds.filter(([, names]) => matching(action, names).length > 0).map(([kind]) => kind);
}

function matching(action: string, names: ReadonlySet<string>): string[] {
  if (action === "*") return [...names];
  if (!/^s3:/i.test(action)) return [];
  const pattern = new Glob(tokensOf(action.slice(3).toLowerCase()));
  return [...names].filter((name) => pattern.matches(name.toLowerCase()));
}

function isWithin(resource: string, place: PolicyPlace): boolean {
  return resource === place.arn || resource.startsWith(place.objects) || isWidened(resource, place);
}

/** `bucket*` is the bucket and its objects. */
function isWidened(resource: string, place: PolicyPlace): boolean {
  return resource === `${place.arn}*`;
}

/** Every action needs a resource of its kind; where resources are excepted any kind may be left. */
function requireFitting(statement: Statement, label: string, place: PolicyPlace): void {
  const { actions, resources } = statement;
  if (!actions || !resources) return;
  const there = new Set<Kind>();
  for (const resource of resources) {
    if (resource === place.arn || isWidened(resource, place)) there.add("bucket");
    if (resource.startsWith(place.objects) || isWidened(resource, place)) there.add("object");
  }
  const stray = actions.find((action) => !kindsOf(action).some((kind) => there.has(kind)));
  if (stray === undefined) return;
  const message = "Action does not apply to any resource(s) in statement";
  throw malformedPolicy(message, `Action "${stray}" in Statement "${label}"`);
}

function requireConditions({ conditions, actions: named }: Statement, actions: readonly string[]): void {
  for (const { operator, key } of conditions) {
    if (key === undefined) continue;
    if (parseOperator(operator) === undefined) {
      throw malformedPolicy(`Invalid Condition type : ${operator}`);
    }
    const name = key.toLowerCase();
    if (!name.startsWith("s3:")) continue;
    if (generalKeys.has(name) || tagKeys.has(name.split("/", 1)[0] ?? "")) continue;
    const having = actionsOfKey.get(name);
    if (!having) throw malformedPolicy("Policy has an invalid condition key", key);
    if (named && !actions.some((action) => matching(action, having).length > 0)) {
      throw malformedPolicy("Conditions do not apply to combination of actions and resources in statement");
    }
  }
}
