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
  "dynamodb:table": "AWS::DynamoDB::Table",
  "lambda:function": "AWS::Lambda::Function",
  "lambda:layer": "AWS::Lambda::LayerVersion",
  "logs:log-group": "AWS::Logs::LogGroup",
  "cloudwatch:alarm": "AWS::CloudWatch::Alarm",
  "cloudwatch:dashboard": "AWS::CloudWatch::Dashboard",
  "cloudtrail:trail": "AWS::CloudTrail::Trail",
  "events:rule": "AWS::Events::Rule",
  "events:event-bus": "AWS::Events::EventBus",
  "scheduler:schedule": "AWS::Scheduler::Schedule",
  "pipes:pipe": "AWS::Pipes::Pipe",
  "kinesis:stream": "AWS::Kinesis::Stream",
  "firehose:deliverystream": "AWS::KinesisFirehose::DeliveryStream",
};

/** Of services whose ARNs have nothing but a name. */
const onlyTypes: Readonly<Record<string, string>> = {
  sqs: "AWS::SQS::Queue", sns: "AWS::SNS::Topic", s3: "AWS::S3::Bucket",
};

const cacheMax = 1_000;
/** By ARN; empty where there is no name for it. */
const known = new BoundedCache<string>(cacheMax);

export function resourceType(arn: string): string | undefined {
  let type = known.get(arn);
  if (type === undefined) known.set(arn, (type = typeOf(arn) ?? ""));
  return type === "" ? undefined : type;
}

/** The resource's own ARN, where IAM is asked about it in another form: a log group as all its streams. */
export function resourceArn(arn: string): string {
  return arn.endsWith(groupEnding) ? arn.slice(0, -groupEnding.length) : arn;
}

const groupEnding = ":log-stream:";

function typeOf(arn: string): string | undefined {
  const parsed = parseArn(arn);
  if (!parsed) return undefined;
  if (parsed.service === "s3" && parsed.resource.includes("/")) return "AWS::S3::Object";
  const kind = parsed.resource.split(/[:/]/, 1)[0] ?? "";
  return types[`${parsed.service}:${kind}`] ?? onlyTypes[parsed.service];
}
