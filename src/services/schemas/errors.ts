/** What EventBridge Schemas refuses, worded once. The texts are ours: see NOTES.md. */

import * as schemas from "../../generated/schemas.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";

export function notFound(what: string): AwsError {
  return missing(`${what} does not exist.`);
}

export function missing(message: string): AwsError {
  return modelled(schemas.NotFoundException, message, { Code: "NotFound" });
}

export function conflict(what: string): AwsError {
  return modelled(schemas.ConflictException, `${what} already exists.`, { Code: "Conflict" });
}

export function badRequest(message: string): AwsError {
  return modelled(schemas.BadRequestException, message, { Code: "BadRequest" });
}

export function outdated(): AwsError {
  return modelled(
    schemas.PreconditionFailedException, "The revision id is not that of the current policy.",
    { Code: "PreconditionFailed" },
  );
}

export function invalidToken(): AwsError {
  return badRequest("The pagination token is invalid.");
}
