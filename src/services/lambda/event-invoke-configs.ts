/** How asynchronous invocations are retried, and where their outcomes go. */

import * as lambda from "../../generated/lambda.ts";
import type { DestinationConfig, FunctionEventInvokeConfig } from "../../generated/lambda.ts";
import type { BodyContext, ReadContext } from "../../kernel/context.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { requireDestinations } from "./destinations.ts";
import { eventInvokeConfigEmpty, invalidMarker, noEventInvokeConfig, noFunctionForEvents } from "./errors.ts";
import { eventInvokeConfigs, type EventInvokeConfig } from "./event-invoke-table.ts";
import {
  functionArn, latest, namedFunction, onFunction, onWholeFunction, parseFunctionName,
} from "./function-names.ts";
import { functions, type FunctionVersion } from "./function-table.ts";
import { findQualified } from "./qualifiers.ts";

interface Named {
  readonly FunctionName: string;
  readonly Qualifier?: string | undefined;
}

/** Configurations of the function as a whole are those of `$LATEST`. */
function keyOf(input: Named): readonly [name: string, qualifier: string] {
  const { name, qualifier } = namedFunction(input);
  return [name, qualifier ?? latest];
}

function shown(ctx: ReadContext, row: EventInvokeConfig): FunctionEventInvokeConfig {
  return {
    LastModified: row.modifiedAt,
    FunctionArn: functionArn(ctx, row.name, row.qualifier),
    MaximumRetryAttempts: row.retriesMax,
    MaximumEventAgeInSeconds: row.ageSecondsMax,
    DestinationConfig: { OnSuccess: {}, OnFailure: {}, ...row.destinations },
  };
}

function requireConfig(ctx: ReadContext, input: Named): EventInvokeConfig {
  const [name, qualifier] = keyOf(input);
  const row = ctx.db(eventInvokeConfigs).get([name, qualifier]);
  if (!row) throw noEventInvokeConfig(functionArn(ctx, name, qualifier));
  return row;
}

function requireVersion(ctx: ReadContext, name: string, qualifier: string): FunctionVersion {
  const qualified = findQualified(ctx, name, qualifier);
  if (!qualified) throw noFunctionForEvents();
  return qualified.version;
}

interface Given extends Named {
  readonly MaximumRetryAttempts?: number | undefined;
  readonly MaximumEventAgeInSeconds?: number | undefined;
  readonly DestinationConfig?: DestinationConfig | undefined;
}

/** @param keeps what the request leaves out stays as it is */
async function write(ctx: BodyContext, input: Given, keeps: boolean): Promise<FunctionEventInvokeConfig> {
  const [name, qualifier] = keyOf(input);
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
  if ([MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig].every((one) => one === undefined)) {
    throw eventInvokeConfigEmpty();
  }
  const version = ctx.reading(() => requireVersion(ctx, name, qualifier));
  if (input.DestinationConfig) await requireDestinations(ctx, version, input.DestinationConfig);
  return ctx.transaction((within) => {
    requireVersion(within, name, qualifier);
    const before = keeps ? requireConfig(within, input) : undefined;
    return shown(within, within.db(eventInvokeConfigs).put({
      name,
      qualifier,
      retriesMax: input.MaximumRetryAttempts ?? before?.retriesMax,
      ageSecondsMax: input.MaximumEventAgeInSeconds ?? before?.ageSecondsMax,
      destinations: { ...before?.destinations, ...input.DestinationConfig },
      modifiedAt: within.clock.now(),
    }));
  });
}

export const PutFunctionEventInvokeConfig = operation(lambda.PutFunctionEventInvokeConfig, {
  ...onFunction,
  body: (input, ctx) => write(ctx, input, false),
});

export const UpdateFunctionEventInvokeConfig = operation(lambda.UpdateFunctionEventInvokeConfig, {
  ...onFunction,
  body: (input, ctx) => write(ctx, input, true),
});

export const GetFunctionEventInvokeConfig = operation(lambda.GetFunctionEventInvokeConfig, {
  ...onFunction,

  run: (input, ctx) => shown(ctx, requireConfig(ctx, input)),
});

export const DeleteFunctionEventInvokeConfig = operation(lambda.DeleteFunctionEventInvokeConfig, {
  ...onFunction,

  run(input, ctx) {
    const { name, qualifier } = requireConfig(ctx, input);
    ctx.db(eventInvokeConfigs).delete([name, qualifier]);
  },
});

export const ListFunctionEventInvokeConfigs = operation(lambda.ListFunctionEventInvokeConfigs, {
  ...onWholeFunction,

  run(input, ctx) {
    const { name } = parseFunctionName(input.FunctionName);
    if (!ctx.db(functions).has(name)) throw noFunctionForEvents();
    const { items, next } = page({
      rows: ctx.db(eventInvokeConfigs),
      range: { prefix: [name] },
      key: (row) => [row.name, row.qualifier],
      limit: Math.min(input.MaxItems ?? 50, 50),
      token: input.Marker,
      scope: `ListFunctionEventInvokeConfigs ${name}`,
      invalid: invalidMarker,
    });
    return { FunctionEventInvokeConfigs: items.map((row) => shown(ctx, row)), NextMarker: next };
  },
});
