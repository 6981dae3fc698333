/** AWS Secrets Manager. */

import * as sm from "../../generated/secrets-manager.ts";
import { service } from "../../kernel/service.ts";
import * as createSecret from "./create-secret.ts";
import * as deletion from "./deletion.ts";
import * as describeSecret from "./describe-secret.ts";
import * as listSecrets from "./list-secrets.ts";
import { gauges } from "./metrics.ts";
import * as policies from "./policies.ts";
import { resourcePolicyOf } from "./policy-rows.ts";
import * as randomPassword from "./random-password.ts";
import * as replication from "./replication.ts";
import * as replicationJobs from "./replication-jobs.ts";
import * as rotation from "./rotation.ts";
import * as rotationJobs from "./rotation-jobs.ts";
import * as tags from "./tags.ts";
import * as updateSecret from "./update-secret.ts";
import * as values from "./values.ts";

export default service(sm.service, {
  nouns: [
    createSecret, values, updateSecret, describeSecret, listSecrets, deletion, rotation, rotationJobs, tags,
    policies, randomPassword, replication, replicationJobs,
  ],
  resourcePolicy: resourcePolicyOf,
  // Between Regions the service works on its own resources as itself.
  alsoAllows: ({ principal }) =>
    principal.type === "AWSService" && principal.arn === "secretsmanager.amazonaws.com",
  tagging: tags.tagging,
  gauges,
});
