/** What is refused of applications and endpoints of phones. */

import * as sns from "../../generated/sns.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";

export function modelledNotFound(message: string): AwsError {
  return modelled(sns.NotFoundException, message);
}

export function endpointDisabled(): AwsError {
  return modelled(sns.EndpointDisabledException, "Endpoint is disabled");
}

export function applicationDisabled(): AwsError {
  return modelled(sns.PlatformApplicationDisabledException, "PlatformApplication is disabled");
}
