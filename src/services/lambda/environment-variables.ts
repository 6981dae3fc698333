/**
 * Environment variables: their limits, and their encryption with a key of the customer. Lambda then holds
 * them encrypted, shows them to callers who may decrypt, and lets functions read them by a grant to their
 * execution role.
 *
 * @evidence Lambda Developer Guide, "Securing Lambda environment variables"
 */

import * as kms from "../../generated/kms.ts";
import type { EnvironmentResponse } from "../../generated/lambda.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError } from "../../kernel/errors.ts";
import {
  keyNotUsable, reservedVariables, variablesNotReadable, variablesTooLong, type KeyTrouble,
} from "./errors.ts";
import type { Variables } from "./function-table.ts";

/** @evidence Lambda Developer Guide, "Defined runtime environment variables": reserved ones */
const reserved: ReadonlySet<string> = new Set([
  "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
  "AWS_LAMBDA_RUNTIME_API",
  "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
]);

/** @evidence Lambda quotas: environment variables, all together, as JSON */
const variablesBytesMax = 4_096;

export type VariableMap = Readonly<Record<string, string>>;

/** @throws AwsError for reserved names and for too many characters */
export function requireVariables(variables: VariableMap): void {
  const taken = Object.keys(variables).filter((name) => reserved.has(name));
  if (taken.length > 0) throw reservedVariables(taken);
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > variablesBytesMax) throw variablesTooLong(measured);
}

/** @evidence Lambda Developer Guide: the encryption context names the function */
function contextOf(functionArn: string): Record<string, string> {
  return { "aws:lambda:FunctionArn": functionArn };
}

/** As they are kept: plain under Lambda's own key, else encrypted on the caller's behalf. */
export async function sealVariables(
  ctx: BodyContext,
  variables: VariableMap | undefined,
  keyArn: string | undefined,
  { functionArn, role }: { readonly functionArn: string; readonly role: string },
): Promise<Variables | undefined> {
  if (variables === undefined || Object.keys(variables).length === 0) return undefined;
  if (keyArn === undefined) return { kind: "plain", variables };
  const EncryptionContext = contextOf(functionArn);
  try {
    const Constraints = { EncryptionContextEquals: EncryptionContext };
    const { GrantId } = await ctx.call(kms.CreateGrant, {
      KeyId: keyArn, GranteePrincipal: role, Operations: ["Decrypt"], Constraints,
    });
    const Plaintext = Buffer.from(JSON.stringify(variables));
    const { CiphertextBlob } = await ctx.call(kms.Encrypt, { KeyId: keyArn, Plaintext, EncryptionContext });
    return { kind: "encrypted", ciphertext: CiphertextBlob ?? Buffer.alloc(0), grantId: GrantId ?? "" };
  } catch (error) {
    if (error instanceof AwsError && error.status < 500) throw keyNotUsable(error.code, error.message);
    throw error;
  }
}

async function open(
  ctx: BodyContext,
  { ciphertext }: { readonly ciphertext: Buffer },
  functionArn: string,
  options: CallOptions,
): Promise<VariableMap> {
  const EncryptionContext = contextOf(functionArn);
  const { Plaintext } = await ctx.call(
    kms.Decrypt, { CiphertextBlob: ciphertext, EncryptionContext }, options,
  );
  return JSON.parse(Plaintext?.toString("utf8") ?? "{}") as VariableMap;
}

/** As callers see them: who may not decrypt sees an error in their place. */
export async function showVariables(
  ctx: BodyContext, kept: Variables | undefined, functionArn: string,
): Promise<EnvironmentResponse | undefined> {
  if (!kept) return undefined;
  if (kept.kind === "plain") return { Variables: { ...kept.variables } };
  try {
    return { Variables: { ...(await open(ctx, kept, functionArn, {})) } };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const Message = "Lambda was unable to decrypt your environment variables because the KMS access was "
      + "denied. Please "
      + `check your KMS permissions. KMS Exception: ${error.code} KMS Message: ${error.message}`;
    return { Error: { ErrorCode: error.code, Message } };
  }
}

/** As the function sees them, by the grant to its role. @throws AwsError as Invoke answers it */
export async function readVariables(
  ctx: BodyContext, kept: Variables | undefined, functionArn: string, session: string,
): Promise<VariableMap> {
  if (!kept) return {};
  if (kept.kind === "plain") return kept.variables;
  try {
    return await open(ctx, kept, functionArn, { as: { session } });
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    throw variablesNotReadable(troubleOf(error), `${error.code} KMS Message: ${error.message}`);
  }
}

function troubleOf({ code }: AwsError): KeyTrouble {
  if (code === "DisabledException") return "disabled";
  if (code === "NotFoundException") return "not found";
  return code === "KMSInvalidStateException" ? "invalid state" : "denied";
}
