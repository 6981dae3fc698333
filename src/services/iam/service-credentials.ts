/** Service-specific credentials: names and passwords for services that speak protocols without signatures. */

import * as iam from "../../generated/iam.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { noSuchServiceCredential, serviceNotSupported } from "./credential-errors.ts";
import { owningUser } from "./credential-owner.ts";
import { invalidInput, quotaExceeded } from "./errors.ts";
import { listItems } from "./listing.ts";
import { requireUser, users, type User } from "./principals.ts";
import { serviceCredentials, type ServiceCredential } from "./public-key-rows.ts";
import { onUser, onUserOrCaller } from "./rules.ts";

/** Bedrock and CloudWatch Logs take the secret alone, as a bearer token. */
const bearerServices = new Set(["bedrock.amazonaws.com"]);
/** @evidence IAM API Reference, CreateServiceSpecificCredential, ServiceName and CredentialAgeDays */
const services = new Set(["codecommit.amazonaws.com", "cassandra.amazonaws.com", ...bearerServices]);
const perServiceMax = 2;
/** In base64, 44 characters. */
const passwordBytes = 32;
const dayMilliseconds = 86_400_000;

function statusOf(ctx: ReadContext, credential: ServiceCredential): iam.statusType {
  if (credential.expiresAt !== undefined && credential.expiresAt <= ctx.clock.now()) return "Expired";
  return credential.active ? "Active" : "Inactive";
}

function describe(ctx: ReadContext, credential: ServiceCredential): iam.ServiceSpecificCredentialMetadata {
  const name = bearerServices.has(credential.service)
    ? { ServiceCredentialAlias: credential.serviceUserName }
      : { ServiceUserName: credential.serviceUserName };
  return {
    UserName: ctx.db(users).get(credential.userId)?.name ?? "", Status: statusOf(ctx, credential), ...name,
    CreateDate: credential.createdAt, ServiceSpecificCredentialId: credential.id,
    ServiceName: credential.service,
    ...(credential.expiresAt !== undefined && { ExpirationDate: credential.expiresAt }),
  };
}

/** With the secret, which is shown when it is made and not again. */
function describeWithSecret(ctx: ReadContext, credential: ServiceCredential): iam.ServiceSpecificCredential {
  const secret = bearerServices.has(credential.service)
    ? { ServiceCredentialSecret: credential.password } : { ServicePassword: credential.password };
  return { ...describe(ctx, credential), ...secret };
}

function credentialsOf(ctx: ReadContext, userId: string): ServiceCredential[] {
  return [...ctx.db(serviceCredentials).by("user").list({ prefix: [userId] })];
}

function requireCredential(ctx: ReadContext, userName: string | undefined, id: string): ServiceCredential {
  const credential = ctx.db(serviceCredentials).get(id);
  if (credential === undefined || credential.userId !== owningUser(ctx, userName).id) {
    throw noSuchServiceCredential(id);
  }
  return credential;
}

function newPassword(ctx: Context, service: string): string {
  const random = ctx.ids.bytes(passwordBytes).toString("base64");
  return bearerServices.has(service) ? `ABSK${Buffer.from(random).toString("base64")}` : random;
}

/** `alice-at-123456789012`, and `alice+1-at-…` for the second. @evidence recorded answers */
function serviceUserName(
  ctx: ReadContext, user: User, service: string, held: readonly ServiceCredential[],
): string {
  const prefix = bearerServices.has(service) ? "BedrockAPIKey-" : "";
  for (let number = 0; ; number++) {
    const name = `${prefix}${user.name}${number === 0 ? "" : `+${number}`}-at-${ctx.account}`;
    if (!held.some((credential) => credential.serviceUserName === name)) return name;
  }
}

interface OnCredential {
  readonly UserName?: string | undefined;
  readonly ServiceSpecificCredentialId: string;
}

const onCredential = {
  ...onUserOrCaller,
  conditions: (input: OnCredential, ctx: ReadContext) => ({
    "iam:servicespecificcredentialservicename":
      ctx.db(serviceCredentials).get(input.ServiceSpecificCredentialId)?.service,
  }),
};

export const CreateServiceSpecificCredential = operation(iam.CreateServiceSpecificCredential, {
  ...onUser,
  conditions: ({ ServiceName, CredentialAgeDays }) => ({
    "iam:servicespecificcredentialservicename": ServiceName,
    "iam:servicespecificcredentialagedays": CredentialAgeDays?.toString(),
  }),
  run(input, ctx) {
    const user = requireUser(ctx, input.UserName);
    const service = input.ServiceName;
    if (!services.has(service)) throw serviceNotSupported(service);
    if (input.CredentialAgeDays !== undefined && !bearerServices.has(service)) {
      throw invalidInput(`CredentialAgeDays is not supported for ${service}.`);
    }
    const held = credentialsOf(ctx, user.id).filter((credential) => credential.service === service);
    if (held.length >= perServiceMax) {
      throw quotaExceeded("ServiceSpecificCredentialsPerUser", perServiceMax);
    }
    const now = ctx.clock.now();
    const credential = ctx.db(serviceCredentials).put({
      id: ctx.ids.unique("ACCA", 17), userId: user.id, service,
      serviceUserName: serviceUserName(ctx, user, service, held), password: newPassword(ctx, service),
      active: true, createdAt: now,
      ...(input.CredentialAgeDays !== undefined && {
        expiresAt: now + input.CredentialAgeDays * dayMilliseconds,
      }),
    });
    return { ServiceSpecificCredential: describeWithSecret(ctx, credential) };
  },
});

export const ListServiceSpecificCredentials = operation(iam.ListServiceSpecificCredentials, {
  resource: (input, ctx) => (input.AllUsers === true ? "*" : onUserOrCaller.resource(input, ctx)),
  denied: onUserOrCaller.denied,

  run(input, ctx) {
    const all = input.AllUsers === true ? [...ctx.db(serviceCredentials).list()]
      : credentialsOf(ctx, owningUser(ctx, input.UserName).id);
    const wanted = all.filter((one) => input.ServiceName === undefined || one.service === input.ServiceName);
    const { items, marks } = listItems(input, "ListServiceSpecificCredentials", wanted);
    return { ServiceSpecificCredentials: items.map((credential) => describe(ctx, credential)), ...marks };
  },
});

export const UpdateServiceSpecificCredential = operation(iam.UpdateServiceSpecificCredential, {
  ...onCredential,
  run(input, ctx) {
    const credential = requireCredential(ctx, input.UserName, input.ServiceSpecificCredentialId);
    if (input.Status === "Expired") throw invalidInput("A credential is set either Active or Inactive.");
    ctx.db(serviceCredentials).put({ ...credential, active: input.Status === "Active" });
    return {};
  },
});

export const ResetServiceSpecificCredential = operation(iam.ResetServiceSpecificCredential, {
  ...onCredential,
  run(input, ctx) {
    const credential = requireCredential(ctx, input.UserName, input.ServiceSpecificCredentialId);
    const reset = ctx.db(serviceCredentials).put({
      ...credential, password: newPassword(ctx, credential.service),
    });
    return { ServiceSpecificCredential: describeWithSecret(ctx, reset) };
  },
});

export const DeleteServiceSpecificCredential = operation(iam.DeleteServiceSpecificCredential, {
  ...onCredential,
  run(input, ctx) {
    const credential = requireCredential(ctx, input.UserName, input.ServiceSpecificCredentialId);
    ctx.db(serviceCredentials).delete(credential.id);
    return {};
  },
});
