/** KMS keys, as a resource of an account names them. */

import { formatArn } from "./arn.ts";

/**
 * The ARN of a key or an alias. Who uses the resource may be of another account, where the same id or alias
 * is another key.
 *
 * @param owner of the resource that names the key
 * @param id of a key, the name of an alias, or an ARN
 */
export function keyArn(owner: { readonly account: string; readonly region: string }, id: string): string {
  if (id.startsWith("arn:")) return id;
  const resource = id.startsWith("alias/") ? id : `key/${id}`;
  return formatArn({ service: "kms", region: owner.region, account: owner.account, resource });
}
