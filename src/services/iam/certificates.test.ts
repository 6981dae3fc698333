import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import {
  CreateServiceSpecificCredentialCommand, CreateUserCommand, DeleteServerCertificateCommand,
  DeleteServiceSpecificCredentialCommand, DeleteSigningCertificateCommand, DeleteSSHPublicKeyCommand,
  GetServerCertificateCommand, GetSSHPublicKeyCommand, IAMClient, ListServerCertificatesCommand,
  ListServerCertificateTagsCommand, ListServiceSpecificCredentialsCommand, ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand, ResetServiceSpecificCredentialCommand, TagServerCertificateCommand,
  UpdateServerCertificateCommand, UpdateServiceSpecificCredentialCommand, UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand, UploadServerCertificateCommand, UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
} from "@aws-sdk/client-iam";
import { conditionKeys } from "../../../test/condition-keys.ts";
import { startRegion } from "../../../test/region.ts";
import { authorityCertificate, authorityKey, leafCertificate, leafKey } from "./test-certificates.ts";
import { refusal } from "./test-policies.ts";

const uploaded = new Date("2026-01-01T00:00:00Z");
const malformed = [
  "MalformedCertificate", "Unable to parse certificate. Please ensure the certificate is in PEM format.", 400,
];

function server(more: object = {}) {
  return new UploadServerCertificateCommand({
    ServerCertificateName: "web", CertificateBody: leafCertificate, PrivateKey: leafKey, ...more,
  });
}

test("A server certificate comes back without its key, and moves", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const { ServerCertificateMetadata } = await iam.send(server({
    CertificateChain: authorityCertificate, Path: "/cloudfront/",
  }));
  assert.match(ServerCertificateMetadata?.ServerCertificateId ?? "", /^ASCA[A-Z2-7]{17}$/);
  assert.deepEqual(ServerCertificateMetadata, {
    Path: "/cloudfront/", ServerCertificateName: "web",
    ServerCertificateId: ServerCertificateMetadata?.ServerCertificateId,
    Arn: "arn:aws:iam::000000000000:server-certificate/cloudfront/web", UploadDate: uploaded,
    Expiration: new Date("2126-10-28T04:51:29Z"),
  });
  await iam.send(new TagServerCertificateCommand({
    ServerCertificateName: "web", Tags: [{ Key: "team", Value: "blue" }],
  }));
  await iam.send(new UpdateServerCertificateCommand({
    ServerCertificateName: "web", NewServerCertificateName: "shop", NewPath: "/",
  }));
  const { ServerCertificate } =
    await iam.send(new GetServerCertificateCommand({ ServerCertificateName: "shop" }));
  assert.equal(ServerCertificate?.CertificateBody, leafCertificate.trimEnd());
  assert.equal(ServerCertificate?.CertificateChain, authorityCertificate.trimEnd());
  assert.deepEqual(ServerCertificate?.Tags, [{ Key: "team", Value: "blue" }]);
  assert.equal(JSON.stringify(ServerCertificate).includes("PRIVATE"), false);
  const { Tags } = await iam.send(new ListServerCertificateTagsCommand({ ServerCertificateName: "shop" }));
  assert.deepEqual(Tags, [{ Key: "team", Value: "blue" }]);
  const cloudFront = await iam.send(new ListServerCertificatesCommand({ PathPrefix: "/cloudfront/" }));
  assert.deepEqual(cloudFront.ServerCertificateMetadataList, []);
  await iam.send(new DeleteServerCertificateCommand({ ServerCertificateName: "shop" }));
  assert.deepEqual(
    await refusal(iam.send(new GetServerCertificateCommand({ ServerCertificateName: "shop" }))),
    ["NoSuchEntity", "The Server Certificate with name shop cannot be found.", 404]);
});

test("A server certificate must be one, with its own key and its own chain", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  assert.deepEqual(await refusal(iam.send(server({ CertificateBody: "nonsense" }))), malformed);
  const two = leafCertificate + authorityCertificate;
  assert.deepEqual(await refusal(iam.send(server({ CertificateBody: two }))), malformed);
  const empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  assert.deepEqual(await refusal(iam.send(server({ CertificateBody: empty }))), malformed);
  const otherKey = await refusal(iam.send(server({ PrivateKey: authorityKey })));
  assert.deepEqual(otherKey,
    ["KeyPairMismatch", "Private key does not match the certificate's public key.", 400]);
  const chain = await refusal(iam.send(server({ CertificateChain: leafCertificate })));
  assert.deepEqual(chain, [
    "MalformedCertificate", "Unable to validate certificate chain. The certificate chain must start with the "
    + "immediate signing certificate, followed by any intermediaries in order. The index within the chain of "
    + "the invalid certificate is: 0", 400,
  ]);
  await iam.send(server());
  assert.deepEqual(await refusal(iam.send(server())),
    ["EntityAlreadyExists", "The Server Certificate with name web already exists.", 409]);
  for (let number = 2; number <= 20; number++) {
    await iam.send(server({ ServerCertificateName: `web${number}` }));
  }
  assert.deepEqual(await refusal(iam.send(server({ ServerCertificateName: "web21" }))),
    ["LimitExceeded", "Cannot exceed quota for ServerCertificatesPerAccount: 20", 409]);
});

