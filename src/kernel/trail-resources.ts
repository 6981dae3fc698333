/** What kind of thing an ARN names, as CloudFormation calls it. */

import { parseArn } from "./arn.ts";
import { BoundedCache } from "./auth/bounded-cache.ts";

/** By an ARN's service and the first part of its resource. */
const types: Readonly<Record<string, string>> = {
  "iam:user": "AWS::IAM::User",
  "iam:role": "AWS::IAM::Role",
  "iam:group": "AWS::IAM::Group",
  "iam:policy": "AWS::IAM::Policy",
  "iam:instance-profile": "AWS::IAM::InstanceProfile",
  "iam:mfa": "AWS::IAM::MfaDevice",
  "sts:assumed-role": "AWS::STS::AssumedRole",
  "kms:key": "AWS::KMS::Key",
  "kms:alias": "AWS::KMS::Alias",
  "secretsmanager:secret": "AWS::SecretsManager::Secret",
  "ssm:parameter": "AWS::SSM::Parameter",
};

const cacheMax = 1_000;
/** By ARN; empty where there is no name for it. */
const known = new BoundedCache<string>(cacheMax);

export function resourceType(arn: string): string | undefined {
  let type = known.get(arn);
  if (type === undefined) known.set(arn, (type = typeOf(arn) ?? ""));
  return type === "" ? undefined : type;
}

function typeOf(arn: string): string | undefined {
  const parsed = parseArn(arn);
  if (!parsed) return undefined;
  if (parsed.service === "sqs") return "AWS::SQS::Queue";
  return types[`${parsed.service}:${parsed.resource.split(/[:/]/, 1)[0] ?? ""}`];
}
