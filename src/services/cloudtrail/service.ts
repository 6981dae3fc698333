import * as cloudtrail from "../../generated/cloudtrail.ts";
import { service } from "../../kernel/service.ts";
import * as delivery from "./delivery.ts";
import * as digests from "./digests.ts";
import * as eventConfiguration from "./event-configuration.ts";
import * as eventHistory from "./event-history.ts";
import * as eventSelectors from "./event-selectors.ts";
import * as insightEvents from "./insight-events.ts";
import * as insightLookups from "./insight-lookups.ts";
import * as insightSelectors from "./insight-selectors.ts";
import * as insightWatch from "./insight-watch.ts";
import * as redelivery from "./redelivery.ts";
import * as signingKeys from "./signing-keys.ts";
import * as tags from "./tags.ts";
import * as trails from "./trails.ts";

export default service(cloudtrail.service, {
  nouns: [
    eventHistory, trails, eventSelectors, delivery, digests, signingKeys, tags, insightSelectors,
    insightWatch, insightEvents, insightLookups, eventConfiguration, redelivery,
  ],
  tagging: tags.tagging,
});
