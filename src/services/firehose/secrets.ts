/** What opens an endpoint, where it is kept in Secrets Manager. */

import type { SecretsManagerConfiguration } from "../../generated/firehose.ts";
import * as secretsManager from "../../generated/secrets-manager.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { parseArn } from "../../kernel/arn.ts";
import type { BodyContext } from "../../kernel/context.ts";
import { invalidArgument } from "./errors.ts";
import { streamArn, type DeliveryStream } from "./stream-table.ts";

interface Plain {
  readonly value: string | undefined;
  readonly what: string;
}

/** @param plain what opens the endpoint without a secret, and what that is called */
export function requireOneSecret(given: SecretsManagerConfiguration | undefined, plain: Plain): void {
  if (!given?.Enabled) return;
  if (given.SecretARN === undefined) {
    throw invalidArgument("SecretARN must be provided when Secrets Manager is enabled.");
  }
  if (plain.value !== undefined) {
    throw invalidArgument(`${plain.what} can't be provided when Secrets Manager is enabled.`);
  }
}

/**
 * @param roleArn under which it is read where its configuration names no role
 * @evidence Developer Guide, "Authenticate with AWS Secrets Manager": `{"api_key": …}` of an HTTP endpoint,
 *   `{"hec_token": …}` of Splunk
 * @throws AwsError
 */
export async function secretOf(
  ctx: BodyContext, stream: DeliveryStream, given: SecretsManagerConfiguration,
  { roleArn, member }: { readonly roleArn: string; readonly member: "api_key" | "hec_token" },
): Promise<string | undefined> {
  const { SecretARN: SecretId = "", RoleARN = roleArn } = given;
  const session = await sessionOf(ctx, {
    roleArn: RoleARN, principal: "firehose.amazonaws.com",
    sourceArn: streamArn(ctx, stream.name), sessionName: "AWSFirehoseToSecretsManager",
  });
  const region = parseArn(SecretId)?.region ?? ctx.region;
  const { SecretString = "" } = await ctx.call(
    secretsManager.GetSecretValue, { SecretId }, { as: { session }, region },
  );
  const secret = parsed(SecretString)?.[member];
  return typeof secret === "string" ? secret : undefined;
}

/** The members of what is JSON. */
export function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown> | null ?? undefined;
  } catch {
    return undefined;
  }
}
