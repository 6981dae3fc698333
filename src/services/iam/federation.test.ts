import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddClientIDToOpenIDConnectProviderCommand, CreateOpenIDConnectProviderCommand, CreateSAMLProviderCommand,
  DeleteOpenIDConnectProviderCommand, DeleteSAMLProviderCommand, GetAccountSummaryCommand,
  GetOpenIDConnectProviderCommand, GetSAMLProviderCommand, IAMClient, ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand, ListSAMLProvidersCommand, ListSAMLProviderTagsCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand, TagOpenIDConnectProviderCommand, TagSAMLProviderCommand,
  UntagSAMLProviderCommand, UpdateOpenIDConnectProviderThumbprintCommand, UpdateSAMLProviderCommand,
} from "@aws-sdk/client-iam";
import { startRegion } from "../../../test/region.ts";
import { authorityCertificate } from "./test-certificates.ts";
import { refusal } from "./test-policies.ts";

const thumbprint = "0".repeat(40);

test("An OIDC provider is known by its URL without the scheme", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { OpenIDConnectProviderArn } = await iam.send(new CreateOpenIDConnectProviderCommand({
    Url: "https://login.example.com/realms/one", ClientIDList: ["app"], ThumbprintList: [thumbprint],
    Tags: [{ Key: "team", Value: "blue" }],
  }));
  assert.equal(OpenIDConnectProviderArn,
    "arn:aws:iam::000000000000:oidc-provider/login.example.com/realms/one");
  const again = await refusal(iam.send(new CreateOpenIDConnectProviderCommand({
    Url: "https://login.example.com/realms/one",
  })));
  assert.deepEqual(again, [
    "EntityAlreadyExists", "Provider with url https://login.example.com/realms/one already exists.", 409]);
  await iam.send(
    new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "web" }));
  await iam.send(
    new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "web" }));
  await iam.send(
    new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "app" }));
  await iam.send(
    new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "app" }));
  await iam.send(new UpdateOpenIDConnectProviderThumbprintCommand({
    OpenIDConnectProviderArn, ThumbprintList: ["f".repeat(40)],
  }));
  const { $metadata: _, ...provider } = await iam.send(
    new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  assert.deepEqual(provider, {
    Url: "login.example.com/realms/one", ClientIDList: ["web"], ThumbprintList: ["f".repeat(40)],
    CreateDate: new Date("2026-01-01T00:00:00Z"), Tags: [{ Key: "team", Value: "blue" }],
  });
  await iam.send(new TagOpenIDConnectProviderCommand({
    OpenIDConnectProviderArn, Tags: [{ Key: "Team", Value: "red" }],
  }));
  const { Tags } = await iam.send(new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn }));
  assert.deepEqual(Tags, [{ Key: "Team", Value: "red" }, { Key: "team", Value: "blue" }]);
  const { SummaryMap } = await iam.send(new GetAccountSummaryCommand({}));
  assert.equal(SummaryMap?.Providers, 1);
  await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  const { OpenIDConnectProviderList } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
  assert.deepEqual(OpenIDConnectProviderList, []);
  assert.deepEqual(
    await refusal(iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))),
    ["NoSuchEntity", `OpenIDConnect Provider not found for arn ${OpenIDConnectProviderArn}`, 404]);
});

test("URLs of OIDC providers are https without a port, or on this machine", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const create = (Url: string) => iam.send(new CreateOpenIDConnectProviderCommand({ Url }));
  const wrong = [
    "http://login.example.com", "https://login.example.com:8443", "https://a@login.example.com",
    "https://login.example.com?x=1", "ftp://localhost", "login.example.com", "https://", "http://10.0.0.1",
    "http://localhost.example.com",
  ];
  for (const url of wrong) {
    assert.deepEqual(await refusal(create(url)),
      ["ValidationError", "Invalid Open ID Connect Provider URL", 400]);
  }
  const local = ["http://localhost:8080", "http://127.0.0.1:9/realm", "http://[::1]:1"];
  for (const url of local) await create(url);
});

