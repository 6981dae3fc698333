/** Amazon EventBridge Scheduler. */

import * as scheduler from "../../generated/scheduler.ts";
import { service } from "../../kernel/service.ts";
import * as groups from "./groups.ts";
import * as runs from "./runs.ts";
import * as schedules from "./schedules.ts";
import * as tags from "./tags.ts";

export default service(scheduler.service, { nouns: [schedules, groups, runs, tags], tagging: tags.tagging });
