import assert from "node:assert/strict";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { test } from "node:test";
import {
  CreateRoleCommand, CreateSAMLProviderCommand, IAMClient, ListUsersCommand, PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleWithSAMLCommand, STSClient, type AssumeRoleWithSAMLCommandInput,
} from "@aws-sdk/client-sts";
import { allow } from "../../../test/policies.ts";
import { startRegion, testEpoch, type TestRegion } from "../../../test/region.ts";
import { refusal } from "../iam/test-policies.ts";
import {
  samlIssuer, samlMetadata, samlResponse, signSaml, type SamlClaims,
} from "../../../test/identity-providers.ts";

const RoleArn = "arn:aws:iam::000000000000:role/staff";
const PrincipalArn = "arn:aws:iam::000000000000:saml-provider/corp";
const attribute = (name: string) => `https://aws.amazon.com/SAML/Attributes/${name}`;
const usual = {
  [attribute("Role")]: [`${RoleArn},${PrincipalArn}`], [attribute("RoleSessionName")]: ["alice"],
};

async function trustProvider(region: TestRegion, rules: { condition?: object; actions?: string[] } = {}) {
  const iam = region.client(IAMClient);
  await iam.send(new CreateSAMLProviderCommand({ Name: "corp", SAMLMetadataDocument: samlMetadata }));
  await iam.send(new CreateRoleCommand({
    RoleName: "staff",
    AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{
        Effect: "Allow", Principal: { Federated: PrincipalArn }, Action: rules.actions
          ?? "sts:AssumeRoleWithSAML",
        Condition: rules.condition ?? { StringEquals: { "saml:aud": "https://signin.aws.amazon.com/saml" } },
      }],
    }),
  }));
  await iam.send(new PutRolePolicyCommand({
    RoleName: "staff", PolicyName: "inline", PolicyDocument: JSON.stringify(allow("iam:ListUsers")),
  }));
}

function response(claims: Partial<SamlClaims> = {}): string {
  return samlResponse({ now: testEpoch, attributes: usual, ...claims });
}

function assume(region: TestRegion, xml: string, more: Partial<AssumeRoleWithSAMLCommandInput> = {}) {
  return region.client(STSClient).send(new AssumeRoleWithSAMLCommand({
    RoleArn, PrincipalArn, SAMLAssertion: Buffer.from(xml).toString("base64"), ...more,
  }));
}

const invalidSignature = ["InvalidIdentityToken", "Response signature invalid", 400];
const denied = ["AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", 403];
const tooOld = ["ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance", 400];

test("iam-saml-federation: a signed assertion becomes a session of the role", async () => {
  await using region = await startRegion();
  await trustProvider(region);
  const answer = await assume(region, signSaml(response(), "Assertion"));
  const { $metadata: _, Credentials, AssumedRoleUser, ...rest } = answer;
  assert.deepEqual(rest, {
    Subject: "alice", SubjectType: "persistent", Issuer: samlIssuer,
      Audience: "https://signin.aws.amazon.com/saml",
    NameQualifier: "4GHfQxHnd47m6TtoP5LbfjWZEWc=",
  });
  assert.equal(AssumedRoleUser?.Arn, "arn:aws:sts::000000000000:assumed-role/staff/alice");
  assert.deepEqual(Credentials?.Expiration, new Date("2026-01-01T01:00:00Z"));
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? "", secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  await region.client(IAMClient, { credentials }).send(new ListUsersCommand({}));
  const { Events = [] } = await region.client(CloudTrailClient).send(new LookupEventsCommand({
    LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "AssumeRoleWithSAML" }],
  }));
  const { userIdentity, eventType } =
    JSON.parse(Events[0]?.CloudTrailEvent ?? "{}") as Record<string, unknown>;
  assert.deepEqual(userIdentity, {
    type: "SAMLUser", principalId: `${rest.NameQualifier}:alice`, userName: "alice",
    identityProvider: rest.NameQualifier,
  });
  assert.equal(eventType, "AwsApiCall");
});

test("The response or the assertion may be signed, or both, with any of three digests", async () => {
  await using region = await startRegion();
  await trustProvider(region);
  await assume(region, signSaml(response(), "Response"));
  await assume(region, signSaml(signSaml(response(), "Assertion"), "Response"));
  for (const digest of ["sha1", "sha512"] as const) await assume(region,
    signSaml(response(), "Assertion", digest));
});

