/**
 * AWS managed keys: `alias/aws/ssm` and its like. They come into being when a service, or DescribeKey, first
 * uses them. Their ids follow from the region's secret: a key has its id and its policy before its row.
 */

import { createHmac } from "node:crypto";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { aliases } from "./alias-rows.ts";
import { keys, type Key } from "./keys.ts";
import { materials, sealedMaterial } from "./materials.ts";
import { scheduleRotation } from "./rotation-rules.ts";

interface ManagedService {
  /** As the key policy's statement and the key's description name it. */
  readonly title: string;
  readonly protects: string;
  /** The first label of `kms:ViaService`, where it is not the alias's. */
  readonly via?: string;
}

/** Titles and descriptions are unverified, see NOTES.md. */
const services: Readonly<Record<string, ManagedService>> = {
  acm: { title: "ACM", protects: "ACM private keys" },
  backup: { title: "AWS Backup", protects: "Backup vaults" },
  cloud9: { title: "Cloud9", protects: "Cloud9 data" },
  codeartifact: { title: "CodeArtifact", protects: "CodeArtifact assets" },
  codecommit: { title: "AWS CodeCommit", protects: "CodeCommit repositories" },
  dms: { title: "DMS", protects: "Database Migration Service replication instances" },
  dynamodb: { title: "Amazon DynamoDB", protects: "DynamoDB data" },
  ebs: { title: "EBS", protects: "EBS volumes", via: "ec2" },
  elasticfilesystem: { title: "EFS", protects: "EFS filesystems" },
  es: { title: "Elasticsearch Service", protects: "Elasticsearch data" },
  fsx: { title: "Amazon FSx", protects: "FSx file systems" },
  glue: { title: "Glue", protects: "Glue data" },
  kinesis: { title: "Kinesis", protects: "Kinesis data" },
  kinesisvideo: { title: "Kinesis Video Streams", protects: "Kinesis Video Streams data" },
  lambda: { title: "AWS Lambda", protects: "Lambda functions" },
  rds: { title: "RDS", protects: "RDS database volumes" },
  redshift: { title: "Redshift", protects: "Redshift clusters" },
  s3: { title: "S3", protects: "S3 objects" },
  secretsmanager: { title: "AWS Secrets Manager", protects: "Secrets Manager secrets" },
  sns: { title: "SNS", protects: "SNS messages" },
  sqs: { title: "Simple Queue Service (SQS)", protects: "SQS messages" },
  ssm: { title: "SSM", protects: "SSM parameters" },
  workspaces: { title: "WorkSpaces", protects: "WorkSpaces volumes" },
  xray: { title: "X-Ray", protects: "X-Ray data" },
};

const aliasPrefix = "alias/aws/";
const rotationPeriodDays = 365;

function managedKeyId(ctx: ReadContext, account: string, region: string, service: string): string {
  const name = `kms managed ${account} ${region} ${service}`;
  const bytes = createHmac("sha256", ctx.kernel.secret).update(name).digest();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex", 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function serviceOf(alias: string): string | undefined {
  const service = alias.startsWith(aliasPrefix) ? alias.slice(aliasPrefix.length) : "";
  return Object.hasOwn(services, service) ? service : undefined;
}

/** The row that the AWS managed key behind an alias will have; undefined when there is no such alias. */
export function managedKeyDraft(ctx: ReadContext, alias: string): Key | undefined {
  const service = serviceOf(alias);
  const about = service === undefined ? undefined : services[service];
  if (service === undefined || !about) return undefined;
  return {
    keyId: managedKeyId(ctx, ctx.account, ctx.region, service),
    description: `Default key that protects my ${about.protects} when no other key is defined`,
    usage: "ENCRYPT_DECRYPT",
    spec: "SYMMETRIC_DEFAULT",
    origin: "AWS_KMS",
    manager: "AWS",
    createdAt: ctx.clock.now(),
    enabled: true,
    isMaterialMissing: false,
    onDemandRotations: 0,
  };
}

export function createManagedKey(ctx: Context, draft: Key): Key {
  const service = Object.keys(services).find(
    (name) => managedKeyId(ctx, ctx.account, ctx.region, name) === draft.keyId,
  );
  const material = sealedMaterial(ctx, draft, ctx.ids.bytes(32), { order: 0, state: "CURRENT" });
  const now = ctx.clock.now();
  ctx.db(materials).put(material);
  ctx.db(aliases).put({
    name: `${aliasPrefix}${service}`, targetKeyId: draft.keyId, createdAt: now, updatedAt: now,
  });
  const key = scheduleRotation(ctx, { ...draft, currentMaterialId: material.materialId }, rotationPeriodDays);
  return ctx.db(keys).put(key);
}

/**
 * Who may use an AWS managed key: everyone in the account, through the service.
 *
 * One shape for all services; that AWS varies its statements from service to service is in NOTES.md.
 */
export function managedKeyPolicy(
  ctx: ReadContext, account: string, region: string, keyId: string,
): string | undefined {
  const service = Object.keys(services).find((name) => managedKeyId(ctx, account, region, name) === keyId);
  const about = service === undefined ? undefined : services[service];
  if (service === undefined || !about) return undefined;
  const { title, via = service } = about;
  const policy = {
    Version: "2012-10-17",
    Id: `auto-${service}-2`,
    Statement: [
      {
        Sid: `Allow access through ${title} for all principals in the account `
          + `that are authorized to use ${title}`,
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant",
          "kms:DescribeKey",
        ],
        Resource: "*",
        Condition: {
          StringEquals: { "kms:CallerAccount": account, "kms:ViaService": `${via}.${region}.amazonaws.com` },
        },
      },
      {
        Sid: "Allow direct access to key metadata to the account",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        Resource: "*",
      },
    ],
  };
  return JSON.stringify(policy, undefined, 2);
}
