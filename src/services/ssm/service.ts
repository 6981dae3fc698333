/** AWS Systems Manager: Parameter Store. */

import * as ssm from "../../generated/ssm.ts";
import { service } from "../../kernel/service.ts";
import * as deletion from "./delete.ts";
import * as describeParameters from "./describe-parameters.ts";
import * as getParameters from "./get-parameters.ts";
import * as labels from "./labels.ts";
import * as policies from "./policies.ts";
import * as putParameter from "./put-parameter.ts";
import * as resourcePolicies from "./resource-policies.ts";
import { resourcePolicyOf } from "./resource-policy-rows.ts";
import * as serviceSettings from "./service-settings.ts";
import * as tags from "./tags.ts";

export default service(ssm.service, {
  nouns: [
    putParameter, getParameters, describeParameters, deletion, labels, policies, tags, serviceSettings,
    resourcePolicies,
  ],
  resourcePolicy: resourcePolicyOf,
  tagging: tags.tagging,
});
