/** Server certificates: TLS certificates with their keys, for load balancers and CloudFront. */

import * as iam from "../../generated/iam.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { tagNew } from "../../kernel/tags.ts";
import { table } from "../../store/types.ts";
import { keyPairMismatch, noSuchServerCertificate, serverCertificateExists } from "./credential-errors.ts";
import { deniedByName, quotaExceeded } from "./errors.ts";
import { listRows } from "./listing.ts";
import { checkChain, expiryOf, readCertificate, readPrivateKey } from "./pem.ts";
import { addTags, checkTags, listTags, moveTags, removeTags, sortedTags } from "./tagging.ts";

export interface ServerCertificate {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly body: string;
  readonly chain?: string;
  readonly privateKey: string;
  /** Epoch milliseconds. */
  readonly uploadedAt: number;
  readonly expiresAt: number;
}

export const serverCertificates = table<ServerCertificate>("iam.serverCertificates", {
  key: (certificate) => certificate.name,
});

const certificatesMax = 20;

function arnOfCertificate(
  ctx: ReadContext, { path, name }: Pick<ServerCertificate, "path" | "name">,
): string {
  return ctx.arn(`server-certificate${path}${name}`);
}

function requireCertificate(ctx: ReadContext, name: string): ServerCertificate {
  const certificate = ctx.db(serverCertificates).get(name);
  if (certificate === undefined) throw noSuchServerCertificate(name);
  return certificate;
}

const onCertificate = {
  resource(input: { readonly ServerCertificateName: string }, ctx: ReadContext): string {
    const name = input.ServerCertificateName;
    return arnOfCertificate(ctx, ctx.db(serverCertificates).get(name) ?? { path: "/", name });
  },
  denied: deniedByName,
};

function describe(ctx: ReadContext, certificate: ServerCertificate): iam.ServerCertificateMetadata {
  return {
    Path: certificate.path, ServerCertificateName: certificate.name, ServerCertificateId: certificate.id,
    Arn: arnOfCertificate(ctx, certificate), UploadDate: certificate.uploadedAt,
    Expiration: certificate.expiresAt,
  };
}

export const UploadServerCertificate = operation(iam.UploadServerCertificate, {
  resource: (input, ctx) =>
    arnOfCertificate(ctx, { path: input.Path ?? "/", name: input.ServerCertificateName }),

  run(input, ctx) {
    checkTags(input.Tags, "ignoring-case");
    const leaf = readCertificate(input.CertificateBody);
    if (!leaf.checkPrivateKey(readPrivateKey(input.PrivateKey))) throw keyPairMismatch();
    if (input.CertificateChain !== undefined) checkChain(leaf, input.CertificateChain);
    const rows = ctx.db(serverCertificates);
    if (rows.has(input.ServerCertificateName)) throw serverCertificateExists(input.ServerCertificateName);
    if (rows.count() >= certificatesMax) throw quotaExceeded("ServerCertificatesPerAccount", certificatesMax);
    const certificate = rows.put({
      id: ctx.ids.unique("ASCA", 17), name: input.ServerCertificateName, path: input.Path ?? "/",
      body: input.CertificateBody.trimEnd(), privateKey: input.PrivateKey,
      ...(input.CertificateChain !== undefined && { chain: input.CertificateChain.trimEnd() }),
      uploadedAt: ctx.clock.now(), expiresAt: expiryOf(leaf),
    });
    tagNew(ctx, "iam:TagServerCertificate", arnOfCertificate(ctx, certificate), input.Tags);
    return {
      ServerCertificateMetadata: describe(ctx, certificate),
      ...(input.Tags?.length && { Tags: input.Tags }),
    };
  },
});

/** The private key is never given out. */
export const GetServerCertificate = operation(iam.GetServerCertificate, {
  ...onCertificate,
  run(input, ctx) {
    const certificate = requireCertificate(ctx, input.ServerCertificateName);
    return {
      ServerCertificate: {
        ServerCertificateMetadata: describe(ctx, certificate), CertificateBody: certificate.body,
        ...(certificate.chain !== undefined && { CertificateChain: certificate.chain }),
        Tags: sortedTags(ctx, arnOfCertificate(ctx, certificate)),
      },
    };
  },
});

export const ListServerCertificates = operation(iam.ListServerCertificates, {
  run(input, ctx) {
    const prefix = input.PathPrefix ?? "/";
    const { items, marks } = listRows(input, "ListServerCertificates", {
      rows: ctx.db(serverCertificates), key: (certificate) => certificate.name,
      keep: (certificate) => certificate.path.startsWith(prefix),
    });
    return { ServerCertificateMetadataList: items.map((item) => describe(ctx, item)), ...marks };
  },
});

export const UpdateServerCertificate = operation(iam.UpdateServerCertificate, {
  resource(input, ctx) {
    const now = onCertificate.resource(input, ctx);
    const certificate = ctx.db(serverCertificates).get(input.ServerCertificateName);
    const then = arnOfCertificate(ctx, {
      path: input.NewPath ?? certificate?.path ?? "/",
      name: input.NewServerCertificateName ?? input.ServerCertificateName,
    });
    return now === then ? now : [now, then];
  },
  denied: deniedByName,

  run(input, ctx) {
    const certificate = requireCertificate(ctx, input.ServerCertificateName);
    const name = input.NewServerCertificateName ?? certificate.name;
    const rows = ctx.db(serverCertificates);
    if (name !== certificate.name && rows.has(name)) throw serverCertificateExists(name);
    rows.delete(certificate.name);
    const changed = rows.put({ ...certificate, name, path: input.NewPath ?? certificate.path });
    moveTags(ctx, arnOfCertificate(ctx, certificate), arnOfCertificate(ctx, changed));
    return {};
  },
});

export const DeleteServerCertificate = operation(iam.DeleteServerCertificate, {
  ...onCertificate,
  run(input, ctx) {
    const certificate = requireCertificate(ctx, input.ServerCertificateName);
    ctx.db(serverCertificates).delete(certificate.name);
    ctx.tags(arnOfCertificate(ctx, certificate)).clear();
    return {};
  },
});

export const TagServerCertificate = operation(iam.TagServerCertificate, {
  ...onCertificate,
  run(input, ctx) {
    const certificate = requireCertificate(ctx, input.ServerCertificateName);
    addTags(ctx, arnOfCertificate(ctx, certificate), input.Tags, "ignoring-case");
    return {};
  },
});

export const UntagServerCertificate = operation(iam.UntagServerCertificate, {
  ...onCertificate,
  run(input, ctx) {
    const certificate = requireCertificate(ctx, input.ServerCertificateName);
    removeTags(ctx, arnOfCertificate(ctx, certificate), input.TagKeys, "ignoring-case");
    return {};
  },
});

export const ListServerCertificateTags = operation(iam.ListServerCertificateTags, {
  ...onCertificate,
  run: (input, ctx) =>
    listTags(ctx, arnOfCertificate(ctx, requireCertificate(ctx, input.ServerCertificateName)), input),
});
