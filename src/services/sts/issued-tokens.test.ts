import assert from "node:assert/strict";
import { createPublicKey, verify, type JsonWebKey } from "node:crypto";
import { test } from "node:test";
import {
  CreateOpenIDConnectProviderCommand, CreateRoleCommand, DisableOutboundWebIdentityFederationCommand,
  EnableOutboundWebIdentityFederationCommand, GetOutboundWebIdentityFederationInfoCommand, IAMClient,
  PutRolePolicyCommand, TagUserCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, GetFederationTokenCommand, GetWebIdentityTokenCommand,
  STSClient, type GetWebIdentityTokenCommandInput,
} from "@aws-sdk/client-sts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { refusal } from "../../../test/refusal.ts";

const account = "000000000000";
const aws = "https://sts.amazonaws.com/";
const everything = (Action: string | string[], more: object = {}): object => ({
  Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*", ...more }],
});
const both = ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"];
const input = (more: Partial<GetWebIdentityTokenCommandInput> = {}): GetWebIdentityTokenCommandInput => (
  { Audience: ["https://api.example.com"], SigningAlgorithm: "RS256", ...more }
);
type Json = Record<string, unknown>;
type Credentials = Awaited<ReturnType<TestRegion["user"]>>;

async function enabled(region: TestRegion): Promise<string> {
  await region.endpoint();
  const iam = region.client(IAMClient);
  const { IssuerIdentifier } = await iam.send(new EnableOutboundWebIdentityFederationCommand({}));
  return IssuerIdentifier ?? "";
}

function ask(
  region: TestRegion, credentials: Credentials, more: Partial<GetWebIdentityTokenCommandInput> = {},
) {
  return region.client(STSClient, { credentials }).send(new GetWebIdentityTokenCommand(input(more)));
}

async function json(url: string): Promise<Json> {
  return (await (await fetch(url)).json()) as Json;
}

