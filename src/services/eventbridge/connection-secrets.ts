/**
 * What is secret of a connection, as EventBridge keeps it in Secrets Manager: under a role of its own that is
 * made with the first connection.
 *
 * @evidence EventBridge User Guide, "Service-linked roles"; names and contents of secrets recorded
 */

import * as events from "../../generated/eventbridge.ts";
import * as iam from "../../generated/iam.ts";
import * as secretsManager from "../../generated/secrets-manager.ts";
import { formatArn } from "../../kernel/arn.ts";
import type { BodyContext, CallOptions } from "../../kernel/context.ts";
import { AwsError, modelled } from "../../kernel/errors.ts";
import { sessionOf } from "../../delivery/role-session.ts";
import { invalidParameter } from "./errors.ts";

export interface HttpParameter {
  readonly key: string;
  readonly value: string;
  readonly is_value_secret: boolean;
}

export interface SecretHttpParameters {
  readonly header_parameters?: readonly HttpParameter[];
  readonly query_string_parameters?: readonly HttpParameter[];
  readonly body_parameters?: readonly HttpParameter[];
}

export interface Secret {
  readonly username?: string;
  readonly password?: string;
  readonly api_key_name?: string;
  readonly api_key_value?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly authorization_endpoint?: string;
  readonly http_method?: string;
  readonly oauth_http_parameters?: SecretHttpParameters;
  readonly invocation_http_parameters?: SecretHttpParameters;
}

const linkedService = "apidestinations.events.amazonaws.com";

/** Makes the role when the account has none, as whoever asks; which takes a permission. */
export async function makeLinkedRole(ctx: BodyContext): Promise<void> {
  try {
    await ctx.call(iam.CreateServiceLinkedRole, { AWSServiceName: linkedService });
  } catch (cause) {
    if (!(cause instanceof AwsError) || !cause.code.startsWith("InvalidInput")) throw cause;
  }
}

async function asEventBridge(ctx: BodyContext): Promise<CallOptions> {
  const roleArn = formatArn({
    service: "iam", region: "", account: ctx.account,
    resource: `role/aws-service-role/${linkedService}/AWSServiceRoleForAmazonEventBridgeApiDestinations`,
  });
  const sourceArn = formatArn({
    service: "events", region: ctx.region, account: ctx.account, resource: "connection/*",
  });
  const role = { roleArn, principal: linkedService, sourceArn, sessionName: "api-destinations" };
  return { as: { session: await sessionOf(ctx, role) } };
}

/**
 * @evidence EventBridge User Guide, "Encrypting EventBridge connection authorization with AWS KMS keys": a
 *   key needs the tag `EventBridgeApiDestinations`, which the linked role's policy asks for
 */
export async function createSecret(
  ctx: BodyContext, name: string, secret: Secret, KmsKeyId: string | undefined,
): Promise<string> {
  const as = await asEventBridge(ctx);
  const { ARN } = await ctx.call(secretsManager.CreateSecret, {
    Name: `events!connection/${name}/${ctx.ids.uuid()}`,
    SecretString: JSON.stringify(secret),
    ClientRequestToken: ctx.ids.uuid(),
    ...(KmsKeyId && { KmsKeyId }),
  }, as).catch(keyRefused);
  return ARN ?? "";
}

/** @param KmsKeyId another key than before; empty: none of the customer's */
export async function changeSecret(
  ctx: BodyContext, secretArn: string, secret: Secret, KmsKeyId: string | undefined,
): Promise<void> {
  const SecretString = JSON.stringify(secret);
  const input = { SecretId: secretArn, SecretString, ClientRequestToken: ctx.ids.uuid() };
  const as = await asEventBridge(ctx);
  const changing: Promise<unknown> = KmsKeyId === undefined
    ? ctx.call(secretsManager.PutSecretValue, input, as)
    : ctx.call(secretsManager.UpdateSecret, { ...input, KmsKeyId }, as);
  await changing.catch(keyRefused);
}

/** What Secrets Manager says of a key that does not serve, in the words of EventBridge's model. */
function keyRefused(cause: unknown): never {
  if (!(cause instanceof AwsError)) throw cause;
  if (cause.code === "AccessDeniedException") throw modelled(events.AccessDeniedException, cause.message);
  if (cause.code === "EncryptionFailure" || cause.code === "DecryptionFailure") {
    throw invalidParameter("KmsKeyIdentifier", cause.message);
  }
  throw cause;
}

