/** AWS Key Management Service. */

import * as kms from "../../generated/kms.ts";
import { service } from "../../kernel/service.ts";
import * as aliases from "./aliases.ts";
import * as customKeyStores from "./custom-key-stores.ts";
import * as dataKeys from "./data-keys.ts";
import * as deletion from "./deletion.ts";
import * as encryption from "./encryption.ts";
import { allowedByGrant } from "./grant-rows.ts";
import * as grants from "./grants.ts";
import * as keyImports from "./key-imports.ts";
import * as keyOperations from "./key-operations.ts";
import * as lastUsage from "./last-usage.ts";
import * as macs from "./macs.ts";
import { gauges } from "./metrics.ts";
import * as policies from "./policies.ts";
import { resourcePolicyOf } from "./policy-rows.ts";
import * as publicKeys from "./public-keys.ts";
import * as replication from "./replication.ts";
import * as rotation from "./rotation.ts";
import * as rotationRules from "./rotation-rules.ts";
import * as signing from "./signing.ts";
import * as tags from "./tags.ts";

export default service(kms.service, {
  nouns: [
    keyOperations, deletion, aliases, policies, tags, grants, encryption, dataKeys, signing, macs, publicKeys,
    rotation, rotationRules, keyImports, replication, lastUsage, customKeyStores,
  ],
  tagging: tags.tagging,
  resourcePolicy: resourcePolicyOf,
  resourcePolicyRequired: true,
  /** @evidence recorded denials: "kms:ListKeys on resource: *", "kms:CreateKey on resource: *" */
  saysAnyResource: true,
  alsoAllows: allowedByGrant,
  gauges,
});