test("iam-saml-federation: what the provider has not signed as it is counts for nothing", async () => {
  await using region = await startRegion();
  await trustProvider(region);
  const signed = signSaml(response(), "Assertion");
  assert.deepEqual(await refusal(assume(region, response())), invalidSignature);
  const renamed = signed.replace("<saml:AttributeValue>alice<", "<saml:AttributeValue>admin<");
  assert.notEqual(renamed, signed);
  assert.deepEqual(await refusal(assume(region, renamed)), invalidSignature);
  const shortened = signed.replace(/<(\w+:)?SignatureValue>[^<]{8}/, "<$1SignatureValue>AAAAAAAA");
  assert.deepEqual(await refusal(assume(region, shortened)), invalidSignature);
});

test("A signed assertion wrapped into a forged response opens nothing", async () => {
  await using region = await startRegion();
  await trustProvider(region);
  const signed = signSaml(response(), "Assertion");
  const [assertion = ""] = /<saml:Assertion.*<\/saml:Assertion>/s.exec(signed) ?? [];
  const [signature = ""] = /<Signature.*<\/Signature>/s.exec(signed) ?? [];
  const forged =
    assertion.replace(signature, "").replace(">alice<", ">admin<").replace('"_assertion"', '"_forged"');
  const around = (inner: string) => signed.replace(assertion, inner);
  const nested =
    forged.replace("</saml:Assertion>", `<saml:Advice>${assertion}</saml:Advice></saml:Assertion>`);
  const attempts = [
    around(forged + assertion), around(assertion + forged), around(nested),
    around(forged.replace("</saml:Subject>", `</saml:Subject>${signature}`)),
    around(`<samlp:Extensions>${assertion}</samlp:Extensions>${forged}`),
    around(forged.replace('"_forged"', '"_assertion"') + assertion),
    around(forged.replace("</saml:Subject>", `</saml:Subject>${signature}`).replace('"_forged"',
      '"_assertion"')
      + `<samlp:Extensions>${assertion}</samlp:Extensions>`),
    around(assertion.replace(signature, "")) .replace("<samlp:Status>", `${signature}<samlp:Status>`),
  ];
  for (const [index, xml] of attempts.entries()) {
    assert.deepEqual(await refusal(assume(region, xml)), invalidSignature, `attempt ${index}`);
  }
});

test("Comments do not split what was signed", async () => {
  await using region = await startRegion();
  await trustProvider(region);
  const signed = signSaml(
    response({ attributes: { ...usual, [attribute("RoleSessionName")]: ["admin.evil"] } }), "Assertion");
  const split = signed.replace("admin.evil", "admin<!-- -->.evil");
  const { AssumedRoleUser } = await assume(region, split);
  assert.equal(AssumedRoleUser?.Arn, "arn:aws:sts::000000000000:assumed-role/staff/admin.evil");
});

test("What is no SAML response is refused as such", async () => {
  await using region = await startRegion();
  await trustProvider(region);
  const sent = (SAMLAssertion: string) => refusal(assume(region, "", { SAMLAssertion }));
  assert.deepEqual(await sent("%%%%"), ["InvalidIdentityToken", "Invalid base64 SAMLResponse", 400]);
  const signed = signSaml(response(), "Assertion");
  const documents =
    ["text", "<a/>", `<!DOCTYPE x [<!ENTITY a "b">]>${signed}`, signed.slice(0, -1), "<a>".repeat(9_000)];
  for (const xml of documents) {
    assert.deepEqual(await sent(Buffer.from(xml).toString("base64")),
      ["InvalidIdentityToken", "SAMLResponse is not valid", 400]);
  }
  const absent = await refusal(assume(region, signed, { PrincipalArn: `${PrincipalArn}2` }));
  assert.deepEqual(absent, ["InvalidIdentityToken", "Specified provider doesn't exist", 400]);
});

test("An assertion is for AWS, from its provider, and for five minutes", async () => {
  await using region = await startRegion();
  await trustProvider(region);
  const attempt = (claims: Partial<SamlClaims>) =>
    refusal(assume(region, signSaml(response(claims), "Assertion")));
  const audience = ["InvalidIdentityToken", "Response does not contain the required audience", 400];
  assert.deepEqual(await attempt({ audience: "https://elsewhere.example.com" }), audience);
  assert.deepEqual(await attempt({ recipient: "https://elsewhere.example.com/saml" }), audience);
  assert.deepEqual(await attempt({ issuer: "https://other.example.com" }),
    ["InvalidIdentityToken", "Issuer not present in specified provider", 400]);
  assert.deepEqual(await attempt({ notOnOrAfter: testEpoch }), tooOld);
  assert.deepEqual(await attempt({ now: testEpoch - 300_001, notOnOrAfter: testEpoch + 1_000 }), tooOld);
  assert.equal((await attempt({ now: testEpoch + 300_001 }))[0], "InvalidIdentityToken");
  assert.equal((await attempt({ status: "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed" }))[0],
    "IDPRejectedClaim");
});