/** As somebody outside does it: by the issuer that the token names, and by nothing else. */
async function verified(token: string | undefined): Promise<{ header: Json; claims: Json }> {
  const [head = "", body = "", signature = ""] = (token ?? "").split(".");
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Json;
  const header = read(head);
  const claims = read(body);
  const discovery = await json(`${String(claims["iss"])}/.well-known/openid-configuration`);
  assert.equal(discovery["issuer"], claims["iss"]);
  const { keys } = (await json(String(discovery["jwks_uri"]))) as { keys: (JsonWebKey & { kid: string })[] };
  const jwk = keys.find(({ kid }) => kid === header["kid"]);
  assert.ok(jwk && jwk.d === undefined);
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" } as const;
  const digest = header["alg"] === "RS256" ? "sha256" : "sha384";
  assert.ok(verify(digest, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url")));
  return { header, claims };
}

test("a token tells who a user is, to whoever asks its issuer for the key", async () => {
  await using region = await startRegion();
  const issuer = await enabled(region);
  const ana = await region.user("ana", everything(both));
  const Tags = [{ Key: "Team", Value: "platform" }];
  await region.client(IAMClient).send(new TagUserCommand({ UserName: "ana", Tags }));
  const answer = await ask(region, ana);
  assert.equal(answer.Expiration?.getTime(), testEpoch + 300_000);
  const { header, claims } = await verified(answer.WebIdentityToken);
  assert.deepEqual(header, { kid: "RSA_0", typ: "JWT", alg: "RS256" });
  const { jti, ...others } = claims;
  assert.match(String(jti), /^[0-9a-f-]{36}$/);
  const arn = `arn:aws:iam::${account}:user/ana`;
  assert.deepEqual(others, {
    iss: issuer, sub: arn, aud: "https://api.example.com", iat: testEpoch / 1000, exp: testEpoch / 1000 + 300,
    [aws]: {
      aws_account: account, source_region: "us-east-1", principal_id: arn,
      principal_tags: { Team: "platform" },
    },
  });
  const more = await ask(region, ana, {
    SigningAlgorithm: "ES384", Audience: ["one", "one"], DurationSeconds: 60,
    Tags: [{ Key: "job", Value: "7" }, { Key: "aws:test", Value: "" }],
  });
  const second = await verified(more.WebIdentityToken);
  assert.deepEqual(second.header, { kid: "EC384_0", typ: "JWT", alg: "ES384" });
  assert.deepEqual(second.claims["aud"], ["one", "one"]);
  assert.deepEqual((second.claims[aws] as Json)["request_tags"], { job: "7", "aws:test": "" });
});

test("a role's session gets no token that outlives it, and its token names the role", async () => {
  await using region = await startRegion();
  await enabled(region);
  const ana = await region.user("ana", everything(["sts:AssumeRole", "sts:SetSourceIdentity"]));
  const iam = region.client(IAMClient);
  const trust = {
    Version: "2012-10-17",
    Statement: [{
      Effect: "Allow", Principal: { AWS: account },
      Action: ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }],
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: "r", Path: "/p/", AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  const PolicyDocument = JSON.stringify(everything(both));
  await iam.send(new PutRolePolicyCommand({ RoleName: "r", PolicyName: "own", PolicyDocument }));
  const assume = new AssumeRoleCommand({
    RoleArn: Role?.Arn, RoleSessionName: "session", DurationSeconds: 900, SourceIdentity: "ana",
  });
  const { Credentials: made } = await region.client(STSClient, { credentials: ana }).send(assume);
  const session = {
    accessKeyId: made?.AccessKeyId ?? "", secretAccessKey: made?.SecretAccessKey ?? "",
    sessionToken: made?.SessionToken ?? "",
  };
  const { claims } = await verified((await ask(region, session)).WebIdentityToken);
  assert.equal(claims["sub"], `arn:aws:iam::${account}:role/p/r`);
  assert.deepEqual(claims[aws], {
    aws_account: account, source_region: "us-east-1", principal_id: Role?.Arn,
    original_session_exp: "2026-01-01T00:15:00Z", source_identity: "ana",
  });
  await ask(region, session, { DurationSeconds: 900 });
  assert.equal(await refusal(ask(region, session, { DurationSeconds: 901 })),
    "SessionDurationEscalationException: "
    + "Requested token expiry time must be before the original session's expiry time.");
});

test("what is asked for is checked, and policies decide about it", async () => {
  await using region = await startRegion();
  await enabled(region);
  const root = region.root(account);
  for (const SigningAlgorithm of ["RS384", "rs256", "HS256"]) {
    assert.equal(await refusal(ask(region, root, { SigningAlgorithm })),
      "ValidationError: Requested SigningAlgorithm is not supported. "
      + "See the GetWebIdentityToken documentation for supported algorithms");
  }
  const Tags = [{ Key: "team", Value: "a" }, { Key: "Team", Value: "b" }];
  assert.equal(await refusal(ask(region, root, { Tags })),
    "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  const Audience = Array.from({ length: 10 }, () => "a".repeat(1000));
  const long = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: "é".repeat(60) }));
  const tooLong = await refusal(ask(region, root, { Audience, Tags: long }));
  assert.match(tooLong, /^JWTPayloadSizeExceededException: /);

  const condition = await region.user("condition", everything("sts:GetWebIdentityToken", {
    Resource: `arn:aws:sts::${account}:self`,
    Condition: {
      "ForAllValues:StringEquals": { "sts:IdentityTokenAudience": "https://api.example.com" },
      StringEquals: { "sts:SigningAlgorithm": "RS256" },
      NumericLessThanEquals: { "sts:DurationSeconds": "300" },
    },
  }));
  await ask(region, condition);
  const denied = (action: string) => `AccessDenied: User: arn:aws:iam::${account}:user/condition is not `
    + `authorized to perform: sts:${action} on resource: arn:aws:sts::${account}:self `
    + `because no identity-based policy allows the sts:${action} action`;
  for (const more of [{ Audience: ["other"] }, { SigningAlgorithm: "ES384" }, { DurationSeconds: 301 }]) {
    assert.equal(await refusal(ask(region, condition, more)), denied("GetWebIdentityToken"));
  }
  const tagged = ask(region, condition, { Tags: [{ Key: "a", Value: "b" }] });
  assert.equal(await refusal(tagged), denied("TagGetWebIdentityToken"));

  const federated = new GetFederationTokenCommand({
    Name: "guest", Policy: JSON.stringify(everything("sts:GetWebIdentityToken")),
  });
  const host = region.client(STSClient, { credentials: await region.user("host", everything("sts:*")) });
  const { Credentials: guest } = await host.send(federated);
  assert.equal(
    await refusal(ask(region, {
      accessKeyId: guest?.AccessKeyId ?? "", secretAccessKey: guest?.SecretAccessKey ?? "",
      sessionToken: guest?.SessionToken ?? "",
    })),
    "AccessDenied: GetWebIdentityToken does not support federated user sessions",
  );
});

test("an account issues tokens while it is told to; issuer and keys stay", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const root = region.root(account);
  const off = "FeatureDisabledException: Outbound identity federation is disabled for account 000000000000";
  const info = () => iam.send(new GetOutboundWebIdentityFederationInfoCommand({}));
  const disable = () => iam.send(new DisableOutboundWebIdentityFederationCommand({}));
  const disabled = "OutboundWebIdentityFederationDisabledException: "
    + "OutboundWebIdentityFederation is disabled.";
  assert.equal(await refusal(info()), off);
  assert.equal(await refusal(disable()), off);
  assert.equal(await refusal(ask(region, root)), disabled);

  const issuer = await enabled(region);
  assert.match(issuer, /^http:\/\/.*\/_local\/v1\/issuers\/[0-9a-f-]{36}$/);
  const { IssuerIdentifier, JwtVendingEnabled } = await info();
  assert.deepEqual([IssuerIdentifier, JwtVendingEnabled], [issuer, true]);
  assert.equal(await refusal(enabled(region)),
    "FeatureEnabledException: Outbound identity federation is already enabled for account 000000000000");
  const { WebIdentityToken } = await ask(region, root);
  await disable();
  assert.equal(await refusal(ask(region, root)), disabled);
  await verified(WebIdentityToken);
  assert.equal(await enabled(region), issuer);
  await verified(WebIdentityToken);
  assert.equal((await fetch(`${issuer}x/.well-known/jwks.json`)).status, 404);
  assert.equal(await refusal(ask(region, region.root("111111111111"))), disabled);
});

test("such a token is no way back into AWS", async () => {
  await using region = await startRegion();
  const issuer = await enabled(region);
  const { WebIdentityToken } = await ask(region, region.root(account));
  await region.client(IAMClient).send(
    new CreateOpenIDConnectProviderCommand({ Url: issuer, ClientIDList: ["https://api.example.com"] }),
  );
  const attempt = region.client(STSClient).send(new AssumeRoleWithWebIdentityCommand({
    RoleArn: `arn:aws:iam::${account}:role/r`, RoleSessionName: "session", WebIdentityToken,
  }));
  assert.equal(await refusal(attempt), "InvalidIdentityTokenException: "
    + "Tokens of GetWebIdentityToken cannot be used for federation into AWS.");
});
