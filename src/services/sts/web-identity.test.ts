import assert from "node:assert/strict";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import {
  CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient, ListUsersCommand, PutRolePolicyCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient,
    type AssumeRoleWithWebIdentityCommandInput,
} from "@aws-sdk/client-sts";
import { allow } from "../../../test/policies.ts";
import { startRegion, type TestRegion } from "../../../test/region.ts";
import { refusal } from "../iam/test-policies.ts";
import { providerCertificate } from "../../../test/identity-provider-key.ts";
import { OpenIdProvider } from "../../../test/identity-providers.ts";

const RoleArn = "arn:aws:iam::000000000000:role/app";
const epoch = Date.UTC(2026, 0, 1) / 1000;

/** What is before the claim's name in condition keys. */
function hostOf(provider: OpenIdProvider): string {
  return provider.issuer.replace(/^https?:\/\//, "");
}

/** The provider is registered, and a role trusts it under a condition. */
async function trustProvider(region: TestRegion, provider: OpenIdProvider,
  rules: { condition?: object; actions?: string[] } = {}) {
  const iam = region.client(IAMClient);
  const { OpenIDConnectProviderArn: Federated } = await iam.send(new CreateOpenIDConnectProviderCommand({
    Url: provider.issuer, ClientIDList: ["app", "other"],
  }));
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Principal: { Federated }, Action: rules.actions ?? ["sts:AssumeRoleWithWebIdentity"],
      Condition: rules.condition ?? { StringEquals: { [`${hostOf(provider)}:aud`]: "app" } },
    }],
  });
  await iam.send(new CreateRoleCommand({ RoleName: "app", AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "app", PolicyName: "inline", PolicyDocument: JSON.stringify(allow("iam:ListUsers")),
  }));
  return Federated;
}

function claims(provider: OpenIdProvider, more: object = {}): object {
  return { iss: provider.issuer, aud: "app", sub: "user-1", exp: epoch + 600, iat: epoch, ...more };
}

/** Without credentials, as applications ask. */
function assume(region: TestRegion, WebIdentityToken: string,
  more: Partial<AssumeRoleWithWebIdentityCommandInput> = {}) {
  const sts = region.client(STSClient, { maxAttempts: 1 });
  return sts.send(
    new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: "web", WebIdentityToken, ...more }));
}

const denied = ["AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403];

/** @evidence IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail" */
test("the trail says whom a provider named, and of a session by which provider it came", async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  const arn = await trustProvider(region, provider);
  const { Credentials } = await assume(region, provider.token(claims(provider)));
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? "", secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  await region.client(STSClient, { credentials }).send(new GetCallerIdentityCommand({}));
  const { Events = [] } = await region.client(CloudTrailClient).send(new LookupEventsCommand({
    LookupAttributes: [{ AttributeKey: "EventSource", AttributeValue: "sts.amazonaws.com" }],
  }));
  const identities = new Map(Events.map(({ EventName, CloudTrailEvent }) =>
    [EventName, (JSON.parse(CloudTrailEvent ?? "{}") as { userIdentity: Identity }).userIdentity]));
  assert.deepEqual(identities.get("AssumeRoleWithWebIdentity"), {
    type: "WebIdentityUser", principalId: `${arn}:app:user-1`, userName: "user-1", identityProvider: arn,
  });
  assert.deepEqual(identities.get("GetCallerIdentity")?.sessionContext?.webIdFederationData,
    { federatedProvider: arn, attributes: {} });
});

interface Identity {
  readonly sessionContext?: { readonly webIdFederationData?: object };
}

test("sts-assume-role-with-web-identity: a provider's token becomes a session of the role", async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  const arn = await trustProvider(region, provider);
  const answer = await assume(region, provider.token(claims(provider)));
  assert.equal(answer.SubjectFromWebIdentityToken, "user-1");
  assert.equal(answer.Audience, "app");
  assert.equal(answer.Provider, arn);
  assert.equal(answer.AssumedRoleUser?.Arn, "arn:aws:sts::000000000000:assumed-role/app/web");
  assert.match(answer.AssumedRoleUser?.AssumedRoleId ?? "", /^AROA[A-Z2-7]{17}:web$/);
  const credentials = {
    accessKeyId: answer.Credentials?.AccessKeyId ?? "", secretAccessKey: answer.Credentials?.SecretAccessKey
      ?? "",
    sessionToken: answer.Credentials?.SessionToken ?? "",
  };
  await region.client(IAMClient, { credentials }).send(new ListUsersCommand({}));
  const { Arn } = await region.client(STSClient, { credentials }).send(new GetCallerIdentityCommand({}));
  assert.equal(Arn, "arn:aws:sts::000000000000:assumed-role/app/web");
});

