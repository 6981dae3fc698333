/**
 * Addresses at which functions answer HTTP: their configuration. What happens there is in `url-requests.ts`.
 */

import * as lambda from "../../generated/lambda.ts";
import type { Cors, FunctionUrlConfig } from "../../generated/lambda.ts";
import type { ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { urlConditions } from "./condition-keys.ts";
import { invalidMarker, noFunctionForUrl, nothingThere, urlExists } from "./errors.ts";
import { timestamp } from "./function-configuration.ts";
import {
  functionArn, namedFunction, onFunction, onWholeFunction, parseFunctionName,
} from "./function-names.ts";
import { functions } from "./function-table.ts";
import { findQualified } from "./qualifiers.ts";
import { requireNoTenants } from "./tenancy.ts";
import { functionUrls, urlOwners, type FunctionUrl } from "./url-table.ts";

interface Named {
  readonly FunctionName: string;
  readonly Qualifier?: string | undefined;
}

const onUrl = { ...onFunction, conditions: urlConditions };

function addressOf(ctx: ReadContext, { urlId }: FunctionUrl): string {
  const { protocol, port } = new URL(ctx.kernel.endpoint("lambda", ctx.region));
  return `${protocol}//${urlId}.lambda-url.${ctx.region}.localhost${port === "" ? "" : `:${port}`}/`;
}

function shown(ctx: ReadContext, url: FunctionUrl): FunctionUrlConfig {
  return {
    FunctionUrl: addressOf(ctx, url),
    FunctionArn: functionArn(ctx, url.name, url.qualifier || undefined),
    AuthType: url.authType,
    CreationTime: timestamp(url.createdAt),
    LastModifiedTime: timestamp(url.modifiedAt),
    InvokeMode: url.invokeMode,
    ...(url.cors && { Cors: url.cors }),
  };
}

function requireUrl(ctx: ReadContext, input: Named): FunctionUrl {
  const { name, qualifier = "" } = namedFunction(input);
  const url = ctx.db(functionUrls).get([name, qualifier]);
  if (!url) throw nothingThere();
  return url;
}

function isEmpty(cors: Cors): boolean {
  return Object.values(cors).every((value) => value === undefined);
}

export const CreateFunctionUrlConfig = operation(lambda.CreateFunctionUrlConfig, {
  ...onUrl,

  async body(input, ctx): Promise<lambda.CreateFunctionUrlConfigResponse> {
    const { name, qualifier } = namedFunction(input);
    const { account, region } = ctx;
    const made = ctx.transaction((within) => {
      const qualified = findQualified(within, name, qualifier);
      if (!qualified) throw noFunctionForUrl();
      requireNoTenants(qualified.version, "Function URLs");
      const key = { name, qualifier: qualifier ?? "" };
      if (within.db(functionUrls).has([key.name, key.qualifier])) {
        throw urlExists(functionArn(within, name, qualifier));
      }
      const now = within.clock.now();
      return within.db(functionUrls).add({
        ...key,
        urlId: within.ids.text(32),
        authType: input.AuthType,
        invokeMode: input.InvokeMode ?? "BUFFERED",
        ...(input.Cors && !isEmpty(input.Cors) && { cors: input.Cors }),
        createdAt: now,
        modifiedAt: now,
      });
    });
    const { urlId } = made;
    const owner = { urlId, account, region, name, qualifier: made.qualifier };
    ctx.partition((transaction) => transaction.rows(urlOwners).put(owner));
    return shown(ctx, made);
  },
});

export const GetFunctionUrlConfig = operation(lambda.GetFunctionUrlConfig, {
  ...onUrl,
  run: (input, ctx) => shown(ctx, requireUrl(ctx, input)),
});

export const UpdateFunctionUrlConfig = operation(lambda.UpdateFunctionUrlConfig, {
  ...onUrl,

  run(input, ctx) {
    const { cors, ...url } = requireUrl(ctx, input);
    const given = input.Cors ?? cors;
    return shown(ctx, ctx.db(functionUrls).put({
      ...url,
      authType: input.AuthType ?? url.authType,
      invokeMode: input.InvokeMode ?? url.invokeMode,
      ...(given && !isEmpty(given) && { cors: given }),
      modifiedAt: ctx.clock.now(),
    }));
  },
});

export const DeleteFunctionUrlConfig = operation(lambda.DeleteFunctionUrlConfig, {
  ...onUrl,

  run(input, ctx) {
    const { name, qualifier } = requireUrl(ctx, input);
    ctx.db(functionUrls).delete([name, qualifier]);
  },
});

export const ListFunctionUrlConfigs = operation(lambda.ListFunctionUrlConfigs, {
  ...onWholeFunction,
  conditions: urlConditions,

  run(input, ctx) {
    const { name } = parseFunctionName(input.FunctionName);
    if (!ctx.db(functions).has(name)) throw noFunctionForUrl();
    const { items, next } = page({
      rows: ctx.db(functionUrls),
      range: { prefix: [name] },
      key: (row) => [row.name, row.qualifier],
      limit: Math.min(input.MaxItems ?? 50, 50),
      token: input.Marker,
      scope: `ListFunctionUrlConfigs ${name}`,
      invalid: invalidMarker,
    });
    return { FunctionUrlConfigs: items.map((row) => shown(ctx, row)), NextMarker: next };
  },
});
