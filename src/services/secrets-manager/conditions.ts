/**
 * What the kernel must know of an operation on a secret.
 *
 * @evidence Service Authorization Reference, AWS Secrets Manager
 */

import type { ContextValue } from "../../iam/types.ts";
import type { ReadContext } from "../../kernel/context.ts";
import type { OperationRules } from "../../kernel/operation.ts";
import { deniedByName } from "./errors.ts";
import { findSecret, ownerOf, resourceOf } from "./secret-rows.ts";

export type Conditions = Record<string, ContextValue | undefined>;

/** Input members whose value is the condition key of the same name. */
const members = [
  "VersionId", "VersionStage", "Name", "Description", "KmsKeyId", "Type", "ForceDeleteWithoutRecovery",
  "RecoveryWindowInDays", "BlockPublicPolicy", "ForceOverwriteReplicaSecret", "RotateImmediately",
  "RotationLambdaARN",
  "ExternalSecretRotationRoleArn",
];

export function requestConditions(input: object): Conditions {
  const given = input as Readonly<Record<string, unknown>>;
  const conditions: Conditions = {};
  for (const member of members) {
    const value = given[member];
    if (value !== undefined) conditions[`secretsmanager:${member.toLowerCase()}`] = String(value);
  }
  const keyId = given["KmsKeyId"];
  if (typeof keyId === "string" && keyId.startsWith("arn:")) conditions["secretsmanager:kmskeyarn"] = keyId;
  if (given["RotationRules"] !== undefined) conditions["secretsmanager:modifyrotationrules"] = "true";
  const regions = given["AddReplicaRegions"] as readonly { readonly Region?: string }[] | undefined;
  if (regions) conditions["secretsmanager:addreplicaregions"] = regions.map(({ Region }) => Region ?? "");
  return conditions;
}

interface OnSecret {
  readonly SecretId: string;
}

type SecretRules<Input> = Required<
  Pick<OperationRules<Input>, "owner" | "resource" | "conditions" | "denied">
>;

export function secretRules<Input extends OnSecret>(): SecretRules<Input> {
  return {
    owner: (input) => ownerOf(input.SecretId),
    resource: (input, ctx) => resourceOf(ctx, input.SecretId),
    conditions: (input, ctx) => secretConditions(input, ctx),
    denied: (message, { SecretId }) => deniedByName(message, SecretId),
  };
}

export function secretConditions(input: OnSecret, ctx: ReadContext): Conditions {
  const secret = findSecret(ctx, input.SecretId);
  return {
    ...requestConditions(input),
    "secretsmanager:secretid": resourceOf(ctx, input.SecretId),
    "secretsmanager:secretprimaryregion": secret?.primaryRegion,
    "secretsmanager:resource/type": secret?.type,
    "secretsmanager:resource/allowrotationlambdaarn": secret?.rotation?.functionArn,
  };
}