export async function readSecret(ctx: BodyContext, secretArn: string): Promise<Secret> {
  const { SecretString = "{}" } = await ctx.call(
    secretsManager.GetSecretValue, { SecretId: secretArn }, await asEventBridge(ctx),
  );
  return JSON.parse(SecretString) as Secret;
}

/** A secret that is gone already is fine. */
export async function deleteSecret(ctx: BodyContext, secretArn: string): Promise<void> {
  try {
    await ctx.call(
      secretsManager.DeleteSecret,
      { SecretId: secretArn, ForceDeleteWithoutRecovery: true },
      await asEventBridge(ctx),
    );
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause.code !== "ResourceNotFoundException") throw cause;
  }
}

function secretParameters(parameters: events.ConnectionHttpParameters): SecretHttpParameters {
  const list = (from: readonly events.ConnectionHeaderParameter[]): HttpParameter[] =>
    from.map(({ Key = "", Value = "", IsValueSecret = false }) => (
      { key: Key, value: Value, is_value_secret: IsValueSecret }
    ));
  const { HeaderParameters, QueryStringParameters, BodyParameters } = parameters;
  return {
    ...(HeaderParameters && { header_parameters: list(HeaderParameters) }),
    ...(QueryStringParameters && { query_string_parameters: list(QueryStringParameters) }),
    ...(BodyParameters && { body_parameters: list(BodyParameters) }),
  };
}

/** What a request says of it, over what is known. */
export function secretOf(
  parameters: events.UpdateConnectionAuthRequestParameters, known: Secret = {},
): Secret {
  const { BasicAuthParameters, ApiKeyAuthParameters, OAuthParameters, InvocationHttpParameters } = parameters;
  const oauth = OAuthParameters;
  const entries: Record<keyof Secret, unknown> = {
    username: BasicAuthParameters?.Username ?? known.username,
    password: BasicAuthParameters?.Password ?? known.password,
    api_key_name: ApiKeyAuthParameters?.ApiKeyName ?? known.api_key_name,
    api_key_value: ApiKeyAuthParameters?.ApiKeyValue ?? known.api_key_value,
    client_id: oauth?.ClientParameters?.ClientID ?? known.client_id,
    client_secret: oauth?.ClientParameters?.ClientSecret ?? known.client_secret,
    authorization_endpoint: oauth?.AuthorizationEndpoint ?? known.authorization_endpoint,
    http_method: oauth?.HttpMethod ?? known.http_method,
    oauth_http_parameters: oauth?.OAuthHttpParameters
      ? secretParameters(oauth.OAuthHttpParameters)
      : known.oauth_http_parameters,
    invocation_http_parameters: InvocationHttpParameters
      ? secretParameters(InvocationHttpParameters)
      : known.invocation_http_parameters,
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

function shownParameters(
  parameters: SecretHttpParameters | undefined,
): events.ConnectionHttpParameters | undefined {
  if (!parameters) return undefined;
  const list = (from: readonly HttpParameter[] | undefined) => from?.map((each) => ({
    Key: each.key, IsValueSecret: each.is_value_secret, ...(!each.is_value_secret && { Value: each.value }),
  }));
  return {
    HeaderParameters: list(parameters.header_parameters),
    QueryStringParameters: list(parameters.query_string_parameters),
    BodyParameters: list(parameters.body_parameters),
  };
}

/** What DescribeConnection shows. */
export function shownOf(
  type: events.ConnectionAuthorizationType, secret: Secret,
): events.ConnectionAuthResponseParameters {
  const InvocationHttpParameters = shownParameters(secret.invocation_http_parameters);
  switch (type) {
    case "BASIC":
      return { BasicAuthParameters: { Username: secret.username }, InvocationHttpParameters };
    case "API_KEY":
      return { ApiKeyAuthParameters: { ApiKeyName: secret.api_key_name }, InvocationHttpParameters };
    case "OAUTH_CLIENT_CREDENTIALS":
      return {
        OAuthParameters: {
          ClientParameters: { ClientID: secret.client_id },
          AuthorizationEndpoint: secret.authorization_endpoint,
          HttpMethod: secret.http_method as events.ConnectionOAuthHttpMethod,
          OAuthHttpParameters: shownParameters(secret.oauth_http_parameters),
        },
        InvocationHttpParameters,
      };
  }
}
