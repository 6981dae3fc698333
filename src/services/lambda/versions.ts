/** Versions of functions: published, listed. */

import * as lambda from "../../generated/lambda.ts";
import type { FunctionConfiguration } from "../../generated/lambda.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidMarker, shaDiffers } from "./errors.ts";
import { showFunction } from "./function-configuration.ts";
import { onWholeFunction, parseFunctionName } from "./function-names.ts";
import {
  requireChangeable, requireFunction, requireLatest, requireRevision, versionName, versions,
} from "./function-table.ts";
import { listedMax } from "./functions.ts";
import { publish } from "./publishing.ts";

export const PublishVersion = operation(lambda.PublishVersion, {
  ...onWholeFunction,

  async body(input, ctx): Promise<FunctionConfiguration> {
    const { name } = parseFunctionName(input.FunctionName);
    const made = ctx.transaction((within) => {
      const latest = requireLatest(within, name);
      requireChangeable(within, latest);
      requireRevision(within, latest, input.RevisionId);
      const { code } = latest;
      if (input.CodeSha256 && code.kind === "zip" && input.CodeSha256 !== code.sha256) {
        throw shaDiffers(input.CodeSha256, code.sha256);
      }
      return publish(within, latest, { description: input.Description });
    });
    return showFunction(ctx, made, { qualifier: String(made.number) });
  },
});

export const ListVersionsByFunction = operation(lambda.ListVersionsByFunction, {
  ...onWholeFunction,

  async body(input, ctx): Promise<lambda.ListVersionsByFunctionResponse> {
    const { name } = parseFunctionName(input.FunctionName);
    const { items, next } = ctx.reading(() => {
      requireFunction(ctx, name);
      return page({
        rows: ctx.db(versions),
        range: { prefix: [name] },
        key: (row) => [row.name, row.number],
        limit: Math.min(input.MaxItems ?? listedMax, listedMax),
        token: input.Marker,
        scope: `ListVersionsByFunction ${name}`,
        invalid: invalidMarker,
      });
    });
    const shown = items.map((version) =>
      showFunction(ctx, version, { qualifier: versionName(version.number), withState: false }));
    return { Versions: await Promise.all(shown), NextMarker: next };
  },
});
