import * as cloudtrail from "../../generated/cloudtrail.ts";
import { service } from "../../kernel/service.ts";
import * as delivery from "./delivery.ts";
import * as digests from "./digests.ts";
import * as eventHistory from "./event-history.ts";
import * as eventSelectors from "./event-selectors.ts";
import * as signingKeys from "./signing-keys.ts";
import * as tags from "./tags.ts";
import * as trails from "./trails.ts";

export default service(cloudtrail.service, {
  nouns: [eventHistory, trails, eventSelectors, delivery, digests, signingKeys, tags],
  tagging: tags.tagging,
});
