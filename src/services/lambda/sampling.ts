/** Whether an invocation is traced: what it comes from has decided, or the function asks for some. */

import type { BodyContext } from "../../kernel/context.ts";
import type { FunctionVersion } from "./function-table.ts";

/** Of those beyond the first of a second. */
const share = 0.05;

/**
 * @param decided by who invoked it: `0` or `1`
 * @param span of this invocation, in hexadecimal digits: chance enough
 * @evidence Lambda API Reference, TracingConfig: `PassThrough` traces what comes with `Sampled=1`, `Active`
 *   heeds the header as well, and asks X-Ray where there is none; X-Ray Developer Guide, "Configuring
 *   sampling rules": the first request of each second, and five percent of the rest
 */
export function sampledFlag(
  ctx: BodyContext, { name, settings }: FunctionVersion, decided: string | undefined, span: string,
): "0" | "1" {
  if (decided === "0" || decided === "1") return decided;
  if (settings.TracingConfig.Mode !== "Active") return "0";
  const seconds = ctx.kernel.cacheFor<number>("lambda.sampled");
  const key = `${ctx.account} ${ctx.region} ${name}`;
  const second = Math.floor(ctx.clock.now() / 1_000);
  if (seconds.get(key) !== second) {
    seconds.set(key, second);
    return "1";
  }
  return Number.parseInt(span.slice(0, 8), 16) < share * 0x1_0000_0000 ? "1" : "0";
}