test("The assertion must name the role, and the session", async () => {
  await using region = await startRegion();
  await trustProvider(region);
  const attempt = (attributes: Record<string, string[]>) =>
    refusal(assume(region, signSaml(response({ attributes }), "Assertion")));
  const role = usual[attribute("Role")] ?? [];
  assert.deepEqual(await attempt({ ...usual, [attribute("Role")]: [`${RoleArn}2,${PrincipalArn}`] }), denied);
  assert.deepEqual(await attempt({ [attribute("RoleSessionName")]: ["alice"] }), denied);
  assert.deepEqual(await attempt({ [attribute("Role")]: role }),
    ["InvalidIdentityToken", "RoleSessionName is required in AuthnResponse", 400]);
  assert.deepEqual(await attempt({ ...usual, [attribute("RoleSessionName")]: ["a b"] }),
    ["InvalidIdentityToken", "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}", 400]);
  const swapped = { ...usual, [attribute("Role")]: [`${PrincipalArn}, ${RoleArn}`] };
  await assume(region, signSaml(response({ attributes: swapped }), "Assertion"));
});

test("A role's trust decides by the assertion's conditions and tags", async () => {
  await using region = await startRegion();
  await trustProvider(region, {
    actions: ["sts:AssumeRoleWithSAML", "sts:TagSession"],
    condition: {
      StringEquals: {
        "saml:sub_type": "persistent", "saml:iss": samlIssuer, "saml:doc": "000000000000/corp",
        "aws:RequestTag/team": "blue",
      },
    },
  });
  const tagged = { ...usual, [attribute("PrincipalTag:team")]: ["blue"] };
  await assume(region, signSaml(response({ attributes: tagged }), "Assertion"));
  assert.deepEqual(await refusal(assume(region, signSaml(response(), "Assertion"))), denied);
});

test("Attributes of directories are condition keys, single ones and lists", async () => {
  await using region = await startRegion();
  const claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
  await trustProvider(region, {
    condition: {
      StringEquals: {
        "saml:givenName": "Ada", "saml:surname": "Lovelace", "saml:mail": "ada@example.com",
        "saml:organizationStatus": "member",
      },
      "ForAllValues:StringEquals": { "saml:edupersonaffiliation": ["staff", "student"] },
      "ForAnyValue:StringLike": { "saml:eduorghomepageuri": "https://example.com/*" },
    },
  });
  const attributes = {
    ...usual, [`${claims}givenname`]: ["Ada"], [`${claims}surname`]: ["Lovelace"],
    [`${claims}emailaddress`]: ["ada@example.com"], "0.9.2342.19200300.100.1.45": ["member"],
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ["staff", "student"],
    "urn:oid:1.3.6.1.4.1.5923.1.2.1.2": ["https://example.com/home"],
  };
  await assume(region, signSaml(response({ attributes }), "Assertion"));
  const others = { ...attributes, "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ["staff", "alumni"] };
  const refused = await refusal(assume(region, signSaml(response({ attributes: others }), "Assertion")));
  assert.equal(refused[0], "AccessDenied");
});

test("A session lasts as long as the request, the assertion and the provider's session all allow", async () =>
  {
  await using region = await startRegion();
  await trustProvider(region);
  const seconds = async (claims: Partial<SamlClaims>, DurationSeconds?: number) => {
    const { Credentials } =
      await assume(region, signSaml(response(claims), "Assertion"), { DurationSeconds });
    return ((Credentials?.Expiration?.getTime() ?? 0) - testEpoch) / 1000;
  };
  const attributes = { ...usual, [attribute("SessionDuration")]: ["1800"] };
  assert.equal(await seconds({ attributes }), 1_800);
  assert.equal(await seconds({ attributes }, 900), 900);
  assert.equal(await seconds({ attributes, sessionNotOnOrAfter: testEpoch + 1_200_000 }), 1_200);
  const long = { ...usual, [attribute("SessionDuration")]: ["7200"] };
  assert.deepEqual(await refusal(seconds({ attributes: long })), ["ValidationError",
    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 400]);
});
