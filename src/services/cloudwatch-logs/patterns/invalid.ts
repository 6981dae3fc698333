/** The one refusal of all that is no filter pattern. */

import type { AwsError } from "../../../kernel/errors.ts";
import { invalidParameter } from "../errors.ts";

/** @evidence recorded: "Invalid filter pattern" */
export function invalidPattern(): AwsError {
  return invalidParameter("Invalid filter pattern");
}
