/** Applications of phones and their endpoints: records, whose notifications go into the outbox. */

import * as sns from "../../generated/sns.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidParameter, invalidToken } from "./errors.ts";
import {
  applicationArn, applications, endpointArn, endpoints, findEndpoint, requireApplication, requireEndpointRow,
} from "./platform-table.ts";
import { ownerOf } from "./topic-table.ts";

const pageSize = 100;

const platforms = new Set([
  "ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "MACOS", "MACOS_SANDBOX", "BAIDU", "FCM",
  "GCM", "MPNS", "WNS",
]);
const secrets = new Set(["PlatformCredential", "PlatformPrincipal"]);
const settable = new Set([
  ...secrets, "EventEndpointCreated", "EventEndpointDeleted", "EventEndpointUpdated", "EventDeliveryFailure",
  "SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate", "Enabled",
  "ApplePlatformTeamID", "ApplePlatformBundleID",
]);

function unknownAttribute(name: string): Error {
  return invalidParameter(`Attributes Reason: Invalid attribute name: ${name}`);
}

/** What is kept: credentials are for Apple and Google, whom nothing is sent to. */
function readAttributes(given: Readonly<Record<string, string>>): Record<string, string> {
  const unknown = Object.keys(given).find((name) => !settable.has(name));
  if (unknown !== undefined) throw unknownAttribute(unknown);
  return Object.fromEntries(Object.entries(given).filter(([name]) => !secrets.has(name)));
}

export const CreatePlatformApplication = operation(sns.CreatePlatformApplication, {
  resource: ({ Name, Platform }, ctx) => applicationArn(ctx, `${Platform}/${Name}`),
  run(input, ctx) {
    if (!/^[A-Za-z0-9_.-]{1,256}$/.test(input.Name)) throw invalidParameter("Name");
    if (!platforms.has(input.Platform)) {
      throw invalidParameter(`Platform Reason: ${input.Platform} is not supported`);
    }
    if (!input.Attributes["PlatformCredential"]) {
      throw invalidParameter("Attributes Reason: Platform credentials are required");
    }
    const name = `${input.Platform}/${input.Name}`;
    const attributes = { Enabled: "true", ...readAttributes(input.Attributes) };
    const existing = ctx.db(applications).get(name);
    if (!existing) ctx.db(applications).put({ name, attributes });
    return { PlatformApplicationArn: applicationArn(ctx, name) };
  },
});

const onApplication = {
  owner: ({ PlatformApplicationArn }: { readonly PlatformApplicationArn: string }) =>
    ownerOf(PlatformApplicationArn),
  resource: ({ PlatformApplicationArn }: { readonly PlatformApplicationArn: string }): string =>
    PlatformApplicationArn,
};

export const DeletePlatformApplication = operation(sns.DeletePlatformApplication, {
  ...onApplication,
  run(input, ctx) {
    const name = input.PlatformApplicationArn.split(":app/")[1] ?? "";
    if (!ctx.db(applications).delete(name)) return;
    const own = [...ctx.db(endpoints).list({ prefix: [name] })];
    for (const { id } of own) ctx.db(endpoints).delete([name, id]);
  },
});

export const GetPlatformApplicationAttributes = operation(sns.GetPlatformApplicationAttributes, {
  ...onApplication,
  run(input, ctx) {
    return { Attributes: { ...requireApplication(ctx, input.PlatformApplicationArn).attributes } };
  },
});

export const SetPlatformApplicationAttributes = operation(sns.SetPlatformApplicationAttributes, {
  ...onApplication,
  run(input, ctx) {
    const found = requireApplication(ctx, input.PlatformApplicationArn);
    const attributes = { ...found.attributes, ...readAttributes(input.Attributes) };
    ctx.db(applications).put({ ...found, attributes });
  },
});

export const ListPlatformApplications = operation(sns.ListPlatformApplications, {
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(applications),
      key: (row) => row.name,
      limit: pageSize,
      token: input.NextToken,
      scope: "sns.ListPlatformApplications",
      invalid: invalidToken,
    });
    return {
      PlatformApplications: items.map(({ name, attributes }) => ({
        PlatformApplicationArn: applicationArn(ctx, name), Attributes: { ...attributes },
      })),
      NextToken: next,
    };
  },
});

