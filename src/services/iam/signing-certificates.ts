/** Signing certificates: X.509 certificates by which users sign SOAP requests. Two each. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { duplicateCertificate, noSuchSigningCertificate } from "./credential-errors.ts";
import { credentialOwner, type RootOwner } from "./credential-owner.ts";
import { invalidInput, quotaExceeded } from "./errors.ts";
import { listItems } from "./listing.ts";
import { readCertificate } from "./pem.ts";
import type { User } from "./principals.ts";
import { signingCertificates, type SigningCertificate } from "./public-key-rows.ts";
import { onUserOrCaller } from "./rules.ts";

const certificatesMax = 2;
const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const idLength = 24;

function describe(owner: User | RootOwner, certificate: SigningCertificate): iam.SigningCertificate {
  return {
    UserName: owner.name, CertificateId: certificate.id, CertificateBody: certificate.body,
    Status: certificate.active ? "Active" : "Inactive", UploadDate: certificate.uploadedAt,
  };
}

/** Oldest first. */
export function certificatesOf(ctx: ReadContext, ownerId: string): SigningCertificate[] {
  return [...ctx.db(signingCertificates).by("owner").list({ prefix: [ownerId] })];
}

function requireCertificate(ctx: ReadContext, owner: User | RootOwner, id: string): SigningCertificate {
  const certificate = ctx.db(signingCertificates).get(id);
  if (certificate?.ownerId !== owner.id) throw noSuchSigningCertificate(id);
  return certificate;
}

export const UploadSigningCertificate = operation(iam.UploadSigningCertificate, {
  ...onUserOrCaller,
  run(input, ctx) {
    const owner = credentialOwner(ctx, input.UserName);
    const fingerprint = readCertificate(input.CertificateBody).fingerprint256.replaceAll(":", "");
    if (certificatesOf(ctx, owner.id).length >= certificatesMax) {
      throw quotaExceeded("CertificatesPerUser", certificatesMax);
    }
    const rows = ctx.db(signingCertificates);
    if (rows.by("fingerprint").first({ prefix: [fingerprint] })) throw duplicateCertificate();
    const certificate = rows.put({
      id: ctx.ids.from(idAlphabet, idLength), ownerId: owner.id, body: input.CertificateBody, fingerprint,
      active: true, uploadedAt: ctx.clock.now(),
    });
    return { Certificate: describe(owner, certificate) };
  },
});

export const ListSigningCertificates = operation(iam.ListSigningCertificates, {
  ...onUserOrCaller,
  run(input, ctx) {
    const owner = credentialOwner(ctx, input.UserName);
    const { items, marks } = listItems(input, `certificates ${owner.id}`, certificatesOf(ctx, owner.id));
    return { Certificates: items.map((certificate) => describe(owner, certificate)), ...marks };
  },
});

export const UpdateSigningCertificate = operation(iam.UpdateSigningCertificate, {
  ...onUserOrCaller,
  run(input, ctx) {
    const certificate = requireCertificate(ctx, credentialOwner(ctx, input.UserName), input.CertificateId);
    if (input.Status === "Expired") throw invalidInput("A signing certificate is either Active or Inactive.");
    ctx.db(signingCertificates).put({ ...certificate, active: input.Status === "Active" });
    return {};
  },
});

export const DeleteSigningCertificate = operation(iam.DeleteSigningCertificate, {
  ...onUserOrCaller,
  run(input, ctx) {
    const certificate = requireCertificate(ctx, credentialOwner(ctx, input.UserName), input.CertificateId);
    ctx.db(signingCertificates).delete(certificate.id);
    return {};
  },
});
