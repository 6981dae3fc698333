/** Amazon EventBridge. */

import * as events from "../../generated/eventbridge.ts";
import { service } from "../../kernel/service.ts";
import * as apiDestinations from "./api-destinations.ts";
import * as archives from "./archives.ts";
import * as archiving from "./archiving.ts";
import * as buses from "./buses.ts";
import * as connections from "./connections.ts";
import * as delivering from "./delivering.ts";
import * as listening from "./listening.ts";
import * as partnerSources from "./partner-sources.ts";
import * as permissions from "./permissions.ts";
import * as putEvents from "./put-events.ts";
import * as replays from "./replays.ts";
import * as rules from "./rules.ts";
import * as schedules from "./schedules.ts";
import * as tags from "./tags.ts";
import * as targets from "./targets.ts";

export default service(events.service, {
  nouns: [
    buses,
    permissions, rules, targets, putEvents, schedules, listening, delivering, archives, archiving,
    replays, connections, apiDestinations, partnerSources, tags,
  ],
  resourcePolicy: permissions.busPolicy,
  alsoAllows: ({ action, principal }) =>
    partnerSources.isForPartner(action, principal.arn) || rules.isForDiscoverer(action, principal.arn),
  tagging: tags.tagging,
});