test("OIDC providers have five thumbprints and a hundred client ids at most", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const six = await refusal(iam.send(new CreateOpenIDConnectProviderCommand({
    Url: "https://login.example.com", ThumbprintList: Array.from({ length: 6 }, () => thumbprint),
  })));
  assert.deepEqual(six, ["InvalidInput", "Thumbprint list must contain fewer than 5 entries.", 400]);
  const ClientIDList = Array.from({ length: 101 }, (_, index) => `app${index}`);
  const many = await refusal(iam.send(new CreateOpenIDConnectProviderCommand({
    Url: "https://login.example.com", ClientIDList,
  })));
  assert.deepEqual(many,
    ["LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", 409]);
});

function metadata(entity: string, more = ""): string {
  const certificate = authorityCertificate.replace(/-----[^-]+-----|\s/g, "");
  return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entity}"${more}>
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
      <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
        <X509Certificate>${certificate}</X509Certificate>
      </X509Data></KeyInfo></KeyDescriptor>
      <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${entity}/sso"/>
    </IDPSSODescriptor>
  </EntityDescriptor>${" ".repeat(400)}`;
}

test("iam-saml-federation: a SAML provider keeps its metadata", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const SAMLMetadataDocument = metadata("https://idp.example.com");
  const { SAMLProviderArn } =
    await iam.send(new CreateSAMLProviderCommand({ Name: "corp", SAMLMetadataDocument }));
  assert.equal(SAMLProviderArn, "arn:aws:iam::000000000000:saml-provider/corp");
  const got = await iam.send(new GetSAMLProviderCommand({ SAMLProviderArn }));
  assert.equal(got.SAMLMetadataDocument, SAMLMetadataDocument);
  assert.deepEqual(got.ValidUntil, new Date("2126-01-01T00:00:00Z"));
  assert.deepEqual(
    await refusal(iam.send(new CreateSAMLProviderCommand({ Name: "corp", SAMLMetadataDocument }))),
    ["EntityAlreadyExists", "SAMLProvider corp already exists.", 409]);
  await iam.send(new UpdateSAMLProviderCommand({
    SAMLProviderArn,
      SAMLMetadataDocument: metadata("https://other.example.com", ' validUntil="2027-01-01T00:00:00Z"'),
  }));
  const { SAMLProviderList } = await iam.send(new ListSAMLProvidersCommand({}));
  assert.deepEqual(SAMLProviderList, [{
    Arn: SAMLProviderArn, ValidUntil: new Date("2027-01-01T00:00:00Z"),
      CreateDate: new Date("2026-01-01T00:00:00Z"),
  }]);
  await iam.send(new TagSAMLProviderCommand({ SAMLProviderArn, Tags: [{ Key: "a", Value: "1" }] }));
  await iam.send(new UntagSAMLProviderCommand({ SAMLProviderArn, TagKeys: ["a"] }));
  const { Tags } = await iam.send(new ListSAMLProviderTagsCommand({ SAMLProviderArn }));
  assert.deepEqual(Tags, []);
  await iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn }));
  assert.deepEqual(await refusal(iam.send(new GetSAMLProviderCommand({ SAMLProviderArn }))),
    ["NoSuchEntity", `SAMLProvider ${SAMLProviderArn} does not exist.`, 404]);
});

test("What is no metadata of an identity provider makes no SAML provider", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const good = metadata("https://idp.example.com");
  const documents = [
    "x".repeat(1_000), `<!DOCTYPE a [<!ENTITY b "c">]>${good}`, good.replace("</EntityDescriptor>", ""),
    good.replaceAll("IDPSSODescriptor", "SPSSODescriptor"), good.replaceAll("X509Certificate", "Other"),
    "<a>".repeat(20_000) + "</a>".repeat(20_000),
  ];
  for (const SAMLMetadataDocument of documents) {
    const refused =
      await refusal(iam.send(new CreateSAMLProviderCommand({ Name: "corp", SAMLMetadataDocument })));
    assert.deepEqual(refused, ["InvalidInput", "Could not parse metadata", 400]);
  }
});
