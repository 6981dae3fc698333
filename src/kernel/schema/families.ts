/** Who says what: the code and the words with which each family of AWS services refuses an input. */

import type { ServiceModel } from "../model/model.ts";
import { lowerFirst } from "./order.ts";
import { patternText, type Violation } from "./explain.ts";

export interface Family {
  readonly code: (violation: Violation) => string;
  readonly message: (violations: readonly Violation[]) => string;
  /** False for front ends that only look for missing members, and leave every other limit to the service. */
  readonly constraints: boolean;
  readonly elementsNotNull: boolean;
}

/**
 * AWS's own service framework: `1 validation error detected: Value '…' at '…' failed to satisfy constraint:
 * …`.
 *
 * @evidence KMS, DynamoDB and Cognito answers quoted in their users' issue reports; DynamoDB for
 *   several at once
 */
function framework(code: string, options: { showsValues?: boolean; elementsNotNull?: boolean } = {}): Family {
  const { showsValues = true, elementsNotNull = false } = options;
  const sentence = ({ path, shown, constraint }: Violation): string => {
    const isUnsaid = shown === undefined || !showsValues;
    const value = isUnsaid ? "" : shown === null ? " null" : ` '${shown}'`;
    return `Value${value} at '${path}' failed to satisfy constraint: ${constraint}`;
  };
  return {
    code: () => code,
    message: (violations) => {
      const errors = violations.length === 1 ? "error" : "errors";
      return `${violations.length} validation ${errors} detected: ${violations.map(sentence).join("; ")}`;
    },
    constraints: true,
    elementsNotNull,
  };
}

const IAM_FRAMEWORK = framework("ValidationError", { showsValues: false });

/** What names and paths may consist of, by the end of the constraint they miss. */
const IAM_FORMS: readonly (readonly [pattern: string, form: string])[] = [
  ["[\\w+=,.@-]+", "It must contain only alphanumeric characters and/or the following: +=,.@_-"],
  ["(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)",
    "It must begin and end with / and contain only alphanumeric characters and/or / characters."],
  ["\\u002F[\\u0021-\\u007F]*",
    "It must begin with the / character and contain only alphanumeric characters and/or / characters."],
];

/**
 * The framework's words, without values, save for the form of names and paths: that IAM words itself, and
 * says before anything else.
 *
 * @evidence aws/eks-hybrid#113 (2024): "Value at 'roleName' failed to satisfy constraint: Member must …"
 * @evidence Karpenter, Terraform and CloudFormation users' reports of ARNs given as names, of more than 64
 *   characters, too: "The specified value for roleName is invalid. It must contain only …"
 */
const IAM: Family = {
  ...IAM_FRAMEWORK,
  message: (violations) => {
    for (const { path, constraint } of violations) {
      const form = IAM_FORMS.find(([pattern]) => constraint === patternText(pattern))?.[1];
      if (form !== undefined) return `The specified value for ${path} is invalid. ${form}`;
    }
    return IAM_FRAMEWORK.message(violations);
  },
};

/**
 * @evidence SQS API Reference, Common Error Types, MissingParameter; the sentence ends in a period, and
 *   entries of a batch are counted from 1 under the name of their shape
 */
const SQS: Family = {
  code: () => "MissingParameter",
  message: ([first]) => `The request must contain the parameter ${first?.parameter ?? ""}.`,
  constraints: false,
  elementsNotNull: false,
};

/**
 * @evidence EC2 API Reference, Error codes, MissingParameter and InvalidParameterValue; only the first is
 *   named
 */
const EC2: Family = {
  code: ({ kind }) => (kind === "required" ? "MissingParameter" : "InvalidParameterValue"),
  message: ([first]) => {
    const parameter = first?.parameter ?? "";
    if (first?.kind === "required") return `The request must contain the parameter ${parameter}`;
    return `Value (${first?.shown ?? ""}) for parameter ${lowerFirst(parameter)} is invalid.`;
  },
  constraints: true,
  elementsNotNull: false,
};