test("sts-web-identity-1h-default: a session lasts an hour unless told, and no longer than its role allows",
  async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  await trustProvider(region, provider);
  const token = provider.token(claims(provider));
  const { Credentials } = await assume(region, token);
  assert.deepEqual(Credentials?.Expiration, new Date("2026-01-01T01:00:00Z"));
  const short = await assume(region, token, { DurationSeconds: 900 });
  assert.deepEqual(short.Credentials?.Expiration, new Date("2026-01-01T00:15:00Z"));
  assert.equal((await refusal(assume(region, token, { DurationSeconds: 899 })))[0], "ValidationError");
  assert.deepEqual(await refusal(assume(region, token, { DurationSeconds: 3_601 })), ["ValidationError",
    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400]);
});

test("sts-web-identity-response-fields: session policies are measured", async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  await trustProvider(region, provider);
  const answer =
    await assume(region, provider.token(claims(provider)), { Policy: JSON.stringify(allow("s3:*")) });
  assert.equal(answer.PackedPolicySize, 5);
});

test("sts-assume-role-with-web-identity: audience, subject, issuer, time and signature must all be right",
  async () => {
  await using provider = await OpenIdProvider.start();
  await using other = await OpenIdProvider.start();
  await using region = await startRegion();
  await trustProvider(region, provider, {
    condition: {
      StringEquals: { [`${hostOf(provider)}:aud`]: "app", [`${hostOf(provider)}:sub`]: "user-1" } },
  });
  const attempt = (more: object, header: object = {}) =>
    refusal(assume(region, provider.token(claims(provider, more), header)));
  assert.deepEqual(await attempt({ sub: "user-2" }), denied);
  assert.deepEqual(await attempt({ aud: "other" }), denied);
  assert.deepEqual(await attempt({ aud: "unknown" }),
    ["InvalidIdentityToken", "Incorrect token audience", 400]);
  assert.deepEqual(await attempt({ sub: undefined }),
    ["InvalidIdentityToken", "Missing a required claim: sub", 400]);
  assert.deepEqual(await attempt({ exp: epoch }), ["ExpiredTokenException",
    `Token expired: current date/time ${epoch} must be before the expiration date/time ${epoch}`, 400]);
  assert.equal((await attempt({ nbf: epoch + 301 }))[0], "InvalidIdentityToken");
  assert.deepEqual(await attempt({ iss: other.issuer }), ["InvalidIdentityToken",
    `No OpenIDConnect provider found in your account for ${other.issuer}`, 400]);
  const badSignature = ["InvalidIdentityToken", "The signature of the ID Token is not valid.", 400];
  const [head, , signature] = provider.token(claims(provider)).split(".");
  const forged =
    Buffer.from(JSON.stringify(claims(provider, { sub: "user-1", admin: true }))).toString("base64url");
  assert.deepEqual(await refusal(assume(region, `${head}.${forged}.${signature}`)), badSignature);
  for (const alg of ["none", "HS256", "ES256", "PS256", "__proto__"]) {
    assert.deepEqual(await attempt({}, { alg }), badSignature, alg);
  }
  const noKey = "Couldn't retrieve verification key from your identity provider,  please reference "
    + "AssumeRoleWithWebIdentity documentation for requirements";
  assert.deepEqual(await attempt({}, { kid: "unknown" }), ["InvalidIdentityToken", noKey, 400]);
});

test("What is no JSON Web Token is told from one", async () => {
  await using region = await startRegion();
  const text =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
  const list = Buffer.from("[]").toString("base64url");
  for (const token of ["abcd", "a.b.c", "....", `${list}.${list}.AAAA`, "é".repeat(20), "A".repeat(20_000)]) {
    assert.deepEqual(await refusal(assume(region, token)), ["InvalidIdentityToken", text, 400]);
  }
});

test("A role that does not trust the provider, or does not exist, answers alike", async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  await trustProvider(region, provider);
  await region.client(IAMClient).send(new CreateRoleCommand({
    RoleName: "closed", AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
    }),
  }));
  const token = provider.token(claims(provider));
  for (const name of ["closed", "absent"]) {
    const refused =
      await refusal(assume(region, token, { RoleArn: `arn:aws:iam::000000000000:role/${name}` }));
    assert.deepEqual(refused, denied);
  }
});

