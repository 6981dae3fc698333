/**
 * One refusal, many spellings: the code and status that a service's family gives to what the kernel refuses.
 */

import type { AuthDialect } from "../auth/auth-errors.ts";
import { unmodelled, type AwsError } from "../errors.ts";
import type { ServiceModel } from "../model/model.ts";

/** Which family a service words its refusals in. SQS kept the Query family's words when it moved to JSON. */
export function dialectOf(model: ServiceModel): AuthDialect {
  if (model.service === "s3") return "s3";
  if (model.queryCompatible) return "query";
  switch (model.protocols[0]) {
    case "ec2":
      return "ec2";
    case "query":
    case "rest-xml":
      return "query";
    case "rest-json":
      return "rest";
    default:
      return "json";
  }
}

/** @evidence IAM, KMS, Lambda and EC2 API References, "Common errors" */
const denials: Readonly<Record<AuthDialect, { code: string; status: number }>> = {
  query: { code: "AccessDenied", status: 403 },
  s3: { code: "AccessDenied", status: 403 },
  json: { code: "AccessDeniedException", status: 400 },
  rest: { code: "AccessDeniedException", status: 403 },
  ec2: { code: "UnauthorizedOperation", status: 403 },
};

export function accessDenied(model: ServiceModel, message: string): AwsError {
  const { code, status } = denials[dialectOf(model)];
  return unmodelled(code, message, status);
}

/** @evidence recorded answers: KMS answers the bare code, IAM names the operation and the version */
export function unknownOperation(model: ServiceModel, name: string | undefined): AwsError {
  switch (dialectOf(model)) {
    case "query":
    case "ec2":
      if (name === undefined) {
        return unmodelled("MissingAction", "The request must contain the parameter Action", 400);
      }
      return unmodelled(
        "InvalidAction",
        `Could not find operation ${name} for version ${model.apiVersion}`,
        400,
      );
    case "s3":
      return unmodelled(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        405,
      );
    default:
      return unmodelled("UnknownOperationException", "", model.protocols[0] === "rest-json" ? 404 : 400);
  }
}