test("A user has two signing certificates, each of which is somebody's alone", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const UserName = "alice";
  await iam.send(new CreateUserCommand({ UserName }));
  const upload = (CertificateBody: string) =>
    iam.send(new UploadSigningCertificateCommand({ UserName, CertificateBody }));
  assert.deepEqual(await refusal(upload("nonsense")), malformed);
  const { Certificate } = await upload(leafCertificate);
  assert.match(Certificate?.CertificateId ?? "", /^[A-Z2-7]{24}$/);
  assert.deepEqual(await refusal(upload(leafCertificate)),
    ["DuplicateCertificate", "The certificate has been uploaded already.", 409]);
  await upload(authorityCertificate);
  assert.deepEqual(await refusal(upload(leafCertificate)),
    ["LimitExceeded", "Cannot exceed quota for CertificatesPerUser: 2", 409]);
  const CertificateId = Certificate?.CertificateId;
  await iam.send(new UpdateSigningCertificateCommand({ UserName, CertificateId, Status: "Inactive" }));
  const { Certificates } = await iam.send(new ListSigningCertificatesCommand({ UserName }));
  assert.deepEqual(Certificates?.map((one) => one.Status).sort(), ["Active", "Inactive"]);
  await iam.send(new DeleteSigningCertificateCommand({ UserName, CertificateId }));
  assert.deepEqual(
    await refusal(iam.send(new DeleteSigningCertificateCommand({ UserName, CertificateId }))),
    ["NoSuchEntity", `The Certificate with id ${CertificateId} cannot be found.`, 404]);
});

test("SSH public keys are taken and given in both forms", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const UserName = "alice";
  await iam.send(new CreateUserCommand({ UserName }));
  const pem = generateKeyPairSync("rsa", { modulusLength: 2_048 })
    .publicKey.export({ type: "spki", format: "pem" }).toString();
  const upload = (SSHPublicKeyBody: string) =>
    iam.send(new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody }));
  const { SSHPublicKey: first } = await upload(pem);
  const { SSHPublicKeyId } = first ?? {};
  assert.match(SSHPublicKeyId ?? "", /^APKA[A-Z2-7]{17}$/);
  assert.match(first?.Fingerprint ?? "", /^(?:[0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  const { SSHPublicKey: asSsh } = await iam.send(
    new GetSSHPublicKeyCommand({ UserName, SSHPublicKeyId, Encoding: "SSH" }));
  assert.match(asSsh?.SSHPublicKeyBody ?? "", /^ssh-rsa AAAAB3NzaC1yc2E/);
  const duplicate = ["DuplicateSSHPublicKey", "The SSH public key has been uploaded already.", 400];
  assert.deepEqual(await refusal(upload(`${asSsh?.SSHPublicKeyBody} alice@laptop`)), duplicate);
  await iam.send(new UpdateSSHPublicKeyCommand({ UserName, SSHPublicKeyId, Status: "Inactive" }));
  const { SSHPublicKeys } = await iam.send(new ListSSHPublicKeysCommand({ UserName }));
  assert.deepEqual(SSHPublicKeys, [{ UserName, SSHPublicKeyId, Status: "Inactive", UploadDate: uploaded }]);
  await iam.send(new DeleteSSHPublicKeyCommand({ UserName, SSHPublicKeyId }));
  const { SSHPublicKey: again } = await upload(asSsh?.SSHPublicKeyBody ?? "");
  assert.equal(again?.Fingerprint, first?.Fingerprint);
  const { SSHPublicKey: asPem } = await iam.send(new GetSSHPublicKeyCommand({
    UserName, SSHPublicKeyId: again?.SSHPublicKeyId, Encoding: "PEM",
  }));
  assert.equal(asPem?.SSHPublicKeyBody, pem);
});

test("What is no RSA key of 2048 bits is no SSH public key", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const small = generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey;
  const bodies = [
    "nonsense", "ssh-rsa AAAA", "ssh-rsa AAAAB3NzaC1yc2E/////", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
    privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    small.export({ type: "spki", format: "pem" }).toString(),
  ];
  const text = "The public key must be an RSA key of at least 2048 bits, in ssh-rsa or PEM format.";
  for (const SSHPublicKeyBody of bodies) {
    const refused =
      await refusal(iam.send(new UploadSSHPublicKeyCommand({ UserName: "alice", SSHPublicKeyBody })));
    assert.deepEqual(refused, ["InvalidPublicKey", text, 400]);
  }
});

