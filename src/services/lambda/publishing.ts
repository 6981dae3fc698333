/** Versions come from `$LATEST`, and go. */

import type { Context } from "../../kernel/context.ts";
import { releaseCode, useCode } from "./function-code.ts";
import {
  functions, requireFunction, touchVersion, versions, type FunctionVersion,
} from "./function-table.ts";

export interface Publishing {
  readonly description?: string | undefined;
}

/**
 * Nothing is published where nothing has changed since the last version. What is published keeps its
 * revision, also when it becomes active; `$LATEST` gets another.
 *
 * @evidence Lambda API Reference, PublishVersion; recorded AWS answers
 */
export function publish(ctx: Context, latest: FunctionVersion, { description }: Publishing): FunctionVersion {
  const { name, settings, code } = latest;
  const { lastVersion, ...rest } = requireFunction(ctx, name);
  const last = ctx.db(versions).first({ prefix: [name], reverse: true });
  if (last && last.number > 0 && contentOf(last) === contentOf(latest)) return last;
  const number = lastVersion + 1;
  ctx.db(functions).put({ ...rest, lastVersion: number });
  if (code.kind === "zip") useCode(ctx, code.sha256);
  for (const { sha256 } of settings.Layers) useCode(ctx, sha256);
  touchVersion(ctx, latest);
  const now = ctx.clock.now();
  return ctx.db(versions).put({
    ...latest,
    number,
    settings: { ...settings, Description: description ?? settings.Description },
    revisionId: ctx.ids.uuid(),
    interimRevisionId: undefined,
    incarnation: `${number}.${latest.incarnation}`,
    state: latest.state,
    update: { state: "Successful", since: now },
  });
}

/** What makes one version another. */
function contentOf({ settings, code, variables }: FunctionVersion): string {
  return JSON.stringify([{ ...settings, Description: "" }, code, variables]);
}

export function removeVersion(ctx: Context, version: FunctionVersion): void {
  ctx.db(versions).delete([version.name, version.number]);
  if (version.code.kind === "zip") releaseCode(ctx, version.code.sha256);
  for (const { sha256 } of version.settings.Layers) releaseCode(ctx, sha256);
}
