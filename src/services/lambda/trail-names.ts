/**
 * What CloudTrail calls Lambda's operations: the older ones by their name and the date of their API, some of
 * them in its second version.
 *
 * @evidence CloudTrail User Guide, "Services supported by CloudTrail Event history", AWS Lambda APIs; event
 *   patterns and detection rules for `GetFunction20150331v2`, `PublishLayerVersion20181031` and
 *   `PutFunctionConcurrency20171031`. Operations of later dates have their bare names there.
 */

import type { OperationModel } from "../../kernel/model/model.ts";

const dated = /^\/(2015-03-31|2017-03-31|2017-10-31|2018-10-31)\//;

const second: ReadonlySet<string> = new Set([
  "AddPermission", "GetFunction", "GetFunctionConfiguration", "GetPolicy", "RemovePermission", "TagResource",
  "UntagResource", "UpdateFunctionCode", "UpdateFunctionConfiguration",
]);

export function trailName({ name, http }: OperationModel): string {
  const date = dated.exec(http.requestUri)?.[1];
  if (date === undefined || name === "Invoke") return name;
  return `${name}${date.replaceAll("-", "")}${second.has(name) ? "v2" : ""}`;
}