test("Credentials for CodeCommit are two a user, and can be reset", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const UserName = "alice";
  await iam.send(new CreateUserCommand({ UserName }));
  const create = (ServiceName: string, more: object = {}) =>
    iam.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName, ...more }));
  assert.deepEqual(await refusal(create("s3.amazonaws.com")), [
    "NotSupportedService", "The service s3.amazonaws.com does not support service-specific credentials.",
      404]);
  const { ServiceSpecificCredential: first } = await create("codecommit.amazonaws.com");
  assert.equal(first?.ServiceUserName, "alice-at-000000000000");
  assert.equal(first?.ServicePassword?.length, 44);
  const { ServiceSpecificCredential: second } = await create("codecommit.amazonaws.com");
  assert.equal(second?.ServiceUserName, "alice+1-at-000000000000");
  assert.deepEqual(await refusal(create("codecommit.amazonaws.com")),
    ["LimitExceeded", "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2", 409]);
  const ServiceSpecificCredentialId = first?.ServiceSpecificCredentialId;
  const { ServiceSpecificCredential: reset } = await iam.send(
    new ResetServiceSpecificCredentialCommand({ UserName, ServiceSpecificCredentialId }));
  assert.notEqual(reset?.ServicePassword, first?.ServicePassword);
  await iam.send(new UpdateServiceSpecificCredentialCommand({
    UserName, ServiceSpecificCredentialId, Status: "Inactive",
  }));
  const listed = await iam.send(new ListServiceSpecificCredentialsCommand({ UserName }));
  assert.deepEqual(listed.ServiceSpecificCredentials?.map((one) => one.Status).sort(),
    ["Active", "Inactive"]);
  await iam.send(new DeleteServiceSpecificCredentialCommand({ UserName, ServiceSpecificCredentialId }));
  assert.deepEqual(
    await refusal(
      iam.send(new DeleteServiceSpecificCredentialCommand({ UserName, ServiceSpecificCredentialId }))),
    ["NoSuchEntity", `No such credential ${ServiceSpecificCredentialId} exists`, 404]);
});

test("Bedrock's credentials are one secret, and expire by the clock", async () => {
  await using region = await startRegion();
  const iam = region.client(IAMClient);
  const UserName = "alice";
  await iam.send(new CreateUserCommand({ UserName }));
  const { ServiceSpecificCredential } = await iam.send(new CreateServiceSpecificCredentialCommand({
    UserName, ServiceName: "bedrock.amazonaws.com", CredentialAgeDays: 1,
  }));
  assert.match(ServiceSpecificCredential?.ServiceCredentialSecret ?? "", /^ABSK/);
  assert.deepEqual(ServiceSpecificCredential?.ExpirationDate, new Date("2026-01-02T00:00:00Z"));
  await region.clock.advance({ days: 1 });
  const { ServiceSpecificCredentials } =
    await iam.send(new ListServiceSpecificCredentialsCommand({ UserName }));
  assert.equal(ServiceSpecificCredentials?.[0]?.Status, "Expired");
});

/** @evidence IAM User Guide, "API keys for Amazon Bedrock": how to deny them, or long-lived ones */
test("which service a credential is for, and for how long, can be limited", async () => {
  await using region = await startRegion();
  const keys = conditionKeys(region, "iam", (credentials) => region.client(IAMClient, { credentials }));
  const bedrock = "bedrock.amazonaws.com";
  const create = (as: IAMClient) => as.send(new CreateServiceSpecificCredentialCommand({
    UserName: "iam-1", ServiceName: bedrock, CredentialAgeDays: 30,
  }));
  await keys.says(
    "CreateServiceSpecificCredential", "iam:ServiceSpecificCredentialServiceName", bedrock, create);
  await keys.says("CreateServiceSpecificCredential", "iam:ServiceSpecificCredentialAgeDays", "30", create);
  const { ServiceSpecificCredentials } =
    await region.client(IAMClient).send(new ListServiceSpecificCredentialsCommand({ UserName: "iam-1" }));
  const { ServiceSpecificCredentialId } = ServiceSpecificCredentials?.[0] ?? {};
  await keys.says(
    "DeleteServiceSpecificCredential", "iam:ServiceSpecificCredentialServiceName", bedrock,
    (as) => as.send(new DeleteServiceSpecificCredentialCommand({
      UserName: "iam-1", ServiceSpecificCredentialId,
    })),
  );
});
