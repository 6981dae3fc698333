/**
 * Policies of resources name users and roles by ARN, and are kept with their unique ids instead: whoever
 * takes the name of somebody deleted is somebody else, and is not let in. Shown again, an id becomes the ARN
 * of whoever has it, and stays an id where there is nobody any more.
 *
 * Services keep and decide by what `keptPolicy` gives, and show what `shownPolicy` gives.
 *
 * @evidence IAM User Guide, "AWS JSON policy elements: Principal", IAM role principals, IAM user principals
 */

import { mapPrincipalNames } from "../iam/principal-names.ts";
import { formatArn } from "./arn.ts";
import type { Identity } from "./kernel.ts";

/** Of a user, a role, or a role's session; other unique ids are no principals. */
export function isUniqueId(name: string): boolean {
  return /^A(?:IDA[A-Z0-9]+|ROA[A-Z0-9]+(?::[^:]+)?)$/.test(name);
}

/**
 * Nothing when nobody has the name. The bare number of an account is short for its root.
 *
 * @evidence hashicorp/terraform#8700: "AWS will re-write plain IDs in policies to use the full ARN"
 */
export function keptName(identity: Identity, name: string): string | undefined {
  const isAccount = /^\d{12}$/.test(name);
  if (isAccount) return formatArn({ service: "iam", region: "", account: name, resource: "root" });
  if (isUniqueId(name)) return identity.arnOfUniqueId(name) === undefined ? undefined : name;
  if (!identity.principalExists(name)) return undefined;
  return identity.uniqueIdOf(name) ?? name;
}

/**
 * @param document a policy that `validatePolicy` found right
 * @param stranger makes the service's refusal, given the first name that nobody has
 */
export function keptPolicy(
  identity: Identity, document: string, stranger: (name: string) => Error,
): string {
  return mapPrincipalNames(document, (name) => {
    const kept = keptName(identity, name);
    if (kept === undefined) throw stranger(name);
    return kept;
  });
}

export function shownPolicy(identity: Identity, document: string): string {
  return mapPrincipalNames(document, (name) =>
    isUniqueId(name) ? (identity.arnOfUniqueId(name) ?? name) : name);
}