/** @evidence SNS API Reference, CreatePlatformEndpoint: idempotent for the same token and attributes */
export const CreatePlatformEndpoint = operation(sns.CreatePlatformEndpoint, {
  ...onApplication,
  run(input, ctx) {
    const { name } = requireApplication(ctx, input.PlatformApplicationArn);
    const { Token, CustomUserData } = input;
    if (Token === "") throw invalidParameter("Token Reason: cannot be empty");
    requireUserData(CustomUserData);
    const attributes = {
      Enabled: "true",
      ...(CustomUserData !== undefined && { CustomUserData }),
      ...input.Attributes,
      Token,
    };
    const existing = ctx.db(endpoints).by("token").first({ prefix: [name, Token] });
    if (existing) {
      const isSame = JSON.stringify(sorted(existing.attributes)) === JSON.stringify(sorted(attributes));
      if (isSame) return { EndpointArn: endpointArn(ctx, existing) };
      throw invalidParameter(
        `Token Reason: Endpoint ${endpointArn(ctx, existing)} already exists with the same Token, ` +
          "but different attributes.",
      );
    }
    const added = ctx.db(endpoints).put({ application: name, id: ctx.ids.uuid(), token: Token, attributes });
    return { EndpointArn: endpointArn(ctx, added) };
  },
});

function sorted(attributes: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(attributes).sort(([one], [other]) => (one < other ? -1 : 1));
}

function requireUserData(text: string | undefined): void {
  if (text !== undefined && Buffer.byteLength(text) > 2_048) {
    throw invalidParameter("CustomUserData Reason: must be less than 2KB");
  }
}

const onEndpoint = {
  owner: ({ EndpointArn }: { readonly EndpointArn: string }) => ownerOf(EndpointArn),
  resource: ({ EndpointArn }: { readonly EndpointArn: string }, ctx: ReadContext): string => {
    findEndpoint(ctx, EndpointArn);
    return EndpointArn;
  },
};

export const DeleteEndpoint = operation(sns.DeleteEndpoint, {
  ...onEndpoint,
  run(input, ctx) {
    const found = findEndpoint(ctx, input.EndpointArn);
    if (found) ctx.db(endpoints).delete([found.application, found.id]);
  },
});

export const GetEndpointAttributes = operation(sns.GetEndpointAttributes, {
  ...onEndpoint,
  run(input, ctx) {
    return { Attributes: { ...requireEndpointRow(ctx, input.EndpointArn).attributes } };
  },
});

export const SetEndpointAttributes = operation(sns.SetEndpointAttributes, {
  ...onEndpoint,
  run(input, ctx) {
    const found = requireEndpointRow(ctx, input.EndpointArn);
    const unknown = Object.keys(input.Attributes).find(
      (name) => !["CustomUserData", "Enabled", "Token"].includes(name),
    );
    if (unknown !== undefined) throw unknownAttribute(unknown);
    requireUserData(input.Attributes["CustomUserData"]);
    const attributes = { ...found.attributes, ...input.Attributes };
    ctx.db(endpoints).put({ ...found, token: attributes["Token"] ?? found.token, attributes });
  },
});

export const ListEndpointsByPlatformApplication = operation(sns.ListEndpointsByPlatformApplication, {
  ...onApplication,
  run(input, ctx) {
    const { name } = requireApplication(ctx, input.PlatformApplicationArn);
    const { items, next } = page({
      rows: ctx.db(endpoints),
      range: { prefix: [name] },
      key: (row) => [row.application, row.id],
      limit: pageSize,
      token: input.NextToken,
      scope: `sns.ListEndpointsByPlatformApplication ${name}`,
      invalid: invalidToken,
    });
    const Endpoints = items.map((row) => ({
      EndpointArn: endpointArn(ctx, row), Attributes: { ...row.attributes },
    }));
    return { Endpoints, NextToken: next };
  },
});
