/**
 * Secrets of Secrets Manager, read as if they were parameters: `/aws/reference/secretsmanager/<name>`, with a
 * version or a staging label behind a colon. Parameter Store keeps nothing of them.
 *
 * @evidence Systems Manager User Guide, "Referencing AWS Secrets Manager secrets from Parameter Store
 *   parameters"
 * @evidence answers and texts recorded on AWS, floci-io/floci, SsmSecretsManagerReferenceIntegrationTest
 */

import * as sm from "../../generated/secrets-manager.ts";
import type { GetSecretValueResponse } from "../../generated/secrets-manager.ts";
import type { Parameter } from "../../generated/ssm.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import { accessDenied, decryptionRequired, invalidSecretRequest, secretNotFound } from "./errors.ts";
import { secretsPath, type ParameterReference } from "./names.ts";

/** Versions are called by what their maker called them, 32 to 64 characters; labels are not that long. */
const versionId = /^:[A-Za-z0-9-]{32,64}$/;

function sourceResult(secret: GetSecretValueResponse): string {
  const { ARN, Name, VersionId, SecretString, SecretBinary, VersionStages, CreatedDate = 0 } = secret;
  return JSON.stringify({
    ARN, name: Name, versionId: VersionId, secretString: SecretString,
    secretBinary: SecretBinary?.toString("base64"),
    versionStages: VersionStages, createdDate: new Date(CreatedDate).toISOString(),
  });
}

function refused(cause: AwsError, { name, selector }: ParameterReference): AwsError {
  switch (cause.code) {
    case "ResourceNotFoundException": return secretNotFound(name, selector);
    case "AccessDeniedException": return accessDenied(cause.message);
    default: return cause.status >= 500 ? cause : invalidSecretRequest();
  }
}

/** With the caller's permissions for the secret and its key. */
export async function referencedSecret(
  ctx: BodyContext, reference: ParameterReference, decrypted: boolean | undefined,
): Promise<Parameter> {
  const { name, selector } = reference;
  if (decrypted !== true) throw decryptionRequired();
  const asked = selector === undefined
    ? {} : { [versionId.test(selector) ? "VersionId" : "VersionStage"]: selector.slice(1) };
  try {
    const secret = await ctx.call(sm.GetSecretValue, { SecretId: name.slice(secretsPath.length), ...asked });
    return {
      Name: name, Type: "SecureString", Value: secret.SecretString, Version: 0, Selector: selector,
      SourceResult: sourceResult(secret), LastModifiedDate: secret.CreatedDate, ARN: secret.ARN,
    };
  } catch (cause) {
    throw cause instanceof AwsError ? refused(cause, reference) : cause;
  }
}
