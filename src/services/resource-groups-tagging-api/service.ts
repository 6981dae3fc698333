import * as tagging from "../../generated/resource-groups-tagging-api.ts";
import { service } from "../../kernel/service.ts";
import * as resources from "./resources.ts";

export default service(tagging.service, { nouns: [resources] });
