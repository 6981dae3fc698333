/** Amazon EventBridge Pipes. */

import * as generated from "../../generated/pipes.ts";
import { service } from "../../kernel/service.ts";
import * as pipes from "./pipes.ts";
import * as runs from "./runs.ts";
import * as tags from "./tags.ts";

export default service(generated.service, { nouns: [pipes, runs, tags], tagging: tags.tagging });
