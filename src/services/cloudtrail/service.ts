import * as cloudtrail from "../../generated/cloudtrail.ts";
import { service } from "../../kernel/service.ts";
import * as eventHistory from "./event-history.ts";

export default service(cloudtrail.service, { nouns: [eventHistory] });
