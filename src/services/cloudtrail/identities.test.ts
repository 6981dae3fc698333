import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import {
  CreateOpenIDConnectProviderCommand, CreateRoleCommand, CreateSAMLProviderCommand, IAMClient,
} from "@aws-sdk/client-iam";
import { CreateKeyCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  AssumeRoleWithSAMLCommand, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient,
} from "@aws-sdk/client-sts";
import { OpenIdProvider, samlMetadata, samlResponse, signSaml } from "../../../test/identity-providers.ts";
import { startRegion, testEpoch } from "../../../test/region.ts";

const region = await startRegion();
after(() => region.stop());
const iam = region.client(IAMClient);

interface Recorded {
  readonly eventID: string;
  readonly sharedEventID?: string;
  readonly recipientAccountId: string;
  readonly userIdentity: Readonly<Record<string, unknown>> &
    { readonly sessionContext?: { readonly webIdFederationData?: object } };
  readonly requestParameters: object;
}

async function recorded(AttributeValue: string, trail = region.client(CloudTrailClient)): Promise<Recorded> {
  const { Events: [event] = [] } = await trail.send(new LookupEventsCommand({
    LookupAttributes: [{ AttributeKey: "EventName", AttributeValue }],
  }));
  return JSON.parse(event?.CloudTrailEvent ?? "{}") as Recorded;
}

async function makeRole(RoleName: string, Federated: string | undefined, Action: string): Promise<string> {
  const { Role } = await iam.send(new CreateRoleCommand({
    RoleName, AssumeRolePolicyDocument: JSON.stringify({
      Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Federated }, Action }],
    }),
  }));
  return Role?.Arn ?? "";
}

test("who has become somebody by a web identity is known by it, before and after", async () => {
  await using provider = await OpenIdProvider.start();
  const { OpenIDConnectProviderArn: arn } = await iam.send(new CreateOpenIDConnectProviderCommand({
    Url: provider.issuer, ClientIDList: ["app"],
  }));
  const RoleArn = await makeRole("web", arn, "sts:AssumeRoleWithWebIdentity");
  const seconds = testEpoch / 1000;
  const { Credentials } = await region.client(STSClient).send(new AssumeRoleWithWebIdentityCommand({
    RoleArn, RoleSessionName: "app", WebIdentityToken: provider.token({
      iss: provider.issuer, aud: "app", sub: "user-1", exp: seconds + 600, iat: seconds,
    }),
  }));
  const assumed = await recorded("AssumeRoleWithWebIdentity");
  assert.deepEqual(assumed.userIdentity, {
    type: "WebIdentityUser", principalId: `${arn}:app:user-1`, userName: "user-1", identityProvider: arn,
  });
  assert.deepEqual(assumed.requestParameters, { roleArn: RoleArn, roleSessionName: "app" });
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? "", secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
  await region.client(STSClient, { credentials }).send(new GetCallerIdentityCommand({}));
  const { sessionContext } = (await recorded("GetCallerIdentity")).userIdentity;
  assert.deepEqual(sessionContext?.webIdFederationData, { federatedProvider: arn, attributes: {} });
});

test("who has become somebody by SAML is known by the assertion's subject", async () => {
  const { SAMLProviderArn: PrincipalArn } = await iam.send(new CreateSAMLProviderCommand({
    Name: "corp", SAMLMetadataDocument: samlMetadata,
  }));
  const RoleArn = await makeRole("staff", PrincipalArn, "sts:AssumeRoleWithSAML");
  const attribute = (name: string) => `https://aws.amazon.com/SAML/Attributes/${name}`;
  const xml = signSaml(samlResponse({ now: testEpoch, attributes: {
    [attribute("Role")]: [`${RoleArn},${PrincipalArn}`], [attribute("RoleSessionName")]: ["alice"],
  } }), "Assertion");
  const { NameQualifier } = await region.client(STSClient).send(new AssumeRoleWithSAMLCommand({
    RoleArn, PrincipalArn, SAMLAssertion: Buffer.from(xml).toString("base64"),
  }));
  const assumed = await recorded("AssumeRoleWithSAML");
  assert.deepEqual(assumed.userIdentity, {
    type: "SAMLUser", principalId: `${NameQualifier}:alice`, userName: "alice",
    identityProvider: NameQualifier,
  });
  assert.deepEqual(assumed.requestParameters, { roleArn: RoleArn, principalArn: PrincipalArn });
});

test("who uses another account's key is in both accounts' history, by name only in its own", async () => {
  const partner = "111111111111";
  const credentials = { accessKeyId: partner, secretAccessKey: "test" };
  const { KeyMetadata } = await region.client(KMSClient).send(new CreateKeyCommand({
    Policy: JSON.stringify({ Version: "2012-10-17", Statement: {
      Effect: "Allow", Action: "kms:*", Resource: "*",
      Principal: { AWS: ["arn:aws:iam::000000000000:root", `arn:aws:iam::${partner}:root`] },
    } }),
  }));
  await region.client(KMSClient, { credentials }).send(new EncryptCommand({
    KeyId: KeyMetadata?.Arn, Plaintext: Buffer.from("x"),
  }));
  const own = await recorded("Encrypt", region.client(CloudTrailClient, { credentials }));
  const owners = await recorded("Encrypt");
  assert.equal(own.userIdentity["arn"], `arn:aws:iam::${partner}:root`);
  assert.deepEqual(owners.userIdentity, { type: "AWSAccount", principalId: partner, accountId: partner });
  assert.deepEqual([own.recipientAccountId, owners.recipientAccountId], [partner, "000000000000"]);
  assert.match(own.sharedEventID ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(owners.sharedEventID, own.sharedEventID);
  assert.notEqual(owners.eventID, own.eventID);
});
