/** Amazon EventBridge Schemas. */

import * as schemas from "../../generated/schemas.ts";
import { service } from "../../kernel/service.ts";
import * as discoverers from "./discoverers.ts";
import * as registries from "./registries.ts";
import * as schemaNoun from "./schemas.ts";
import * as tags from "./tags.ts";

export default service(schemas.service, {
  nouns: [registries, schemaNoun, discoverers, tags],
  resourcePolicy: registries.registryPolicy,
  tagging: tags.tagging,
});
