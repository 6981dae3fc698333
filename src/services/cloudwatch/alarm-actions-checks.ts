/** What actions of alarms may be. */

import { parseArn } from "../../kernel/arn.ts";
import { validationError } from "./errors.ts";

/** @evidence CloudWatch API Reference, PutMetricAlarm, AlarmActions */
const services = ["sns", "lambda", "automate", "swf", "autoscaling", "ssm", "ssm-incidents", "aiops"];

/** @evidence answers quoted in users' issue reports: `Invalid arn syntax: x` */
export function requireActions(actions: readonly string[]): void {
  for (const action of actions) {
    const arn = parseArn(action);
    if (!arn) throw validationError(`Invalid arn syntax: ${action}`);
    if (!services.includes(arn.service)) throw validationError(`Invalid arn syntax: ${action}`);
  }
}