/**
 * @evidence RDS API Reference, Common Errors, MissingParameter and InvalidParameterValue; ElastiCache,
 *   Redshift alike
 */
const RDS: Family = {
  ...EC2,
  message: ([first]) => {
    const parameter = first?.parameter ?? "";
    if (first?.kind === "required") return `The request must contain the parameter ${parameter}.`;
    return `Invalid value ${first?.shown ?? ""} for parameter ${parameter}.`;
  },
};

/**
 * @evidence SNS answers `Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter`
 */
const SNS: Family = {
  code: () => "InvalidParameter",
  message: ([first]) => {
    const reason = first?.kind === "required" ? "no value for required parameter" : first?.constraint;
    return `Invalid parameter: ${first?.parameter ?? ""} Reason: ${reason ?? ""}`;
  },
  constraints: true,
  elementsNotNull: false,
};

/**
 * @evidence ECR answers `Invalid parameter at 'registryIds' failed to satisfy constraint: 'Member must …'`
 */
const ECR: Family = {
  code: () => "InvalidParameterException",
  message: ([first]) =>
    `Invalid parameter at '${first?.path ?? ""}' failed to satisfy constraint: '${first?.constraint ?? ""}'`,
  constraints: true,
  elementsNotNull: false,
};

/**
 * S3 words all limits itself, and reads documents by a schema: what a document must have is there once a
 * handler sees it.
 *
 * @evidence S3 API Reference, "List of error codes", MalformedXML and MissingRequestBodyError
 */
const S3: Family = {
  code: (first) => (isNested(first) ? "MalformedXML" : "MissingRequestBodyError"),
  message: ([first]) =>
    isNested(first)
      ? "The XML you provided was not well-formed or did not validate against our published schema"
      : "Request Body is empty",
  constraints: false,
  elementsNotNull: false,
};

function isNested(violation: Violation | undefined): boolean {
  return violation?.path.includes(".") ?? false;
}

/** By C2J `serviceId`. A family of undefined checks nothing here: the service words every refusal itself. */
const BY_SERVICE: ReadonlyMap<string, Family | undefined> = new Map<string, Family | undefined>([
  ["S3", S3],
  ["SQS", SQS],
  ["SNS", SNS],
  ["IAM", IAM],
  ["ECR", ECR],
  ["ECR PUBLIC", ECR],
  ["RDS", RDS],
  ["Neptune", RDS],
  ["DocDB", RDS],
  ["ElastiCache", RDS],
  ["Redshift", RDS],
  ["CloudWatch", framework("ValidationError")],
  ["Lambda", framework("ValidationException", { elementsNotNull: true })],
  ["SESv2", framework("BadRequestException", { showsValues: false })],
  ["AppRunner", framework("ValidationException", { showsValues: false })],
  ["CloudWatch Logs", framework("InvalidParameterException")],
  ["Cognito Identity", framework("ValidationException")],
  ["Cognito Identity Provider", framework("InvalidParameterException")],
  ["ECS", framework("ClientException")],
  ["Athena", framework("InvalidRequestException")],
  ["Route 53", framework("InvalidInput")],
  ["CloudFront", framework("MalformedXML")],
]);

/** Codes that REST-JSON services declare for a bad input; a service declares one of them, rarely two. */
const DECLARED = [
  "ValidationException", "BadRequestException", "InvalidParameterValueException", "InvalidParameterException",
  "InvalidRequestException", "ClientException", "InvalidInputException",
];

/** What every service without an entry of its own does goes by its protocol. */
export function familyOf(service: ServiceModel): Family | undefined {
  if (BY_SERVICE.has(service.serviceId)) return BY_SERVICE.get(service.serviceId);
  switch (service.protocols[0]) {
    case "ec2":
      return EC2;
    case "query":
      return framework("ValidationError");
    case "rest-json":
      return framework(DECLARED.find((code) => service.shapes[code]?.exception) ?? "ValidationException");
    case "rest-xml":
      return framework("InvalidRequest");
    default:
      return framework("ValidationException");
  }
}