test("sts-web-identity-providers: keys are remembered for an hour, and asked for anew when one is not known",
  async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  await trustProvider(region, provider);
  const token = () => provider.token(claims(provider, { exp: epoch + 1_000_000 }));
  await assume(region, token());
  await assume(region, token());
  assert.equal(provider.requests, 1);
  provider.rotate("two", "ES256");
  await assume(region, token());
  assert.equal(provider.requests, 2);
  await region.clock.advance({ hours: 1 });
  await assume(region, token());
  assert.equal(provider.requests, 3);
});

test("A provider that misbehaves is not believed", async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  await trustProvider(region, provider);
  const noKey = "Couldn't retrieve verification key from your identity provider,  please reference "
    + "AssumeRoleWithWebIdentity documentation for requirements";
  const discoveries: ((issuer: string) => unknown)[] = [
    () => ({ issuer: "https://elsewhere.example.com", jwks_uri: `${provider.issuer}/keys` }),
    (issuer) => ({ issuer, jwks_uri: "http://169.254.169.254/latest/meta-data" }),
    (issuer) => ({ issuer, jwks_uri: "file:///etc/passwd" }),
    (issuer) => ({ issuer, jwks_uri: `${issuer}/nothing` }),
    (issuer) => ({ issuer, padding: "x".repeat(300_000) }),
    () => [],
    () => "text",
  ];
  for (const discovery of discoveries) {
    provider.discovery = discovery;
    const refused = await refusal(assume(region, provider.token(claims(provider))));
    assert.deepEqual(refused, ["InvalidIdentityToken", noKey, 400]);
  }
});

test("A provider that can't be reached is told from one that says no", async () => {
  await using region = await startRegion();
  const token = await (async () => {
    await using provider = await OpenIdProvider.start();
    await trustProvider(region, provider);
    return provider.token(claims(provider));
  })();
  const [code, message, status] = await refusal(assume(region, token));
  assert.deepEqual([code, status], ["IDPCommunicationError", 400]);
  assert.match(message, /^The identity provider http:\/\/127\.0\.0\.1:\d+\/realm could not be reached\.$/);
  const google = await refusal(assume(region, token, { ProviderId: "graph.facebook.com" }));
  assert.deepEqual(google,
    ["IDPCommunicationError", "The identity provider graph.facebook.com could not be reached.", 400]);
});

test("A certificate that no public authority signed must have a registered thumbprint", async () => {
  await using provider = await OpenIdProvider.start("https");
  await using region = await startRegion();
  const OpenIDConnectProviderArn = await trustProvider(region, provider);
  const token = provider.token(claims(provider));
  const wrong = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint";
  assert.deepEqual(await refusal(assume(region, token)), ["InvalidIdentityToken", wrong, 400]);
  const thumbprint = new X509Certificate(providerCertificate).fingerprint.replaceAll(":", "");
  await region.client(IAMClient).send(new UpdateOpenIDConnectProviderThumbprintCommand({
    OpenIDConnectProviderArn, ThumbprintList: [thumbprint],
  }));
  const { SubjectFromWebIdentityToken } = await assume(region, token);
  assert.equal(SubjectFromWebIdentityToken, "user-1");
});

test("Tags and a source identity come with the token where the role allows them", async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  await trustProvider(region, provider, {
    actions: ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"],
    condition: { StringEquals: { "aws:RequestTag/Project": "Automation" } },
  });
  const tags = {
    "https://aws.amazon.com/tags": {
      principal_tags: { Project: ["Automation"], __proto__x: ["1"] }, transitive_tag_keys: ["Project"],
    },
    "https://aws.amazon.com/source_identity": "alice",
  };
  const answer = await assume(region, provider.token(claims(provider, tags)));
  assert.equal(answer.SourceIdentity, "alice");
  assert.deepEqual(await refusal(assume(region, provider.token(claims(provider)))), denied);
  const two = { "https://aws.amazon.com/tags": { principal_tags: { Project: ["a", "b"] } } };
  assert.deepEqual(await refusal(assume(region, provider.token(claims(provider, two)))),
    ["InvalidIdentityToken", "The tag Project must have one value.", 400]);
});

test("A token's authorized party is its audience", async () => {
  await using provider = await OpenIdProvider.start();
  await using region = await startRegion();
  await trustProvider(region, provider);
  const answer = await assume(region, provider.token(claims(provider, { aud: ["other", "x"], azp: "app" })));
  assert.equal(answer.Audience, "app");
});
